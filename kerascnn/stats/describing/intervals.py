"""The mean of a few seeds and how far it can be trusted.

Under about six values a bootstrap or a sign test says next to nothing, so the interval is Student's t.
It answers: where would the mean over all seeds lie, if seeds vary as a normal distribution does? It
says nothing about other data or other training budgets.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ROUNDING = 1e-12
"""Values closer together than this (relative above 1, absolute below) are one value, rounded differently."""


@dataclass(frozen=True)
class Interval:
    """A two-sided confidence interval; `level` is its coverage, such as 0.95."""

    low: float
    high: float
    level: float

    @property
    def is_point(self) -> bool:
        """Whether all values were the same, so that there is no spread to go by."""
        return self.low == self.high

    def lies_within(self, low: float, high: float) -> bool:
        """Whether the whole interval lies strictly between `low` and `high`."""
        return low < self.low and self.high < high


@dataclass(frozen=True)
class Summary:
    """The values of one arm, one for each seed, with their mean, sd and 95 % t-interval.

    `mean` is None without values; `sd` (n - 1 in the denominator), `low` and `high` need two.
    """

    n: int
    mean: float | None
    sd: float | None
    low: float | None
    high: float | None
    values: tuple[float, ...]


def t_interval(values: Sequence[float], level: float = 0.95) -> Interval | None:
    """Student's t-interval of the mean of `values`; None for fewer than two of them.

    Values that are all the same give the point they agree on.
    """
    if len(values) < 2:
        return None
    mean = statistics.fmean(values)
    if are_identical(values):
        return Interval(mean, mean, level)
    reach = _t_quantile(len(values) - 1, level) * statistics.stdev(values) / math.sqrt(len(values))
    return Interval(mean - reach, mean + reach, level)


def summarise(values: Iterable[float]) -> Summary:
    """Mean, sd and 95 % t-interval of `values`, for a table."""
    all_values = tuple(values)
    interval = t_interval(all_values)
    return Summary(
        n=len(all_values),
        mean=statistics.fmean(all_values) if all_values else None,
        sd=statistics.stdev(all_values) if len(all_values) > 1 else None,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        values=all_values,
    )


def are_identical(values: Sequence[float]) -> bool:
    """Whether there are at least two values and all are the same up to rounding."""
    if len(values) < 2:
        return False
    return max(values) - min(values) <= ROUNDING * max(1.0, *map(abs, values))


def _t_quantile(degrees: int, level: float) -> float:
    """The half-width of the central `level` of Student's t, in standard errors."""
    from scipy.special import stdtrit  # here, for it takes 0.2 s to import, and scipy.stats a second

    return float(stdtrit(degrees, (1 + level) / 2))
