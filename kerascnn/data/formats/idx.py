"""The idx files of MNIST and Fashion-MNIST, compressed or not; grey 28 x 28 images become 32 x 32 x 3 (`cifar_shaped`).

Source: the page of the MNIST database, section "File formats".
"""

from __future__ import annotations

import gzip
import math
import struct
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from kerascnn.data.decoded import Decoded, Found, Options, blamed_on, check_decoded_size, titled
from kerascnn.data.formats.pictures.images import read_cifar_shaped
from kerascnn.errors import DataError
from kerascnn.foreign.reading import open_regular

FORMAT = "idx files"
FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
PARTS = {
    "train_images": ("train-images", 3),
    "train_labels": ("train-labels", 1),
    "test_images": ("t10k-images", 3),
    "test_labels": ("t10k-labels", 1),
}
_UNSIGNED_BYTE = 8


def find(path: Path) -> Found | None:
    """The set whose idx files lie in the folder `path`, or in its folder `raw`, as torchvision keeps them."""
    for folder in (path, path / "raw"):
        files = [file for part in PARTS.values() if folder.is_dir() and (file := _file_of(folder, *part)) is not None]
        if files:
            return Found(FORMAT, folder, tuple(files), read)
    return None


def find_complete(path: Path) -> Found | None:
    """As `find`, where images and labels of both parts are there."""
    found = find(path)
    return found if found is not None and len(found.files) == len(PARTS) else None


def read(found: Found, options: Options) -> Decoded:
    """The decoded set. Raises: DataError naming file and cause."""
    options.report(f"Reading {found.path.name}")
    arrays = {name: _read_array(found.path, prefix, dimensions) for name, (prefix, dimensions) in PARTS.items()}
    labels = np.concatenate([arrays["train_labels"], arrays["test_labels"]])
    name, title, class_names = _identity(
        found.set_name, len(arrays["train_labels"]), len(arrays["test_labels"]), labels
    )
    return Decoded(
        train_images=arrays["train_images"],
        train_labels=arrays["train_labels"],
        test_images=arrays["test_images"],
        test_labels=arrays["test_labels"],
        class_names=class_names,
        name=name,
        title=title,
    )


def _file_of(folder: Path, prefix: str, dimensions: int) -> Path | None:
    """`train-images-idx3-ubyte` or `.gz`; some copies have a dot for the second hyphen."""
    names = [f"{prefix}{mark}idx{dimensions}-ubyte{ending}" for mark in "-." for ending in ("", ".gz")]
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _read_array(folder: Path, prefix: str, dimensions: int) -> np.ndarray:
    file = _file_of(folder, prefix, dimensions)
    if file is None:
        raise DataError(
            f"a set of idx files must have {', '.join(prefix for prefix, _ in PARTS.values())}. Received: no {prefix} "
            f"(in {folder}). Fetch the missing file."
        )
    with blamed_on(file, "an idx file"), open_regular(file) as packed:
        is_gzip = packed.read(2) == b"\x1f\x8b"
        packed.seek(0)
        stream = cast(BinaryIO, gzip.GzipFile(fileobj=packed)) if is_gzip else packed
        shape = _read_shape(stream.read(4 + 4 * dimensions), dimensions)
        height, width = shape[1:] if dimensions == 3 else (1, 1)
        check_decoded_size(shape[0], height, width, file.stat().st_size, file)
        array = read_cifar_shaped(stream, shape) if dimensions == 3 else _read_labels(stream, shape)
        if stream.read(1):
            raise ValueError("more bytes than its header says")
        return array


def _read_labels(stream: BinaryIO, shape: tuple[int, ...]) -> np.ndarray:
    labels = stream.read(math.prod(shape))
    if len(labels) != math.prod(shape):
        raise ValueError("fewer bytes than its header says")
    return np.frombuffer(labels, np.uint8)


def _read_shape(header: bytes, dimensions: int) -> tuple[int, ...]:
    if len(header) < 4 + 4 * dimensions or header[:4] != bytes((0, 0, _UNSIGNED_BYTE, dimensions)):
        raise ValueError(f"no idx header of {dimensions} dimensions of unsigned bytes")
    return struct.unpack(f">{dimensions}I", header[4:])


def _identity(
    set_name: str, train_images: int, test_images: int, labels: np.ndarray
) -> tuple[str, str, tuple[str, ...]]:
    """Name, title and class names. The files of all sets of this family have one name: the folder's tells them apart."""
    if not len(labels):
        raise DataError(f"a set of idx files must have images. Received: none (in {set_name}).")
    classes = 1 + int(labels.max())
    where = set_name.lower()
    counts = train_images, test_images, (60_000, 10_000)
    if classes == 10 and "fashion" in where:
        return "fashion-mnist", titled("Fashion-MNIST", *counts), FASHION_CLASSES
    if classes == 10 and "mnist" in where and not any(other in where for other in ("kmnist", "emnist", "qmnist")):
        return "mnist", titled("MNIST", *counts), tuple("0123456789")
    return set_name, set_name, tuple(f"class {label}" for label in range(classes))
