"""The rules that turn the effects of a few seeds into a verdict.

A verdict never says more than the interval does: where it leaves both answers open, the verdict is
"cannot tell". "Too small to matter" is a finding, not the absence of one: the whole interval is smaller
than the smallest effect of interest.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

from kerascnn.specs import ByKind, Comparison, Equivalence, Identity, Interaction, NonInferiority, Threshold, Trend
from kerascnn.stats.describing.intervals import ROUNDING, are_identical
from kerascnn.stats.judging.significance import LEVEL, p_above, p_all_alike, p_below, p_different, sign_flip_p_value

Verdict = Literal["supported", "contradicted", "too small to matter", "cannot tell", "not judged"]
"""The four verdicts, and "not judged" where runs or numbers are missing."""


Family = Literal["effect", "sameness"]
"""What a verdict finds: an effect, wrong where the truth is zero or opposite, or its absence, wrong where the truth lies
at or beyond the margin. No truth makes both wrong, so each family is corrected for itself."""


class Finding(NamedTuple):
    """The verdict that `p_value` allows once it is small enough, among others of its family."""

    answer: Verdict
    family: Family
    p_value: float


Rule = Literal["effect", "sameness", "no worse", "line", "identity"]
"""Which question a claim asks: is there an effect, is there none, is one arm no worse, is a line kept, is a number right."""


rule_of = ByKind[[], Rule]()
"""The rule by which a claim is decided."""


@rule_of.of(Comparison, Trend, Interaction)
def _is_there(claim: Comparison | Trend | Interaction) -> Rule:
    return "effect"


@rule_of.of(Equivalence)
def _is_there_none(claim: Equivalence) -> Rule:
    return "sameness"


@rule_of.of(NonInferiority)
def _is_no_worse(claim: NonInferiority) -> Rule:
    return "no worse"


@rule_of.of(Threshold)
def _is_kept(claim: Threshold) -> Rule:
    return "line" if claim.relation == "below" else "effect"


@rule_of.of(Identity)
def _is_right(claim: Identity) -> Rule:
    return "identity"


def find(rule: Rule, effects: Sequence[float], smallest_effect: float) -> tuple[Finding, ...]:
    """What the effects (one for each seed) speak for under a rule other than "identity": at most one finding of each family."""
    if len(effects) < 2:
        return ()
    found = FINDINGS[rule](effects, smallest_effect)
    # Where there are seeds enough for a test that assumes no normal distribution, it must agree.
    if rule == "effect" and not _flips_agree(effects):
        return tuple(one for one in found if one.family != "effect")
    return tuple(found)


def decide(rule: Rule, effects: Sequence[float], smallest_effect: float) -> Verdict:
    """The verdict on effects (one for each seed) under a rule other than "identity", were the claim the only one and looked at once."""
    if not effects:
        return "not judged"
    clear = [one for one in find(rule, effects, smallest_effect) if one.p_value <= LEVEL]
    return min(clear, key=lambda one: one.p_value).answer if clear else "cannot tell"


def decide_count(rule: Rule, effect: float, smallest_effect: float) -> Verdict:
    """The verdict on a number that is counted or computed, so that it has no uncertainty."""
    if rule == "effect" and abs(effect) < smallest_effect:
        return "too small to matter"
    kept = {
        "effect": effect > 0,
        "sameness": abs(effect) < smallest_effect,
        "no worse": effect > -smallest_effect,
        "line": effect >= -smallest_effect,
        "identity": abs(effect) <= smallest_effect,
    }
    return "supported" if kept[rule] else "contradicted"


def _flips_agree(effects: Sequence[float]) -> bool:
    p_value = sign_flip_p_value(effects)
    return p_value is None or p_value <= LEVEL


def _of_effect(effects: Sequence[float], smallest: float) -> Iterator[Finding]:
    """An effect must both differ from zero and reach the size that matters; too small is what the whole interval says."""
    mean = statistics.fmean(effects)
    if abs(mean) >= smallest:
        yield Finding("supported" if mean > 0 else "contradicted", "effect", p_different(effects))
    if smallest > 0:
        yield Finding("too small to matter", "sameness", min(1.0, 2 * _p_inside(effects, smallest)))


def _of_sameness(effects: Sequence[float], smallest: float) -> Iterator[Finding]:
    """Two one-sided tests: the mean lies above the lower margin and below the upper one.

    Source: Schuirmann (1987), A comparison of the two one-sided tests procedure and the power approach.
    """
    if abs(statistics.fmean(effects)) >= smallest:
        yield Finding("contradicted", "effect", p_different(effects))
    else:
        yield Finding("supported", "sameness", _p_inside(effects, smallest))


def _of_no_worse(effects: Sequence[float], smallest: float) -> Iterator[Finding]:
    """One one-sided test at half the level: the mean lies above the lower margin.

    Source: Piaggio et al. (2012), Reporting of noninferiority and equivalence randomized trials (CONSORT), figure 1.
    """
    if statistics.fmean(effects) <= -smallest:
        yield Finding("contradicted", "effect", p_different(effects))
    else:
        yield Finding("supported", "sameness", min(1.0, 2 * p_above(effects, -smallest)))


def _of_line(effects: Sequence[float], smallest: float) -> Iterator[Finding]:
    """`smallest` is the tolerance beyond the line; lying exactly on the line keeps it."""
    mean = statistics.fmean(effects)
    if are_identical(effects) and abs(mean + smallest) <= ROUNDING:
        yield Finding("supported", "sameness", 2 * p_all_alike(len(effects)))
    else:
        yield from _of_no_worse(effects, smallest)


def _p_inside(effects: Sequence[float], smallest: float) -> float:
    """Small where the mean lies between `-smallest` and `smallest`."""
    return max(p_above(effects, -smallest), p_below(effects, smallest))


FINDINGS: dict[Rule, Callable[[Sequence[float], float], Iterator[Finding]]] = {
    "effect": _of_effect,
    "sameness": _of_sameness,
    "no worse": _of_no_worse,
    "line": _of_line,
}
"""Every rule that seeds decide -> what their effects speak for."""
