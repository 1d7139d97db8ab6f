"""From encoded pictures to pixels: PNG, JPEG and what else people keep their own pictures in."""

from __future__ import annotations

import importlib
import io
import time
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from kerascnn.data.decoded import Report
from kerascnn.errors import DataError

if TYPE_CHECKING:
    from PIL import Image

MAX_PICTURE_PIXELS = 64_000_000
"""A larger picture is refused before it is decoded: no camera of today makes one, a decompression bomb does."""

PICTURE_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
"""The formats Pillow may try. Others (EPS, for one) would start foreign programs."""

JPEG_MAGIC = b"\xff\xd8\xff"
MNIST_SIDE, CIFAR_SIDE = 28, 32


def decode_picture(data: bytes) -> np.ndarray:
    """The pixels of one encoded picture, upright, uint8 `(height, width, 3)`; transparent parts become white.

    Raises: ValueError when the picture is too large or has 16-bit channels; anything that Pillow raises on damaged bytes.
    """
    return np.asarray(_open_upright(data))


def decode_square(data: bytes, side: int) -> np.ndarray:
    """As `decode_picture`, cut to the square in its middle, then resized to `side`: uint8 `(side, side, 3)`.

    The filter is Pillow's bilinear one, which averages over the area when it shrinks and works on integers, so the
    pixels are the same on every machine. A picture that has this size already keeps its pixels.
    """
    picture = _open_upright(data)
    width, height = picture.size
    if (width, height) == (side, side):
        return np.asarray(picture)
    edge = min(width, height)
    left, top = (width - edge) // 2, (height - edge) // 2
    square = picture.crop((left, top, left + edge, top + edge))
    return np.asarray(square.resize((side, side), _pillow().Resampling.BILINEAR))


def cifar_shaped(images: np.ndarray) -> np.ndarray:
    """uint8 images `(n, height, width)`, `(n, height, width, 1)` or `(n, height, width, 3)` as `(n, height, width, 3)`.

    The 28 x 28 images of MNIST and its kin get a border of two zeros as well: 32 x 32 x 3, so that only the content differs
    from CIFAR-10. Arrays of any other shape are given back as they are.
    """
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[3] not in (1, 3):
        return images
    if images.shape[1:3] == (MNIST_SIDE, MNIST_SIDE):
        border = (CIFAR_SIDE - MNIST_SIDE) // 2
        images = np.pad(images, ((0, 0), (border, border), (border, border), (0, 0)))
    return np.repeat(images, 3, axis=3) if images.shape[3] == 1 else images


class Progress:
    """Reports how many images are decoded, at most every two seconds."""

    def __init__(self, report: Report, what: str, total: int) -> None:
        self._report, self._what, self._total = report, what, total
        self._done = 0
        self._last_seconds = time.monotonic()

    def advance(self, images: int) -> None:
        """Counts `images` more as decoded."""
        self._done += images
        if time.monotonic() - self._last_seconds >= 2.0:
            self._last_seconds = time.monotonic()
            self._report(f"Decoding {self._what}: {self._done:,} of {self._total:,} images")


def read_bytes(path: Path) -> bytes:
    """The bytes of the file at `path`. Raises: DataError when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as err:
        raise DataError(f"{path} must be a readable file. Received: {err.strerror or err}.") from err


@cache
def _pillow() -> ModuleType:
    """Pillow's `Image`, with the plugins that it does not load of itself when it is told which formats to try."""
    for plugin in ("TiffImagePlugin", "WebPImagePlugin"):
        importlib.import_module(f"PIL.{plugin}")
    return importlib.import_module("PIL.Image")


def _open_upright(data: bytes) -> Image.Image:
    from PIL import ImageOps

    with _pillow().open(io.BytesIO(data), formats=PICTURE_FORMATS) as picture:
        if picture.width * picture.height > MAX_PICTURE_PIXELS:
            raise ValueError(f"{picture.width} x {picture.height} pixels, more than {MAX_PICTURE_PIXELS:,} in all")
        picture.load()
        upright = ImageOps.exif_transpose(picture) if picture.getexif().get(0x0112, 1) != 1 else picture
        return _as_rgb(upright)


def _as_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode == "RGB":
        return picture.copy() if picture.readonly else picture
    if picture.mode[0] in "IF":
        raise ValueError(f"mode {picture.mode}, not 8 bits per channel")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    white = _pillow().new("RGBA", picture.size, "white")
    white.alpha_composite(picture.convert("RGBA"))
    return white.convert("RGB")
