"""The rules that turn the effects of a few seeds into a verdict.

A verdict never says more than the interval does: where it leaves both answers open, the verdict is
"cannot tell". "Too small to matter" is a finding, not the absence of one: the whole interval is smaller
than the smallest effect of interest.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Literal

from kerascnn.specs import Claim, Equivalence, Threshold
from kerascnn.stats.intervals import Interval, t_interval

Verdict = Literal["supported", "contradicted", "too small to matter", "cannot tell", "not judged"]
"""The four verdicts, and "not judged" where runs or numbers are missing."""

Rule = Literal["effect", "sameness", "line", "identity"]
"""Which question a claim asks: is there an effect, is there none, is a line kept, is a number right."""

TOST_LEVEL = 0.90
"""Two one-sided tests at 5 % each reject exactly when the 90 % interval lies inside the margins.

Source: Schuirmann (1987), A comparison of the two one-sided tests procedure and the power approach.
"""


def rule_of(claim: Claim) -> Rule:
    """The rule by which `claim` is decided."""
    if isinstance(claim, Equivalence):
        return "sameness"
    if isinstance(claim, Threshold) and claim.relation == "below":
        return "line"
    return "effect" if claim.arm_names() else "identity"


def decide(rule: Rule, effects: Sequence[float], smallest_effect: float) -> Verdict:
    """The verdict on effects (one for each seed) under a rule other than "identity"."""
    interval = t_interval(effects)
    if interval is None:
        return "cannot tell" if effects else "not judged"
    if rule == "sameness":
        return _decide_sameness(effects, interval, smallest_effect)
    if rule == "line":
        return _decide_line(effects, interval, smallest_effect)
    return _decide_effect(effects, interval, smallest_effect)


def decide_identity(difference: float, tolerance: float) -> Verdict:
    """The verdict on a number that lies `difference` from what it should be."""
    return "supported" if abs(difference) <= tolerance else "contradicted"


def _decide_effect(effects: Sequence[float], interval: Interval, smallest: float) -> Verdict:
    """An effect must both differ from zero and reach the size that matters, either way."""
    if interval.low > 0 and statistics.fmean(effects) >= smallest:
        return "supported"
    if interval.lies_within(-smallest, smallest):
        return "too small to matter"
    return _contradicted_or_open(effects, interval, smallest)


def _decide_line(effects: Sequence[float], interval: Interval, smallest: float) -> Verdict:
    """`smallest` is the tolerance beyond the line; lying exactly on the line keeps it."""
    return "supported" if interval.low >= -smallest else _contradicted_or_open(effects, interval, smallest)


def _contradicted_or_open(effects: Sequence[float], interval: Interval, smallest: float) -> Verdict:
    opposite = interval.high < 0 and statistics.fmean(effects) <= -smallest
    return "contradicted" if opposite else "cannot tell"


def _decide_sameness(effects: Sequence[float], interval: Interval, smallest: float) -> Verdict:
    """Equivalence by two one-sided tests; the page shows the 95 % interval all the same."""
    narrower = t_interval(effects, TOST_LEVEL)
    if narrower is not None and narrower.lies_within(-smallest, smallest):
        return "supported"
    excludes_zero = interval.low > 0 or interval.high < 0
    differs = excludes_zero and abs(statistics.fmean(effects)) >= smallest
    return "contradicted" if differs else "cannot tell"
