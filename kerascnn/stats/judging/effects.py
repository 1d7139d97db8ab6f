"""From runs to one effect per seed: the number a claim is about, positive where it goes the claim's way.

Seeds pair the arms: an effect is computed inside one seed, from runs that share every random stream
they can, so that what varies between seeds alone drops out.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from kerascnn.errors import UsageError
from kerascnn.metrics import measure
from kerascnn.records import ArmRuns, RunRecord
from kerascnn.specs import (
    ByKind,
    Claim,
    Comparison,
    Equivalence,
    Identity,
    Interaction,
    NonInferiority,
    Threshold,
    Trend,
)
from kerascnn.stats.describing.intervals import are_identical


@dataclass(frozen=True)
class Pairing:
    """The values of a claim's arms for the seeds that all of them have.

    `values`: seed -> one value for each arm, in the order the claim names them. `unpaired`: seeds
    that only some arms have. `mixed`: seeds left out because their runs come from different platforms.
    """

    values: dict[int, tuple[float, ...]]
    unpaired: tuple[int, ...]
    mixed: tuple[int, ...]


def values_of(runs: ArmRuns, metric: str) -> dict[int, float]:
    """Seed -> the metric's value, for the runs of one arm in which it can be measured."""
    own = {seed: measure(record, metric) for seed, record in sorted(runs.records.items())}
    values = own | runs.measured.get(metric, {})
    return {seed: value for seed, value in values.items() if seed in own and value is not None}


def pair_seeds(arms: list[ArmRuns], metric: str) -> Pairing:
    """The values of `arms` paired by seed; never across platform classes."""
    columns = [values_of(runs, metric) for runs in arms]
    seeds = sorted(set().union(*columns))
    shared = [seed for seed in seeds if all(seed in column for column in columns)]
    mixed = [seed for seed in shared if len({_platform(runs.records[seed]) for runs in arms}) > 1]
    return Pairing(
        values={seed: tuple(column[seed] for column in columns) for seed in shared if seed not in mixed},
        unpaired=tuple(seed for seed in seeds if seed not in shared),
        mixed=tuple(mixed),
    )


def pairing_correlation(claim: Claim, pairing: Pairing) -> float | None:
    """How the two arms of a comparison go together over the seeds, -1 to 1; None where one of them does not vary.

    Source: Pearson's r; pairing shrinks the variance of the difference by about this share.
    """
    if claim.pair() is None or len(pairing.values) < 3:
        return None
    first, second = zip(*pairing.values.values(), strict=True)
    if are_identical(first) or are_identical(second):
        return None
    return statistics.correlation(first, second)


effect_of = ByKind[[tuple[float, ...], float], float]()
"""The effect in one seed, given the metric of the claim's arms in the claim's order (for a claim about a published
number that number) and the accuracy of guessing.

Positive is as the claim says, except for an equivalence and an identity, which are plain differences.
"""


@effect_of.of(Comparison, NonInferiority)
def _lead(claim: Comparison | NonInferiority, values: tuple[float, ...], chance: float) -> float:
    return _oriented(claim.direction, values[0] - values[1])


@effect_of.of(Trend)
def _rise(claim: Trend, values: tuple[float, ...], chance: float) -> float:
    return _oriented(claim.direction, slope(claim.values, values))


@effect_of.of(Equivalence)
def _difference(claim: Equivalence, values: tuple[float, ...], chance: float) -> float:
    return values[0] - values[1]


@effect_of.of(Threshold)
def _distance(claim: Threshold, values: tuple[float, ...], chance: float) -> float:
    line = line_of(claim, chance)
    return values[0] - line if claim.relation == "above" else line - values[0]


@effect_of.of(Interaction)
def _difference_of_leads(claim: Interaction, values: tuple[float, ...], chance: float) -> float:
    return _oriented(claim.direction, (values[0] - values[1]) - (values[2] - values[3]))


@effect_of.of(Identity)
def _error(claim: Identity, values: tuple[float, ...], chance: float) -> float:
    return values[0] - claim.expected


def line_of(claim: Threshold, chance: float) -> float:
    """The value a threshold claim speaks of, given the accuracy of guessing."""
    return chance + claim.over_chance if claim.value == "chance" else float(claim.value)


def slope(places: tuple[float, ...], values: tuple[float, ...]) -> float:
    """The least-squares slope of `values` over `places`.

    Raises: UsageError when there is not one place for each value, or all places are the same.
    """
    if len(places) != len(values) or len(set(places)) < 2:
        raise UsageError(
            "`values` of a trend must be one number for each arm, not all the same. "
            f"Received: values={places} for {len(values)} arms."
        )
    centre = statistics.fmean(places)
    spread = sum((place - centre) ** 2 for place in places)
    return sum((place - centre) * value for place, value in zip(places, values, strict=True)) / spread


def arms_of(claim: Claim, arms: Mapping[str, ArmRuns]) -> list[ArmRuns]:
    """The runs of the arms that `claim` names, in its order; arms without an entry are left out."""
    return [arms[name] for name in claim.arm_names() if name in arms]


def _platform(record: RunRecord) -> str:
    return record.environment.platform


def _oriented(direction: str, difference: float) -> float:
    return difference if direction == "higher" else -difference
