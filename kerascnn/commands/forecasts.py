"""What a request still needs, and how long that takes: for `plan`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from kerascnn.costs import Costs, Stage, kind_of, wall_seconds
from kerascnn.execution.structures import ModelWanted, Structures, one_worker, wanted_models
from kerascnn.execution.yardstick import learn_pace, note_known_pace
from kerascnn.machine import usable_cores
from kerascnn.planning.ledger import Ledger
from kerascnn.planning.looks import runs_that_may_follow
from kerascnn.planning.search import still_to_ask
from kerascnn.planning.settle import is_settled
from kerascnn.planning.suite import Planned, Suite
from kerascnn.report_lane import BETWEEN_SECONDS
from kerascnn.specs import TrainSpec
from kerascnn.store.published import used_runs

PLANNING_SECONDS = 3.0
"""Python, the notebooks, the studies, the data's own file: before anything else begins."""
BUILDING_SECONDS = 0.1
"""One model, built once."""
STILL_OPEN = 0.5
"""The share of runs of a look that its next look asks for again, for the arms of claims that nobody has judged yet."""
WORTH_SECONDS = 30.0
"""Models are built for a forecast where so much depends on their size: that takes ten."""


@dataclass(frozen=True)
class Forecast:
    """What one experiment still needs.

    `shared`: runs that an experiment before it in this plan trains or has as well. `reused`: experiment ->
    how many of the stored runs its published results show. `arms`: label -> (runs to train, runs in all).
    `stage`: what training, executing and rendering take; `guessed_seconds` of it are of nothing that was measured.
    """

    to_train: int
    stored: int
    shared: int
    reused: dict[str, int]
    at_most: int
    arms: dict[str, tuple[int, int]]
    executes: bool
    stage: Stage
    guessed_seconds: float


class Forecaster:
    """Forecasts for the experiments of a suite, in order; a run that two of them want is counted with the first."""

    def __init__(self, suite: Suite, jobs: int) -> None:
        self._suite, self._jobs, self._cores = suite, jobs, usable_cores()
        self.costs, self.structures = Costs(suite.store.root), Structures()
        self.plans = suite.planned()
        self.wanted = [
            run
            for plan in self.plans
            for run in wanted_models(plan.experiment.name, plan.study, plan.ledger, suite.dataset)
        ]
        if self.wanted:
            note_known_pace(self.costs, self.wanted[0].spec.precision)
        self._results = suite.count_results()
        self._seen: set[str] = set()
        self._kinds: set[str] = set()

    def models_to_build(self) -> dict[str, ModelWanted]:
        """Models to look at first: any that could not be built the last time, and those that nobody has built where much
        depends on their size."""
        doubtful = self.structures.doubtful(self.wanted)
        if self._much_depends_on(run for run in self.wanted if run.name in doubtful):
            return doubtful
        return {name: run for name, run in doubtful.items() if self.structures.find(run) is not None}

    def wants_pace(self) -> bool:
        """Whether a short run should first tell how fast this machine is: nothing else does, and much depends on it."""
        return not self.costs.pace_is_known and self._much_depends_on(self.wanted)

    def look(self, doubtful: Mapping[str, ModelWanted]) -> None:
        """Build these models, and take the machine's pace where that is wanted, in a worker."""
        with one_worker() as executor:
            if self.wants_pace():
                learn_pace(self.costs, self.wanted[0].spec.precision, executor)
            self.structures.build(doubtful, executor)

    def _much_depends_on(self, runs: Iterable[ModelWanted]) -> bool:
        """Whether runs that are only guessed take long."""
        guessed = (run for run in runs if not self.costs.is_measured(run.spec))
        return sum(self._seconds(run.ledger, run.spec) for run in guessed) > WORTH_SECONDS

    def forecasts(self, left_out: Collection[str] = ()) -> dict[str, Forecast]:
        """Experiment -> what it needs, for all but those `left_out`."""
        for run in self.wanted:
            if (built := self.structures.find(run)) is not None:
                self.costs.note_size(run.spec, built.size)
        users = used_runs(self._suite.store.root, {notebook.name for notebook in self._suite.notebooks})
        plans = [plan for plan in self.plans if plan.experiment.name not in left_out]
        return {plan.experiment.name: self._forecast(plan, users) for plan in plans}

    def wall_seconds(self, casts: Iterable[Forecast]) -> float:
        """How long it takes by the clock until all of these are done."""
        stages = [cast.stage for cast in casts if cast.executes or cast.to_train or cast.at_most]
        if not stages:
            return PLANNING_SECONDS
        trains = any(stage.runs for stage in stages)
        first_report = Stage((), self.costs.lane_seconds + self.costs.rendering_seconds(self._results))
        building = Stage((BUILDING_SECONDS,) * (len(self.structures.doubtful(self.wanted)) if trains else 0), 0.0)
        starting = self.costs.starting_seconds if trains else 0.0
        return PLANNING_SECONDS + wall_seconds([first_report, building, *stages], self._jobs, self._cores, starting)

    def seconds_of(self, cast: Forecast) -> float:
        """How long one experiment takes by the clock once the workers are there."""
        return wall_seconds([cast.stage], self._jobs, self._cores, 0.0)

    def _forecast(self, plan: Planned, users: Mapping[str, set[str]]) -> Forecast:
        name, ledger = plan.experiment.name, plan.ledger
        wanted = {ledger.key(spec): spec for spec in plan.study.next_specs(ledger)}
        runs = plan.runs
        everything = {key for by_seed in runs.values() for key in by_seed.values()}
        missing = {key: spec for key, spec in wanted.items() if key not in self._seen}
        unknown = still_to_ask(plan.study, ledger)
        later = runs_that_may_follow(plan.study, ledger)
        others = Counter(user for key in everything - wanted.keys() for user in users.get(key, ()))
        labels = {arm.name: arm.label for arm in (*plan.study.arms, *plan.study.found_arms(ledger))}
        executes = bool(self._suite.request.names) or not (is_settled(plan.study, ledger) and plan.is_fresh())
        shared = len((everything | wanted.keys()) & self._seen)
        self._seen |= everything | wanted.keys()
        seconds = self._run_seconds(ledger, [*missing.values(), *unknown])
        first = min((plan.study.look_of(one) for one in later), default=0)
        chances = [STILL_OPEN ** (1 + plan.study.look_of(one) - first) for one in later]
        expected = [chance * self._seconds(ledger, one.spec) for chance, one in zip(chances, later, strict=True)]
        guessed = sum(s for s, spec in zip(seconds, [*missing.values(), *unknown], strict=True) if self._is_guess(spec))
        return Forecast(
            to_train=len(missing),
            stored=len(everything - wanted.keys()),
            shared=shared,
            reused={user: count for user, count in others.items() if user != name},
            arms={
                labels[arm]: (len(missing.keys() & set(by_seed.values())), len(by_seed))
                for arm, by_seed in runs.items()
            },
            at_most=len(unknown) + len(later),
            executes=executes,
            stage=Stage((*seconds, *expected), self._then_seconds(plan, trains=bool(seconds)) if executes else 0.0),
            guessed_seconds=guessed,
        )

    def _is_guess(self, spec: TrainSpec) -> bool:
        return not self.costs.is_measured(spec)

    def _run_seconds(self, ledger: Ledger, specs: list[TrainSpec]) -> list[float]:
        """The seconds of each run. Where there are fewer kinds of runs than workers, several trace the same."""
        kinds = Counter(map(kind_of, specs))
        tracing = {kind: max(1, self._jobs // len(kinds)) for kind in kinds if kind not in self._kinds}
        self._kinds |= kinds.keys()
        seconds = []
        for spec in specs:
            is_first = tracing.get(kind_of(spec), 0) > 0
            tracing[kind_of(spec)] = tracing.get(kind_of(spec), 0) - 1
            seconds.append(self._seconds(ledger, spec, is_first=is_first))
        return seconds

    def _seconds(self, ledger: Ledger, spec: TrainSpec, *, is_first: bool = False) -> float:
        return self.costs.estimate_seconds(spec, ledger.setting.images_for(spec), is_first=is_first)

    def _then_seconds(self, plan: Planned, *, trains: bool) -> float:
        """Executing the notebook, and rendering a report that has its result: with others where these do not wait for runs."""
        self._results += plan.slot.load() is None
        executing = self.costs.executing_seconds(plan.experiment.name, plan.study.profile)
        renderings = 1.0 if trains else min(1.0, executing / BETWEEN_SECONDS)
        return executing + renderings * self.costs.rendering_seconds(self._results)
