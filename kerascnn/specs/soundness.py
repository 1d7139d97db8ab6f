"""What makes a study one: names that differ, budgets for all profiles, claims about arms that there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from kerascnn.errors import UsageError, near_match
from kerascnn.specs.arms import Arm, RateGrid
from kerascnn.specs.budget import PROFILES, Budget, Profile
from kerascnn.specs.claims import METRICS, Claim, Trend
from kerascnn.specs.search import Search
from kerascnn.specs.seeds import FRESH_SEEDS

MOST_RUNS = 20_000
"""Arms times seeds of a profile: what nobody can train need not be planned either."""
MOST_MAIN = 3
"""Main claims of a study: where everything weighs more, nothing does."""


def check_profile(profile: Profile, budgets: Mapping[Profile, Budget]) -> None:
    """Raises: UsageError for a profile that there is not, or one without a budget."""
    if profile not in PROFILES:
        raise UsageError(f"`profile` must be one of {', '.join(PROFILES)}. Received: profile={profile!r}.")
    missing = [name for name in PROFILES if name not in budgets]
    if missing:
        raise UsageError(f"A study needs a budget for every profile. Missing: {', '.join(missing)}.")


def check_seeds(arms: int, seeds: int | None, most_seeds: int | None, budget: Budget) -> None:
    """Raises: UsageError for more runs than anybody can train, and for fewer seeds at the end than at the start."""
    given = (seeds, most_seeds, budget.seeds, budget.most_seeds)
    if not all(number is None or isinstance(number, int) for number in given):
        return  # said with the name of the field when the types are checked
    first = seeds or budget.seeds
    last = most_seeds or (None if seeds else budget.most_seeds)
    if last is not None and last < first:
        where = "(`--until-decided`)" if most_seeds else "of the budget"
        raise UsageError(
            f"`most_seeds` {where} must be at least {first}, the number of seeds at the start. Received: {last}."
        )
    name, most = ("seeds", first) if last is None else ("most_seeds", last)
    if most >= FRESH_SEEDS:
        raise UsageError(
            f"`{name}` must be less than {FRESH_SEEDS}: seeds from there on are those of searches and step sizes. "
            f"Received: {name}={most}. Give fewer."
        )
    if most * arms > MOST_RUNS:
        raise UsageError(f"A study must have at most {MOST_RUNS:,} runs. Received: {arms:,} arms of {most:,} seeds.")


def check_arms(arms: Sequence[Arm], searches: Sequence[Search], grids: Sequence[RateGrid]) -> None:
    """Raises: UsageError for two things of one name, and for what cannot be trained as it is asked for."""
    names = [*(arm.name for arm in arms), *(search.name for search in searches), *(grid.name for grid in grids)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"Arm and search names must differ from each other. Received twice: {', '.join(twice)}.")
    for arm in arms:
        if arm.task == "segmentation" and arm.augmentation:
            raise UsageError(
                f"Arm {arm.name!r}: a segmentation must not have `augmentation`: the masks would not follow. "
                f"Received: {', '.join(arm.augmentation)}."
            )
    for search in searches:
        if search.base.dataset is not None:
            raise UsageError(f"Search {search.name!r}: its base must be on the study's own data set.")
    for grid in grids:
        check_arm_is_known(grid.arm, [arm.name for arm in arms])
        if len(set(grid.rates)) < 2 or min(grid.rates) <= 0:
            raise UsageError(
                f"Rate grid {grid.name!r}: `rates` must be two or more different positive numbers. "
                f"Received: {grid.rates}."
            )


def check_arm_is_known(name: str, known: Collection[str]) -> None:
    """Raises: UsageError with a near match."""
    if name not in known:
        raise UsageError(f"Unknown arm {name!r}. {near_match(name, known)}")


def check_main(main: Sequence[str], claims: Collection[str]) -> None:
    """Raises: UsageError for a main claim that there is not, and for too many."""
    if len(main) > MOST_MAIN:
        raise UsageError(f"A study must have at most {MOST_MAIN} main claims. Received: main={list(main)}.")
    for name in main:
        if name not in claims:
            raise UsageError(f"Unknown claim {name!r} in `main`. {near_match(name, claims)}")


def check_claims(claims: Sequence[Claim], arms: Iterable[str], tuned: Iterable[str]) -> None:
    """Raises: UsageError for claims about unknown arms (`tuned` are those at their best rate) or metrics."""
    arms, tuned = list(arms), set(tuned)
    for claim in claims:
        for name in claim.arm_names():
            if name not in tuned:
                check_arm_is_known(name, arms)
        if isinstance(claim, Trend) and not 2 <= len(claim.arms) == len(claim.values):
            raise UsageError(
                f"Claim {claim.name!r}: a trend needs two arms or more and a value for each. "
                f"Received: {len(claim.arms)} arms, {len(claim.values)} values."
            )
        if claim.of_runs and claim.metric not in METRICS:
            raise UsageError(
                f"Claim {claim.name!r}: unknown metric {claim.metric!r}. {near_match(claim.metric, METRICS)}"
            )
