"""Hyperparameter searches: what was tried, what it scored, and how the best score grew with the budget."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import seaborn as sns
from matplotlib.axes import Axes

from kerascnn.plots.drawing.axes import End, name_lines, percent_axis, whole_axis
from kerascnn.plots.drawing.palette import TONES, series_tone
from kerascnn.plots.drawing.picture import (
    Picture,
    drawn,
    empty_picture,
    look,
    new_figure,
    new_grid,
    sentence_case,
)
from kerascnn.records import PublishedSearch, PublishedTable, Trial
from kerascnn.spelling import slug

SCORE = "Validation accuracy"
MEASURED = {"val_accuracy": "val_accuracy"}
"""The column of a table of trials that is a metric."""

COLOUR = TONES["series-1"].light
BEST_COLOUR = TONES["series-2"].light


@drawn("search")
def plot_search(searches: Sequence[PublishedSearch]) -> Picture:
    """The score of every trial in the order they were proposed, and the best so far as a step line."""
    name, title = "search-trials", f"{SCORE} by trial"
    if not any(_scored(search) for search in searches):
        return empty_picture(name, title, "There are no trials to show yet.")
    figure, (axes,) = new_figure()
    ends = [_draw_trials(axes, search, position) for position, search in enumerate(searches) if _scored(search)]
    axes.set_title(f"{SCORE}: every trial, and the best so far")
    axes.set_xlabel("Trial")
    whole_axis(axes)
    percent_axis(axes)
    name_lines(figure, {axes: ends})
    alt = " ".join([f"{title}.", *map(_words, searches)])
    return Picture(figure, title, alt, _table(name, title, searches), name)


@drawn("choices")
def plot_choices(search: PublishedSearch) -> Picture:
    """Each hyperparameter of one search against the score, one small panel each; the best trial is ringed."""
    name, title = (
        f"search-choices-{slug(search.name)}",
        f"{sentence_case(search.label)}: {SCORE.lower()} by hyperparameter",
    )
    trials = _scored(search)
    names = sorted({name for trial in trials for name in trial.arguments})
    if not names:
        return empty_picture(name, title, "There are no trials to show yet.")
    figure, panels = new_grid(len(names))
    for axes, argument in zip(panels, names, strict=True):
        _draw_choice(axes, trials, argument, search.best)
    words = [f"{title}.", *(_choice_words(trials, argument) for argument in names)]
    return Picture(figure, title, " ".join(words), _table(name, title, [search]), name)


@drawn("best depth")
def plot_best_depth(searches: Sequence[PublishedSearch], argument: str = "blocks") -> Picture:
    """The value of `argument` in the best trial at each number of epochs: what a short budget favours."""
    name, title = f"search-best-{slug(argument)}", f"Best {argument} by epochs trained"
    best = {search.label: _best_by_epochs(search, argument) for search in searches}
    if not any(best.values()):
        return empty_picture(name, title, f"No trial names {argument}.")
    figure, (axes,) = new_figure()
    ends = []
    for position, (label, points) in enumerate(best.items()):
        shape = look(series_tone(position), position)
        if points:
            xs, ys = [float(epochs) for epochs in points], [float(t.arguments[argument]) for t in points.values()]
            axes.plot(xs, ys, color=shape.colour, linestyle=shape.dash, marker=shape.marker, linewidth=2)
            ends.append(End(xs[-1], ys[-1], label, shape))
    axes.set_title(f"{sentence_case(argument)} of the best trial")
    axes.set_xlabel("Epochs a trial was trained")
    axes.margins(y=0.2)
    low, high = axes.get_ylim()
    # At least one value to each side: where every search finds the same, a scale of tenths would look like a finding.
    axes.set_ylim(min(low, math.floor(low + 1) - 1), max(high, math.ceil(high - 1) + 1))
    whole_axis(axes)
    whole_axis(axes, "y")
    name_lines(figure, {axes: ends})
    words = [_depth_words(label, points, argument) for label, points in best.items()]
    return Picture(figure, title, " ".join([f"{title}.", *words]), _depth_table(name, title, best, argument), name)


def _scored(search: PublishedSearch) -> list[Trial]:
    """The trials that have a score; those that failed or diverged have none."""
    return [trial for trial in search.trials if trial.val_accuracy is not None]


def _score(trial: Trial) -> float:
    assert trial.val_accuracy is not None, "only scored trials get here"
    return trial.val_accuracy


def _draw_trials(axes: Axes, search: PublishedSearch, position: int) -> End:
    trials, shape = _scored(search), look(series_tone(position), position)
    numbers, scores = [trial.number for trial in trials], [_score(trial) for trial in trials]
    best = list(itertools.accumulate(scores, max))
    sns.scatterplot(x=numbers, y=scores, ax=axes, color=shape.colour, marker=shape.marker, s=30, legend=False)
    axes.step(numbers, best, where="post", color=shape.colour, linestyle=shape.dash, linewidth=1.8)
    return End(numbers[-1], best[-1], search.label, shape)


def _draw_choice(axes: Axes, trials: Sequence[Trial], argument: str, best: int | None) -> None:
    """One panel; values stand side by side at equal distance, because most are powers of two or names."""
    shown = [trial for trial in trials if argument in trial.arguments]
    values = _ordered({_key(trial.arguments[argument]) for trial in shown})
    places = [values.index(_key(trial.arguments[argument])) for trial in shown]
    sns.scatterplot(x=places, y=[_score(trial) for trial in shown], ax=axes, color=COLOUR, s=30, legend=False)
    for place, trial in zip(places, shown, strict=True):
        if trial.number == best:
            axes.plot(place, _score(trial), marker="o", markersize=11, color="none", markeredgecolor=BEST_COLOUR)
    axes.set_xticks(range(len(values)), [str(value) for value in values])
    axes.set_xlim(-0.5, len(values) - 0.5)
    axes.margins(y=0.15)
    axes.set_title(f"By {argument.replace('_', ' ')}")
    percent_axis(axes)


def _key(value: Any) -> Any:
    """A value that can stand in a set: lists as text."""
    return value if isinstance(value, (int, float, str)) else str(value)


def _ordered(values: set[Any]) -> list[Any]:
    return sorted(values, key=lambda value: (isinstance(value, str), value))


def _best_by_epochs(search: PublishedSearch, argument: str) -> dict[int, Trial]:
    """Epochs -> the best trial trained that long, of those that name `argument` with a number."""
    named = [t for t in _scored(search) if isinstance(t.arguments.get(argument), (int, float))]
    lengths = sorted({trial.epochs for trial in named})
    return {epochs: max((t for t in named if t.epochs == epochs), key=_score) for epochs in lengths}


def _words(search: PublishedSearch) -> str:
    trials = _scored(search)
    lost = len(search.trials) - len(trials)
    note = f" Without a score: {lost}." if lost else ""
    if not trials:
        return f"{search.label}: no trial has a score.{note}"
    best = max(trials, key=_score)
    chosen = ", ".join(f"{name} {value}" for name, value in sorted(best.arguments.items()))
    return f"{search.label}, {len(search.trials)} trials: best {100 * _score(best):.1f} % in trial {best.number} ({chosen}).{note}"


def _choice_words(trials: Sequence[Trial], argument: str) -> str:
    """The best score for each value of one hyperparameter."""
    best: dict[Any, float] = {}
    for trial in trials:
        if argument in trial.arguments:
            value = _key(trial.arguments[argument])
            best[value] = max(best.get(value, 0.0), _score(trial))
    said = ", ".join(f"{value}: {100 * best[value]:.1f} %" for value in _ordered(set(best)))
    return f"Best score by {argument}: {said}."


def _depth_words(label: str, points: dict[int, Trial], argument: str) -> str:
    said = [f"{argument} {trial.arguments[argument]} after {epochs} epochs" for epochs, trial in points.items()]
    return f"{label}: {', '.join(said) or 'no trials'}."


def _table(name: str, title: str, searches: Sequence[PublishedSearch]) -> PublishedTable:
    """One row for each trial, a column for each hyperparameter that any trial names."""
    arguments = sorted({key for search in searches for trial in search.trials for key in trial.arguments})
    rows = tuple(
        (
            search.name,
            trial.number,
            trial.epochs,
            *(_cell(trial.arguments.get(a)) for a in arguments),
            trial.val_accuracy,
        )
        for search in searches
        for trial in search.trials
    )
    columns = ("search", "trial", "epochs", *arguments, "val_accuracy")
    return PublishedTable(name=name, title=title, columns=columns, rows=rows, metrics=MEASURED)


def _cell(value: Any) -> Any:
    return value if value is None else _key(value)


def _depth_table(name: str, title: str, best: dict[str, dict[int, Trial]], argument: str) -> PublishedTable:
    rows = tuple(
        (label, epochs, _cell(trial.arguments[argument]), trial.val_accuracy)
        for label, points in best.items()
        for epochs, trial in points.items()
    )
    columns = ("search", "epochs", argument, "val_accuracy")
    return PublishedTable(name=name, title=title, columns=columns, rows=rows, metrics=MEASURED)
