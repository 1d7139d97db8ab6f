"""A claim judged by the runs there are: effects, interval, verdict, and the sentence that says so."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from kerascnn.records import ArmRuns
from kerascnn.specs import Claim, Profile, Spec
from kerascnn.stats.describing.intervals import t_interval
from kerascnn.stats.describing.remarks import Remark
from kerascnn.stats.judging import sentences
from kerascnn.stats.judging.cautions import cautions, is_counted, missing_reason
from kerascnn.stats.judging.effects import Pairing, arms_of, effect_of, pair_seeds, pairing_correlation
from kerascnn.stats.judging.seeds import seeds_needed
from kerascnn.stats.judging.significance import LEVEL, holm
from kerascnn.stats.judging.verdicts import (
    Evidence,
    Verdict,
    decide,
    decide_count,
    find_evidence,
    rule_of,
)


class Judgement(Spec, frozen=True, kw_only=True):
    """What came out for one claim.

    `effect` is the mean over `effects` (seed -> effect), `low` and `high` its 95 % t-interval, in the
    metric's own unit (accuracy as a fraction), positive where it goes the claim's way. They are None
    where there is nothing to tell: no effect without runs, no interval below two seeds, for an identity or for what
    is counted (`n` 0). `p_value` is that of the test behind the verdict, `adjusted_p_value` the same corrected
    for the `family` claims of the page that are judged by runs, and for the `looks`. `seeds_needed`: how many in all would tell, where these cannot.
    `correlation` of the two arms over the seeds is what pairing them gained. Times `scale`, the numbers are in `unit` ("points"). `reason` says why the
    claim is not judged; `is_for_full` where that is because only the profile `full` trains for it.
    """

    claim: Claim
    verdict: Verdict
    sentence: str
    contrast: str
    smallest_effect: float
    unit: str
    scale: float = 1.0
    n: int = 0
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    adjusted_p_value: float | None = None
    family: int = 0
    looks: int = 1
    seeds_needed: int | None = None
    correlation: float | None = None
    effects: dict[int, float] = msgspec.field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    reason: str = ""
    is_for_full: bool = False

    @property
    def label(self) -> str:
        """The verdict as it is shown: "cannot tell with 3 seeds", else the verdict itself."""
        if self.verdict == "cannot tell":
            return f"cannot tell with {sentences.seeds_text(self.n)}"
        if self.is_for_full:
            return "judged in full"
        return self.verdict

    @property
    def warnings(self) -> tuple[str, ...]:
        """The remarks in words."""
        return tuple(remark.text for remark in self.remarks)

    @property
    def effect_text(self) -> str:
        """The effect with its unit, such as "+12.3 points"; "not measured" without one."""
        return "not measured" if self.effect is None else sentences.effect_words(self.claim, self.effect)

    @property
    def interval_text(self) -> str:
        """The interval without its unit, such as "+10.1 to +14.5"; "no interval" without one."""
        if self.low is None or self.high is None:
            return "no interval"
        return sentences.interval_words(self.claim, self.low, self.high)

    @property
    def smallest_text(self) -> str:
        """The smallest effect of interest with its unit."""
        return sentences.smallest_words(self.claim)


def judge(claim: Claim, arms: Mapping[str, ArmRuns], chance: float, numbers: Mapping[str, float | None]) -> Judgement:
    """The judgement of `claim` were it the only one; arguments as for `judge_all`."""
    return judge_all([claim], arms, chance, numbers)[claim.name]


def judge_all(
    claims: Iterable[Claim],
    arms: Mapping[str, ArmRuns],
    chance: float,
    numbers: Mapping[str, float | None],
    looks: int = 1,
    profile: Profile = "full",
) -> dict[str, Judgement]:
    """Claim name -> its judgement, in the order of `claims`, corrected for each other by Holm's procedure.

    `arms`: name -> runs; an arm a claim needs may be absent or empty, and the claim is then not
    judged. `chance`: the accuracy of guessing on arms that do not say their own. `numbers`: what the notebook published. `looks`
    and `profile`: see `Study`.

    Raises: UsageError for a trend whose places do not fit its arms.
    """
    listed = {claim.name: claim for claim in claims}
    every = {name: claim for name, claim in listed.items() if claim.is_judged_in(profile)}
    chances = {name: _chance(claim, arms, chance) for name, claim in every.items()}
    measured = {
        name: found
        for name, claim in every.items()
        if claim.of_runs
        and not is_counted(claim.metric)
        and (found := _measure(claim, arms, chances[name])) is not None
    }
    adjusted = holm({name: found.evidence.p_value for name, found in measured.items()})
    judged = {
        name: _judge_runs(measured[name], arms, chances[name], _Correction(adjusted[name], len(measured), looks))
        if name in measured
        else _judge_rest(claim, arms, chances[name], numbers)
        for name, claim in every.items()
    }
    return {
        name: judged[name]
        if name in judged
        else _not_judged(claim, arms, _chance(claim, arms, chance), sentences.JUDGED_IN_FULL, is_for_full=True)
        for name, claim in listed.items()
    }


def _chance(claim: Claim, arms: Mapping[str, ArmRuns], chance: float) -> float:
    """The accuracy of guessing on the arm that the claim is about."""
    return next((arms[name].chance_or(chance) for name in claim.arm_names() if name in arms), chance)


@dataclass(frozen=True)
class _Measured:
    """A claim's effects, one for each seed, and what they speak for."""

    claim: Claim
    pairing: Pairing
    effects: dict[int, float]
    evidence: Evidence


def _measure(claim: Claim, arms: Mapping[str, ArmRuns], chance: float) -> _Measured | None:
    pairing = pair_seeds(arms_of(claim, arms), claim.metric)
    effects = _effects(claim, arms, pairing, chance)
    if not effects:
        return None
    evidence = find_evidence(rule_of(claim), tuple(effects.values()), claim.smallest_effect)
    return _Measured(claim, pairing, effects, evidence)


def _effects(claim: Claim, arms: Mapping[str, ArmRuns], pairing: Pairing, chance: float) -> dict[int, float]:
    """Seed -> effect; none where an arm has no runs."""
    if any(name not in arms for name in claim.arm_names()):
        return {}
    return {seed: effect_of(claim, values, chance) for seed, values in pairing.values.items()}


@dataclass(frozen=True)
class _Correction:
    """The p-value after correction for the `family` of claims, and the looks that share its level."""

    p_value: float
    family: int
    looks: int


def _judge_runs(found: _Measured, arms: Mapping[str, ArmRuns], chance: float, corrected: _Correction) -> Judgement:
    claim, effects = found.claim, tuple(found.effects.values())
    mean, interval = statistics.fmean(effects), t_interval(effects)
    rule, n = rule_of(claim), len(effects)
    verdict = decide(rule, effects, claim.smallest_effect, corrected.p_value, corrected.looks)
    contrast = sentences.contrast_words(claim, arms, chance)
    bounds = (interval.low, interval.high) if interval else None
    found_words = sentences.found_words(contrast, claim, mean, bounds, n)
    remarks = cautions(claim, arms, found.pairing, found.effects, chance)
    alone = decide(rule, effects, claim.smallest_effect)
    is_corrected = verdict == "cannot tell" and alone != verdict and found.evidence.p_value <= LEVEL
    if is_corrected:
        text = sentences.corrected_words(found.evidence.p_value, corrected.family, corrected.looks)
        remarks += (Remark("open among others", text),)
        words = sentences.OPEN_AMONG_OTHERS.format(found=found_words, alone=alone, seeds=sentences.seeds_text(n))
    else:
        words = sentences.sentence_of(claim, rule, verdict, found_words, n)
    return _judgement(
        claim,
        verdict,
        contrast,
        words,
        n=n,
        effect=mean,
        low=bounds[0] if bounds else None,
        high=bounds[1] if bounds else None,
        p_value=found.evidence.p_value,
        adjusted_p_value=min(1.0, corrected.p_value * corrected.looks),
        family=corrected.family,
        looks=corrected.looks,
        seeds_needed=seeds_needed(rule, effects, claim.smallest_effect, corrected.family * corrected.looks)
        if verdict == "cannot tell"
        else None,
        correlation=pairing_correlation(claim, found.pairing),
        effects=found.effects,
        remarks=remarks,
    )


def _judge_rest(
    claim: Claim, arms: Mapping[str, ArmRuns], chance: float, numbers: Mapping[str, float | None]
) -> Judgement:
    if not claim.of_runs:
        return _judge_number(claim, numbers)
    pairing = pair_seeds(arms_of(claim, arms), claim.metric)
    if is_counted(claim.metric) and (effects := _effects(claim, arms, pairing, chance)):
        return _judge_count(claim, arms, chance, statistics.fmean(effects.values()))
    return _not_judged(claim, arms, chance, missing_reason(claim, arms, pairing))


def _judge_count(claim: Claim, arms: Mapping[str, ArmRuns], chance: float, effect: float) -> Judgement:
    """What is counted, not measured, leaves nothing to chance: the number itself decides, whatever the seeds."""
    verdict = decide_count(rule_of(claim), effect, claim.smallest_effect)
    contrast = sentences.contrast_words(claim, arms, chance)
    sentence = sentences.counted_words(contrast, claim, effect, verdict)
    return _judgement(claim, verdict, contrast, sentence, effect=effect)


def _judge_number(claim: Claim, numbers: Mapping[str, float | None]) -> Judgement:
    name = claim.number_name()
    value = numbers.get(name)
    if value is None or not math.isfinite(value):
        state = "is not finite" if name in numbers else "was not published"
        return _not_judged(claim, {}, math.nan, f"the number {name!r} {state}.")
    effect = effect_of(claim, (value,), math.nan)
    rule = rule_of(claim)
    verdict = decide_count(rule, effect, claim.smallest_effect)
    sentence = sentences.sentence_of(claim, rule, verdict, sentences.found_number_words(claim, value), 0)
    contrast = sentences.contrast_words(claim, {}, math.nan)
    return _judgement(claim, verdict, contrast, sentence, effect=effect)


def _not_judged(
    claim: Claim, arms: Mapping[str, ArmRuns], chance: float, reason: str, *, is_for_full: bool = False
) -> Judgement:
    contrast = sentences.contrast_words(claim, arms, chance)
    sentence = sentences.NOT_JUDGED.format(reason=reason)
    return _judgement(claim, "not judged", contrast, sentence, reason=reason, is_for_full=is_for_full)


def _judgement(claim: Claim, verdict: Verdict, contrast: str, sentence: str, **found: object) -> Judgement:
    unit = sentences.unit_of(claim)
    return Judgement(
        claim=claim,
        verdict=verdict,
        contrast=contrast,
        sentence=sentence,
        smallest_effect=claim.smallest_effect,
        unit=unit.difference,
        scale=unit.scale,
        **found,  # type: ignore[arg-type]
    )
