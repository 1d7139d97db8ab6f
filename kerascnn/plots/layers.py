"""What happens inside the layers, from input to output: signal, gradients, silent units, update sizes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes

from kerascnn.plots.drawing.axes import End, log_axis, name_lines, percent_axis, whole_axis
from kerascnn.plots.drawing.picture import Look, Picture, drawn, empty_picture, looks_of, new_figure, sentence_case
from kerascnn.records import ArmRuns, LayerProbe, PublishedTable

Moment = Literal["initial", "final"]
WHEN = {"initial": "before training", "final": "after training"}

ZERO_REACH = 10.0
"""A value of zero is drawn this factor below the smallest positive one on a logarithmic axis."""


@dataclass(frozen=True)
class Quantity:
    """One number of a layer: its field in `LayerProbe`, to the `power`, its name, and whether it needs a logarithmic axis.

    What runs `backward` is drawn from the output to the input, so that its line ends where it matters.
    """

    field: str
    name: str
    is_log: bool = True
    hidden_only: bool = False
    backward: bool = False
    power: int = 1

    def of(self, layer: LayerProbe) -> float | None:
        """The layer's value; None for the output layer where the quantity is about hidden layers."""
        if self.hidden_only and layer.activation is None:
            return None
        value: float | None = getattr(layer, self.field)
        return None if value is None else value**self.power


ACROSS = Quantity("activation_std_across_examples", "activation std across examples", hidden_only=True)
PLAIN = Quantity("activation_std", "activation std over all values", hidden_only=True)
SQUARE = Quantity("activation_mean_square", "mean square of the activations", hidden_only=True)
VARIANCE = Quantity("activation_std_across_examples", "activation variance across examples", hidden_only=True, power=2)
GRADIENT = Quantity("gradient_norm", "kernel gradient norm", backward=True)
DEAD = Quantity("dead_share", "dead units", is_log=False)
SATURATED = Quantity("saturated_share", "saturated values", is_log=False)
UPDATE = Quantity("update_ratio", "update size over kernel size")

Line = tuple[list[int], list[float]]
"""Layer numbers (from 1, at the input) and the values there."""


@drawn("signal")
def plot_signal(arms: Sequence[ArmRuns], *, moment: Moment = "initial") -> Picture:
    """How much of its input each layer still knows, above; the plain std, which hides the loss, below."""
    return _picture(arms, moment, (ACROSS, PLAIN), "signal", "Signal by layer")


@drawn("mean squares")
def plot_mean_squares(arms: Sequence[ArmRuns], *, moment: Moment = "initial") -> Picture:
    """What an initialisation keeps, above: the mean square; the part of it that differs between images, below."""
    return _picture(arms, moment, (SQUARE, VARIANCE), "mean-squares", "Mean square by layer")


@drawn("gradients")
def plot_gradients(arms: Sequence[ArmRuns], *, moment: Moment = "initial") -> Picture:
    """The gradient each kernel gets."""
    return _picture(arms, moment, (GRADIENT,), "gradients", "Kernel gradient norm by layer")


@drawn("dead and saturated")
def plot_dead_and_saturated(arms: Sequence[ArmRuns], *, moment: Moment = "final") -> Picture:
    """The share of rectified units that never fire, and of sigmoid or tanh values at the ends of their range."""
    return _picture(arms, moment, (DEAD, SATURATED), "dead-and-saturated", "Dead and saturated units by layer")


@drawn("update ratios")
def plot_update_ratios(arms: Sequence[ArmRuns], *, moment: Moment = "initial") -> Picture:
    """How far one optimiser step moves each kernel, relative to its size."""
    return _picture(arms, moment, (UPDATE,), "update-ratios", "Update size by layer")


def _picture(arms: Sequence[ArmRuns], moment: Moment, quantities: Sequence[Quantity], name: str, title: str) -> Picture:
    """One panel for each quantity that any run has."""
    name, title = f"{name}-{moment}", f"{title}, {WHEN[moment]}"
    shown = [q for q in quantities if any(_lines(runs, moment, q) for runs in arms)]
    if not shown:
        return empty_picture(name, title, "No run has these measurements.")
    figure, panels = new_figure(len(shown), 3.6 if len(shown) == 1 else 2.9)
    ends = {axes: _draw_panel(axes, arms, moment, quantity) for axes, quantity in zip(panels, shown, strict=True)}
    panels[-1].set_xlabel("Layer, from output back to input" if shown[-1].backward else "Layer, from input to output")
    name_lines(figure, ends)
    words = [f"{title}.", *(_words(arms, moment, quantity) for quantity in shown)]
    return Picture(figure, title, " ".join(words), _table(name, title, arms, moment, shown), name)


def _lines(runs: ArmRuns, moment: Moment, quantity: Quantity) -> dict[int, Line]:
    """Seed -> the quantity by layer, for the seeds that have it; layers without it are left out."""
    found = {}
    for seed, record in sorted(runs.records.items()):
        probe = next((probe for probe in record.probes if probe.moment == moment), None)
        values = [quantity.of(layer) for layer in probe.layers] if probe else []
        points = [(number, value) for number, value in enumerate(values, start=1) if value is not None]
        if points:
            found[seed] = ([number for number, _ in points], [value for _, value in points])
    return found


def _draw_panel(axes: Axes, arms: Sequence[ArmRuns], moment: Moment, quantity: Quantity) -> list[End]:
    every = [_lines(runs, moment, quantity) for runs in arms]
    raised = _raise_zeros(every) if quantity.is_log else (lambda value: value)
    looks = looks_of(arms)
    ends = [
        _draw_arm(axes, runs.arm.label, list(lines.values()), shape, raised, quantity)
        for runs, lines, shape in zip(arms, every, looks, strict=True)
        if lines
    ]
    axes.set_title(sentence_case(quantity.name))
    whole_axis(axes)
    if quantity.backward:
        axes.invert_xaxis()
    if quantity.is_log:
        log_axis(axes)
    else:
        axes.set_ylim(-0.03, 1.03)
        percent_axis(axes)
    return ends


def _draw_arm(
    axes: Axes, label: str, lines: Sequence[Line], shape: Look, raised: Callable[[float], float], quantity: Quantity
) -> End:
    """Every seed thin, the mean (geometric on a logarithmic axis) thick."""
    for numbers, values in lines:
        axes.plot(numbers, [raised(value) for value in values], color=shape.colour, linewidth=0.8, alpha=0.45)
    numbers, values = _mean([(numbers, [raised(v) for v in values]) for numbers, values in lines], quantity.is_log)
    axes.plot(numbers, values, color=shape.colour, linewidth=2, linestyle=shape.dash, marker=shape.marker, markersize=4)
    end = 0 if quantity.backward else -1
    return End(numbers[end], values[end], label, shape)


def _mean(lines: Sequence[Line], is_log: bool) -> Line:
    """The mean over seeds at the layers that all of them have; the first seed where they share none."""
    shared = [number for number in lines[0][0] if all(number in numbers for numbers, _ in lines)]
    if not shared:
        return lines[0]
    columns = [[values[numbers.index(number)] for numbers, values in lines] for number in shared]
    return shared, [_mean_value(column, is_log) for column in columns]


def _mean_value(values: Sequence[float], is_log: bool) -> float:
    if is_log and min(values) > 0:
        return math.exp(sum(map(math.log, values)) / len(values))
    return sum(values) / len(values)


def _raise_zeros(every: Sequence[dict[int, Line]]) -> Callable[[float], float]:
    """A function that lifts zero onto a logarithmic axis."""
    positive = [v for lines in every for _, values in lines.values() for v in values if v > 0]
    floor = min(positive, default=1.0) / ZERO_REACH
    return lambda value: max(value, floor)


def _words(arms: Sequence[ArmRuns], moment: Moment, quantity: Quantity) -> str:
    """From the first to the last layer of every arm, for the alt text."""
    said = []
    for runs in arms:
        lines = list(_lines(runs, moment, quantity).values())
        if not lines:
            said.append(f"{runs.arm.label} not measured")
            continue
        numbers, values = _mean(lines, quantity.is_log)
        first, last = (_number(value, quantity.is_log) for value in (values[0], values[-1]))
        said.append(f"{runs.arm.label} {first} in layer {numbers[0]}, {last} in layer {numbers[-1]}")
    mean = "geometric mean" if quantity.is_log else "mean"
    return f"{sentence_case(quantity.name)}, {mean} over seeds: {'; '.join(said)}."


def _number(value: float, is_log: bool) -> str:
    return f"{value:.2g}" if is_log else f"{100 * value:.0f} %"


def _table(
    name: str, title: str, arms: Sequence[ArmRuns], moment: Moment, quantities: Sequence[Quantity]
) -> PublishedTable:
    rows = tuple(
        (runs.arm.name, seed, quantity.name, number, value)
        for quantity in quantities
        for runs in arms
        for seed, line in _lines(runs, moment, quantity).items()
        for number, value in zip(*line, strict=True)
    )
    return PublishedTable(name=name, title=title, columns=("arm", "seed", "quantity", "layer", "value"), rows=rows)
