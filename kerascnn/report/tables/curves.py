"""The values behind a figure of curves: a row for each run, a column for each epoch."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from typing import Any

from kerascnn.records import PublishedTable
from kerascnn.report.facts.results import Facts
from kerascnn.report.parts.elements import CurveRow, CurveTable, Mark
from kerascnn.report.tables.published import units_of

Run = tuple[Any, Any]
Points = Mapping[int, float]


def build_curve_table(table: PublishedTable, facts: Facts, csv: str) -> CurveTable:
    """The table turned: arms in the order of the drawing, under each its seeds and then their mean."""
    runs: dict[Run, dict[int, float]] = {}
    outcomes: dict[Run, str] = {}
    for arm, seed, outcome, epoch, value in table.rows:
        runs.setdefault((arm, seed), {})[int(epoch or 0)] = float(value or 0)
        outcomes[arm, seed] = str(outcome)
    epochs = sorted({epoch for points in runs.values() for epoch in points})
    names = list(dict.fromkeys(arm for arm, _ in runs))
    rows = tuple(
        row for place, name in enumerate(names) for row in _arm_rows(place, name, facts, runs, outcomes, epochs)
    )
    return CurveTable(table.title, units_of(table)[-1], tuple(epochs), rows, csv)


def _arm_rows(
    place: int, name: Any, facts: Facts, runs: Mapping[Run, Points], outcomes: Mapping[Run, str], epochs: list[int]
) -> Iterable[CurveRow]:
    label = facts.arms[name].arm.label if name in facts.arms else str(name)
    own = {seed: points for (arm, seed), points in runs.items() if arm == name}
    for seed, points in own.items():
        outcome = outcomes[name, seed]
        mark = Mark(outcome, "failed") if outcome != "finished" else None
        yield CurveRow(place, label, f"{seed}", mark, tuple(points.get(epoch) for epoch in epochs))
    counted = [points for seed, points in own.items() if outcomes[name, seed] != "failed"]
    mean = mean_points(counted)
    # A run without a single finite value has no row here and ends the drawing's mean before it begins.
    has_all = name not in facts.arms or len(counted) >= len(facts.arms[name].records)
    if mean and has_all:
        yield CurveRow(place, label, "mean", None, tuple(mean.get(epoch) for epoch in epochs))


def mean_points(curves: list[Points]) -> dict[int, float]:
    """Epoch -> mean over all curves, for the epochs that all of them reached: the thick line of the drawing."""
    common = set.intersection(*(set(points) for points in curves)) if curves else set()
    return {epoch: statistics.fmean(points[epoch] for points in curves) for epoch in sorted(common)}
