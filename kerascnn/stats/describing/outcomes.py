"""Arms in which some seeds learn and others do not: a proportion then says more than a mean nobody saw."""

from __future__ import annotations

import math
from dataclasses import dataclass

from kerascnn.records import ArmRuns, RunRecord
from kerascnn.stats.describing.intervals import Interval

STANDARD_ERRORS = 3.0
LEAST_GAIN = 0.02
"""A run has learned when its test accuracy lies above chance by both: more than the luck of the test images
explains, and more than always answering the commonest class could give on a set that is not quite balanced."""


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


def has_learned(record: RunRecord, chance: float) -> bool:
    """Whether the run does better on the test images than guessing, which is right with `chance`, does."""
    luck = STANDARD_ERRORS * math.sqrt(chance * (1 - chance) / max(1, record.test.images))
    return record.test.accuracy > chance + max(LEAST_GAIN, luck)


def count_learned(runs: ArmRuns, chance: float) -> Learned | None:
    """How many of the arm's seeds learned; None without runs."""
    if not runs.records:
        return None
    count, total = sum(has_learned(record, chance) for record in runs.records.values()), len(runs.records)
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
