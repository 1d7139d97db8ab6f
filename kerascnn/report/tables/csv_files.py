"""Tables as CSV files that a spreadsheet opens without running anything in them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field

from kerascnn.report.parts.elements import Cell, Link, Table
from kerascnn.report.text.clean import clean_text
from kerascnn.spelling import slug

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_text(table: Table) -> str:
    """The table unrounded; a column with marked cells is followed by one with the marks' words."""
    marked = [any(row[place].mark for row in table.rows) for place in range(len(table.columns))]
    kept = [place for place in range(len(table.columns)) if not any(row[place].strip for row in table.rows)]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([text for place in kept for text in _headings(table.columns[place].key, marked[place])])
    for row in table.rows:
        writer.writerow([value for place in kept for value in _values(row[place], marked[place])])
    return file.getvalue()


def harmless(value: object) -> object:
    """`value`, text that a spreadsheet would take for a formula preceded by an apostrophe."""
    if not isinstance(value, str):
        return "" if value is None else value
    text = clean_text(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_STARTS) else text


def _headings(key: str, is_marked: bool) -> list[object]:
    return [harmless(key), harmless(f"{key}_note")] if is_marked else [harmless(key)]


def _values(cell: Cell, is_marked: bool) -> list[object]:
    value = harmless(cell.value)
    return [value, cell.mark.word if cell.mark else ""] if is_marked else [value]


@dataclass
class TableFiles:
    """The CSV files that a page's tables are also written to; `anchors` are those its published tables took."""

    stem: str
    tables: dict[str, Table] = field(default_factory=dict)
    anchors: set[str] = field(default_factory=set)

    def path(self, name: str) -> str:
        """Where the table `name` is written, seen from the page."""
        return f"data/{self.stem}.{slug(name)}.csv"

    def keep(self, table: Table | None) -> Table | None:
        """`table`, remembered for writing."""
        if table is not None:
            self.tables[table.csv] = table
        return table

    def links(self) -> tuple[Link, ...]:
        """Every file, in the order of the page."""
        return tuple(Link(table.caption, path) for path, table in self.tables.items())
