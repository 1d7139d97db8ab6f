"""The `.npz` file that Keras ships its data sets in: arrays x_train, y_train, x_test, y_test."""

from __future__ import annotations

import math
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from kerascnn.data.decoded import (
    CIFAR10_CLASSES,
    Decoded,
    Found,
    Options,
    blamed_on,
    check_decoded_size,
    means_cifar10,
    titled,
)
from kerascnn.data.formats.idx import FASHION_CLASSES
from kerascnn.data.formats.pictures.images import cifar_shaped, read_cifar_shaped
from kerascnn.errors import DataError
from kerascnn.foreign.reading import open_regular

FORMAT = "Keras .npz"
ARRAYS = ("x_train", "y_train", "x_test", "y_test")
MAX_LABEL_BYTES = 50_000_000
MOST_HEADER_BYTES = 1_000


@dataclass(frozen=True)
class _Header:
    """What an array says of itself before its numbers."""

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype

    @property
    def size_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def find(path: Path) -> Found | None:
    """The set in the file `path`; one that lies in a folder is found as a member of it."""
    return Found(FORMAT, path, (path,), read) if path.is_file() and path.suffix == ".npz" else None


def read(found: Found, options: Options) -> Decoded:
    """The decoded set; a class is named by its number where the file's name does not say which set it is.

    Raises: DataError naming file and cause.
    """
    file = found.path
    options.report(f"Reading {file.name}")
    arrays = _load_arrays(file)
    train_labels, test_labels = (_flat(arrays[name], name, file) for name in ("y_train", "y_test"))
    name, title, class_names = _identity(found, train_labels, test_labels)
    return Decoded(
        train_images=arrays["x_train"],
        train_labels=train_labels,
        test_images=arrays["x_test"],
        test_labels=test_labels,
        class_names=class_names,
        name=name,
        title=title,
    )


def _load_arrays(file: Path) -> dict[str, np.ndarray]:
    with blamed_on(file, "a Keras .npz file"), open_regular(file) as stream, zipfile.ZipFile(stream) as archive:
        members = {Path(name).stem: name for name in archive.namelist()}
        missing = [name for name in ARRAYS if name not in members]
        if missing:
            received = ", ".join(sorted(members))[:200] or "nothing"
            raise DataError(
                f"a Keras .npz file must hold {', '.join(ARRAYS)}. Received: {received} (in {file}). "
                "Save it with numpy.savez and these names."
            )
        images = [name for name in ARRAYS if name.startswith("x")]
        headers = {name: _read_header(archive, members[name]) for name in ARRAYS}
        _check_sizes([headers[name] for name in images], file)
        return {name: _load_array(archive, members[name], headers[name], name in images) for name in ARRAYS}


def _check_sizes(headers: list[_Header], file: Path) -> None:
    """Raises: DataError when the images of a part would not fit in memory, before they are read."""
    for header in headers:
        if header.dtype != np.uint8 or len(header.shape) not in (3, 4) or (*header.shape, 1)[3] not in (1, 3):
            raise DataError(
                f"train images must be uint8 (n, height, width, 1 or 3). Received: {header.dtype} {header.shape} (in {file}). "
                "Save them as whole numbers from 0 to 255."
            )
        check_decoded_size(header.shape[0], header.shape[1], header.shape[2], file.stat().st_size, file)


def _read_header(archive: zipfile.ZipFile, member: str) -> _Header:
    """Raises: ValueError when the array is of objects, or is larger or smaller than the member."""
    with archive.open(member) as stream:
        major, _ = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
        header = _Header(*read(stream, max_header_size=MOST_HEADER_BYTES))
    if header.dtype.hasobject or header.dtype.names or any(length < 0 for length in header.shape):
        raise ValueError(f"Object arrays cannot be loaded ({member})")
    if header.size_bytes + 10_000 < (size_bytes := archive.getinfo(member).file_size) or header.size_bytes > size_bytes:
        raise ValueError(f"{member} has {size_bytes:,} bytes; its header says {header.size_bytes:,}")
    return header


def _load_array(archive: zipfile.ZipFile, member: str, header: _Header, images: bool) -> np.ndarray:
    """One array. Why not `numpy.load`: that holds what it reads twice. At its end the checksum is compared."""
    if not images and header.size_bytes > MAX_LABEL_BYTES:
        raise ValueError(f"{member} has more than {MAX_LABEL_BYTES / 1e6:.0f} MB")
    with archive.open(member) as stream:
        stream.read(archive.getinfo(member).file_size - header.size_bytes)
        numbers = cast(BinaryIO, stream)
        array = _images(numbers, header) if images else _numbers(numbers, header)
        if stream.read(1):
            raise ValueError(f"{member} has bytes after its array")
    return array


def _images(stream: BinaryIO, header: _Header) -> np.ndarray:
    return cifar_shaped(_numbers(stream, header)) if header.fortran else read_cifar_shaped(stream, header.shape)


def _numbers(stream: BinaryIO, header: _Header) -> np.ndarray:
    numbers = np.frombuffer(stream.read(header.size_bytes), header.dtype)
    return numbers.reshape(header.shape, order="F" if header.fortran else "C")


def _flat(labels: np.ndarray, name: str, file: Path) -> np.ndarray:
    """Labels `(n,)`; Keras stores CIFAR's as `(n, 1)`."""
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or not len(labels):
        raise DataError(f"{name} must be integers (n,) or (n, 1). Received: {labels.dtype} {labels.shape} (in {file}).")
    return labels


def _identity(found: Found, train_labels: np.ndarray, test_labels: np.ndarray) -> tuple[str, str, tuple[str, ...]]:
    """Name, title and class names, as far as the file's name tells which set it is."""
    file, counts = found.path, (len(train_labels), len(test_labels))
    classes = 1 + int(max(train_labels.max(), test_labels.max()))
    if classes == 10 and means_cifar10(file.name):
        return "cifar10", titled("CIFAR-10", *counts, (50_000, 10_000)), CIFAR10_CLASSES
    if classes == 10 and "fashion" in file.name.lower():
        return "fashion-mnist", titled("Fashion-MNIST", *counts, (60_000, 10_000)), FASHION_CLASSES
    if classes == 10 and "mnist" in file.name.lower():
        return "mnist", titled("MNIST", *counts, (60_000, 10_000)), tuple("0123456789")
    return found.set_name, found.set_name, tuple(f"class {label}" for label in range(min(classes, 1_000)))
