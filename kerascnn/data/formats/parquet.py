"""Hugging Face parquet: encoded images in a struct column, integer labels beside them, one file or several for each part."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kerascnn.data.decoded import (
    CIFAR10_CLASSES,
    MAX_SIDE,
    MIN_SIDE,
    Decoded,
    Found,
    Options,
    check_decoded_size,
    means_cifar10,
    titled,
)
from kerascnn.data.formats import hub
from kerascnn.data.formats.parquet_tables import Batch, Table, holds_pictures, open_table
from kerascnn.data.formats.pictures.images import (
    DecodedCount,
    cifar_shaped,
    decode_picture,
    decode_square,
    quiet_decoders,
)
from kerascnn.data.formats.pictures.kinds import JPEG_MAGIC
from kerascnn.data.formats.pictures.setting_aside import first_fifth, without_labels
from kerascnn.data.formats.pictures.unreadable import Unreadable
from kerascnn.data.naming import legible
from kerascnn.errors import DataError

if TYPE_CHECKING:
    pass

FORMAT = "Hugging Face parquet"


@dataclass(frozen=True)
class _Part:
    images: np.ndarray
    labels: np.ndarray
    jpeg: bool


class _OtherSize(BaseException):
    """An image has another size than the first one: all must be brought to one.

    Not an Exception, because those are noted as pictures that cannot be read.
    """


def find(path: Path) -> Found | None:
    """The set whose parquet files lie in the folder `path`, as the Hub lays them out, or in the file `path` alone."""
    if path.is_file() and path.suffix == ".parquet":
        return _find_file(path)
    files = hub.parquet_files(path)
    if not any(hub.part_of_file(path, file) == "train" or holds_pictures(file) for file in files):
        return None
    return Found(FORMAT, path, tuple(files), read, resized=True)


def find_complete(path: Path) -> Found | None:
    """As `find`, where files with pictures are there for both parts: such a set is no stray file."""
    found = find(path)
    if found is None:
        return None
    parts = {hub.part_of_file(path, file) for file in found.files if holds_pictures(file)}
    return found if "train" in parts and parts & {"test", "validation"} else None


def _find_file(path: Path) -> Found:
    if len({hub.part_of_file(path.parent, file) for file in path.parent.glob("*.parquet")} - {None}) > 1:
        raise DataError(
            f"a parquet set must be a folder with train-*.parquet and test-*.parquet. Received: the file {path}. "
            f"Give its folder, {path.parent}."
        )
    return Found(FORMAT, path, (path,), read, resized=True)


def read(found: Found, options: Options) -> Decoded:
    """The decoded set. Raises: DataError naming file and cause."""
    parts = _parts_with_labels(found, options)
    tables = [[open_table(file) for file in files] for files in (parts.train, parts.test) if files]
    class_names = _common_names([table for part in tables for table in part])
    with quiet_decoders():
        try:
            read_part = [_read_part(part, options, None) for part in tables]
            if len({part.images.shape[1:] for part in read_part}) > 1:
                raise _OtherSize
        except _OtherSize:
            options.report(f"The images are resized to {options.image_size} x {options.image_size} pixels")
            read_part = [_read_part(part, options, options.image_size) for part in tables]
    train, test = read_part if parts.test else _set_aside(read_part[0], class_names, found.path, options)
    cifar = means_cifar10(found.set_name)
    name, title = ("cifar10", "CIFAR-10") if cifar else (found.set_name, found.set_name)
    if cifar:
        title = titled(title, len(train.labels), len(test.labels), (50_000, 10_000))
        title += " (JPEG copy)" if train.jpeg or test.jpeg else ""
    return Decoded(
        train_images=train.images,
        train_labels=train.labels,
        test_images=test.images,
        test_labels=test.labels,
        class_names=class_names or _default_names(train, test, cifar),
        name=name,
        title=title,
    )


def _parts_with_labels(found: Found, options: Options) -> hub.Parts:
    """The files of each part. A test part of the Hub often has -1 for every label: it is not used, and a notice says so."""
    files = found.files
    while (parts := hub.parts_of(found.path, files)).test and not any(
        open_table(file).has_labels() for file in parts.test
    ):
        options.report(without_labels(_named(parts.test)))
        files = tuple(file for file in files if file not in parts.test)
    if parts.unused:
        options.report(f"Not used: {_named(parts.unused)}")
    return parts


def _named(files: Sequence[Path]) -> str:
    return ", ".join(legible(file.name) for file in files[:5])


def _set_aside(part: _Part, class_names: tuple[str, ...] | None, path: Path, options: Options) -> tuple[_Part, _Part]:
    """Training and test part of a set without a test part: rows in an order of their own, the first fifth of each class."""
    options.report("There is no test part: a fifth of the images of each class becomes the test part.")
    order = sorted(range(len(part.labels)), key=lambda row: hashlib.sha256(str(row).encode()).digest())
    labels = [int(label) for label in part.labels[order]]
    names = class_names or [f"class {label}" for label in range(min(1_000, 1 + max(0, max(labels))))]
    test = np.zeros(len(order), bool)
    test[[order[place] for place in first_fifth(labels, names, path)]] = True
    return tuple(_Part(part.images[at], part.labels[at], part.jpeg) for at in (~test, test))  # type: ignore[return-value]


def _read_part(tables: Sequence[Table], options: Options, side: int | None) -> _Part:
    """All images of one part; brought to squares of `side` pixels, unless all have one fit size.

    Raises: _OtherSize when they have not, and `side` is None.
    """
    files = [table.file for table in tables]
    total, where = sum(table.rows for table in tables), files[0] if len(files) == 1 else files[0].parent
    packed_bytes = sum(hub.behind(file).stat().st_size for file in files)
    check_decoded_size(total, side or 32, side or 32, packed_bytes, where)
    progress, unreadable, jpeg = DecodedCount(options.report, files[0].name, total), Unreadable(), False
    images, labels = np.empty((0,)), np.empty(total, np.int64)
    done, known = 0, dict[bytes, np.ndarray]()
    for table in tables:
        for batch in table.batches():
            for row, pixels in enumerate(_decode_batch(batch, done, side, unreadable, known), done):
                if not images.ndim > 1:
                    check_decoded_size(total, pixels.shape[0], pixels.shape[1], packed_bytes, where)
                    images = np.zeros((total, *pixels.shape), np.uint8)
                if pixels.shape != images.shape[1:]:
                    raise _OtherSize
                images[row] = pixels
            labels[done : done + len(batch.labels)] = batch.labels
            jpeg = jpeg or batch.has_jpeg
            done += len(batch.labels)
            progress.advance(len(batch.labels))
    unreadable.check(total, where)
    if not done:
        raise DataError(f"a parquet file must have rows. Received: none (in {files[0]}). Fetch or make it again.")
    return _Part(images[:done], labels[:done], jpeg)


def _decode_batch(
    batch: Batch, first_row: int, side: int | None, unreadable: Unreadable, known: dict[bytes, np.ndarray]
) -> Iterator[np.ndarray]:
    """The pixels of each row that can be read; a picture that many rows mean is decoded once."""
    for row, value in enumerate(batch.encoded, first_row):
        data = value.as_py()
        batch.has_jpeg = batch.has_jpeg or data[:3] == JPEG_MAGIC
        if data not in known:
            if len(known) > 100:
                known.clear()
            known[data] = np.zeros((side or 32, side or 32, 3), np.uint8)
            with unreadable.noting(f"the image in row {row}"):
                known[data] = _pixels(data, side)
        yield known[data]


def _pixels(data: bytes, side: int | None) -> np.ndarray:
    """uint8 `(height, width, 3)`. Raises: _OtherSize when `side` is None and the picture has no size to train on."""
    if side is not None:
        return decode_square(data, side)
    pixels = cifar_shaped(decode_picture(data)[None])[0]
    if not all(MIN_SIDE <= length <= MAX_SIDE for length in pixels.shape[:2]):
        raise _OtherSize
    return pixels


def _common_names(tables: Sequence[Table]) -> tuple[str, ...] | None:
    """The class names of all files that have them. Raises: DataError when two differ: their labels mean different things."""
    named = [(table.file, table.class_names) for table in tables if table.class_names is not None]
    for file, names in named[1:]:
        first_file, first_names = named[0]
        pairs = enumerate(zip_longest(first_names, names, fillvalue="nothing"))
        for label, (first, other) in ((label, pair) for label, pair in pairs if pair[0] != pair[1]):
            raise DataError(
                "all files of a set must have the same class names in the same order. Received: class "
                f"{label} is {legible(first)} (in {first_file}) and {legible(other)} (in {file}). "
                "Write the files again from one set."
            )
    return named[0][1] if named else None


def _default_names(train: _Part, test: _Part, cifar: bool) -> tuple[str, ...]:
    classes = 1 + int(max(train.labels.max(), test.labels.max()))
    if cifar and classes == len(CIFAR10_CLASSES) and train.images.shape[1:] == (32, 32, 3):
        return CIFAR10_CLASSES
    return tuple(f"class {label}" for label in range(min(classes, 1_000)))
