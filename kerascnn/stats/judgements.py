"""A claim judged by the runs there are: effects, interval, verdict, and the sentence that says so."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping

import msgspec

from kerascnn.records import ArmRuns
from kerascnn.specs import Claim, Identity, Spec
from kerascnn.stats import sentences
from kerascnn.stats.cautions import cautions, missing_reason
from kerascnn.stats.effects import Pairing, SeededClaim, arms_of, effect_of, pair_seeds
from kerascnn.stats.intervals import t_interval
from kerascnn.stats.verdicts import Verdict, decide, decide_identity, rule_of


class Judgement(Spec, frozen=True, kw_only=True):
    """What came out for one claim.

    `effect` is the mean over `effects` (seed -> effect), `low` and `high` its 95 % t-interval, in the
    metric's own unit (accuracy as a fraction), positive where it goes the lesson's way. They are None
    where there is nothing to tell: no effect without runs, no interval below two seeds or for an
    identity (`n` 0). Times `scale`, the numbers are in `unit` ("points"). `reason` says why the
    claim is not judged.
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
    effects: dict[int, float] = msgspec.field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    reason: str = ""

    @property
    def label(self) -> str:
        """The verdict as it is shown: "cannot tell with 3 seeds", else the verdict itself."""
        if self.verdict == "cannot tell":
            return f"cannot tell with {sentences.seeds_text(self.n)}"
        return self.verdict

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


def judge(claim: Claim, arms: Mapping[str, ArmRuns], chance: float, numbers: Mapping[str, float]) -> Judgement:
    """The judgement of `claim`.

    `arms`: name -> runs; an arm the claim needs may be absent or empty, and the claim is then not
    judged. `chance`: one over the number of classes. `numbers`: what the notebook published.

    Raises: UsageError for a trend whose places do not fit its arms.
    """
    if isinstance(claim, Identity):
        return _judge_number(claim, numbers)
    pairing = pair_seeds(arms_of(claim, arms), claim.metric)
    if any(name not in arms for name in claim.arm_names()) or not pairing.values:
        return _not_judged(claim, arms, chance, missing_reason(claim, arms, pairing))
    return _judge_runs(claim, arms, chance, pairing)


def judge_all(
    claims: Iterable[Claim], arms: Mapping[str, ArmRuns], chance: float, numbers: Mapping[str, float]
) -> dict[str, Judgement]:
    """Claim name -> its judgement, in the order of `claims`."""
    return {claim.name: judge(claim, arms, chance, numbers) for claim in claims}


def _judge_runs(claim: SeededClaim, arms: Mapping[str, ArmRuns], chance: float, pairing: Pairing) -> Judgement:
    effects = {seed: effect_of(claim, values, chance) for seed, values in pairing.values.items()}
    mean, interval = statistics.fmean(effects.values()), t_interval(tuple(effects.values()))
    rule, n = rule_of(claim), len(effects)
    verdict = decide(rule, tuple(effects.values()), claim.smallest_effect)
    contrast = sentences.contrast_words(claim, arms, chance)
    bounds = (interval.low, interval.high) if interval else None
    found = sentences.found_words(contrast, claim, mean, bounds, n)
    return _judgement(
        claim,
        verdict,
        contrast,
        sentences.sentence_of(claim, rule, verdict, found, n),
        n=n,
        effect=mean,
        low=bounds[0] if bounds else None,
        high=bounds[1] if bounds else None,
        effects=effects,
        warnings=cautions(claim, arms, pairing, effects),
    )


def _judge_number(claim: Identity, numbers: Mapping[str, float]) -> Judgement:
    value = numbers.get(claim.number)
    if value is None or not math.isfinite(value):
        state = "was not published" if value is None else "is not finite"
        return _not_judged(claim, {}, math.nan, f"the number {claim.number!r} {state}.")
    verdict = decide_identity(value - claim.expected, claim.tolerance)
    found = sentences.found_number_words(claim, value)
    sentence = sentences.sentence_of(claim, "identity", verdict, found, 0)
    return _judgement(claim, verdict, claim.number, sentence, effect=value - claim.expected)


def _not_judged(claim: Claim, arms: Mapping[str, ArmRuns], chance: float, reason: str) -> Judgement:
    contrast = sentences.contrast_words(claim, arms, chance)
    sentence = sentences.NOT_JUDGED.format(reason=reason)
    return _judgement(claim, "not judged", contrast, sentence, reason=reason)


def _judgement(claim: Claim, verdict: Verdict, contrast: str, sentence: str, **found: object) -> Judgement:
    unit = sentences.unit_of(claim)
    return Judgement(
        claim=claim,
        verdict=verdict,
        contrast=contrast,
        sentence=sentence,
        smallest_effect=sentences.smallest_of(claim),
        unit=unit.difference,
        scale=unit.scale,
        **found,  # type: ignore[arg-type]
    )
