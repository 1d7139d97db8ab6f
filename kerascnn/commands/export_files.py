"""The tables of `store export`: what lies in their columns, and the folder they are written to."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kerascnn.commands.folders import check_apart
from kerascnn.errors import UsageError
from kerascnn.ownership.owned import Ours, SharedFolder
from kerascnn.places import path_of
from kerascnn.report.tables.csv_files import harmless

OURS = Ours("export")
LARGEST = 2**63 - 1
"""The largest whole number that a column of whole numbers takes."""
NAMES = ("runs.csv", "runs.parquet", "epochs.csv", "epochs.parquet")


def export_folder(target: str) -> SharedFolder:
    """The folder to export to. Raises: UsageError when something there, or the folder itself, is not ours to write."""
    if not target:
        raise UsageError("`store export` must name a folder. Received: nothing.")
    folder = path_of(target, "The folder of `store export`").resolve()
    check_apart(folder, "store export")
    shared = SharedFolder(folder, OURS, "The folder of `store export`")
    shared.check_names(NAMES)
    return shared


def table_files(name: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, bytes]:
    """The rows as `name`.csv and `name`.parquet: file name -> content."""
    import pandas as pd

    columns = {column: [row.get(column) for row in rows] for column in dict.fromkeys(c for row in rows for c in row)}
    table = pd.DataFrame({column: _alike(values) for column, values in columns.items()})
    shown = pd.DataFrame({harmless(column): _shown(values) for column, values in columns.items()})
    parquet = io.BytesIO()
    table.to_parquet(parquet, index=False)
    return {f"{name}.csv": shown.to_csv(index=False).encode(), f"{name}.parquet": parquet.getvalue()}


def _alike(values: Sequence[Any]) -> list[Any]:
    """The values where all are of one kind that a column can have, else the JSON of each; None stays None."""
    kinds = {_kind(value) for value in values if value is not None}
    if kinds <= {"number"} or kinds <= {"text"} or kinds <= {"truth"}:
        return list(values)
    return [None if value is None else msgspec.json.encode(value).decode() for value in values]


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, int | float):
        return "number" if isinstance(value, float) or abs(value) <= LARGEST else "large"
    return "text" if isinstance(value, str) else "list"


def _shown(values: Sequence[Any]) -> list[Any]:
    """The same for a spreadsheet. JSON is no formula: it begins with a quotation mark, a bracket or a number."""
    alike = _alike(values)
    is_text = all(isinstance(value, str) for value in values if value is not None)
    return [harmless(value) if is_text and value is not None else value for value in alike]
