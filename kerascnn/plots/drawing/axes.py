"""Axes in words a reader knows: percent, powers of ten, and names at the ends of lines."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from kerascnn.plots.drawing.picture import MUTED, WIDTH_INCHES, Look, set_margins, widest_inches

LINE_POINTS = 13.0
"""Height of one line of labels."""

MAX_LABEL_INCHES = 2.3
"""Labels wider than this leave too little chart beside them and go into a legend below."""

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class End:
    """The last point of a line, and what the line is called."""

    x: float
    y: float
    label: str
    look: Look


def percent_axis(axes: Axes, which: Literal["x", "y"] = "y") -> None:
    """Ticks of fractions as percent."""
    axis = axes.yaxis if which == "y" else axes.xaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.3g} %".replace("-", "−")))


def log_axis(axes: Axes, which: Literal["x", "y"] = "y") -> None:
    """A logarithmic axis with plain-text ticks; values within two decades get ticks at 2 and 5 too."""
    (axes.set_yscale if which == "y" else axes.set_xscale)("log")
    axis = axes.yaxis if which == "y" else axes.xaxis
    low, high = axes.get_ylim() if which == "y" else axes.get_xlim()
    narrow = math.log10(high / low) < 2
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if narrow else (1.0,), numticks=7))
    axis.set_major_formatter(FuncFormatter(lambda value, _: power_text(value)))
    axis.set_minor_formatter(NullFormatter())


def whole_axis(axes: Axes, which: Literal["x", "y"] = "x") -> None:
    """Ticks at whole numbers only: epochs, layers, trials."""
    (axes.xaxis if which == "x" else axes.yaxis).set_major_locator(MaxNLocator(integer=True, nbins=8))


def power_text(value: float) -> str:
    """A tick of a logarithmic axis: 0.02, 500, 10⁻⁸, 2×10⁶."""
    if value <= 0:
        return "0"
    if 1e-3 <= value < 1e4:
        return f"{value:g}"
    exponent = math.floor(math.log10(value) + 1e-9)
    mantissa = value / 10.0**exponent
    power = "10" + str(exponent).translate(SUPERSCRIPTS)
    return power if abs(mantissa - 1) < 1e-6 else f"{mantissa:.3g}×{power}"


def chance_line(axes: Axes, chance: float | None, which: Literal["x", "y"] = "y") -> None:
    """A dotted line at chance level with its name; nothing for None."""
    if chance is None:
        return
    (axes.axhline if which == "y" else axes.axvline)(chance, color=MUTED, linewidth=1, linestyle=(0, (1, 2)))
    place = (0.0, chance) if which == "y" else (chance, 1.0)
    across = axes.get_yaxis_transform() if which == "y" else axes.get_xaxis_transform()
    above = 2 if which == "y" else -9
    axes.annotate("chance", place, xycoords=across, xytext=(3, above), textcoords="offset points", color=MUTED)


def name_lines(figure: Figure, panels: Mapping[Axes, Sequence[End]]) -> None:
    """Write the lines' names at their ends where they fit beside the axes, else in a legend below.

    To be called last: names are placed by the axes' limits, which they fix.
    """
    ends = [end for panel in panels.values() for end in panel]
    if not ends:
        return
    width = widest_inches(figure, [end.label for end in ends])
    if width > MAX_LABEL_INCHES:
        _add_legend(figure, ends)
        return
    set_margins(figure, right_inches=width + 0.4)
    if all(_fits(axes, len(panel)) for axes, panel in panels.items()):
        for axes, panel in panels.items():
            _name_panel(axes, panel)
    else:
        _add_legend(figure, ends)


def spread(positions: Sequence[float], gap: float) -> list[float]:
    """Positions in [0, 1], moved as little as needed to be `gap` apart, in the order given.

    They fit only if (number - 1) * gap <= 1.
    """
    order = sorted(range(len(positions)), key=lambda index: positions[index])
    placed: list[float] = []
    for rank, index in enumerate(order):
        floor = placed[-1] + gap if placed else 0.0
        placed.append(max(positions[index], floor, rank * gap))
    ceiling = 1.0
    for rank in reversed(range(len(placed))):
        placed[rank] = min(placed[rank], ceiling)
        ceiling = placed[rank] - gap
    result = [0.0] * len(positions)
    for rank, index in enumerate(order):
        result[index] = placed[rank]
    return result


def _height_points(axes: Axes) -> float:
    return axes.get_position().height * axes.get_figure(root=True).get_figheight() * 72  # type: ignore[union-attr]


def _fits(axes: Axes, lines: int) -> bool:
    return (lines - 1) * LINE_POINTS <= _height_points(axes)


def _name_panel(axes: Axes, ends: Sequence[End]) -> None:
    axes.set_xlim(axes.get_xlim())
    axes.set_ylim(axes.get_ylim())
    to_axes = axes.transData + axes.transAxes.inverted()
    heights = [min(max(float(to_axes.transform((end.x, end.y))[1]), 0.0), 1.0) for end in ends]
    for end, height in zip(ends, spread(heights, LINE_POINTS / _height_points(axes)), strict=True):
        axes.annotate(
            end.label,
            (end.x, end.y),
            xytext=(1.04, height),
            textcoords="axes fraction",
            va="center",
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": end.look.colour,
                "linewidth": 0.6,
                "alpha": 0.5,
                "relpos": (0, 0.5),
            },
        )


def _add_legend(figure: Figure, ends: Sequence[End]) -> None:
    """A legend below the chart, one entry for each name, in one column or two."""
    named = {end.label: end.look for end in ends}
    columns = 2 if widest_inches(figure, list(named)) < WIDTH_INCHES / 2 - 0.7 else 1
    rows = -(-len(named) // columns)
    extra = rows * 0.22
    figure.set_figheight(figure.get_figheight() + extra)
    set_margins(figure, bottom_inches=0.6 + extra)
    handles = [Line2D([], [], color=a.colour, linestyle=a.dash, marker=a.marker, markersize=4) for a in named.values()]
    figure.legend(handles, list(named), loc="lower left", ncols=columns, borderaxespad=0.2)
