"""The rules that turn the effects of a few seeds into a verdict.

A verdict never says more than the interval does: where it leaves both answers open, the verdict is
"cannot tell". "Too small to matter" is a finding, not the absence of one: the whole interval is smaller
than the smallest effect of interest.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from kerascnn.specs import ByKind, Comparison, Equivalence, Identity, Interaction, NonInferiority, Threshold, Trend
from kerascnn.stats.describing.intervals import ROUNDING, are_identical
from kerascnn.stats.judging.significance import LEVEL, p_above, p_all_alike, p_below, p_different, sign_flip_p_value

Verdict = Literal["supported", "contradicted", "too small to matter", "cannot tell", "not judged"]
"""The four verdicts, and "not judged" where runs or numbers are missing."""


@dataclass(frozen=True)
class Evidence:
    """The verdict that `p_value` would allow once it is small enough."""

    answer: Verdict
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


def find_evidence(rule: Rule, effects: Sequence[float], smallest_effect: float) -> Evidence:
    """What the effects (one for each seed) speak for under a rule other than "identity", and how strongly."""
    return EVIDENCE[rule](effects, smallest_effect)


def decide(
    rule: Rule,
    effects: Sequence[float],
    smallest_effect: float,
    adjusted_p_value: float | None = None,
    looks: int = 1,
) -> Verdict:
    """The verdict on effects (one for each seed) under a rule other than "identity".

    `adjusted_p_value`: the evidence's p-value after correction for the other claims of the page; without it
    the claim stands alone. Each of several `looks` at growing numbers of seeds gets its share of the level
    (Bonferroni's inequality), so that stopping at the first clear one is fair.
    """
    if len(effects) < 2:
        return "cannot tell" if effects else "not judged"
    evidence = find_evidence(rule, effects, smallest_effect)
    p_value = evidence.p_value if adjusted_p_value is None else adjusted_p_value
    is_clear = p_value <= LEVEL / looks and (rule != "effect" or _flips_agree(effects))
    if is_clear and evidence.answer != "cannot tell":
        return evidence.answer
    is_small = rule == "effect" and _p_inside(effects, smallest_effect) <= LEVEL / 2 / looks
    return "too small to matter" if is_small else "cannot tell"


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
    """Where there are seeds enough for a test that assumes no normal distribution, it must agree."""
    p_value = sign_flip_p_value(effects)
    return p_value is None or p_value <= LEVEL


def _evidence_of_effect(effects: Sequence[float], smallest_effect: float) -> Evidence:
    mean = statistics.fmean(effects)
    answer: Verdict = "cannot tell"
    if abs(mean) >= smallest_effect:  # an effect must both differ from zero and reach the size that matters
        answer = "supported" if mean > 0 else "contradicted"
    return Evidence(answer, p_different(effects))


def _evidence_of_sameness(effects: Sequence[float], smallest: float) -> Evidence:
    """Two one-sided tests: the mean lies above the lower margin and below the upper one.

    Source: Schuirmann (1987), A comparison of the two one-sided tests procedure and the power approach.
    """
    if abs(statistics.fmean(effects)) >= smallest:
        return Evidence("contradicted", p_different(effects))
    return Evidence("supported", _p_inside(effects, smallest))


def _evidence_of_no_worse(effects: Sequence[float], smallest: float) -> Evidence:
    """One one-sided test at half the level: the mean lies above the lower margin.

    Source: Piaggio et al. (2012), Reporting of noninferiority and equivalence randomized trials (CONSORT), figure 1.
    """
    if statistics.fmean(effects) <= -smallest:
        return Evidence("contradicted", p_different(effects))
    return Evidence("supported", min(1.0, 2 * p_above(effects, -smallest)))


def _evidence_of_line(effects: Sequence[float], smallest: float) -> Evidence:
    """`smallest` is the tolerance beyond the line; lying exactly on the line keeps it."""
    mean = statistics.fmean(effects)
    if are_identical(effects) and abs(mean + smallest) <= ROUNDING:
        return Evidence("supported", 2 * p_all_alike(len(effects)))
    if mean <= -smallest:
        return Evidence("contradicted", p_different(effects))
    return Evidence("supported", min(1.0, 2 * p_above(effects, -smallest)))


def _p_inside(effects: Sequence[float], smallest: float) -> float:
    """Small where the mean lies between `-smallest` and `smallest`."""
    return max(p_above(effects, -smallest), p_below(effects, smallest))


EVIDENCE: dict[Rule, Callable[[Sequence[float], float], Evidence]] = {
    "effect": _evidence_of_effect,
    "sameness": _evidence_of_sameness,
    "no worse": _evidence_of_no_worse,
    "line": _evidence_of_line,
}
"""Every rule that seeds decide -> what their effects speak for."""
