"""What a reader must know before trusting a judgement, and why a claim could not be judged at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from kerascnn.records import ArmRuns
from kerascnn.specs import Claim
from kerascnn.spelling import noun
from kerascnn.stats.describing.intervals import are_identical
from kerascnn.stats.describing.outcomes import count_learned
from kerascnn.stats.describing.remarks import Remark
from kerascnn.stats.describing.units import UNITS, value_text
from kerascnn.stats.judging.effects import Pairing, arms_of, values_of
from kerascnn.stats.judging.lines import about_line
from kerascnn.stats.judging.sentences import label_of, seeds_text

FEW_SEEDS = 3
"""Below this many seeds an interval is so wide, and so dependent on normality, that it needs a warning."""

FIXED_METRICS = frozenset({"parameters", "parameters_log2", "multiply_adds", "multiply_adds_log2"})
"""Metrics that do not depend on the seed: identical values are no surprise there."""


OUTCOME_METRICS = frozenset({"test_accuracy", "test_log_odds", "val_accuracy", "train_accuracy", "test_loss"})
"""Metrics whose mean over seeds is misleading where some seeds learn and others do not."""


def is_counted(metric: str) -> bool:
    """Whether the metric is a number that no seed changes."""
    return metric in FIXED_METRICS


def cautions(
    claim: Claim, arms: Mapping[str, ArmRuns], pairing: Pairing, effects: Mapping[int, float], chance: float
) -> tuple[Remark, ...]:
    """What to know about the judgement of `claim`, each a sentence."""
    shown = _distinct(arms_of(claim, arms))
    found = [warning for runs in shown for warning in _about_arm(runs, claim.metric)]
    if claim.metric in OUTCOME_METRICS:
        found += [warning for runs in shown for warning in _about_learning(runs, runs.chance_or(chance))]
    return (*about_line(claim, chance), *found, *_about_pairing(pairing), *_about_spread(claim, effects))


def missing_reason(claim: Claim, arms: Mapping[str, ArmRuns], pairing: Pairing) -> str:
    """Why `claim` cannot be judged: which arms lack what."""
    lacks = [f"{label_of(arms, name)}: {_lack(arms.get(name), claim.metric)}" for name in _lacking(claim, arms)]
    if lacks:
        return "; ".join(lacks) + "."
    if pairing.mixed:
        return f"the arms' runs come from different platforms ({_seeds(pairing.mixed)})."
    return f"the arms have no seed in common ({_seeds(pairing.unpaired)})."


def _lacking(claim: Claim, arms: Mapping[str, ArmRuns]) -> list[str]:
    """The arms of `claim` without a single value of its metric."""
    names = dict.fromkeys(claim.arm_names())
    return [name for name in names if name not in arms or not values_of(arms[name], claim.metric)]


def _lack(runs: ArmRuns | None, metric: str) -> str:
    if runs is None:
        return "not trained under this profile"
    if runs.records:
        return f"{UNITS[metric].name} cannot be measured in its runs"
    if runs.failures:
        return f"all runs failed ({next(iter(runs.failures.values())).reason})"
    return runs.absent or "no run yet"


def _about_arm(runs: ArmRuns, metric: str) -> Iterator[Remark]:
    label, values = runs.arm.label, values_of(runs, metric)
    diverged = [seed for seed, record in runs.records.items() if record.outcome == "diverged"]
    unmeasured = [seed for seed in runs.records if seed not in values]
    if runs.failures:
        yield Remark("failed runs left out", f"{label}: {_seeds(runs.failures)} left out because the run failed.")
    if diverged:
        text = f"{label}: training diverged with {_seeds(diverged)}. The result of such a run still counts."
        yield Remark("diverged runs", text)
    if unmeasured:
        text = f"{label}: {_seeds(unmeasured)} left out because {UNITS[metric].name} cannot be measured there."
        yield Remark("not measurable", text)
    if metric not in FIXED_METRICS and are_identical(tuple(values.values())):
        shown = value_text(UNITS[metric], next(iter(values.values())))
        yield Remark("same value", f"{label}: all {len(values)} seeds gave the same value, {shown}.")


def _about_learning(runs: ArmRuns, chance: float) -> Iterator[Remark]:
    learned = count_learned(runs, chance)
    if learned is not None and learned.is_all_or_nothing:
        low, high = round(100 * learned.interval.low), round(100 * learned.interval.high)
        yield Remark(
            "all or nothing",
            f"{runs.arm.label}: all or nothing. {learned.count} of {seeds_text(learned.total)} learned"
            f" (exact 95 % interval {low} % to {high} %), so the mean is a value that no seed gave.",
        )


def _about_pairing(pairing: Pairing) -> Iterator[Remark]:
    if pairing.unpaired:
        yield Remark("seeds not shared", f"Left out because not every arm has them: {_seeds(pairing.unpaired)}.")
    if pairing.mixed:
        text = f"Left out because the runs come from different platforms: {_seeds(pairing.mixed)}."
        yield Remark("platforms mixed", text)


def _about_spread(claim: Claim, effects: Mapping[int, float]) -> Iterator[Remark]:
    n = len(effects)
    if n < FEW_SEEDS:
        yield Remark("few seeds", f"Only {seeds_text(n)}: too few to know how much results vary from seed to seed.")
    if are_identical(tuple(effects.values())):
        text = "Every seed gave the same effect: the interval is a single point and understates the uncertainty."
        yield Remark("same effect", text)


def _seeds(seeds: Iterable[int]) -> str:
    numbers = sorted(seeds)
    return f"{noun(len(numbers), 'seed')} {', '.join(map(str, numbers))}"


def _distinct(arms: Iterable[ArmRuns]) -> list[ArmRuns]:
    """Each arm once, though a claim may name it twice."""
    return list({runs.arm.name: runs for runs in arms}.values())
