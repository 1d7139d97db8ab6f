"""Columns that read their own value from a row: heading, unit and value of a column stand in one place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from kerascnn.report.parts.elements import Cell, Column, Measure, MeasureRow, Measures, Table

Row = TypeVar("Row")
Value = str | int | float | bool | None

NOT_NUMERIC = ("text", "key")


@dataclass(frozen=True)
class Reader(Generic[Row]):
    """A column: `key` is its heading in the CSV file, `label` the one on the page, `unit` how its values are printed.

    `read` gives a row's value, or the whole cell where there is more to show. Values with a unit are numbers, unless
    `is_numeric` says otherwise.
    """

    key: str
    label: str
    read: Callable[[Row], Value | Cell]
    unit: str = "text"
    is_numeric: bool | None = None

    def heading(self) -> Column:
        """The column as the page has it."""
        is_numeric = self.unit not in NOT_NUMERIC if self.is_numeric is None else self.is_numeric
        return Column(self.key, self.label, is_numeric)

    def cell(self, row: Row) -> Cell:
        """What the column shows of `row`."""
        found = self.read(row)
        return found if isinstance(found, Cell) else Cell(found, self.unit)


def build_table(
    anchor: str, caption: str, columns: Sequence[Reader[Row]], rows: Sequence[Row], csv: str, note: str = ""
) -> Table:
    """A table with these columns and a line for each of `rows`."""
    headings = tuple(column.heading() for column in columns)
    lines = tuple(tuple(column.cell(row) for column in columns) for row in rows)
    return Table(anchor, caption, headings, lines, csv, note)


@dataclass(frozen=True)
class MeasureReader(Generic[Row]):
    """The same for a plain table of numbers."""

    label: str
    unit: str
    read: Callable[[Row], float | str | None]


def build_measures(
    caption: str,
    head: str,
    name: Callable[[Row], str | int],
    columns: Sequence[MeasureReader[Row]],
    rows: Sequence[Row],
) -> Measures:
    """A plain table: below `head` stand the rows' names, and each of `columns` measures them."""
    headings = tuple(Measure(column.label, column.unit) for column in columns)
    lines = tuple(MeasureRow(name(row), tuple(column.read(row) for column in columns)) for row in rows)
    return Measures(caption, head, headings, lines)
