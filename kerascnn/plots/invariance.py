"""How often a net's answer stays the same when brightness and contrast change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from kerascnn.plots.drawing.axes import End, name_lines, percent_axis
from kerascnn.plots.drawing.picture import Look, Picture, drawn, empty_picture, looks_of, new_figure, sentence_case
from kerascnn.records import ArmRuns, PublishedTable

if TYPE_CHECKING:
    from kerascnn.looking.light import Invariance

CONDITIONS = {"exact": "values as computed", "clipped": "rounded and clipped to 0..255"}
"""Field of an `Invariance` -> what is done to the pixels after the shift."""


@drawn("invariance")
def plot_invariance(found: Sequence[Invariance]) -> Picture:
    """The share of unchanged answers by shift: the mean over seeds, with a bar from the least to the most."""
    name, title = "invariance", "Share of test images whose predicted class stays the same"
    found = [one for one in found if len(one.seeds)]
    if not found:
        return empty_picture(name, title)
    figure, panels = new_figure(len(CONDITIONS), 3.1)
    looks = looks_of([ArmRuns(one.arm, {}) for one in found])
    ends = {
        axes: [_draw(axes, one, condition, shape) for one, shape in zip(found, looks, strict=True)]
        for axes, condition in zip(panels, CONDITIONS, strict=True)
    }
    for axes, condition in zip(panels, CONDITIONS.values(), strict=True):
        axes.set_title(sentence_case(condition))
        axes.set_xticks(range(len(found[0].shifts)), [name.replace(" ", "\n", 1) for name in found[0].shift_names])
        axes.set_ylim(-0.03, 1.05)
        percent_axis(axes)
    name_lines(figure, ends)
    words = [_words(one, condition) for condition in CONDITIONS for one in found]
    return Picture(figure, title, " ".join([f"{title}.", *words]), _table(name, title, found), name)


def _draw(axes: Axes, one: Invariance, condition: str, shape: Look) -> End:
    shares: np.ndarray = getattr(one, condition)
    means = shares.mean(axis=0)
    axes.plot(means, color=shape.colour, linestyle=shape.dash, marker=shape.marker, markersize=5, linewidth=1.6)
    for place, column in enumerate(shares.T):
        axes.plot([place, place], [column.min(), column.max()], color=shape.colour, linewidth=1)
    return End(len(means) - 1, float(means[-1]), one.arm.label, shape)


def _words(one: Invariance, condition: str) -> str:
    shares: np.ndarray = getattr(one, condition)
    said = [f"{100 * mean:.1f} % at {name}" for name, mean in zip(one.shift_names, shares.mean(axis=0), strict=True)]
    return f"{one.arm.label}, {CONDITIONS[condition]}: {', '.join(said)}."


def _table(name: str, title: str, found: Sequence[Invariance]) -> PublishedTable:
    rows: list[tuple[str | float, ...]] = [
        (one.arm.name, seed, contrast, brightness, float(one.exact[row, place]), float(one.clipped[row, place]))
        for one in found
        for row, seed in enumerate(one.seeds)
        for place, (contrast, brightness) in enumerate(one.shifts)
    ]
    columns = ("arm", "seed", "contrast", "brightness", *CONDITIONS)
    return PublishedTable(name=name, title=title, columns=columns, rows=tuple(rows))
