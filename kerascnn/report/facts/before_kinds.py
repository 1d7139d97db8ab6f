"""Results that were published before figures and tables had kinds: names and words tell which kind each one is."""

from __future__ import annotations

from collections.abc import Iterable

from kerascnn.plots.curves import UNITS_OF
from kerascnn.records import Figure, PublishedTable
from kerascnn.specs import METRICS

CURVE_COLUMNS = ("arm", "seed", "outcome", "epoch")
"""How the columns of a table of curves began; the last one was what they showed."""


def guess_kind(table: PublishedTable | None) -> str:
    """The kind of a figure with this table behind it."""
    return "curves" if table is not None and table.columns[:-1] == CURVE_COLUMNS else "other"


def guess_metrics(table: PublishedTable) -> dict[str, str]:
    """Column -> the metric of its name, or the one whose unit a curve has."""
    named = {column: column for column in table.columns if column in METRICS}
    last = table.columns[-1:] if guess_kind(table) == "curves" else ()
    return named | {column: UNITS_OF[column] for column in last if column in UNITS_OF}


def names_by_words(figures: Iterable[Figure]) -> dict[str, str]:
    """What stands for a figure among a cell's outputs -> the figure's name."""
    return {f"{figure.title}. {figure.alt}": figure.name for figure in figures if figure.kind is None}
