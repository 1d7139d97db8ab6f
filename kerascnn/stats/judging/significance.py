"""How surprising the effects of a few seeds would be if there were nothing to find, alone and among a page's claims."""

from __future__ import annotations

import math
import statistics
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

from kerascnn.stats.describing.intervals import ROUNDING, are_identical

Name = TypeVar("Name", bound=Hashable)

LEVEL = 0.05
"""The share of the verdicts on pages that may be wrong by chance, and of pages without any effect that may show one."""

FEWEST_FOR_FLIPS = 6
"""With five seeds the smallest two-sided sign-flip p-value is 1/16: the test could never reject at 5 %."""
MOST_FOR_FLIPS = 20
"""All 2^20 patterns take a second; beyond, the t-test stands on enough values of its own."""


def p_above(effects: Sequence[float], null: float = 0.0) -> float:
    """One-sided p-value of Student's t-test, small where the mean of `effects` lies above `null`; 1 below two values.

    Values that are all the same have no spread to go by and get `p_all_alike`.
    """
    if len(effects) < 2:
        return 1.0
    distance = statistics.fmean(effects) - null
    if are_identical(effects):
        return p_all_alike(len(effects)) if distance > ROUNDING else 1.0
    from scipy.special import stdtr  # here, for it takes 0.2 s to import

    return float(stdtr(len(effects) - 1, -distance * math.sqrt(len(effects)) / statistics.stdev(effects)))


def p_all_alike(n: int) -> float:
    """The largest probability that the same arm wins `n` times although the seeds of both learn with the same chance."""
    return 4.0**-n


def p_below(effects: Sequence[float], null: float = 0.0) -> float:
    """The same, small where the mean lies below `null`."""
    return p_above([-effect for effect in effects], -null)


def p_different(effects: Sequence[float]) -> float:
    """Two-sided p-value that the mean of `effects` is zero: small exactly where the t-interval excludes it."""
    return min(1.0, 2 * min(p_above(effects), p_below(effects)))


def sign_flip_p_value(effects: Sequence[float]) -> float | None:
    """Exact two-sided p-value when each effect might as well have had the other sign; None where it cannot tell.

    It assumes that effects are symmetric about zero under "no effect", which pairing brings about, and no
    shape. None for fewer than FEWEST_FOR_FLIPS or more than MOST_FOR_FLIPS values.
    Source: Fisher (1935), The Design of Experiments, section 21.
    """
    if not FEWEST_FOR_FLIPS <= len(effects) <= MOST_FOR_FLIPS:
        return None
    import numpy as np

    sums = np.zeros(1)
    for effect in effects:
        sums = np.concatenate([sums + effect, sums - effect])
    tolerance = 1e-9 * sum(map(abs, effects))  # sums that are equal but for rounding count as reached
    return float(np.mean(np.abs(sums) >= abs(math.fsum(effects)) - tolerance))


def false_discovery(p_values: Mapping[Name, float], weights: Mapping[Name, float], family: int) -> dict[Name, float]:
    """Name -> p-value adjusted for all of them being looked at: where those up to the level are taken, the share of wrong ones
    among them is at most the level on average.

    `family`: how many there are in all; those without a p-value count as 1. `weights` of all have the mean one. A weight
    above one is for what is clear alone: it makes no verdict of anything else.

    Source: Benjamini and Hochberg (1995), section 3; with weights Genovese, Roeder and Wasserman (2006), section 2.
    """
    weighted = {name: p / (weights[name] if p <= LEVEL else min(1.0, weights[name])) for name, p in p_values.items()}
    adjusted: dict[Name, float] = {}
    reached = 1.0
    for rank, name in sorted(enumerate(sorted(weighted, key=lambda name: weighted[name]), 1), reverse=True):
        reached = min(reached, family * weighted[name] / rank)
        adjusted[name] = reached
    return {name: adjusted[name] for name in p_values}
