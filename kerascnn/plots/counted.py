"""Arithmetic in pictures: how far implementations agree, what layers see, and what they cost."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from kerascnn.byhand import count_parameters, count_products, receptive_field
from kerascnn.byhand.cases import Agreement
from kerascnn.byhand.checks import STACKS
from kerascnn.byhand.counting import Layer
from kerascnn.plots.drawing.axes import End, log_axis, name_lines, whole_axis
from kerascnn.plots.drawing.palette import TONES, series_tone
from kerascnn.plots.drawing.picture import MUTED, Picture, drawn, look, new_figure, set_left_margin
from kerascnn.records import PublishedTable

FLOOR = 1e-17
"""Where a difference of exactly zero is drawn on a logarithmic axis."""

BLOCKS: dict[str, tuple[int, ...]] = {
    "1 x 1": (1,),
    "3 x 3": (3,),
    "two 3 x 3": (3, 3),
    "5 x 5": (5,),
    "three 3 x 3": (3, 3, 3),
    "7 x 7": (7,),
}
"""Convolutions one after the other, by the side of their square kernels."""


@drawn("agreement")
def plot_agreement(agreements: Sequence[Agreement], tolerance: float) -> Picture:
    """Largest difference of every case, by layer and pass: a line over all cases, a dot at their median."""
    name, title = "agreement", "Differences from Keras"
    passes = {
        f"{agreement.what}, {which}": differences
        for agreement in agreements
        for which, differences in (("forward", agreement.forward), ("backward", agreement.backward))
    }
    figure, (axes,) = new_figure(panel_inches=1.2 + 0.34 * len(passes))
    for row, differences in enumerate(passes.values()):
        _draw_differences(axes, row, differences)
    axes.axvline(tolerance, color=MUTED, linewidth=1, linestyle=(0, (4, 2)))
    axes.set_yticks(range(len(passes)), list(passes))
    axes.set_ylim(len(passes) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.set_xlim(FLOOR / 3, tolerance * 10)
    log_axis(axes, "x")
    axes.set_title("Largest difference of every case")
    axes.set_xlabel(f"Mark: median; dashed: {tolerance:g}; left end: no difference")
    set_left_margin(figure, list(passes))
    words = (f"{what}: median {statistics.median(d):.1e}, largest {max(d):.1e}" for what, d in passes.items())
    alt = f"{title}, {len(agreements[0].forward)} random cases of each layer. {'; '.join(words)}."
    return Picture(figure, title, alt, _agreement_table(name, title, agreements), name)


@drawn("receptive fields")
def plot_receptive_fields(stacks: Mapping[str, Sequence[Layer]] = STACKS) -> Picture:
    """How many input values along an axis one value can depend on, by the number of layers."""
    name, title = "receptive-fields", "Receptive field by depth"
    fields = {
        label: [receptive_field(layers[:depth]) for depth in range(len(layers) + 1)] for label, layers in stacks.items()
    }
    figure, (axes,) = new_figure()
    ends = []
    for position, (label, values) in enumerate(fields.items()):
        shape = look(series_tone(position), position)
        axes.plot(
            range(len(values)), values, color=shape.colour, linestyle=shape.dash, marker=shape.marker, markersize=4
        )
        ends.append(End(len(values) - 1, values[-1], label, shape))
    axes.set_title("Receptive field, pixels along one side")
    axes.set_xlabel("Layers")
    whole_axis(axes)
    name_lines(figure, {axes: ends})
    said = (f"{label}: {', '.join(map(str, values))}" for label, values in fields.items())
    alt = f"{title}: without a layer, then after each layer. {'; '.join(said)}."
    rows = tuple((label, depth, field) for label, values in fields.items() for depth, field in enumerate(values))
    table = PublishedTable(name=name, title=title, columns=("stack", "layers", "receptive_field"), rows=rows)
    return Picture(figure, title, alt, table, name)


@drawn("layer costs")
def plot_layer_costs(channels: int = 64, size: int = 32) -> Picture:
    """Parameters of square convolutions from `channels` to as many maps, and multiply-adds on `size` x `size` places."""
    name, title = "layer-costs", "What a convolution costs"
    rows = tuple(_cost_row(label, windows, channels, size) for label, windows in BLOCKS.items())
    figure, (axes,) = new_figure(panel_inches=0.9 + 0.36 * len(rows))
    products = [int(row[2]) for row in rows]
    axes.barh(range(len(rows)), products, height=0.6, color=TONES["series-1"].light)
    for place, count in enumerate(products):
        axes.text(count + 0.4, place, str(count), va="center")
    axes.set_yticks(range(len(rows)), list(BLOCKS))
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.set_title("Multiply-adds at one place, for one pair of channels")
    set_left_margin(figure, list(BLOCKS))
    said = (f"{row[0]}: sees {row[1]} x {row[1]}, {row[2]} multiply-adds, {row[3]:,} parameters" for row in rows)
    alt = f"{title}, with {channels} channels in and out. {'; '.join(said)}."
    columns = ("kernels", "sees", "multiply_adds_at_one_place", "parameters", "multiply_adds_in_all")
    heading = f"{title}: {channels} channels on {size} x {size}"
    table = PublishedTable(name=name, title=heading, columns=columns, rows=rows, metrics={"parameters": "parameters"})
    return Picture(figure, title, alt, table, name)


def _draw_differences(axes: Axes, row: int, differences: Sequence[float]) -> None:
    raised = [max(value, FLOOR) for value in differences]
    shape = look(series_tone(row // 2), row % 2)
    axes.plot([min(raised), max(raised)], [row, row], color=shape.colour, linewidth=2, linestyle=shape.dash)
    axes.plot([statistics.median(raised)], [row], color=shape.colour, marker=shape.marker, markersize=6)


def _agreement_table(name: str, title: str, agreements: Sequence[Agreement]) -> PublishedTable:
    rows = tuple(
        (agreement.what, which, len(found), statistics.median(found), max(found))
        for agreement in agreements
        for which, found in (("forward", agreement.forward), ("backward", agreement.backward))
    )
    return PublishedTable(name=name, title=title, columns=("layer", "pass", "cases", "median", "largest"), rows=rows)


def _cost_row(label: str, windows: Sequence[int], channels: int, size: int) -> tuple[str, int, int, int, int]:
    """(label, receptive field, products at one place for one pair of channels, parameters, multiply-adds in all)."""
    products = sum(count_products((window, window)) for window in windows)
    parameters = sum(count_parameters((window, window), channels, channels) for window in windows)
    field = receptive_field([(window, 1) for window in windows])
    return label, field, products, parameters, products * channels * channels * size * size
