"""How many seeds a contrast would take, from the spread of those there are."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from kerascnn.stats.describing.intervals import are_identical
from kerascnn.stats.judging.significance import LEVEL
from kerascnn.stats.judging.verdicts import Rule

POWER = 0.8
"""The chance of a clear verdict when there is nothing to find."""
MOST_SEEDS = 500
"""More than this is no plan."""

TAILS: dict[Rule, int] = {"effect": 2, "sameness": 1, "no worse": 2, "line": 2}
"""Between how many tests a rule shares its level: two where either sign counts, one where both bounds must hold."""
BOUNDS: dict[Rule, int] = {"effect": 2, "sameness": 2, "no worse": 1, "line": 1}
"""How many bounds the effect must keep: a line and a margin for what is no worse have one."""


def seeds_needed(rule: Rule, effects: Sequence[float], smallest_effect: float, claims: float = 1) -> int | None:
    """How many seeds in all would rule out an effect of `smallest_effect` where there is none at all.

    So many also find one of twice that size. Each of `claims` gets its share of the level. None where the
    spread says nothing, no size is of interest, or MOST_SEEDS would not do.
    Source: the power of Student's t-test, Cohen (1988), Statistical Power Analysis, chapter 2.
    """
    if len(effects) < 2 or smallest_effect <= 0 or are_identical(effects):
        return None
    spread = statistics.stdev(effects)
    level = LEVEL / max(1, claims)
    tail = level / TAILS[rule]
    size, more = smallest_effect / spread, range(len(effects) + 1, MOST_SEEDS + 1)
    return next((n for n in more if _power(rule, n, size, tail) >= POWER), None)


def _power(rule: Rule, n: int, size: float, tail: float) -> float:
    """The chance with `n` seeds that no effect is told from one of `size` sds, in each direction that has a bound."""
    from scipy.special import stdtr, stdtrit  # here, for they take 0.2 s to import

    within = float(stdtr(n - 1, size * math.sqrt(n) - float(stdtrit(n - 1, 1 - tail))))
    return 1 - BOUNDS[rule] * (1 - within)
