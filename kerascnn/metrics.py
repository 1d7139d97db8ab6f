"""What a claim may measure in one run: every name of `kerascnn.specs.METRICS` as a function of its record."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable

from kerascnn.errors import UsageError, near_match
from kerascnn.records import LayerProbe, Probe, RunRecord
from kerascnn.specs import METRICS, NOTEBOOK_METRICS

FLOAT32_FLOOR = 2.0**-149
"""The smallest positive float32. Probes are float32, so a ratio of exactly zero is "below this", and
its logarithm is taken of this: about -44.9 decades."""


def measure(record: RunRecord, metric: str) -> float | None:
    """The value of `metric` in one run, in the unit `METRICS` states; None where it cannot be measured.

    A run that diverged has its accuracy (the stored one) but no loss; a run without an initial probe,
    or with fewer than two layers to compare, has no ratio; what notebooks measure is in no record.

    Raises: UsageError for an unknown metric, with a near match.
    """
    if metric not in MEASURES:
        raise UsageError(f"Unknown metric {metric!r}. {near_match(metric, METRICS)}")
    value = MEASURES[metric](record)
    return value if value is not None and math.isfinite(value) else None


def initial_probe(record: RunRecord) -> Probe | None:
    """The probe taken before the first training step, if there is one."""
    return next((probe for probe in record.probes if probe.moment == "initial"), None)


def gradient_norms(probe: Probe) -> list[float]:
    """Kernel-gradient norms from input to output, of the layers that have a kernel.

    Empty where the loss is not finite: a gradient that is missing then must not let its neighbour
    pass for the first layer.
    """
    if probe.loss is None:
        return []
    return [layer.gradient_norm for layer in probe.layers if layer.gradient_norm is not None]


def mean_squares(probe: Probe) -> list[float]:
    """Mean square of the activations from input to output, of the layers with an activation function.

    Empty where one of the values is not finite or was not measured.
    """
    return _of_activations(probe, lambda layer: layer.activation_mean_square)


def signal_stds(probe: Probe) -> list[float]:
    """Activation std across examples from input to output, of the layers with an activation function.

    The output layer has none: its logits are not part of the signal the lesson follows. Empty where
    one of the values is not finite.
    """
    return _of_activations(probe, lambda layer: layer.activation_std_across_examples)


def _of_activations(probe: Probe, read: Callable[[LayerProbe], float | None]) -> list[float]:
    values = [read(layer) for layer in probe.layers if layer.activation is not None]
    finite = [value for value in values if value is not None]
    return finite if len(finite) == len(values) else []


def _gradient_ratio(record: RunRecord) -> float | None:
    norms = _initial(record, gradient_norms)
    return _log10_ratio(norms[0], norms[-1]) if len(norms) > 1 else None


def _gradient_factor(record: RunRecord) -> float | None:
    """Negative where the gradient shrinks towards the input."""
    norms = _initial(record, gradient_norms)
    ratio = _gradient_ratio(record)
    return None if ratio is None else ratio / (len(norms) - 1)


def _gradient_bend(record: RunRecord) -> float | None:
    """The largest distance of log10 of the layers' gradients from their least-squares line."""
    norms = _initial(record, gradient_norms)
    if len(norms) < 3 or min(norms) <= 0:
        return None
    places, heights = range(len(norms)), [math.log10(norm) for norm in norms]
    line = statistics.linear_regression(places, heights)
    return max(abs(height - line.slope * place - line.intercept) for place, height in zip(places, heights, strict=True))


def _signal_ratio(record: RunRecord) -> float | None:
    stds = _initial(record, signal_stds)
    return _log10_ratio(stds[-1], stds[0]) if len(stds) > 1 else None


def _variance_factor(record: RunRecord) -> float | None:
    """Geometric mean over the steps from one layer to the next."""
    stds = _initial(record, signal_stds)
    ratio = _signal_ratio(record)
    return None if ratio is None else 10 ** (2 * ratio / (len(stds) - 1))


def _mean_square_factor(record: RunRecord) -> float | None:
    """Geometric mean over the steps from one layer to the next, of what He's argument is about: E[x^2]."""
    squares = _initial(record, mean_squares)
    ratio = _log10_ratio(squares[-1], squares[0]) if len(squares) > 1 else None
    return None if ratio is None else 10 ** (ratio / (len(squares) - 1))


def _test_log_odds(record: RunRecord) -> float:
    """A half is added to both counts, so that a perfect score has odds too. Source: Haldane 1956."""
    right = record.test.accuracy * record.test.images
    return math.log((right + 0.5) / (record.test.images - right + 0.5))


def _initial(record: RunRecord, values: Callable[[Probe], list[float]]) -> list[float]:
    probe = initial_probe(record)
    return values(probe) if probe else []


def _log10_ratio(part: float, whole: float) -> float | None:
    """log10(part / whole); of FLOAT32_FLOOR where `part` is zero, None where `whole` is."""
    if whole <= 0:
        return None
    return math.log10(max(part / whole, FLOAT32_FLOOR))


def _log2(count: int) -> float | None:
    return math.log2(count) if count > 0 else None


MEASURES: dict[str, Callable[[RunRecord], float | None]] = {
    "test_accuracy": lambda record: record.test.accuracy,
    "test_log_odds": _test_log_odds,
    "test_loss": lambda record: record.test.loss,
    "val_accuracy": lambda record: record.val.accuracy,
    "train_accuracy": lambda record: record.train.accuracy,
    "generalisation_gap": lambda record: record.train.accuracy - record.test.accuracy,
    "gradient_ratio_log10": _gradient_ratio,
    "gradient_factor_log10": _gradient_factor,
    "gradient_bend_log10": _gradient_bend,
    "signal_ratio_log10": _signal_ratio,
    "variance_factor": _variance_factor,
    "mean_square_factor": _mean_square_factor,
    "parameters": lambda record: float(record.cost.parameters),
    "parameters_log2": lambda record: _log2(record.cost.parameters),
    "multiply_adds": lambda record: float(record.cost.multiply_adds),
    "multiply_adds_log2": lambda record: _log2(record.cost.multiply_adds),
    "training_seconds": lambda record: record.cost.training_seconds,
    **dict.fromkeys(NOTEBOOK_METRICS, lambda _: None),
}
"""Metric name -> its value in one run, or None."""
