"""The `.npz` file that Keras ships its data sets in: arrays x_train, y_train, x_test, y_test."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np

from kerascnn.data.decoded import CIFAR10_CLASSES, Decoded, Found, Options, blamed_on, means_cifar10, titled
from kerascnn.data.idx import FASHION_CLASSES
from kerascnn.data.images import cifar_shaped
from kerascnn.errors import DataError

FORMAT = "Keras .npz"
ARRAYS = ("x_train", "y_train", "x_test", "y_test")
MAX_ARRAY_BYTES = 4 * 2**30


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
    name, title, class_names = _identity(file, train_labels, test_labels)
    return Decoded(
        train_images=cifar_shaped(arrays["x_train"]),
        train_labels=train_labels,
        test_images=cifar_shaped(arrays["x_test"]),
        test_labels=test_labels,
        class_names=class_names,
        name=name,
        title=title,
    )


def _load_arrays(file: Path) -> dict[str, np.ndarray]:
    with blamed_on(file, "a Keras .npz file"), zipfile.ZipFile(file) as archive:
        members = {Path(name).stem: name for name in archive.namelist()}
        missing = [name for name in ARRAYS if name not in members]
        if missing:
            raise DataError(
                f"a Keras .npz file must hold {', '.join(ARRAYS)}. Received: {', '.join(sorted(members)) or 'nothing'} "
                f"(in {file}). Save it with numpy.savez and these names."
            )
        return {name: _load_array(archive, members[name]) for name in ARRAYS}


def _load_array(archive: zipfile.ZipFile, member: str) -> np.ndarray:
    """One array. Why not `numpy.load`: read whole, the member's checksum is compared before its header is believed."""
    if archive.getinfo(member).file_size > MAX_ARRAY_BYTES:
        raise ValueError(f"{member} has more than {MAX_ARRAY_BYTES >> 30} GiB")
    stream = io.BytesIO(archive.read(member))
    array = np.lib.format.read_array(stream, allow_pickle=False)
    if stream.read(1):
        raise ValueError(f"{member} goes on after its array")
    return array


def _flat(labels: np.ndarray, name: str, file: Path) -> np.ndarray:
    """Labels `(n,)`; Keras stores CIFAR's as `(n, 1)`."""
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or not len(labels):
        raise DataError(f"{name} must be integers (n,) or (n, 1). Received: {labels.dtype} {labels.shape} (in {file}).")
    return labels


def _identity(file: Path, train_labels: np.ndarray, test_labels: np.ndarray) -> tuple[str, str, tuple[str, ...]]:
    """Name, title and class names, as far as the file's name tells which set it is."""
    counts = len(train_labels), len(test_labels)
    classes = 1 + int(max(train_labels.max(), test_labels.max()))
    if classes == 10 and means_cifar10(file.name):
        return "cifar10", titled("CIFAR-10", *counts, (50_000, 10_000)), CIFAR10_CLASSES
    if classes == 10 and "fashion" in file.name.lower():
        return "fashion-mnist", titled("Fashion-MNIST", *counts, (60_000, 10_000)), FASHION_CLASSES
    if classes == 10 and "mnist" in file.name.lower():
        return "mnist", titled("MNIST", *counts, (60_000, 10_000)), tuple("0123456789")
    return file.stem, file.stem, tuple(f"class {label}" for label in range(min(classes, 1_000)))
