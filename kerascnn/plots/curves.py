"""Training curves: every seed thin, the mean of all seeds thick."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes

from kerascnn.plots.drawing.axes import End, chance_line, log_axis, name_lines, percent_axis, whole_axis
from kerascnn.plots.drawing.picture import (
    Look,
    Picture,
    drawn,
    empty_picture,
    looks_of,
    marked,
    new_figure,
    sentence_case,
)
from kerascnn.records import ArmRuns, Epoch, PublishedTable
from kerascnn.spelling import counted

EpochMetric = Literal["train_loss", "train_accuracy", "val_loss", "val_accuracy", "learning_rate"]

EPOCH_METRICS: dict[str, str] = {
    "train_loss": "training loss",
    "train_accuracy": "training accuracy",
    "val_loss": "validation loss",
    "val_accuracy": "validation accuracy",
    "learning_rate": "learning rate",
}
"""What can be followed over the epochs, and its name."""

UNITS_OF = {
    "train_accuracy": "train_accuracy",
    "val_accuracy": "val_accuracy",
    "train_loss": "test_loss",
    "val_loss": "test_loss",
}
"""What is followed -> the metric of whole runs that has its unit."""

STATES = {"finished": "", "diverged": " diverged", "failed": " failed"}


@dataclass(frozen=True)
class _Curve:
    """The finite values of one run, by epoch; empty where there are none."""

    seed: int
    state: str
    epochs: tuple[int, ...]
    values: tuple[float, ...]


@drawn("curves")
def plot_curves(
    arms: Sequence[ArmRuns], metric: EpochMetric = "val_accuracy", *, chance: float | None = None
) -> Picture:
    """`metric` by epoch: every seed thin, the mean thick, runs that diverged or failed up to their cross.

    The mean ends where the first seed ends: a mean over survivors would hide the others' fate. `chance`
    (a fraction) draws the chance level of an accuracy. In SVG the lines have the classes `curve`,
    `arm-<position from 0 of the arms with values>` and `seed-<number>` or `mean`.
    """
    name, title = f"curves-{metric}", f"{sentence_case(EPOCH_METRICS[metric])} by epoch"
    curves = [(runs, _curves(runs, metric)) for runs in arms]
    if not any(curve.values for _, found in curves for curve in found):
        return empty_picture(name, title)
    figure, (axes,) = new_figure()
    ends: list[End] = []
    for (runs, found), look in zip(curves, looks_of(arms), strict=True):
        end = _draw_arm(axes, runs.arm.label, found, look, len(ends))
        ends += [end] if end else []
    _dress(axes, metric, chance)
    name_lines(figure, {axes: ends})
    alt = " ".join([f"{title}.", *(_words(runs.arm.label, found, metric) for runs, found in curves)])
    return Picture(figure, title, alt, _table(name, title, metric, curves), name)


def _curves(runs: ArmRuns, metric: str) -> list[_Curve]:
    done = [_curve(seed, record.outcome, record.epochs, metric) for seed, record in sorted(runs.records.items())]
    return done + [_curve(seed, "failed", failure.epochs, metric) for seed, failure in sorted(runs.failures.items())]


def _curve(seed: int, state: str, epochs: tuple[Epoch, ...], metric: str) -> _Curve:
    """The run up to its first value that is not finite."""
    points: list[tuple[int, float]] = []
    for epoch in epochs:
        value = getattr(epoch, metric)
        if value is None or not math.isfinite(value):
            break
        points.append((epoch.epoch, value))
    return _Curve(seed, state, tuple(x for x, _ in points), tuple(y for _, y in points))


def _draw_arm(axes: Axes, label: str, curves: list[_Curve], look: Look, place: int) -> End | None:
    """Draw one arm; gives back where its name belongs, or None when there is nothing to name."""
    shown = [curve for curve in curves if curve.values]
    if not shown:
        return None
    for curve in shown:
        _draw_seed(axes, curve, look, f"arm-{place}")
    mean = _mean(curves)
    if mean.values:
        gid = marked("curve", f"arm-{place}", "mean")
        axes.plot(mean.epochs, mean.values, color=look.colour, linewidth=2.2, linestyle=look.dash, gid=gid)
    longest = max([mean, *curves], key=lambda curve: len(curve.values))
    if len(longest.values) == 1:
        axes.plot(longest.epochs, longest.values, color=look.colour, marker=look.marker)
    return End(longest.epochs[-1], longest.values[-1], label, look)


def _draw_seed(axes: Axes, curve: _Curve, look: Look, arm: str) -> None:
    """One run, with a cross where it diverged or failed."""
    gid = marked("curve", arm, f"seed-{curve.seed}")
    axes.plot(curve.epochs, curve.values, color=look.colour, linewidth=0.8, alpha=0.45, gid=gid)
    if curve.state != "finished":
        end = (curve.epochs[-1:], curve.values[-1:])
        axes.plot(*end, color=look.colour, marker="x", linestyle="", markersize=6, gid=gid)


def _mean(curves: list[_Curve]) -> _Curve:
    """The mean over all runs that finished or diverged, up to the epoch that all of them reached."""
    counted = [curve for curve in curves if curve.state != "failed"]
    length = min((len(curve.values) for curve in counted), default=0)
    if not length:
        return _Curve(0, "mean", (), ())
    values = (sum(at) / len(counted) for at in zip(*(curve.values[:length] for curve in counted), strict=True))
    return _Curve(0, "mean", counted[0].epochs[:length], tuple(values))


def _dress(axes: Axes, metric: str, chance: float | None) -> None:
    axes.set_xlabel("Epoch")
    axes.set_ylabel("")
    axes.set_title(sentence_case(EPOCH_METRICS[metric]))
    whole_axis(axes)
    if metric.endswith("accuracy"):
        chance_line(axes, chance)
        percent_axis(axes)
    if metric == "learning_rate":
        log_axis(axes)


def _words(label: str, curves: list[_Curve], metric: str) -> str:
    """What one arm does, for the alt text."""
    mean = _mean(curves)
    seeds = counted(sum(curve.state != "failed" for curve in curves), "seed")
    ended = [f"seed {curve.seed}{STATES[curve.state]}" for curve in curves if curve.state != "finished"]
    note = f" ({', '.join(ended)})" if ended else ""
    if not mean.values:
        return f"{label}: no finite values{note}."
    first, last = (_number(metric, value) for value in (mean.values[0], mean.values[-1]))
    return (
        f"{label}, mean of {seeds}: {first} after epoch {mean.epochs[0]}, {last} after epoch {mean.epochs[-1]}{note}."
    )


def _number(metric: str, value: float) -> str:
    return f"{100 * value:.1f} %" if metric.endswith("accuracy") else f"{value:.3g}"


def _table(name: str, title: str, metric: str, curves: list[tuple[ArmRuns, list[_Curve]]]) -> PublishedTable:
    rows = tuple(
        (runs.arm.name, curve.seed, curve.state, epoch, value)
        for runs, found in curves
        for curve in found
        for epoch, value in zip(curve.epochs, curve.values, strict=True)
    )
    columns = ("arm", "seed", "outcome", "epoch", metric)
    metrics = {metric: UNITS_OF[metric]} if metric in UNITS_OF else {}
    return PublishedTable(name=name, title=title, columns=columns, rows=rows, metrics=metrics)
