"""From encoded pictures to pixels: PNG, JPEG and what else people keep their own pictures in."""

from __future__ import annotations

import importlib
import io
import os
import struct
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from kerascnn.data.decoded import Report
from kerascnn.data.formats.pictures.kinds import kind_of_other, kind_of_picture
from kerascnn.errors import DataError
from kerascnn.foreign.reading import open_regular, read_regular

if TYPE_CHECKING:
    from PIL import Image

MAX_PICTURE_PIXELS = 64_000_000
"""A larger picture is brought to fewer pixels before anything else is done with it."""
LARGEST_PIXELS = {"JPEG": 256_000_000, "other": 128_000_000}
"""A still larger one is refused by its header: no camera of today makes one, a file that was made to fill memory may. A JPEG may have
more, because it is decoded at an eighth of its size. A progressive JPEG may not: it is held whole while it is decoded."""
PIXELS_AT_ONCE = 32_000_000
"""That the pictures being decoded at one moment may have together; a larger one is decoded alone."""
MAX_FILE_BYTES = 400_000_000
BYTES_AT_ONCE = 100_000_000
"""That the files of pictures being decoded at one moment may have together; a larger one is read alone."""
_ORIENTATION = 0x0112

DECODERS = {
    "PNG": ("PngImagePlugin", "PngImageFile"),
    "JPEG": ("JpegImagePlugin", "JpegImageFile"),
    "GIF": ("GifImagePlugin", "GifImageFile"),
    "BMP": ("BmpImagePlugin", "BmpImageFile"),
    "TIFF": ("TiffImagePlugin", "TiffImageFile"),
    "WEBP": ("WebPImagePlugin", "WebPImageFile"),
    "PPM": ("PpmImagePlugin", "PpmImageFile"),
}
"""The only decoders that are ever started, by module and class of Pillow. Others (EPS, for one) would start foreign programs."""

MNIST_SIDE, CIFAR_SIDE = 28, 32
BLOCK_BYTES = 8_000_000


def decode_picture(data: bytes) -> np.ndarray:
    """The pixels of one encoded picture, upright, uint8 `(height, width, 3)`; transparent parts become white.

    Raises: ValueError when the picture is too large or has 16-bit channels; anything that Pillow raises on damaged bytes.
    """
    with _opened(data) as picture:
        return np.asarray(_upright(picture))


def decode_square(data: bytes, side: int) -> np.ndarray:
    """As `decode_picture`, cut to the square in its middle, then resized to `side`: uint8 `(side, side, 3)`.

    The filter is Pillow's bilinear one, which averages over the area when it shrinks and works on integers, so the
    pixels are the same on every machine. A picture that has this size already keeps its pixels.
    """
    with _opened(data) as opened:
        picture = _upright(opened)
        width, height = picture.size
        if (width, height) == (side, side):
            return np.asarray(picture)
        edge = min(width, height)
        left, top = (width - edge) // 2, (height - edge) // 2
        square = picture.crop((left, top, left + edge, top + edge))
        return np.asarray(square.resize((side, side), _pillow().Resampling.BILINEAR))


def decode_file(path: Path, side: int) -> np.ndarray:
    """As `decode_square`, of the file at `path`: what does not begin as a picture is read no further.

    Raises: OSError when it cannot be read, or has more than MAX_FILE_BYTES.
    """
    with open_regular(path) as stream:
        _kind_or_refusal(stream.read(64))
        size_bytes = os.fstat(stream.fileno()).st_size
    with _ROOM_FOR_FILES.taken(min(size_bytes, MAX_FILE_BYTES)):
        return decode_square(read_regular(path, MAX_FILE_BYTES), side)


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


def read_cifar_shaped(stream: BinaryIO, shape: tuple[int, ...]) -> np.ndarray:
    """uint8 images of `shape`, read from `stream` in blocks and brought to the shape of CIFAR: never held twice.

    Raises: ValueError when the stream ends before.
    """
    one = cifar_shaped(np.zeros((1, *shape[1:]), np.uint8))
    images = np.empty((shape[0], *one.shape[1:]), np.uint8)
    size_bytes = max(1, int(np.prod(shape[1:], dtype=np.int64)))
    at_once = max(1, BLOCK_BYTES // size_bytes)
    for start in range(0, shape[0], at_once):
        count = min(at_once, shape[0] - start)
        block = stream.read(count * size_bytes)
        if len(block) != count * size_bytes:
            raise ValueError("fewer bytes than its header says")
        images[start : start + count] = cifar_shaped(np.frombuffer(block, np.uint8).reshape(count, *shape[1:]))
    return images


class DecodedCount:
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


def read_bytes(path: Path, most_bytes: int = 10**9) -> bytes:
    """The bytes of the file at `path`. Raises: DataError when it cannot be read, or is no plain file of that size."""
    try:
        return read_regular(path, most_bytes)
    except OSError as err:
        raise DataError(f"{path} must be a readable file. Received: {err.strerror or err}.") from err


@contextmanager
def quiet_decoders() -> Iterator[None]:
    """Pillow's warnings are about metadata and sizes, which are dealt with here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")
        yield


@cache
def _pillow() -> ModuleType:
    return importlib.import_module("PIL.Image")


@cache
def _decoder(kind: str) -> type[Image.Image]:
    module, name = DECODERS[kind]
    return getattr(importlib.import_module(f"PIL.{module}"), name)


class _Room:
    """Lets pictures in as long as they have no more than so many pixels, or bytes, together."""

    def __init__(self, limit: int) -> None:
        self._limit, self._inside, self._changed = limit, 0, threading.Condition()

    @contextmanager
    def taken(self, amount: int) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._inside or self._inside + amount <= self._limit)
            self._inside += amount
        try:
            yield
        finally:
            with self._changed:
                self._inside -= amount
                self._changed.notify_all()


_ROOM, _ROOM_FOR_FILES = _Room(PIXELS_AT_ONCE), _Room(BYTES_AT_ONCE)


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    """The picture with its pixels; where its metadata are odd, by its pixels alone."""
    kind = _kind_or_refusal(data[:64])
    bare = b""
    try:
        picture = _prepared(kind, data)
    except Exception:
        # Text, profiles and notes of cameras are read before the pixels, or after them, and may be anything.
        bare = _without_metadata(kind, data)
        picture = _prepared(kind, bare)
    with _ROOM.taken(picture.width * picture.height):
        try:
            picture.load()
        except Exception:
            if bare or (bare := _without_metadata(kind, data)) == data:
                raise
            picture = _prepared(kind, bare)
            picture.load()
        with picture:
            yield _reduced(picture)


def _kind_or_refusal(head: bytes) -> str:
    """`kind_of_picture`. Raises: ValueError that says what else it is."""
    kind = kind_of_picture(head)
    if kind is None:
        raise ValueError(kind_of_other(head) or f"not a picture of a known kind ({', '.join(DECODERS)})")
    return kind


def _prepared(kind: str, data: bytes) -> Image.Image:
    """The picture before its pixels are decoded. Raises: ValueError when they would be too many."""
    picture = _open(kind, data)
    pixels = picture.width * picture.height
    largest = LARGEST_PIXELS["JPEG" if kind == "JPEG" and not picture.info.get("progressive") else "other"]
    if pixels > largest:
        raise ValueError(f"{picture.width} x {picture.height} pixels, more than {largest:,} in all")
    if pixels > MAX_PICTURE_PIXELS and kind == "JPEG":
        picture.draft(picture.mode, (picture.width // 8, picture.height // 8))
    return picture


def _reduced(picture: Image.Image) -> Image.Image:
    """The picture, a large one at an eighth of its size; one with a palette gets its colours first. `_as_rgb` refuses the rest."""
    if picture.width * picture.height <= MAX_PICTURE_PIXELS or picture.mode[0] in "IF":
        return picture
    if picture.mode not in ("L", "LA", "RGB", "RGBA", "CMYK"):
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    return picture.reduce(8)


def _open(kind: str, data: bytes) -> Image.Image:
    """Why not `Image.open`: that refuses what is larger than its own bound, and asks every decoder it knows."""
    return _decoder(kind)(io.BytesIO(data))  # type: ignore[call-arg]


def _without_metadata(kind: str, data: bytes) -> bytes:
    """The same picture without the parts of the file that no pixel depends on."""
    if kind == "PNG":
        return b"".join(_png_chunks(data))
    return b"".join(_jpeg_segments(data)) if kind == "JPEG" else data


def _png_chunks(data: bytes) -> Iterator[bytes]:
    """Signature, header, palette, transparency, pixels, orientation."""
    yield data[:8]
    at = 8
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        if name in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"eXIf", b"IEND"):
            yield data[at : at + 12 + length]
        at += 12 + length


def _jpeg_segments(data: bytes) -> Iterator[bytes]:
    """All but comments and notes of programs; two of those say how colours are meant, one which way is up."""
    yield data[:2]
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        marker, length = data[at + 1], 2 + struct.unpack_from(">H", data, at + 2)[0]
        note = 0xE0 <= marker <= 0xEF or marker == 0xFE
        if not note or marker in (0xE0, 0xEE) or (marker == 0xE1 and data[at + 4 : at + 8] == b"Exif"):
            yield data[at : at + length]
        at += length
    yield data[at:]


def _upright(picture: Image.Image) -> Image.Image:
    turn = _turns().get(_orientation(picture))
    return _as_rgb(picture if turn is None else picture.transpose(turn))


def _orientation(picture: Image.Image) -> int:
    """Which way a camera says that it was held; upright where its notes cannot be read."""
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:
        return 1


@cache
def _turns() -> dict[int, Image.Transpose]:
    turn = _pillow().Transpose
    kinds = ["FLIP_LEFT_RIGHT", "ROTATE_180", "FLIP_TOP_BOTTOM", "TRANSPOSE", "ROTATE_270", "TRANSVERSE", "ROTATE_90"]
    return {number: turn[kind] for number, kind in enumerate(kinds, 2)}


def _as_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode == "RGB":
        return picture.copy() if picture.readonly else picture
    if picture.mode[0] in "IF":
        raise ValueError(f"mode {picture.mode} does not have 8 bits per channel; save it with 8")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    white = _pillow().new("RGBA", picture.size, "white")
    white.alpha_composite(picture if picture.mode == "RGBA" else picture.convert("RGBA"))
    return white.convert("RGB")
