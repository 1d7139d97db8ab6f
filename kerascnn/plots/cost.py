"""What accuracy costs: against parameters, multiply-adds and seconds, with the arms nothing else beats."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from kerascnn.plots.drawing.axes import End, log_axis, name_lines, percent_axis
from kerascnn.plots.drawing.palette import TONES
from kerascnn.plots.drawing.picture import MUTED, Look, Picture, drawn, empty_picture, looks_of, marked, new_figure
from kerascnn.records import ArmRuns, PublishedTable
from kerascnn.spelling import counted

COSTS = {
    "parameters": "parameters",
    "multiply_adds": "multiply-adds for one image",
    "training_seconds": "seconds of training",
}
"""Field of a run's cost -> its name."""

MAX_NAMED = 8
"""With more arms than this only those that nothing cheaper beats are named and drawn large; the table has them all."""

LARGE, SMALL = 7.0, 4.5
"""Sizes of markers in points."""


SURFACE = TONES["surface"].light


@dataclass(frozen=True)
class _Point:
    """The means over an arm's seeds; `costs` by field. `place` is the arm's position among those given."""

    place: int
    runs: ArmRuns
    accuracy: float
    costs: dict[str, float]
    look: Look


@drawn("cost")
def plot_cost(arms: Sequence[ArmRuns]) -> Picture:
    """Mean test accuracy of every arm against three costs, each on a logarithmic axis.

    The step line joins the arms that no cheaper arm beats, the Pareto front; of many arms only these are
    named. Arms without runs are left out. In SVG an arm's points are the elements of the classes `point` and
    `arm-<its position from 0>`.
    """
    name, title = "cost", "Test accuracy against cost"
    looks = looks_of(arms)
    points = [_point(place, runs, looks[place]) for place, runs in enumerate(arms) if runs.records]
    if not points:
        return empty_picture(name, title)
    figure, panels = new_figure(len(COSTS), 2.7)
    ends = {axes: _draw_panel(axes, points, field) for axes, field in zip(panels, COSTS, strict=True)}
    name_lines(figure, ends)
    alt = " ".join([f"{title}, {len(points)} arms.", *map(_words, _named(points, "parameters"))])
    return Picture(figure, title, alt, _table(name, title, points), name)


def unbeaten(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The (cost, accuracy) pairs that no cheaper or equally cheap pair beats, by rising cost."""
    kept: list[tuple[float, float]] = []
    for cost, accuracy in sorted(points, key=lambda point: (point[0], -point[1])):
        if not kept or accuracy > kept[-1][1]:
            kept.append((cost, accuracy))
    return kept


def _point(place: int, runs: ArmRuns, shape: Look) -> _Point:
    records = list(runs.records.values())
    costs = {field: statistics.fmean(getattr(record.cost, field) for record in records) for field in COSTS}
    return _Point(place, runs, statistics.fmean(record.test.accuracy for record in records), costs, shape)


def _draw_panel(axes: Axes, points: Sequence[_Point], field: str) -> list[End]:
    """One cost; gives back the arms' names at their points."""
    pairs = [(_drawn_cost(point, field), point.accuracy) for point in points]
    axes.step(*zip(*unbeaten(pairs), strict=True), where="post", color=MUTED, linewidth=1, linestyle=(0, (4, 2)))
    named = _named(points, field)
    for (cost, _), point in zip(pairs, points, strict=True):
        _draw_point(axes, point, cost, point in named)
    axes.set_title(f"Test accuracy against {COSTS[field]}")
    log_axis(axes, "x")
    percent_axis(axes)
    return [End(_drawn_cost(p, field), p.accuracy, p.runs.arm.label, p.look) for p in named]


def _draw_point(axes: Axes, point: _Point, cost: float, is_named: bool) -> None:
    """The arm's mean, and a line from its worst seed to its best where it is named."""
    seeds = [record.test.accuracy for record in point.runs.records.values()]
    look, gid = point.look, marked("point", f"arm-{point.place}")
    if is_named:
        axes.plot([cost, cost], [min(seeds), max(seeds)], color=look.colour, linewidth=1, gid=gid)
    axes.plot(
        [cost], [point.accuracy], color=look.colour, marker=look.marker, markersize=LARGE if is_named else SMALL,
        linestyle="", markeredgecolor=SURFACE, markeredgewidth=0.5, gid=gid,
    )  # fmt: skip


def _drawn_cost(point: _Point, field: str) -> float:
    """The cost, raised above zero, which a logarithmic axis cannot show."""
    return max(point.costs[field], 1e-9)


def _named(points: Sequence[_Point], field: str) -> list[_Point]:
    """The arms to name: all, or where they are many those that nothing cheaper beats."""
    if len(points) <= MAX_NAMED:
        return list(points)
    best = set(unbeaten([(_drawn_cost(point, field), point.accuracy) for point in points]))
    return [point for point in points if (_drawn_cost(point, field), point.accuracy) in best]


def _words(point: _Point) -> str:
    seeds = counted(len(point.runs.records), "seed")
    return (
        f"{point.runs.arm.label}: {100 * point.accuracy:.1f} % (mean of {seeds}) "
        f"with {point.costs['parameters']:,.0f} parameters, {point.costs['multiply_adds']:,.0f} multiply-adds, "
        f"{point.costs['training_seconds']:.1f} s."
    )


def _table(name: str, title: str, points: Sequence[_Point]) -> PublishedTable:
    rows: list[tuple[str | float, ...]] = [
        (p.runs.arm.name, len(p.runs.records), p.accuracy, *p.costs.values()) for p in points
    ]
    measured = ("test_accuracy", *COSTS)
    return PublishedTable(
        name=name,
        title=title,
        columns=("arm", "seeds", *measured),
        rows=tuple(rows),
        metrics=dict(zip(measured, measured, strict=True)),
    )
