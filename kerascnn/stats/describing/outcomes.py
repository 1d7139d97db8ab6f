"""Arms in which some seeds learn and others do not: a proportion then says more than a mean nobody saw."""

from __future__ import annotations

from dataclasses import dataclass

from kerascnn.records import ArmRuns
from kerascnn.stats.describing.intervals import Interval
from kerascnn.stats.describing.learning import has_learned


@dataclass(frozen=True)
class Learned:
    """`count` of `total` seeds learned; `interval` is the exact 95 % interval of the proportion."""

    count: int
    total: int
    interval: Interval

    @property
    def is_all_or_nothing(self) -> bool:
        """Whether seeds of both sorts were seen."""
        return 0 < self.count < self.total


def count_learned(runs: ArmRuns, chance: float) -> Learned | None:
    """How many of the arm's seeds learned; None without runs."""
    if not runs.records:
        return None
    count, total = sum(has_learned(record.epochs, chance) for record in runs.records.values()), len(runs.records)
    return Learned(count, total, proportion_interval(count, total))


def proportion_interval(count: int, total: int, level: float = 0.95) -> Interval:
    """The exact interval of a proportion of which `count` of `total` were seen.

    Source: Clopper and Pearson (1934), The use of confidence or fiducial limits.
    """
    from scipy.special import betaincinv  # here, for it takes 0.2 s to import

    tail = (1 - level) / 2
    low = float(betaincinv(count, total - count + 1, tail)) if count else 0.0
    high = float(betaincinv(count + 1, total - count, 1 - tail)) if count < total else 1.0
    return Interval(low, high, level)
