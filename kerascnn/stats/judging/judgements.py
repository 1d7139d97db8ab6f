"""A claim judged by the runs there are: effects, interval, verdict, and the sentence that says so."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import msgspec

from kerascnn.records import ArmRuns
from kerascnn.specs import Claim, Profile, Spec
from kerascnn.specs.seeds import LAST_SHARE, Look
from kerascnn.stats.describing.intervals import t_interval
from kerascnn.stats.describing.remarks import Remark
from kerascnn.stats.judging import sentences
from kerascnn.stats.judging.cautions import cautions, is_counted, missing_reason
from kerascnn.stats.judging.effects import arms_of, effect_of, pair_seeds, pairing_correlation
from kerascnn.stats.judging.evidence import COIN_SEEDS, Evidence, clear_finding, correct, find_evidence
from kerascnn.stats.judging.seeds import seeds_needed
from kerascnn.stats.judging.significance import LEVEL
from kerascnn.stats.judging.verdicts import Family, Verdict, decide_count, rule_of


class Judgement(Spec, frozen=True, kw_only=True):
    """What came out for one claim.

    `effect` is the mean over `effects` (seed -> effect), `low` and `high` its 95 % t-interval, in the
    metric's own unit (accuracy as a fraction), positive where it goes the claim's way. They are None
    where there is nothing to tell: no effect without runs, no interval below two seeds, for an identity or for what
    is counted (`n` 0). `p_value` is that of the test behind the verdict, `adjusted_p_value` the same corrected
    for the `family` claims of the page that ask something of runs, and for the `looks`: the numbers of seeds after which the
    claim may be judged. `n` is that of the look behind the verdict, and of the last one where it is open; arms may have more
    seeds. `seeds_needed`: how many in all would tell, where these cannot.
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
    looks: tuple[int, ...] = ()
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
    looks: Callable[[Claim], Sequence[Look]] | None = None,
    profile: Profile = "full",
    main: Collection[str] = (),
) -> dict[str, Judgement]:
    """Claim name -> its judgement, in the order of `claims`, corrected for each other.

    `arms`: name -> runs; an arm a claim needs may be absent or empty, and the claim is then not
    judged. `chance`: the accuracy of guessing on arms that do not say their own. `numbers`: what the notebook published.
    `looks`: after how many seeds a claim is judged (`Study.looks_of`); None: once, after all there are. `profile` and `main`: see
    `Study`.

    Raises: UsageError for a trend whose places do not fit its arms.
    """
    listed = {claim.name: claim for claim in claims}
    every = {name: claim for name, claim in listed.items() if claim.is_judged_in(profile)}
    chances = {name: _chance(claim, arms, chance) for name, claim in every.items()}
    family = [claim for claim in every.values() if claim.of_runs and not is_counted(claim.metric)]
    found = {
        claim.name: evidence
        for claim in family
        if (evidence := find_evidence(claim, arms, chances[claim.name], looks and looks(claim))) is not None
    }
    adjusted = correct(found, [claim.name for claim in family], main)
    judged = {
        name: _judge_runs(found[name], arms, chances[name], adjusted[name], len(family))
        if name in found
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


def _judge_runs(
    found: Evidence, arms: Mapping[str, ArmRuns], chance: float, adjusted: Mapping[Family, float], family: int
) -> Judgement:
    claim, rule, clear = found.claim, rule_of(found.claim), clear_finding(found, adjusted)
    looked = clear.looked if clear else found.last
    effects, n = tuple(looked.effects.values()), len(looked.effects)
    verdict: Verdict = clear.finding.answer if clear else "cannot tell"
    mean, interval = statistics.fmean(effects), t_interval(effects)
    contrast = sentences.contrast_words(claim, arms, chance)
    bounds = (interval.low, interval.high) if interval else None
    found_words = sentences.found_words(contrast, claim, mean, bounds, n)
    remarks = cautions(claim, arms, found.pairing, looked.effects, chance)
    shown = clear.finding if clear else min(looked.findings, key=lambda one: one.p_value, default=None)
    alone = min((one for one in looked.findings if one.p_value <= LEVEL), key=lambda one: one.p_value, default=None)
    if clear is None and alone is not None:
        text = sentences.corrected_words(alone.p_value, family, len(found.schedule))
        remarks += (Remark("open among others", text),)
        words = sentences.OPEN_AMONG_OTHERS.format(found=found_words, alone=alone.answer, seeds=sentences.seeds_text(n))
    else:
        words = sentences.sentence_of(claim, rule, verdict, found_words, n)
    if clear is None and found.is_early:
        is_later = found.schedule[-1].seeds >= COIN_SEEDS
        text = sentences.JUDGED_LATER if is_later else sentences.TOO_FEW_FOR_LUCK
        remarks += (Remark("judged later", text.format(seeds=COIN_SEEDS)),)
    return _judgement(
        claim,
        verdict,
        contrast,
        words,
        n=n,
        effect=mean,
        low=bounds[0] if bounds else None,
        high=bounds[1] if bounds else None,
        p_value=shown.p_value if shown else None,
        adjusted_p_value=adjusted[shown.family] if shown else None,
        family=family,
        looks=tuple(look.seeds for look in found.schedule),
        seeds_needed=None if clear else _seeds_needed(found, effects, family),
        correlation=pairing_correlation(claim, found.pairing),
        effects=looked.effects,
        remarks=remarks,
    )


def _seeds_needed(found: Evidence, effects: Sequence[float], family: int) -> int | None:
    """How many seeds would tell. More of them mean more looks, of which the last has its share of the level."""
    claims = family / LAST_SHARE
    needed = seeds_needed(rule_of(found.claim), effects, found.claim.smallest_effect, claims)
    return max(needed, COIN_SEEDS) if needed is not None and found.is_early else needed


def _judge_rest(
    claim: Claim, arms: Mapping[str, ArmRuns], chance: float, numbers: Mapping[str, float | None]
) -> Judgement:
    if not claim.of_runs:
        return _judge_number(claim, numbers)
    pairing = pair_seeds(arms_of(claim, arms), claim.metric)
    if is_counted(claim.metric) and pairing.values and all(name in arms for name in claim.arm_names()):
        effects = [effect_of(claim, values, chance) for values in pairing.values.values()]
        return _judge_count(claim, arms, chance, statistics.fmean(effects))
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
