"""Where the runs ended: every seed a dot, with the mean and its 95 % t-interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import seaborn as sns
from matplotlib.axes import Axes

from kerascnn.plots.drawing.axes import End, chance_line, log_axis, name_lines, percent_axis
from kerascnn.plots.drawing.palette import series_tone, tone_of
from kerascnn.plots.drawing.picture import (
    INK,
    Look,
    Picture,
    drawn,
    empty_picture,
    look,
    looks_of,
    new_figure,
    sentence_case,
    set_left_margin,
)
from kerascnn.records import ArmRuns, PublishedTable
from kerascnn.spelling import slug
from kerascnn.stats import Summary, summarise
from kerascnn.stats.describing.units import UNITS, value_text
from kerascnn.stats.judging.effects import values_of

FRACTIONS = {name for name, unit in UNITS.items() if unit.scale == 100}
"""Metrics that are shares, drawn on a percent axis."""


@drawn("finals")
def plot_finals(arms: Sequence[ArmRuns], metric: str = "test_accuracy", *, chance: float | None = None) -> Picture:
    """`metric` of every arm: a dot for each seed, the mean and its interval. Arms without values stay empty."""
    name, title = f"finals-{metric}", f"{sentence_case(UNITS[metric].name)} of every run"
    values = [values_of(runs, metric) for runs in arms]
    if not any(values):
        return empty_picture(name, title)
    figure, (axes,) = new_figure(panel_inches=0.9 + 0.42 * len(arms))
    for row, (found, shape) in enumerate(zip(values, looks_of(arms), strict=True)):
        _draw_row(axes, row, found, shape)
    axes.set_yticks(range(len(arms)), [runs.arm.label for runs in arms])
    axes.set_ylim(len(arms) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.set_title(sentence_case(UNITS[metric].name))
    if metric in FRACTIONS:
        chance_line(axes, chance, "x")
        percent_axis(axes, "x")
    set_left_margin(figure, [runs.arm.label for runs in arms])
    summaries = {runs.arm.label: summarise(found.values()) for runs, found in zip(arms, values, strict=True)}
    return Picture(figure, title, f"{title}. {_words(summaries, metric)}", _table(name, title, arms, metric), name)


@drawn("metric against")
def plot_metric_against(
    arms: Sequence[ArmRuns],
    xs: Mapping[str, float],
    metric: str,
    xlabel: str,
    groups: Mapping[str, Sequence[str]] | None = None,
    *,
    chance: float | None = None,
    log_x: bool = False,
) -> Picture:
    """`metric` over a quantity such as depth, one line for each group.

    `xs`: arm name -> its place on the axis; arms without one are left out. `groups`: label -> the names
    of its arms, all in one line where not given. A group takes the tone of its first arm.
    """
    name = f"{metric}-against-{slug(xlabel)}"
    title = f"{sentence_case(UNITS[metric].name)} against {xlabel}"
    members = _grouped(arms, xs, groups)
    lines = {label: [(xs[r.arm.name], r, values_of(r, metric)) for r in runs] for label, runs in members.items()}
    if not any(found for points in lines.values() for _, _, found in points):
        return empty_picture(name, title)
    figure, (axes,) = new_figure()
    looks = _group_looks(members)
    ends = [end for label, points in lines.items() if (end := _draw_line(axes, label, points, looks[label]))]
    axes.set_xlabel(sentence_case(xlabel))
    axes.set_title(sentence_case(UNITS[metric].name))
    if log_x:
        log_axis(axes, "x")
    if metric in FRACTIONS:
        chance_line(axes, chance)
        percent_axis(axes)
    name_lines(figure, {axes: ends if len(lines) > 1 else []})
    words = [_line_words(label, points, metric, xlabel) for label, points in lines.items()]
    return Picture(figure, title, " ".join([f"{title}.", *words]), _table(name, title, arms, metric, xs), name)


def _draw_row(axes: Axes, row: int, values: Mapping[int, float], shape: Look) -> None:
    """One arm: its seeds side by side in their order, the mean and the interval in ink."""
    n = len(values)
    heights = [row + 0.3 * (rank - (n - 1) / 2) / max(n, 4) for rank in range(n)]
    sns.scatterplot(
        x=list(values.values()), y=heights, ax=axes, color=shape.colour, marker=shape.marker, s=34, legend=False
    )
    summary = summarise(values.values())
    if summary.mean is not None:
        axes.plot([summary.mean] * 2, [row - 0.3, row + 0.3], color=INK, linewidth=1.6)
    if summary.low is not None and summary.high is not None:
        axes.plot([summary.low, summary.high], [row, row], color=INK, linewidth=1)


def _grouped(
    arms: Sequence[ArmRuns], xs: Mapping[str, float], groups: Mapping[str, Sequence[str]] | None
) -> dict[str, list[ArmRuns]]:
    """Label -> the runs of the group's arms by their place on the axis."""
    placed = sorted((runs for runs in arms if runs.arm.name in xs), key=lambda runs: xs[runs.arm.name])
    wanted = {"all arms": [runs.arm.name for runs in placed]} if groups is None else groups
    return {label: [runs for runs in placed if runs.arm.name in names] for label, names in wanted.items()}


def _group_looks(members: Mapping[str, Sequence[ArmRuns]]) -> dict[str, Look]:
    tones = [
        tone_of(runs[0].arm, position) if runs else series_tone(position)
        for position, runs in enumerate(members.values())
    ]
    return {
        label: look(tone, tones[:rank].count(tone))
        for rank, (label, tone) in enumerate(zip(members, tones, strict=True))
    }


def _draw_line(
    axes: Axes, label: str, points: Sequence[tuple[float, ArmRuns, Mapping[int, float]]], shape: Look
) -> End | None:
    """Dots for seeds, a line through the means, bars for the intervals."""
    measured = [(x, summarise(found.values())) for x, _, found in points if found]
    if not measured:
        return None
    dots = [(x, value) for x, summary in measured for value in summary.values]
    sns.scatterplot(
        x=[x for x, _ in dots], y=[value for _, value in dots], ax=axes,
        color=shape.colour, marker=shape.marker, s=22, alpha=0.6, legend=False,
    )  # fmt: skip
    means = [(x, summary.mean) for x, summary in measured if summary.mean is not None]
    axes.plot(*zip(*means, strict=True), color=shape.colour, linewidth=2.2, linestyle=shape.dash)
    for x, summary in measured:
        if summary.low is not None and summary.high is not None:
            axes.plot([x, x], [summary.low, summary.high], color=shape.colour, linewidth=1)
    return End(means[-1][0], means[-1][1], label, shape)


def _summary_text(summary: Summary, metric: str) -> str:
    """A mean with its interval and n, for the alt text."""
    if summary.mean is None:
        return "not measured"
    text = value_text(UNITS[metric], summary.mean)
    if summary.low is None or summary.high is None:
        return f"{text} (1 seed)"
    low, high = (value_text(UNITS[metric], bound) for bound in (summary.low, summary.high))
    return f"{text} (95 % interval {low} to {high}, {summary.n} seeds)"


def _words(summaries: Mapping[str, Summary], metric: str) -> str:
    return " ".join(f"{label}: {_summary_text(summary, metric)}." for label, summary in summaries.items())


def _line_words(
    label: str, points: Sequence[tuple[float, ArmRuns, Mapping[int, float]]], metric: str, xlabel: str
) -> str:
    said = [f"{_summary_text(summarise(found.values()), metric)} at {x:g}" for x, _, found in points]
    return f"{sentence_case(label)}, by {xlabel}: {', '.join(said) or 'no runs'}."


def _table(
    name: str, title: str, arms: Sequence[ArmRuns], metric: str, xs: Mapping[str, float] | None = None
) -> PublishedTable:
    """One row for each run with a value; with its place on the axis where there is one."""
    rows: list[tuple[str | float, ...]] = []
    for runs in arms:
        if xs is None or runs.arm.name in xs:
            place = (xs[runs.arm.name],) if xs else ()
            rows += [(runs.arm.name, seed, *place, value) for seed, value in values_of(runs, metric).items()]
    columns = ("arm", "seed", *(["place"] if xs else []), metric)
    return PublishedTable(name=name, title=title, columns=columns, rows=tuple(rows), metrics={metric: metric})
