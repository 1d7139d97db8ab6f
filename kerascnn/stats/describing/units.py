"""How a metric is named, and how its numbers are written in a sentence.

Accuracies are fractions everywhere else; here they become percent, and differences of them points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

MAX_DECIMALS = 6


@dataclass(frozen=True)
class Unit:
    """A metric in words: its `name`, the `word` after a value, and the word after a difference.

    `is_factor`: stored values are logarithms to base 2, so a difference is written as the factor between the two. A stored value times `scale` is the number that is written, with `decimals` unless more are needed. Where a number
    must be right, `is_exact`, its difference is an error and has the digits that it has.
    """

    name: str
    word: str
    difference: str
    scale: float = 1.0
    decimals: int = 2
    is_exact: bool = False
    is_factor: bool = False


def _accuracy(name: str) -> Unit:
    return Unit(name, "%", "points", scale=100.0, decimals=1)


UNITS = {
    "test_accuracy": _accuracy("test accuracy"),
    "test_log_odds": Unit("log odds of a right answer", "", "log odds"),
    "test_loss": Unit("test loss", "nats", "nats", decimals=3),
    "val_accuracy": _accuracy("validation accuracy"),
    "train_accuracy": _accuracy("training accuracy"),
    "generalisation_gap": Unit("generalisation gap", "points", "points", scale=100.0, decimals=1),
    "gradient_ratio_log10": Unit("gradient ratio, first to last layer", "decades", "decades"),
    "gradient_factor_log10": Unit("gradient change per layer", "decades", "decades"),
    "gradient_bend_log10": Unit("largest distance of a layer's gradient from a straight line", "decades", "decades"),
    "signal_ratio_log10": Unit("signal ratio, last to first layer", "decades", "decades"),
    "variance_factor": Unit("variance factor per layer", "", ""),
    "mean_square_factor": Unit("mean-square factor per layer", "", ""),
    "parameters": Unit("parameters", "", "", decimals=0),
    "parameters_log2": Unit("parameters", "", "times", is_factor=True),
    "multiply_adds": Unit("multiply-adds", "", "", decimals=0),
    "multiply_adds_log2": Unit("multiply-adds", "", "times", is_factor=True),
    "training_seconds": Unit("training time", "s", "s", decimals=1),
    "stability": _accuracy("share of stable predictions"),
    "other_size_accuracy": _accuracy("test accuracy at another image size"),
    "aliasing": _accuracy("aliased share of the first layer's response"),
    "edge_gain": Unit("coherence of the strongest patches, minus that of blind ones", "", ""),
    "class_gain": Unit("one-class share, last minus first layer", "points", "points", scale=100.0, decimals=1),
    "changed_by_batch": _accuracy("share of predictions that the batch's statistics change"),
    "batch_statistics_gain": Unit(
        "accuracy by batch statistics minus by averages", "points", "points", scale=100.0, decimals=1
    ),
    "mask_overlap": _accuracy("intersection over union"),
    "border_f": _accuracy("border F-score"),
}
"""Metric -> its unit, for every metric that a claim may name."""

NUMBER = Unit("number", "", "", decimals=4)
"""The unit of a number that a notebook published itself."""


EXACT = replace(NUMBER, is_exact=True)
"""The unit of such a number where the claim says what it must be."""


def decimals_for(unit: Unit, reference: float) -> int:
    """How many decimals show two digits of `reference` (in stored units), and no fewer than the unit's."""
    if reference == 0 or not math.isfinite(reference):
        return unit.decimals
    wanted = 1 - math.floor(math.log10(abs(reference) * unit.scale))
    return min(max(unit.decimals, wanted), MAX_DECIMALS)


def value_text(unit: Unit, value: float) -> str:
    """A value with its word: 0.365 as "36.5 %"."""
    if unit.is_factor:
        return f"{2**value:,.0f}"
    return _with_word(_digits(value * unit.scale, unit.decimals), unit.word)


def difference_text(unit: Unit, value: float, decimals: int | None = None, sign: bool = True) -> str:
    """A difference with its word, signed unless told otherwise: 0.123 as "+12.3 points"."""
    if unit.is_exact:
        return f"off by {abs(value):g}" if sign else f"{value:g}"
    return _with_word(difference_digits(unit, value, decimals, sign), unit.difference)


def difference_digits(unit: Unit, value: float, decimals: int | None = None, sign: bool = True) -> str:
    """A difference as `difference_text` writes it, without its word."""
    if unit.is_factor:
        return _three_digits(2**value)
    return _digits(value * unit.scale, unit.decimals if decimals is None else decimals, sign)


def _three_digits(factor: float) -> str:
    """A factor with three digits that count, as 46.7, 10, 0.0214 or 1,234."""
    return f"{factor:,.0f}" if factor >= 1000 else f"{factor:.3g}"


def _digits(number: float, decimals: int, sign: bool = False) -> str:
    rounded = round(number, decimals) or 0.0  # no "-0.0"
    text = f"{rounded:+,.{decimals}f}" if sign and rounded else f"{rounded:,.{decimals}f}"
    return text.replace("-", "−")


def _with_word(digits: str, word: str) -> str:
    return f"{digits} {word}".rstrip()
