"""A whole search at a glance: every trial through all its hyperparameters, and what the budget bought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

from kerascnn.plots.drawing.axes import End, name_lines, percent_axis, whole_axis
from kerascnn.plots.drawing.palette import TONES, series_tone
from kerascnn.plots.drawing.picture import (
    Picture,
    drawn,
    empty_picture,
    look,
    new_figure,
    sentence_case,
    set_margins,
)
from kerascnn.plots.searches import BEST_COLOUR, COLOUR, MEASURED, SCORE
from kerascnn.records import PublishedSearch, PublishedTable, Trial
from kerascnn.specs import Choice
from kerascnn.spelling import slug

DEPTHS = ("depth", "blocks")
"""Hyperparameters that say how deep a net is; the first that a search names is followed."""

FAINTEST, STRONGEST = 0.12, 0.9
"""Opacity of the worst and of the best trial's line."""

APART = 0.05
"""Share of an axis over which lines through one value are spread, so that they can be told apart."""

BEHIND_TEXT = {"facecolor": TONES["surface"].light, "edgecolor": "none", "pad": 1.0}
"""Keeps a value readable where lines run through it."""

NO_TRIALS = "There are no trials to show yet."


@dataclass(frozen=True)
class Spent:
    """The best trial once `epochs` were trained in all."""

    epochs: int
    best: Trial


@drawn("parallel")
def plot_parallel(search: PublishedSearch, space: Sequence[Choice] = ()) -> Picture:
    """Every scored trial as a line through its hyperparameters to its score; the better, the stronger.

    `space` gives the values that could be chosen; without it an axis has those that were. The best trial
    is drawn thick in another colour. Trials through one value are moved apart a little.
    """
    name, title = f"search-parallel-{slug(search.name)}", f"{sentence_case(search.label)}: all trials"
    trials = sorted((t for t in search.trials if t.val_accuracy is not None), key=_score)
    if not trials:
        return empty_picture(name, title, NO_TRIALS)
    values = _values(trials, space)
    figure, (axes,) = new_figure()
    set_margins(figure, right_inches=0.9, bottom_inches=0.25)
    scale = _Scale(_score(trials[0]), _score(trials[-1]))
    for rank, trial in enumerate(trials):
        _draw_trial(axes, trial, values, scale, rank / max(1, len(trials) - 1), trial.number == search.best)
    _draw_axes(axes, values, scale)
    return Picture(figure, title, _words(title, search, trials), _table(name, title, search, list(values)), name)


@drawn("spent")
def plot_spent(searches: Sequence[PublishedSearch]) -> Picture:
    """The best score so far, and the depth of that trial, against the epochs that the search has trained in all."""
    name, title = "search-spent", "What the budget bought"
    courses = {search.label: course for search in searches if (course := spent(search))}
    if not courses:
        return empty_picture(name, title, NO_TRIALS)
    depth = depth_argument(searches)
    figure, panels = new_figure(2 if depth else 1, 2.7)
    ends: dict[Axes, list[End]] = {axes: [] for axes in panels}
    for position, (label, course) in enumerate(courses.items()):
        ends[panels[0]].append(_draw_course(panels[0], course, [_score(at.best) for at in course], label, position))
        if depth:
            depths = [float(at.best.arguments.get(depth, 0)) for at in course]
            ends[panels[1]].append(_draw_course(panels[1], course, depths, label, position))
    _dress(panels, depth)
    name_lines(figure, ends)
    words = [_course_words(label, course, depth) for label, course in courses.items()]
    return Picture(figure, title, " ".join([f"{title}.", *words]), _course_table(name, title, courses, depth), name)


def spent(search: PublishedSearch) -> list[Spent]:
    """The best so far after each trial that has a score; a run that was proposed again costs nothing more."""
    epochs, best, course = 0, None, []
    paid: set[str] = set()
    for trial in search.trials:
        epochs += 0 if trial.key in paid else trial.epochs
        paid.add(trial.key)
        if trial.val_accuracy is not None:
            best = trial if best is None or _score(trial) > _score(best) else best
        if best is not None:
            course.append(Spent(epochs, best))
    return course


def depth_argument(searches: Sequence[PublishedSearch]) -> str | None:
    """The hyperparameter that says how deep the nets are, where every trial gives it as a number."""
    arguments = [trial.arguments for search in searches for trial in search.trials]
    return next((name for name in DEPTHS if all(isinstance(found.get(name), int) for found in arguments)), None)


@dataclass(frozen=True)
class _Scale:
    """The score's axis, from the worst trial to the best."""

    low: float
    high: float

    def place(self, score: float) -> float:
        """0 for the worst, 1 for the best; a single score stands in the middle."""
        return (score - self.low) / (self.high - self.low) if self.high > self.low else 0.5


def _score(trial: Trial) -> float:
    assert trial.val_accuracy is not None, "only scored trials get here"
    return trial.val_accuracy


def _values(trials: Sequence[Trial], space: Sequence[Choice]) -> dict[str, list[Any]]:
    """Hyperparameter -> its values from the bottom of its axis to the top."""
    given = {choice.name: list(choice.values) for choice in space}
    names = list(dict.fromkeys([*given, *(name for trial in trials for name in trial.arguments)]))
    used = {name: {t.arguments[name] for t in trials if name in t.arguments} for name in names if name not in given}
    return {name: given.get(name) or sorted(used[name], key=lambda v: (isinstance(v, str), v)) for name in names}


def _draw_trial(
    axes: Axes, trial: Trial, values: Mapping[str, list[Any]], scale: _Scale, rank: float, is_best: bool
) -> None:
    named = [(x, name) for x, name in enumerate(values) if trial.arguments.get(name) in values[name]]
    heights = [_height(values[name], trial.arguments[name]) + APART * (rank - 0.5) for _, name in named]
    xs, ys = [*(x for x, _ in named), len(values)], [*heights, scale.place(_score(trial))]
    if is_best:
        axes.plot(xs, ys, color=BEST_COLOUR, linewidth=2.6, marker="o", markersize=5, zorder=3)
    else:
        axes.plot(xs, ys, color=COLOUR, linewidth=1.3, alpha=FAINTEST + (STRONGEST - FAINTEST) * rank)


def _height(values: Sequence[Any], value: Any) -> float:
    """Values stand at equal distances, because most are powers of two or names."""
    return values.index(value) / (len(values) - 1) if len(values) > 1 else 0.5


def _draw_axes(axes: Axes, values: Mapping[str, list[Any]], scale: _Scale) -> None:
    """One upright line for each hyperparameter with its values, and one for the score."""
    axes.set_axis_off()
    axes.set_xlim(-0.35, len(values) + 0.05)
    axes.set_ylim(-0.08, 1.16)
    for x, (name, known) in enumerate(values.items()):
        axes.plot([x, x], [-0.04, 1.04], color=TONES["muted"].light, linewidth=1)
        axes.text(x, 1.1, name.replace("_", " "), ha="center", fontweight="bold")
        for value in known:
            axes.text(x - 0.04, _height(known, value), str(value), ha="right", va="center", zorder=4, bbox=BEHIND_TEXT)
    last = len(values)
    axes.plot([last, last], [-0.04, 1.04], color=TONES["muted"].light, linewidth=1)
    axes.text(last, 1.1, SCORE.lower(), ha="center", fontweight="bold")
    for score in dict.fromkeys((scale.low, scale.high)):
        axes.text(last + 0.04, scale.place(score), f"{100 * score:.1f} %", ha="left", va="center", clip_on=False)


def _draw_course(axes: Axes, course: Sequence[Spent], ys: Sequence[float], label: str, position: int) -> End:
    shape = look(series_tone(position), position)
    xs = [at.epochs for at in course]
    axes.step(xs, ys, where="post", color=shape.colour, linestyle=shape.dash, linewidth=1.8)
    changes = [place for place in range(len(ys)) if not place or course[place].best != course[place - 1].best]
    axes.plot([xs[at] for at in changes], [ys[at] for at in changes], shape.marker, color=shape.colour, markersize=6)
    return End(xs[-1], ys[-1], label, shape)


def _dress(panels: Sequence[Axes], depth: str | None) -> None:
    panels[0].set_title(f"{SCORE} of the best trial so far")
    percent_axis(panels[0])
    if depth:
        panels[1].set_title(f"{sentence_case(depth)} of the best trial so far")
        panels[1].margins(y=0.2)
        whole_axis(panels[1], "y")
    for axes in panels:
        whole_axis(axes)
    panels[-1].set_xlabel("Epochs trained, over all trials")


def _words(title: str, search: PublishedSearch, trials: Sequence[Trial]) -> str:
    best, worst = trials[-1], trials[0]
    chosen = ", ".join(f"{name} {value}" for name, value in best.arguments.items())
    lost = len(search.trials) - len(trials)
    note = f" Left out because they have no score: {lost}." if lost else ""
    return (
        f"{title}: {len(trials)} lines through the hyperparameters to the score, from {100 * _score(worst):.1f} % "
        f"to {100 * _score(best):.1f} %. The best chose {chosen}.{note}"
    )


def _table(name: str, title: str, search: PublishedSearch, arguments: Sequence[str]) -> PublishedTable:
    rows = tuple(
        (trial.number, *(_cell(trial.arguments.get(argument)) for argument in arguments), trial.val_accuracy)
        for trial in search.trials
    )
    return PublishedTable(
        name=name, title=title, columns=("trial", *arguments, "val_accuracy"), rows=rows, metrics=MEASURED
    )


def _cell(value: Any) -> Any:
    return value if value is None or isinstance(value, int | float | str) else str(value)


def _course_words(label: str, course: Sequence[Spent], depth: str | None) -> str:
    last = course[-1]
    deep = f", {depth} {last.best.arguments[depth]}" if depth else ""
    return f"{label}: {100 * _score(last.best):.1f} % (trial {last.best.number}{deep}) after {last.epochs} epochs."


def _course_table(name: str, title: str, courses: Mapping[str, Sequence[Spent]], depth: str | None) -> PublishedTable:
    rows = tuple(
        (label, at.epochs, at.best.number, _score(at.best), *([_cell(at.best.arguments[depth])] if depth else []))
        for label, course in courses.items()
        for at in course
    )
    columns = ("search", "epochs_in_all", "best_trial", "val_accuracy", *([depth] if depth else []))
    return PublishedTable(name=name, title=title, columns=columns, rows=rows, metrics=MEASURED)
