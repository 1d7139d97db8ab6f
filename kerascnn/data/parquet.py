"""Hugging Face parquet: encoded images in a struct column, integer labels beside them, one file or several for each part."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from kerascnn.data.images import JPEG_MAGIC, Progress, cifar_shaped, decode_picture
from kerascnn.errors import DataError

if TYPE_CHECKING:
    import pyarrow.parquet as pq

FORMAT = "Hugging Face parquet"
IMAGE_COLUMNS = ("img", "image")
LABEL_COLUMNS = ("label", "fine_label", "labels")
TEST_PREFIXES = ("test", "validation", "val")
_ROWS_AT_ONCE = 1_000


@dataclass(frozen=True)
class _Part:
    images: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...] | None
    jpeg: bool


def find(path: Path) -> Found | None:
    """The set whose parquet files lie in the folder `path`, or in its `data` or `plain_text` folder."""
    if path.is_file() and path.suffix == ".parquet":
        raise DataError(
            f"a parquet set must be a folder with train-*.parquet and test-*.parquet. Received: the file {path}."
        )
    for folder in (path, path / "data", path / "plain_text"):
        files = sorted(folder.glob("*.parquet")) if folder.is_dir() else []
        if files:
            return Found(FORMAT, path, tuple(files), read)
    return None


def read(found: Found, options: Options) -> Decoded:
    """The decoded set. Raises: DataError naming file and cause."""
    train_files = _files_of(found, ("train",))
    test_files = _files_of(found, TEST_PREFIXES)
    train, test = _read_part(train_files, options), _read_part(test_files, options)
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
        class_names=train.class_names or _default_names(train, test, cifar),
        name=name,
        title=title,
    )


def _files_of(found: Found, prefixes: tuple[str, ...]) -> list[Path]:
    """The files of the first prefix that has any. Raises: DataError when none has, or a shard is missing."""
    for prefix in prefixes:
        files = [file for file in found.files if re.match(rf"{prefix}(?![a-z])", file.name)]
        if files:
            _check_shards(files)
            return files
    raise DataError(
        f"a parquet set must have {prefixes[0]}-*.parquet files. Received: {', '.join(file.name for file in found.files[:5])} "
        f"(in {found.files[0].parent}). Fetch the missing part."
    )


def _check_shards(files: list[Path]) -> None:
    """Raises: DataError when the file names say that there are more shards than there are files."""
    promised = {int(shards[1]) for file in files if (shards := re.search(r"-of-(\d+)", file.name))}
    if promised and promised != {len(files)}:
        raise DataError(
            f"all {max(promised)} shards of a set must be there. Received: {len(files)}, {files[0].name} and so on "
            f"(in {files[0].parent}). Fetch the missing ones, and remove those of other sets."
        )


def _read_part(files: list[Path], options: Options) -> _Part:
    parts = [_read_file(file, options) for file in files]
    shapes = {part.images.shape[1:] for part in parts}
    if len(shapes) > 1:
        raise DataError(f"all images must have one size. Received: {sorted(shapes)} (in {files[0].parent}).")
    return _Part(
        images=np.concatenate([part.images for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        class_names=parts[0].class_names,
        jpeg=any(part.jpeg for part in parts),
    )


def _read_file(file: Path, options: Options) -> _Part:
    import pyarrow.parquet as pq

    with blamed_on(file, "a parquet file"), pq.ParquetFile(file) as table:
        rows = table.metadata.num_rows
        check_decoded_size(rows, 32, 32, file)
        names = table.schema_arrow.names
        image_column = _column(IMAGE_COLUMNS, names, file)
        label_column = _column(LABEL_COLUMNS, names, file)
        pixels, labels, jpeg = _read_rows(table, image_column, label_column, file, options)
        class_names = _class_names(table.schema_arrow.metadata or {}, label_column)
    if not pixels:
        raise DataError(f"a parquet file must have rows. Received: none (in {file}).")
    return _Part(cifar_shaped(np.stack(pixels)), np.array(labels, np.int64), class_names, jpeg)


def _column(wanted: tuple[str, ...], names: list[str], file: Path) -> str:
    for name in wanted:
        if name in names:
            return name
    raise DataError(
        f"a parquet set must have a column {' or '.join(wanted)}. Received: {', '.join(names)} (in {file}). "
        "Rename the column."
    )


def _read_rows(
    table: pq.ParquetFile, image_column: str, label_column: str, file: Path, options: Options
) -> tuple[list[np.ndarray], list[int], bool]:
    """All images, all labels, and whether any image is a JPEG."""
    progress = Progress(options.report, file.name, table.metadata.num_rows)
    pixels: list[np.ndarray] = []
    labels: list[int] = []
    jpeg = False
    for batch in table.iter_batches(_ROWS_AT_ONCE, columns=[image_column, label_column]):
        encoded = _encoded_images(batch.column(image_column), file)
        jpeg = jpeg or any(data[:3] == JPEG_MAGIC for data in encoded)
        for data in encoded:
            pixels.append(_decode_row(data, len(pixels), pixels, file))
        labels += _integers(batch.column(label_column), file)
        progress.advance(len(encoded))
    return pixels, labels, jpeg


def _encoded_images(column: Any, file: Path) -> list[bytes]:
    if str(column.type).startswith("struct") and column.type.get_field_index("bytes") >= 0:
        column = column.field("bytes")
    encoded = column.to_pylist()
    if not all(isinstance(data, bytes) for data in encoded):
        raise DataError(
            f"every image must be stored as bytes. Received: a column of {column.type} with {column.null_count} empty rows "
            f"(in {file}). Use a copy of the set that embeds its images."
        )
    return encoded


def _decode_row(data: bytes, row: int, pixels: list[np.ndarray], file: Path) -> np.ndarray:
    with blamed_on(file, f"the image in row {row}"):
        image = decode_picture(data)
    if pixels and image.shape != pixels[0].shape:
        raise DataError(
            f"all images must have one size. Received: {image.shape[1]} x {image.shape[0]} in row {row}, "
            f"{pixels[0].shape[1]} x {pixels[0].shape[0]} before (in {file})."
        )
    return image


def _integers(column: Any, file: Path) -> list[int]:
    labels = column.to_pylist()
    if not all(isinstance(label, int) for label in labels):
        raise DataError(
            f"every label must be an integer. Received: a column of {column.type} with {column.null_count} empty rows "
            f"(in {file}). Store the class numbers."
        )
    return labels


def _class_names(metadata: dict[bytes, bytes], label_column: str) -> tuple[str, ...] | None:
    """The names that Hugging Face stores in the schema, if they are there."""
    try:
        names = json.loads(metadata[b"huggingface"])["info"]["features"][label_column]["names"]
    except (KeyError, TypeError, ValueError):
        return None
    return tuple(map(str, names))


def _default_names(train: _Part, test: _Part, cifar: bool) -> tuple[str, ...]:
    classes = 1 + int(max(train.labels.max(), test.labels.max()))
    if cifar and classes == len(CIFAR10_CLASSES) and train.images.shape[1:] == (32, 32, 3):
        return CIFAR10_CLASSES
    return tuple(f"class {label}" for label in range(min(classes, 1_000)))
