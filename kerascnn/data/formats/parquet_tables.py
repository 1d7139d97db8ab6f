"""One parquet file of the Hub's kind: which columns hold pictures and labels, and their rows in bounded batches."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerascnn.data.decoded import blamed_on, check_decoded_size, check_growth
from kerascnn.data.formats import hub
from kerascnn.data.formats.pictures.kinds import kind_of_other
from kerascnn.errors import DataError
from kerascnn.foreign.reading import first_bytes

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

IMAGE_COLUMNS = ("img", "image")
LABEL_COLUMNS = ("label", "fine_label", "labels")
_ROWS_AT_ONCE, _BYTES_AT_ONCE = 1_000, 50_000_000
_MOST_THRIFT_BYTES = 20_000_000


def holds_pictures(file: Path) -> bool:
    """Whether the file has a column of images; one that cannot be read may have."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if first_bytes(hub.behind(file), 4) != b"PAR1":
        return True
    try:
        names = pq.read_schema(hub.behind(file)).names
    except (OSError, ValueError, pa.ArrowException):
        return True
    return any(name in names for name in IMAGE_COLUMNS)


@dataclass
class Batch:
    """Some rows: encoded images, to be taken out one by one, and labels."""

    encoded: Any
    labels: list[int]
    has_jpeg: bool = False


@dataclass(frozen=True)
class Table:
    """One file, of which no more than its list of columns has been read yet."""

    file: Path
    rows: int
    columns: tuple[str, str]
    class_names: tuple[str, ...] | None
    rows_at_once: int

    def has_labels(self) -> bool:
        """Whether any row has a label; a file without rows is not said to have none."""
        label = self.columns[1]
        with blamed_on(self.file, "a parquet file"), _parquet_file(hub.behind(self.file)) as table:
            batches = table.iter_batches(_ROWS_AT_ONCE, columns=[label])
            return not self.rows or any(set(rows.column(label).to_pylist()) - {-1, None} for rows in batches)

    def batches(self) -> Iterator[Batch]:
        """Raises: DataError when the file cannot be read, or its columns hold something else."""
        image, label = self.columns
        with blamed_on(self.file, "a parquet file"), _parquet_file(hub.behind(self.file), image) as table:
            for rows in table.iter_batches(self.rows_at_once, columns=[image, label]):
                yield Batch(
                    _encoded(rows.column(image.split(".")[0]), self.file), _integers(rows.column(label), self.file)
                )


def open_table(name: Path) -> Table:
    """Raises: DataError when it is no such file, or holds more than its size can."""
    file = hub.behind(name)
    with blamed_on(name, "a parquet file"):
        head = first_bytes(file, 64)
        if head[:4] != b"PAR1":
            raise ValueError(kind_of_other(head) or "not a parquet file")
        with _parquet_file(file) as table:
            names = table.schema_arrow.names
            image, label = _column(IMAGE_COLUMNS, names, file), _column(LABEL_COLUMNS, names, file)
            path = _path_of_bytes(table.schema_arrow.field(image), file)
            _check_label_type(table.schema_arrow.field(label).type, file)
            chunks = [
                chunk
                for group in range(table.metadata.num_row_groups)
                for place in range(table.metadata.num_columns)
                if (chunk := table.metadata.row_group(group).column(place)).path_in_schema in (path, label)
            ]
            unpacked = sum(chunk.total_uncompressed_size for chunk in chunks)
            check_growth(unpacked, file.stat().st_size, f"{unpacked / 1e9:,.1f} GB of columns (in {file})")
            check_decoded_size(table.metadata.num_rows, 32, 32, file.stat().st_size, name)
            largest = max((chunk.total_uncompressed_size // max(1, chunk.num_values) for chunk in chunks), default=0)
            return Table(
                name,
                rows=table.metadata.num_rows,
                columns=(path, label),
                class_names=_class_names(table.schema_arrow.metadata or {}, label),
                rows_at_once=max(1, min(_ROWS_AT_ONCE, _BYTES_AT_ONCE // max(1, largest))),
            )


def _parquet_file(file: Path, image: str = "") -> pq.ParquetFile:
    """Why a dictionary: one picture that is stored once and meant by a million rows is held once."""
    import pyarrow.parquet as pq

    limits = {"thrift_string_size_limit": _MOST_THRIFT_BYTES, "thrift_container_size_limit": _MOST_THRIFT_BYTES}
    return pq.ParquetFile(file, read_dictionary=[image] if image else None, pre_buffer=False, **limits)


def _column(wanted: tuple[str, ...], names: list[str], file: Path) -> str:
    for name in wanted:
        if name in names:
            return name
    raise DataError(
        f"a parquet set must have a column {' or '.join(wanted)}. Received: {', '.join(names)} (in {file}). "
        "Rename the column."
    )


def _path_of_bytes(field: pa.Field, file: Path) -> str:
    """Where a file keeps the encoded images of a column. Raises: DataError when it holds something else."""
    import pyarrow as pa

    kind, path = field.type, field.name
    if pa.types.is_struct(kind) and (place := kind.get_field_index("bytes")) >= 0:
        kind, path = kind.field(place).type, f"{path}.bytes"
    if not _is_any(kind, pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary):
        raise DataError(
            f"every image must be stored as bytes. Received: a column of {str(field.type)[:100]} (in {file}). "
            "Use a copy of the set that embeds its images."
        )
    return path


def _check_label_type(kind: pa.DataType, file: Path) -> None:
    """Raises: DataError when it is no number: a short list of lists fills memory. A file without rows may have no type."""
    import pyarrow as pa

    if not _is_any(kind, pa.types.is_integer, pa.types.is_boolean, pa.types.is_null):
        raise DataError(
            f"every label must be an integer. Received: a column of {str(kind)[:100]} (in {file}). Store the class numbers."
        )


def _is_any(kind: pa.DataType, *tests: Callable[[pa.DataType], bool]) -> bool:
    """Whether the values of a column have one of these types, stored once for many rows or not."""
    import pyarrow as pa

    values = kind.value_type if pa.types.is_dictionary(kind) else kind
    return any(test(values) for test in tests)


def _encoded(column: Any, file: Path) -> Any:
    if str(column.type).startswith("struct"):
        column = column.field("bytes")
    if column.null_count:
        raise DataError(
            f"every image must be stored as bytes. Received: a column of {column.type} with {column.null_count} empty rows "
            f"(in {file}). Use a copy of the set that embeds its images."
        )
    return column


def _integers(column: Any, file: Path) -> list[int]:
    labels = column.to_pylist()
    if not all(isinstance(label, int) and abs(label) < 2**63 for label in labels):
        raise DataError(
            f"every label must be an integer. Received: a column of {column.type} with {column.null_count} empty rows "
            f"(in {file}). Store the class numbers."
        )
    return labels


def _class_names(metadata: dict[bytes, bytes], label_column: str) -> tuple[str, ...] | None:
    """The names that Hugging Face stores in the schema, if they are there."""
    try:
        names = json.loads(metadata[b"huggingface"])["info"]["features"][label_column]["names"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    return tuple(map(str, names)) if isinstance(names, list) else None
