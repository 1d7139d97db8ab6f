"""How many seeds a contrast would take, from the spread of those there are."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from kerascnn.stats.intervals import are_identical
from kerascnn.stats.significance import LEVEL
from kerascnn.stats.verdicts import Rule

POWER = 0.8
"""The chance that an effect of just the size of interest is found."""
MOST_SEEDS = 500
"""More than this is no plan."""


def seeds_needed(rule: Rule, effects: Sequence[float], smallest_effect: float, claims: int = 1) -> int | None:
    """How many seeds in all tell an effect of `smallest_effect` from none (a sameness or a line: rule it out).

    Each of `claims` gets its share of the level. None where the spread says nothing, no size is of interest, or
    MOST_SEEDS would not do.
    Source: the power of Student's t-test, Cohen (1988), Statistical Power Analysis, section 2.
    """
    if len(effects) < 2 or smallest_effect <= 0 or are_identical(effects):
        return None
    spread = statistics.stdev(effects)
    level = LEVEL / max(1, claims)
    tail = level if rule == "sameness" else level / 2
    return next(
        (n for n in range(len(effects), MOST_SEEDS + 1) if _power(rule, n, smallest_effect / spread, tail) >= POWER),
        None,
    )


def _power(rule: Rule, n: int, size: float, tail: float) -> float:
    """The chance of a clear verdict with `n` seeds; `size` is the effect in sds of its differences."""
    from scipy.special import nctdtr, stdtr, stdtrit  # here, for they take 0.2 s to import

    reach = float(stdtrit(n - 1, 1 - tail))
    shift = size * math.sqrt(n)
    if rule == "sameness":  # the truth is no difference at all: both tests must reject
        return max(0.0, 2 * float(stdtr(n - 1, shift - reach)) - 1)
    return 1 - float(nctdtr(n - 1, shift, reach))
