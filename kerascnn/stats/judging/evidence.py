"""What the runs of a claim speak for, at each of the looks that they have reached."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from kerascnn.records import ArmRuns
from kerascnn.specs import Claim
from kerascnn.specs.claims import is_measured_by_notebook
from kerascnn.specs.seeds import Look, place_of
from kerascnn.stats.describing.learning import has_learned
from kerascnn.stats.judging.effects import Pairing, arms_of, effect_of, pair_seeds
from kerascnn.stats.judging.significance import LEVEL, false_discovery
from kerascnn.stats.judging.verdicts import Family, Finding, find, rule_of

RULE = "looks, shares of wrong verdicts, weights"
"""By which rule verdicts are made: a report that was judged by another one is not compared verdict by verdict."""

MAIN_WEIGHT = 3.0
"""How much more a main claim weighs than another."""

COIN_SEEDS = 6
"""A claim one of whose runs did not learn is first judged at so many seeds: where learning is a matter of luck, three
seeds of one arm learn and three of the other do not on one page in thirty, for each such claim."""

WHETHER_OR_NOT_LEARNED = frozenset(
    {
        "gradient_ratio_log10",
        "gradient_factor_log10",
        "gradient_bend_log10",
        "signal_ratio_log10",
        "variance_factor",
        "mean_square_factor",
        "training_seconds",
    }
)
"""Metrics that do not depend on whether a run learned."""


@dataclass(frozen=True)
class Looked:
    """The effects by seed after a look's seeds, and what they speak for; nothing where it is too early to judge."""

    look: Look
    effects: dict[int, float]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Strongest:
    """The finding that says most in its family; `p_value` has paid for all looks of the claim."""

    looked: Looked
    finding: Finding
    p_value: float


@dataclass(frozen=True)
class Evidence:
    """A claim's values by seed, and its looks: all that there may be, and those its runs have reached.

    Where they have not reached the first, the only look is at what there is, and finds nothing.
    """

    claim: Claim
    pairing: Pairing
    schedule: tuple[Look, ...]
    reached: tuple[Looked, ...]
    is_early: bool = False
    """Whether the last look came too early because a run did not learn."""

    @property
    def last(self) -> Looked:
        return self.reached[-1]

    def strongest(self) -> dict[Family, Strongest]:
        """Family -> its strongest finding over all looks, by the union bound."""
        best: dict[Family, Strongest] = {}
        for looked in self.reached:
            for finding in looked.findings:
                p_value = min(1.0, finding.p_value / looked.look.share)
                if finding.family not in best or p_value < best[finding.family].p_value:
                    best[finding.family] = Strongest(looked, finding, p_value)
        return best


def find_evidence(
    claim: Claim, arms: Mapping[str, ArmRuns], chance: float, schedule: Sequence[Look] | None
) -> Evidence | None:
    """What the runs say about `claim`; None where they give no effect. Without `schedule`, all seeds are looked at once."""
    shown = arms_of(claim, arms)
    pairing = pair_seeds(shown, claim.metric)
    if any(name not in arms for name in claim.arm_names()) or not pairing.values:
        return None
    effects = {seed: effect_of(claim, values, chance) for seed, values in pairing.values.items()}
    rule = rule_of(claim)
    places = max(map(place_of, effects))
    looks = tuple(schedule) if schedule is not None else (Look(places, 1.0),)
    complete = places if schedule is None else min(_complete(runs, claim) for runs in shown)
    reached, is_early = [], False
    for look in looks:
        if look.seeds > complete:
            continue
        seen = {seed: effect for seed, effect in effects.items() if place_of(seed) <= look.seeds}
        is_early = len(seen) < COIN_SEEDS and _has_failure_to_learn(claim, shown, look.seeds, chance)
        findings = () if is_early else find(rule, tuple(seen.values()), claim.smallest_effect)
        if seen:
            reached.append(Looked(look, seen, findings))
    if not reached:
        reached.append(Looked(looks[0], effects, ()))
    return Evidence(claim, pairing, looks, tuple(reached), is_early)


def correct(
    evidence: Mapping[str, Evidence], family: Collection[str], main: Collection[str]
) -> dict[str, dict[Family, float]]:
    """Claim -> family of findings -> the p-value of its strongest, adjusted for all claims of `family`.

    `family` are the claims that a page asks of runs, whether or not there are runs to answer; `main` weigh more.
    """
    raw = {name: MAIN_WEIGHT if name in main else 1.0 for name in family}
    mean = sum(raw.values()) / max(1, len(raw))
    weights = {name: weight / mean for name, weight in raw.items()}
    strongest = {name: one.strongest() for name, one in evidence.items()}
    adjusted: dict[str, dict[Family, float]] = {name: {} for name in evidence}
    kinds: tuple[Family, ...] = ("effect", "sameness")
    for kind in kinds:
        p_values = {name: best[kind].p_value for name, best in strongest.items() if kind in best}
        for name, p_value in false_discovery(p_values, weights, len(family)).items():
            adjusted[name][kind] = p_value
    return adjusted


def clear_finding(evidence: Evidence, adjusted: Mapping[Family, float]) -> Strongest | None:
    """The finding that stands among all those of the page; None where the claim is open."""
    clear = [(adjusted[family], best) for family, best in evidence.strongest().items() if adjusted[family] <= LEVEL]
    return min(clear, key=lambda pair: pair[0])[1] if clear else None


def _complete(runs: ArmRuns, claim: Claim) -> int:
    """How many of the arm's first seeds have all been run, and measured where the notebook does that."""
    known = {place_of(seed) for seed in runs.failures}
    measured = runs.measured.get(claim.metric, {})
    known |= {
        place_of(seed)
        for seed, record in runs.records.items()
        if not is_measured_by_notebook(claim) or seed in measured or record.outcome == "diverged"
    }
    count = 0
    while count + 1 in known:
        count += 1
    return count


def _has_failure_to_learn(claim: Claim, arms: Sequence[ArmRuns], seeds: int, chance: float) -> bool:
    if claim.metric in WHETHER_OR_NOT_LEARNED:
        return False
    return any(
        not has_learned(record.epochs, runs.chance_or(chance))
        for runs in arms
        for seed, record in runs.records.items()
        if place_of(seed) <= seeds
    )
