"""A study: the arms of an experiment, its seeds, its claims and what each profile may spend.

A study is data. It never trains anything itself: `next_specs` says which runs it wants next, given the
results so far, and `run` (for notebooks) hands the study to the executor.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from kerascnn.errors import UsageError
from kerascnn.specs.arms import Arm, RateGrid, at_rate
from kerascnn.specs.base import Spec
from kerascnn.specs.budget import Budget, Profile
from kerascnn.specs.claims import Claim
from kerascnn.specs.run import DataSpec, Positive, Precision, TrainSpec
from kerascnn.specs.search import Proposals, Search
from kerascnn.specs.seeds import FRESH_SEEDS, RATE_SEEDS, Look, SeedsOf, place_of, schedule
from kerascnn.specs.setting import RunsSoFar, Setting
from kerascnn.specs.soundness import (
    check_arm_is_known,
    check_arms,
    check_claims,
    check_main,
    check_profile,
    check_seeds,
)

if TYPE_CHECKING:
    from kerascnn.notebooks.inside.session import Results


class Known(RunsSoFar, Protocol):
    """What a study must know of its results so far: the runs, and the searches' proposals as far as they are known."""

    def proposals(self, study: Study, search: Search) -> Proposals:
        """The trials proposed so far; where the oracle must be asked for more they are not complete."""
        ...

    def seeds_of(self, study: Study) -> SeedsOf:
        """How many seeds each arm is to have, as far as the results so far say."""
        ...


class Wanted(NamedTuple):
    """One run that a study wants, and of which arm: one of the study, one that follows from results, or a trial."""

    arm: Arm
    spec: TrainSpec
    is_trial: bool = False

    @property
    def seed(self) -> int:
        return self.spec.seed

    @property
    def place(self) -> int:
        """Which of its arm's seeds this is, counted from one."""
        return place_of(self.seed)

    @property
    def label(self) -> str:
        """What the user calls this run."""
        return f"{self.arm.label}, seed {self.seed}"


class Study(Spec, frozen=True, kw_only=True):
    """Arms x seeds, searches, the claims to judge, and the budget of every profile.

    `main` names what the lesson is about, three claims at most: they weigh more when verdicts are corrected for each
    other, and pages show them first. `seeds` replaces the budget's number of seeds where given, and without `most_seeds`
    is all there are. `most_seeds` replaces how many the arms of open claims may get, dear ones too (`--until-decided`).
    `looks` says nothing: notebooks written before budgets had `most_seeds` say it. `precision` None lets the machine
    choose its narrowest safe format.
    """

    question: str
    arms: tuple[Arm, ...]
    budgets: dict[Profile, Budget]
    profile: Profile = "quick"
    claims: tuple[Claim, ...] = ()
    main: tuple[str, ...] = ()
    seeds: Positive | None = None
    most_seeds: Positive | None = None
    looks: Positive = 1
    precision: Precision | None = None
    searches: tuple[Search, ...] = ()
    rate_grids: tuple[RateGrid, ...] = ()

    def __post_init__(self) -> None:
        for field in ("arms", "claims", "main", "searches", "rate_grids"):
            msgspec.structs.force_setattr(self, field, tuple(getattr(self, field)))
        check_profile(self.profile, self.budgets)
        check_seeds(len(self.arms), self.seeds, self.most_seeds, self.budget)
        check_arms(self.arms, self.searches, self.rate_grids)
        check_main(self.main, [claim.name for claim in self.claims])
        check_claims(self.claims, (arm.name for arm in self.arms), (grid.name for grid in self.rate_grids))

    @property
    def budget(self) -> Budget:
        """The budget of the study's profile."""
        return self.budgets[self.profile]

    @property
    def first_seeds(self) -> int:
        """How many seeds every arm is trained with."""
        return self.seeds or self.budget.seeds

    def most_seeds_of(self, arm: str) -> int:
        """How many seeds the arm may get while a claim about it is open."""
        if self.most_seeds is not None:
            return self.most_seeds
        if self.seeds is not None:
            return self.seeds
        trained = next((grid.arm for grid in self.rate_grids if grid.name == arm), arm)
        arms = {one.name: one for one in self.arms} | {search.name: search.base for search in self.searches}
        own = arms[trained].most_seeds if trained in arms else None
        most = self.budget.most_seeds or self.first_seeds
        return max(self.first_seeds, min(most, own or most))

    def looks_of(self, claim: Claim) -> tuple[Look, ...]:
        """After how many seeds the claim is judged: as many as all of its arms may get."""
        most = min((self.most_seeds_of(name) for name in claim.arm_names()), default=self.first_seeds)
        return schedule(self.first_seeds, most)

    def look_of(self, wanted: Wanted) -> int:
        """Which look asks for the run, counted from zero; trials, from which other runs follow, belong to the first."""
        numbers = (look.seeds for look in schedule(self.first_seeds, max(self.first_seeds, wanted.place)))
        return 0 if wanted.is_trial else sum(number < wanted.place for number in numbers)

    @property
    def digest(self) -> str:
        """SHA-256 of the study's canonical form: what was planned and what was executed must agree."""
        import hashlib

        return hashlib.sha256(self.canonical_json()).hexdigest()

    @property
    def companions(self) -> tuple[str, ...]:
        """The data sets that arms name beside the study's own."""
        return tuple(dict.fromkeys(arm.dataset for arm in self.arms if arm.dataset is not None))

    def arm(self, name: str) -> Arm:
        """The arm called `name`. Raises: UsageError with a near match."""
        arms = {arm.name: arm for arm in self.arms}
        check_arm_is_known(name, arms)
        return arms[name]

    @property
    def judged_claims(self) -> tuple[Claim, ...]:
        """The claims that the profile trains for; the others are listed and wait for `full`."""
        return tuple(claim for claim in self.claims if claim.is_judged_in(self.profile))

    def profile_arms(self) -> tuple[Arm, ...]:
        """The arms that the profile trains: all, those that a claim it judges names, or one pair for each such claim."""
        if self.budget.arms == "all" or not self.claims:
            return self.arms
        wanted: set[str] = set()
        for claim in self.judged_claims:
            names = claim.arm_names()
            pair_only = self.budget.arms == "pairs" and len(names) > 2 and claim.__struct_config__.tag == "trend"
            wanted.update((names[0], names[-1]) if pair_only else names)
        return tuple(arm for arm in self.arms if arm.name in wanted)

    def spec_for(self, arm: Arm, seed: int, setting: Setting) -> TrainSpec:
        """The run of `arm` with `seed` on the setting's data under the profile's budget.

        Raises: UsageError where the arm's companion is not at hand.
        """
        budget, found = self.budget, setting.on(arm.dataset)
        if found is None:
            raise UsageError(f"Arm {arm.name!r} needs the data set {arm.dataset!r}, which is not at hand.")
        wanted = arm.train_images or budget.train_images
        return TrainSpec(
            data=DataSpec(
                content=found.content,
                train_images=_at_most(wanted, found.train_images),
                val_images=budget.val_images,
                test_images=budget.test_images,
            ),
            model=arm.model,
            epochs=arm.epochs or budget.epochs,
            seed=seed,
            normalisation=arm.normalisation,
            augmentation=arm.augmentation,
            optimiser=arm.optimiser,
            schedule=arm.schedule,
            batch_size=arm.batch_size,
            precision=setting.precision,
            task=arm.task,
        ).validated()

    def grid(self, setting: Setting) -> dict[tuple[str, int], TrainSpec]:
        """(arm, seed) -> spec for the first look, for every arm of the profile whose data are at hand."""
        return _by_arm_and_seed(self._grid(setting))

    def _grid(self, setting: Setting, seeds: SeedsOf | None = None) -> list[Wanted]:
        at_hand = [arm for arm in self.profile_arms() if setting.on(arm.dataset) is not None]
        return self._seeded(at_hand, seeds or (lambda arm: self.first_seeds), setting)

    def _seeded(self, arms: Iterable[Arm], seeds: SeedsOf, setting: Setting, after: int = 0) -> list[Wanted]:
        """Each arm with its number of seeds, which begin after `after`."""
        return [
            one for arm in arms for one in self._trained([arm], range(after + 1, after + seeds(arm.name) + 1), setting)
        ]

    def _trained(self, arms: Iterable[Arm], seeds: Iterable[int], setting: Setting) -> list[Wanted]:
        return [Wanted(arm, self.spec_for(arm, seed, setting)) for arm in arms for seed in seeds]

    def rate_trials(self, grid: RateGrid, setting: Setting) -> dict[float, dict[int, TrainSpec]]:
        """Rate -> seed -> the run that tries it; nothing where the profile tries none."""
        return {
            rate: {one.seed: one.spec for one in trials} for rate, trials in self._rate_trials(grid, setting).items()
        }

    def _rate_trials(self, grid: RateGrid, setting: Setting) -> dict[float, list[Wanted]]:
        base = msgspec.structs.replace(self.arm(grid.arm), train_images=self.budget.trial_images)
        seeds = [RATE_SEEDS + seed for seed in range(1, self.budget.rate_seeds + 1)]
        rates = grid.rates if seeds and setting.on(base.dataset) is not None else ()
        trials = {rate: self._trained([grid.trial_arm(base, rate)], seeds, setting) for rate in rates}
        return {rate: [one._replace(is_trial=True) for one in tried] for rate, tried in trials.items()}

    def all_rate_trials(self, setting: Setting) -> list[TrainSpec]:
        """Every run of every rate grid."""
        return [one.spec for one in self._all_rate_trials(setting)]

    def _all_rate_trials(self, setting: Setting) -> list[Wanted]:
        by_rate = (self._rate_trials(grid, setting) for grid in self.rate_grids)
        return [one for trials in by_rate for tried in trials.values() for one in tried]

    def best_rate(self, grid: RateGrid, results: Known) -> float | None:
        """The rate with the best mean validation accuracy; None until all are tried.

        Of equals the arm's own, else the smallest. A trial that failed counts as one that got nothing right.
        """
        trials = self.rate_trials(grid, results.setting)
        if not trials or not all(results.is_settled(spec) for runs in trials.values() for spec in runs.values()):
            return None
        means = {
            rate: sum(results.val_accuracy(spec) or 0.0 for spec in runs.values()) / len(runs)
            for rate, runs in trials.items()
        }
        own = self.arm(grid.arm).optimiser.learning_rate
        return min(means, key=lambda rate: (-means[rate], rate != own, rate))

    def tuned(self, results: Known) -> tuple[Arm, ...]:
        """The arms of the rate grids whose best rate is known."""
        found = []
        for grid in self.rate_grids:
            rate = self.best_rate(grid, results)
            if rate is not None:
                arm = self.arm(grid.arm)
                label = f"{arm.label}, own best step ({rate:g})"
                found.append(msgspec.structs.replace(at_rate(arm, rate), name=grid.name, label=label))
        return tuple(found)

    def found_arms(self, results: Known) -> tuple[Arm, ...]:
        """The arms that follow from results: those at their best learning rate, and the searches' winners."""
        return (*self.tuned(results), *self.winners(results))

    def winners(self, results: Known) -> tuple[Arm, ...]:
        """The arms that the complete searches chose, to be trained anew with fresh seeds."""
        found = (results.proposals(self, search).winner(search, results) for search in self.searches)
        return tuple(arm for arm in found if arm is not None)

    def planned(self, results: Known) -> dict[tuple[str, int], TrainSpec]:
        """(arm, seed) -> spec for the grid and, once they are known, for tuned arms and winners of searches.

        A tuned arm has the seeds of the others, so that they pair; a winner's are none that its search has seen.
        """
        return _by_arm_and_seed(self.wanted_arms(results))

    def wanted_arms(self, results: Known) -> list[Wanted]:
        """The same runs, each with its arm."""
        return self.with_seeds(results.seeds_of(self), results)

    def with_seeds(self, seeds: SeedsOf, results: Known) -> list[Wanted]:
        """The runs of every arm there would be if arms had so many seeds; trials are none of them."""
        return [
            *self._grid(results.setting, seeds),
            *self._seeded(self.tuned(results), seeds, results.setting),
            *self._seeded(self.winners(results), seeds, results.setting, after=FRESH_SEEDS),
        ]

    def next_wanted(self, results: Known) -> list[Wanted]:
        """The runs wanted next and not settled: the grid, rates to try, each search's current batch, the winners.

        Empty when there is nothing to train now: the study is complete, or an oracle must be asked first.
        """
        proposed = [
            Wanted(search.trial_arm(trial.arguments), trial.spec, is_trial=True)
            for search in self.searches
            for trial in results.proposals(self, search).trials
        ]
        wanted = [*self.wanted_arms(results), *proposed, *self._all_rate_trials(results.setting)]
        unsettled: dict[bytes, Wanted] = {}
        for one in wanted:
            if not results.is_settled(one.spec):
                unsettled.setdefault(one.spec.canonical_json(), one)
        return list(unsettled.values())

    def next_specs(self, results: Known) -> list[TrainSpec]:
        """The specs of `next_wanted`."""
        return [one.spec for one in self.next_wanted(results)]

    def run(self) -> Results:
        """Everything the store has, the rest trained; for the notebook's `results = study.run()`."""
        from kerascnn.notebooks.inside.session import run_study

        return run_study(self)


def _at_most(wanted: int | None, available: int) -> int | None:
    return None if wanted is None or wanted >= available else wanted


def _by_arm_and_seed(wanted: Iterable[Wanted]) -> dict[tuple[str, int], TrainSpec]:
    return {(one.arm.name, one.seed): one.spec for one in wanted}
