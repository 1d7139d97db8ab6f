"""Tables as CSV files that a spreadsheet opens without running anything in them."""

from __future__ import annotations

import csv
import io

from kerascnn.report.clean import clean_text
from kerascnn.report.parts import Cell, Table

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
