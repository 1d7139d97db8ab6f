"""What templates may call to print the parts of a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from kerascnn.report.parts.elements import Cell, Measure
from kerascnn.report.text.numbers import (
    MINUS,
    SPACE,
    date,
    hundredths,
    percent,
    plural,
    points,
    position,
    quantity,
    short_key,
    tenth,
)


def sort_key(cell: Cell) -> str | None:
    """What a cell is sorted by; None where what it shows can be read as that number (`readNumber` in tables.js)."""
    if isinstance(cell.value, int | float) and cell.mark is None and cell.strip is None:
        shown = quantity(cell.value, cell.unit).replace(",", "").replace(MINUS, "-").replace(f"{SPACE}%", "e-2")
        with suppress(ValueError):
            float(shown)
            return None
    return cell.sort_key


def quantities(values: Sequence[object], columns: Sequence[Measure]) -> list[str]:
    """`values`, each with the unit of its column."""
    return [quantity(value, column.unit) for value, column in zip(values, columns, strict=True)]


FILTERS: dict[str, Callable[..., object]] = {
    "quantity": quantity,
    "sort_key": sort_key,
    "quantities": quantities,
    "points": points,
    "tenth": tenth,
    "position": position,
    "percent": percent,
    "hundredths": hundredths,
    "date": date,
    "plural": plural,
    "short_key": short_key,
}
"""What templates may call."""
