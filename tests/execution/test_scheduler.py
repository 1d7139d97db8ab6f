"""The scheduler, with stubs for training and for the oracle: who trains what, in which order, how often."""

from __future__ import annotations

import io
import itertools
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from factories import CONTENT, make_arm, make_record, make_result
from slots import DATASET

from kerascnn.costs import Costs, Spent
from kerascnn.errors import KerascnnError, StoreError, UsageError
from kerascnn.execution.pool import WorkerDied
from kerascnn.execution.scheduling import patience
from kerascnn.execution.scheduling import scheduler as scheduler_module
from kerascnn.execution.scheduling.patience import Patience
from kerascnn.execution.scheduling.progress import Progress
from kerascnn.execution.scheduling.scheduler import Scheduler
from kerascnn.execution.scheduling.works import Work
from kerascnn.execution.worker import TaskOutcome, TrainTask, propose, train
from kerascnn.notebooks.inside.results import Results
from kerascnn.planning.ledger import Ledger
from kerascnn.planning.looks import WhileOpen
from kerascnn.planning.search import ProposalRequest
from kerascnn.records import RunFailure
from kerascnn.specs import (
    Arm,
    Budget,
    Choice,
    Comparison,
    OptimiserSpec,
    Proposals,
    ProposedTrial,
    RateGrid,
    Search,
    Study,
    TrainSpec,
    Wanted,
    model,
)
from kerascnn.specs.budget import PROFILES
from kerascnn.specs.seeds import FRESH_SEEDS, RATE_SEEDS
from kerascnn.specs.setting import Setting
from kerascnn.store import Store

SETTING = Setting(content=CONTENT, train_images=900, precision="float32")
SEARCH = Search(
    name="depth",
    label="Depth",
    oracle="random",
    base=make_arm("base"),
    space=(Choice(name="blocks", values=(1, 2, 3, 4)),),
    batch=2,
)


def make_study(*arms: Arm, seeds: int = 1, **fields: Any) -> Study:
    budget = Budget(epochs=1, seeds=seeds, trials=4)
    budgets = {"smoke": budget, "quick": budget, "full": budget}
    return Study(**{"question": "?", "arms": arms, "budgets": budgets, **fields})


class StubbedExecutor(Executor):
    """Runs every task at once, in this process: `train` commits an invented record, `propose` two more trials.

    `answers` maps a seed to what happens instead: one call for each attempt.
    """

    def __init__(self, store: Store) -> None:
        self.store = Store(store.root)
        self.trained: list[TrainSpec] = []
        self.asked: list[ProposalRequest] = []
        self.answers: dict[int, list[Callable[[TrainTask], TaskOutcome]]] = {}
        self.oracle_deaths = 0
        self.test_accuracy: Callable[[int], float] = lambda blocks: 0.5
        self.val_accuracy: Callable[[TrainSpec], float] | None = None

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        stubs: dict[Any, Callable[[bytes], bytes]] = {train: self._train, propose: self._propose}
        future: Future = Future()
        try:
            future.set_result(stubs[fn](*args, **kwargs))
        except Exception as err:
            future.set_exception(err)
        return future

    def _train(self, task_json: bytes) -> bytes:
        task = TrainTask.from_json(task_json)
        self.trained.append(task.identity.spec)
        instead = self.answers.get(task.identity.spec.seed)
        outcome = instead.pop(0)(task) if instead else self.commit(task)
        return outcome.canonical_json()

    def commit(self, task: TrainTask) -> TaskOutcome:
        spec = task.identity.spec
        blocks = spec.model.arguments.get("blocks", 1)
        seen = self.val_accuracy(spec) if self.val_accuracy else 0.1 * blocks
        record = make_record(test_accuracy=self.test_accuracy(blocks), val_accuracy=seen, test_loss=None)
        self.store.commit(task.identity, make_result(task.identity, record), replace=task.force)
        spent = Spent(seconds=spec.epochs * 10.0 + 1, training_seconds=spec.epochs * 10.0, is_first=False)
        return TaskOutcome(key=task.identity.key, state="trained", duration_seconds=11.0, spent=spent)

    def fail(self, task: TrainTask) -> TaskOutcome:
        spec, key = task.identity.spec, task.identity.key
        self.store.save_failure(RunFailure(key=key, spec=spec, reason="no memory", traceback="", failed_at="now"))
        return TaskOutcome(key=key, state="failed", message="no memory")

    def _propose(self, request_json: bytes) -> bytes:
        request = ProposalRequest.from_json(request_json)
        self.asked.append(request)
        if len(self.asked) <= self.oracle_deaths:
            raise WorkerDied("killed")
        blocks = range(1, min(4, len(request.scores) + 2) + 1)
        trials = tuple(make_trial(request, number, count) for number, count in enumerate(blocks))
        return Proposals(trials=trials, complete=len(request.scores) == 4).canonical_json()


class CrowdedExecutor(StubbedExecutor):
    """The same in threads, so that runs overlap; notes for each attempt how many were under way with it."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.pool = ThreadPoolExecutor(4)
        self.under_way: set[int] = set()
        self.company: list[tuple[int, int]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        return self.pool.submit(self._train, *args)

    def _train(self, task_json: bytes) -> bytes:
        seed = TrainTask.from_json(task_json).identity.spec.seed
        self.under_way.add(seed)
        try:
            time.sleep(0.05)
            self.company.append((seed, len(self.under_way)))
            return super()._train(task_json)
        finally:
            self.under_way.discard(seed)


def die(task: TrainTask) -> TaskOutcome:
    raise WorkerDied("killed")


def exhaust_memory(task: TrainTask) -> TaskOutcome:
    return TaskOutcome(key=task.identity.key, state="memory", message="Not enough memory (the worker had taken 3 GB)")


def be_busy(task: TrainTask) -> TaskOutcome:
    return TaskOutcome(key=task.identity.key, state="busy")


def make_trial(request: ProposalRequest, number: int, blocks: int) -> ProposedTrial:
    arm = make_arm("trial", model=model("models.vgg", blocks=blocks))
    spec = request.study.spec_for(arm, SEARCH.seed, request.setting)
    return ProposedTrial(number=number, arguments={"blocks": blocks}, epochs=1, spec=spec)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


@pytest.fixture
def executor(store: Store) -> StubbedExecutor:
    return StubbedExecutor(store)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler_module, "POLL_SECONDS", 0.005)
    monkeypatch.setattr(scheduler_module, "BUSY_WAIT_SECONDS", 0.01)


def run(executor: StubbedExecutor, *studies: Study, jobs: int = 1, **fields: Any) -> Scheduler:
    """One invocation of the pipeline over the studies, from what the store has."""
    store = Store(executor.store.root)
    works = [
        Work(f"study {number}", study, Ledger(store, SETTING, Path("/nowhere"), retry_failures=True), **fields)
        for number, study in enumerate(studies)
    ]
    scheduler = Scheduler(works, executor, jobs, Progress(io.StringIO()))
    scheduler.run()
    assert all(work.settled for work in works)
    return scheduler


def seeds_of(executor: StubbedExecutor) -> list[int]:
    return [spec.seed for spec in executor.trained]


# --- what is trained ----------------------------------------------------------------------------------------


def test_every_run_of_a_study_is_trained_once(executor: StubbedExecutor) -> None:
    scheduler = run(executor, make_study(make_arm("a"), make_arm("b", batch_size=8), seeds=2))
    assert sorted((spec.batch_size, spec.seed) for spec in executor.trained) == [(8, 1), (8, 2), (64, 1), (64, 2)]
    assert (scheduler.trained, scheduler.failed, scheduler.changed) == (4, [], [])


def test_only_missing_runs_are_trained(executor: StubbedExecutor) -> None:
    run(executor, make_study(make_arm("a"), seeds=2))
    executor.trained.clear()
    run(executor, make_study(make_arm("a"), make_arm("b", batch_size=8), seeds=3))
    assert sorted((spec.batch_size, spec.seed) for spec in executor.trained) == [(8, 1), (8, 2), (8, 3), (64, 3)]


def test_a_second_invocation_trains_nothing(executor: StubbedExecutor) -> None:
    study = make_study(make_arm("a"), seeds=2)
    run(executor, study)
    executor.trained.clear()
    assert run(executor, study).trained == 0
    assert executor.trained == []


@pytest.mark.parametrize("jobs", [1, 3])
def test_a_run_wanted_by_two_studies_is_trained_once(executor: StubbedExecutor, jobs: int) -> None:
    run(executor, make_study(make_arm("a"), seeds=2), make_study(make_arm("other"), seeds=3), jobs=jobs)
    assert seeds_of(executor) == [1, 2, 3]


def test_a_damaged_run_is_trained_again(executor: StubbedExecutor) -> None:
    study = make_study(make_arm("a"), seeds=2)
    run(executor, study)
    executor.trained.clear()
    key = sorted(Store(executor.store.root).keys())[0]
    (executor.store.root / key / "weights.npz").write_bytes(b"")
    run(executor, study)
    assert len(executor.trained) == 1


def test_a_forced_work_trains_what_is_in_the_store_once_more(executor: StubbedExecutor) -> None:
    study = make_study(make_arm("a"), seeds=2)
    run(executor, study)
    executor.trained.clear()
    run(executor, study, force=True)
    assert seeds_of(executor) == [1, 2]


def test_a_forced_run_with_other_bits_is_reported(executor: StubbedExecutor) -> None:
    study = make_study(make_arm("a"))
    run(executor, study)
    executor.answers[1] = [lambda task: msgspec.structs.replace(executor.commit(task), state="changed")]
    scheduler = run(executor, study, force=True)
    assert scheduler.changed == Store(executor.store.root).keys()


# --- in which order -----------------------------------------------------------------------------------------


def test_inside_a_study_the_longest_run_starts_first_and_the_studies_keep_their_order(
    executor: StubbedExecutor,
) -> None:
    short, long = make_arm("short", epochs=1), make_arm("long", epochs=9)
    run(executor, make_study(short, long), make_study(make_arm("longest", epochs=99), make_arm("s", epochs=2)))
    assert [spec.epochs for spec in executor.trained] == [9, 1, 99, 2]


def test_a_study_is_told_once_that_it_is_settled_before_later_studies_go_on(executor: StubbedExecutor) -> None:
    seen: list[tuple[str, int]] = []
    ledgers = [Ledger(Store(executor.store.root), SETTING, Path("/nowhere"), retry_failures=True) for _ in range(2)]
    studies = [make_study(make_arm("a"), seeds=2), make_study(make_arm("b", batch_size=8), seeds=2)]
    works = [
        Work(name, study, ledger, on_settled=lambda name=name: seen.append((name, len(executor.trained))))  # type: ignore[misc]
        for name, study, ledger in zip(("first", "second"), studies, ledgers, strict=True)
    ]
    Scheduler(works, executor, 1, Progress(io.StringIO())).run()
    assert seen == [("first", 2), ("second", 4)]


def test_a_study_that_is_complete_already_is_told_at_once(executor: StubbedExecutor) -> None:
    study, settled = make_study(make_arm("a")), []
    run(executor, study)
    run(executor, study, on_settled=lambda: settled.append(True))
    assert settled == [True]


def test_what_is_watched_is_handled_before_the_scheduler_returns(executor: StubbedExecutor) -> None:
    future: Future = Future()
    handled: list[int] = []
    ledger = Ledger(Store(executor.store.root), SETTING, Path("/nowhere"), retry_failures=True)
    work = Work("a", make_study(make_arm("a")), ledger, on_settled=lambda: future.set_result(3))
    scheduler = Scheduler([work], executor, 1, Progress(io.StringIO()))
    scheduler.watch(future, lambda done: handled.append(done.result()))
    scheduler.run()
    assert handled == [3]


# --- what fails ---------------------------------------------------------------------------------------------


def said_of_failures(executor: StubbedExecutor, *studies: Study, reasons: dict[int, str]) -> list[str]:
    """The lines about failures where the runs of these seeds fail for these reasons."""

    def fail(task: TrainTask) -> TaskOutcome:
        reason = reasons[task.identity.spec.seed]
        return TaskOutcome(key=task.identity.key, state="failed", message=reason)

    executor.answers = {seed: [fail] * 9 for seed in reasons}
    said = io.StringIO()
    works = [
        Work(f"study {number}", study, Ledger(executor.store, SETTING, Path("/nowhere"), retry_failures=True))
        for number, study in enumerate(studies)
    ]
    Scheduler(works, executor, 1, Progress(said)).run()
    return [line for line in said.getvalue().splitlines() if line.startswith("Failed")]


def test_a_reason_that_runs_of_one_experiment_share_is_said_once_with_how_many_there_are(
    executor: StubbedExecutor,
) -> None:
    lines = said_of_failures(
        executor, make_study(make_arm("a"), seeds=4), reasons=dict.fromkeys((1, 2, 4), "no such layer")
    )
    assert lines == [
        "Failed in study 0: A, seed 1: no such layer",
        "Failed in study 0 for the same reason as A, seed 1: 2 more runs: A, seed 2, A, seed 4",
    ]


def test_other_reasons_and_other_experiments_are_said_each(executor: StubbedExecutor) -> None:
    studies = make_study(make_arm("a"), seeds=2), make_study(make_arm("b", batch_size=8), seeds=1)
    lines = said_of_failures(executor, *studies, reasons={1: "no such layer", 2: "no memory"})
    assert lines == [
        "Failed in study 0: A, seed 1: no such layer",
        "Failed in study 0: A, seed 2: no memory",
        "Failed in study 1: B, seed 1: no such layer",
    ]


def test_a_failed_run_is_given_up_once_an_invocation_and_tried_again_by_the_next(executor: StubbedExecutor) -> None:
    study = make_study(make_arm("a"), seeds=2)
    executor.answers[1] = [executor.fail]
    scheduler = run(executor, study)
    assert seeds_of(executor) == [1, 2], "everything else goes on"
    assert len(scheduler.failed) == 1
    again = run(executor, study)
    assert seeds_of(executor) == [1, 2, 1]
    assert again.failed == []
    assert executor.store.load_failure(scheduler.failed[0]) is None


def test_a_failed_run_that_two_studies_want_is_tried_once(executor: StubbedExecutor) -> None:
    executor.answers[1] = [executor.fail, executor.fail]
    scheduler = run(executor, make_study(make_arm("a")), make_study(make_arm("b")))
    assert seeds_of(executor) == [1]
    assert len(scheduler.failed) == 1


def test_a_run_whose_worker_died_is_tried_once_more(executor: StubbedExecutor) -> None:
    executor.answers[1] = [die]
    scheduler = run(executor, make_study(make_arm("a"), seeds=2))
    assert sorted(seeds_of(executor)) == [1, 1, 2]
    assert (scheduler.trained, scheduler.failed) == (2, [])


def test_a_run_that_killed_two_workers_has_failed_and_the_next_invocation_tries_it_again(
    executor: StubbedExecutor,
) -> None:
    study = make_study(make_arm("a"), seeds=2)
    executor.answers[1] = [die, die]
    scheduler = run(executor, study)
    assert sorted(seeds_of(executor)) == [1, 1, 2]
    (key,) = scheduler.failed
    failure = executor.store.load_failure(key)
    assert failure is not None
    assert "worker was killed" in failure.reason
    assert "Tried 2 times, the last time alone" in failure.reason
    assert failure.spec.seed == 1
    assert run(executor, study).failed == []


@pytest.mark.parametrize("fate", [die, exhaust_memory])
def test_a_run_without_memory_is_tried_again_with_nothing_else_under_way(store: Store, fate: Any) -> None:
    executor = CrowdedExecutor(store)
    executor.answers[1] = [fate]
    scheduler = run(executor, make_study(make_arm("a"), seeds=8), jobs=4)
    assert scheduler.failed == []
    tries = [company for seed, company in executor.company if seed == 1]
    assert tries[0] > 1
    assert tries[1:] == [1]


def test_a_run_that_never_has_memory_enough_fails_with_the_peak(executor: StubbedExecutor) -> None:
    executor.answers[1] = [exhaust_memory, exhaust_memory]
    (key,) = run(executor, make_study(make_arm("a"), seeds=2)).failed
    failure = executor.store.load_failure(key)
    assert failure is not None
    assert "the worker had taken 3 GB" in failure.reason


def test_an_interrupted_scheduler_lets_what_is_under_way_finish_and_starts_nothing(store: Store) -> None:
    executor = CrowdedExecutor(store)
    works = [Work("a", make_study(make_arm("a"), seeds=20), Ledger(store, SETTING, Path("/"), retry_failures=True))]
    scheduler = Scheduler(works, executor, 2, Progress(io.StringIO()))
    executor.answers[2] = [lambda task: (scheduler.drain(), executor.commit(task))[1]]
    with pytest.raises(KeyboardInterrupt):
        scheduler.run()
    assert len(Store(store.root).keys()) == len(executor.trained) < 20


def test_a_scheduler_interrupted_in_its_last_run_says_so_because_nothing_followed_that_run(
    executor: StubbedExecutor,
) -> None:
    settled: list[bool] = []
    ledger = Ledger(Store(executor.store.root), SETTING, Path("/"), retry_failures=True)
    work = Work("a", make_study(make_arm("a")), ledger, on_settled=lambda: settled.append(True))
    scheduler = Scheduler([work], executor, 1, Progress(io.StringIO()))
    executor.answers[1] = [lambda task: (scheduler.drain(), executor.commit(task))[1]]
    with pytest.raises(KeyboardInterrupt):
        scheduler.run()
    assert settled == []
    assert len(executor.store.keys()) == 1


def test_a_worker_goes_on_with_the_structure_it_has_traced(executor: StubbedExecutor) -> None:
    arms = [make_arm(name, model=model("models.vgg", blocks=number)) for number, name in enumerate("abc")]
    run(executor, make_study(*arms, seeds=3))
    blocks = [spec.model.arguments["blocks"] for spec in executor.trained]
    assert sum(one != other for one, other in itertools.pairwise(blocks)) == 2


def test_a_run_that_another_pipeline_trains_is_asked_for_later(executor: StubbedExecutor) -> None:
    found: Callable[[TrainTask], TaskOutcome] = lambda task: msgspec.structs.replace(  # noqa: E731
        executor.commit(task), state="found", duration_seconds=0.0
    )
    executor.answers[1] = [be_busy, be_busy, found]
    scheduler = run(executor, make_study(make_arm("a"), seeds=2))
    assert seeds_of(executor)[:2] == [1, 2], "the other run does not wait"
    assert sorted(seeds_of(executor)) == [1, 1, 1, 2]
    assert (scheduler.trained, scheduler.failed) == (1, [])


def be_suspended(task: TrainTask) -> TaskOutcome:
    return TaskOutcome(key=task.identity.key, state="busy", message="process 7, which is suspended", suspended=True)


def test_a_run_that_a_suspended_pipeline_holds_fails_here_and_everything_else_is_done(
    executor: StubbedExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler_module, "BUSY_WAIT_SECONDS", 0.05)
    monkeypatch.setattr(patience, "SUSPENDED_SECONDS", 0.3)
    executor.answers[1] = [be_suspended] * 1000
    said, settled = io.StringIO(), []
    ledger = Ledger(Store(executor.store.root), SETTING, Path("/"), retry_failures=True)
    study = make_study(make_arm("a"), seeds=2)
    work = Work("a", study, ledger, on_settled=lambda: settled.append(True))
    scheduler = Scheduler([work], executor, 1, Progress(said), notices=list)
    scheduler.run()
    key = ledger.key(study.planned(ledger)["a", 1])
    assert (scheduler.trained, scheduler.failed, settled) == (1, [key], [True])
    failure = executor.store.load_failure(key)
    assert failure is not None
    assert "it is being trained by process 7, which is suspended" in failure.reason
    assert said.getvalue().count("Waiting for A, seed 1 of a: it is being trained by process 7") == 1


def test_a_holder_that_goes_on_again_is_waited_for_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    waiting = Patience()
    assert not waiting.is_over("a", suspended=True)
    now[0] = patience.SUSPENDED_SECONDS + 1
    assert not waiting.is_over("a", suspended=False)
    assert not waiting.is_over("a", suspended=True)
    now[0] += patience.SUSPENDED_SECONDS + 1
    assert waiting.is_over("a", suspended=True)
    assert not waiting.is_over("b", suspended=True)
    assert not waiting.is_over("c", suspended=False)
    now[0] += patience.LONGEST_SECONDS + 1
    assert waiting.is_over("c", suspended=False)


def test_what_workers_have_to_say_is_said_in_the_terminal(executor: StubbedExecutor) -> None:
    said, texts = io.StringIO(), [["Waiting for a core."], []]
    ledger = Ledger(Store(executor.store.root), SETTING, Path("/"), retry_failures=True)
    work = Work("a", make_study(make_arm("a"), seeds=2), ledger)
    Scheduler([work], executor, 1, Progress(said), notices=lambda: texts.pop(0) if texts else []).run()
    assert said.getvalue().splitlines().count("Waiting for a core.") == 1


def test_waiting_for_another_pipeline_does_not_keep_the_processor_busy(
    executor: StubbedExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler_module, "BUSY_WAIT_SECONDS", 0.1)
    looks: list[int] = []
    monkeypatch.setattr(Scheduler, "_report", lambda self: looks.append(1))
    executor.answers[1] = [be_busy]
    run(executor, make_study(make_arm("a")))
    assert len(looks) < 40


def test_an_error_of_the_store_ends_the_scheduler(executor: StubbedExecutor) -> None:
    def full_disk(task: TrainTask) -> TaskOutcome:
        raise StoreError("No space left")

    executor.answers[1] = [full_disk]
    with pytest.raises(StoreError, match="No space left"):
        run(executor, make_study(make_arm("a"), seeds=2))


# --- searches -----------------------------------------------------------------------------------------------


def test_a_search_is_walked_to_its_end_and_its_winner_trained_with_fresh_seeds(executor: StubbedExecutor) -> None:
    run(executor, make_study(make_arm("a"), seeds=2, searches=(SEARCH,)))
    trials = [
        spec.model.arguments["blocks"] for spec in executor.trained if spec.seed == SEARCH.seed and spec.model.arguments
    ]
    winners = [spec for spec in executor.trained if spec.seed > FRESH_SEEDS]
    assert sorted(trials) == [1, 2, 3, 4]
    assert [(spec.seed, spec.model.arguments) for spec in winners] == [
        (FRESH_SEEDS + 1, {"blocks": 4}),
        (FRESH_SEEDS + 2, {"blocks": 4}),
    ]


@pytest.mark.parametrize("seen_on_test", [lambda blocks: 0.9 - 0.2 * blocks, lambda blocks: 0.2 * blocks])
def test_what_is_proposed_and_chosen_never_depends_on_test_images(tmp_path: Path, seen_on_test: Any) -> None:
    study = make_study(make_arm("a"), seeds=2, searches=(SEARCH,))
    usual, other = (StubbedExecutor(Store(tmp_path / name)) for name in ("usual", "other"))
    other.test_accuracy = seen_on_test
    for executor in (usual, other):
        run(executor, study)
    assert [spec.canonical_json() for spec in other.trained] == [spec.canonical_json() for spec in usual.trained]
    assert [request.digest for request in other.asked] == [request.digest for request in usual.asked]
    assert len(other.trained) > 6


# --- learning rates -----------------------------------------------------------------------------------------


def make_tuned_study(*rates: float, rate_seeds: int = 2) -> Study:
    budget = Budget(epochs=1, seeds=2, train_images=300, trial_images=100, rate_seeds=rate_seeds)
    grid = RateGrid(name="a-tuned", arm="a", rates=rates)
    arms = (make_arm("a", optimiser=OptimiserSpec(learning_rate=0.01)),)
    budgets = {"smoke": budget, "quick": budget, "full": budget}
    return Study(question="?", arms=arms, budgets=budgets, rate_grids=(grid,))


def test_an_arm_is_trained_at_the_rate_that_is_best_on_validation_with_the_seeds_of_the_others(
    executor: StubbedExecutor,
) -> None:
    executor.val_accuracy = lambda spec: {0.003: 0.2, 0.01: 0.3, 0.03: 0.4}[spec.optimiser.learning_rate]
    run(executor, make_tuned_study(0.003, 0.01, 0.03))
    trials = [spec for spec in executor.trained if spec.seed > RATE_SEEDS]
    assert sorted((spec.optimiser.learning_rate, spec.seed - RATE_SEEDS) for spec in trials) == [
        (rate, seed) for rate in (0.003, 0.01, 0.03) for seed in (1, 2)
    ]
    assert {spec.data.train_images for spec in trials} == {100}
    rest = sorted((spec.optimiser.learning_rate, spec.seed) for spec in executor.trained if spec not in trials)
    assert rest == [(0.01, 1), (0.01, 2), (0.03, 1), (0.03, 2)]


def test_a_notebook_sees_what_was_tried_at_which_rate_and_whether_the_best_is_at_the_edge(
    executor: StubbedExecutor,
) -> None:
    executor.val_accuracy = lambda spec: spec.optimiser.learning_rate
    study = make_tuned_study(0.003, 0.01, 0.03)
    run(executor, study)
    ledger = Ledger(Store(executor.store.root), SETTING, Path("/"), retry_failures=False)
    dataset = SimpleNamespace(chance_of=lambda arm: 0.1)
    results = Results(study, SimpleNamespace(), ledger, dataset)  # type: ignore[arg-type]
    (tried,) = results.rate_trials.values()
    assert {rate: runs.arm.optimiser.learning_rate for rate, runs in tried.items()} == {r: r for r in tried}
    assert [len(runs.records) for runs in tried.values()] == [2, 2, 2]
    assert results.rates_at_edge() == ("a-tuned",)
    assert [runs.arm.label for runs in results.arms] == ["A", "A, own best step (0.03)"]
    assert [runs.arm.name for runs in results.select("a", "a-tuned")] == ["a", "a-tuned"]


def test_among_equal_rates_an_arm_keeps_its_own_and_nothing_is_trained_twice(executor: StubbedExecutor) -> None:
    executor.val_accuracy = lambda spec: 0.1
    run(executor, make_tuned_study(0.003, 0.01, 0.03))
    assert len([spec for spec in executor.trained if spec.seed < RATE_SEEDS]) == 2


def test_a_profile_without_seeds_for_rates_tries_none(executor: StubbedExecutor) -> None:
    run(executor, make_tuned_study(0.003, 0.01, rate_seeds=0))
    assert len(executor.trained) == 2


def test_a_trial_that_fails_counts_as_one_that_got_nothing_right(executor: StubbedExecutor) -> None:
    executor.val_accuracy = lambda spec: spec.optimiser.learning_rate
    executor.answers[RATE_SEEDS + 1] = [executor.fail, executor.fail]
    run(executor, make_tuned_study(0.003, 0.01, 0.03, rate_seeds=1))
    best = {spec.optimiser.learning_rate for spec in executor.trained if spec.seed < RATE_SEEDS}
    assert len(best - {0.01}) <= 1


@pytest.mark.parametrize("rates", [(0.01,), (0.01, 0.01), (0.01, -1.0)])
def test_a_rate_grid_needs_two_different_positive_rates(rates: tuple[float, ...]) -> None:
    with pytest.raises(UsageError, match="two or more different positive numbers"):
        make_tuned_study(*rates)


def test_the_oracle_is_asked_once_for_each_new_set_of_scores_and_never_on_a_second_walk(
    executor: StubbedExecutor,
) -> None:
    study = make_study(make_arm("a"), searches=(SEARCH,))
    run(executor, study, jobs=3)
    assert [len(request.scores) for request in executor.asked] == [0, 2, 4]
    assert len({request.digest for request in executor.asked}) == 3
    run(executor, study)
    assert len(executor.asked) == 3


def test_two_studies_with_one_search_ask_its_oracle_once(executor: StubbedExecutor) -> None:
    study = make_study(make_arm("a"), searches=(SEARCH,))
    run(executor, study, msgspec.structs.replace(study, question="the same again"))
    assert len(executor.asked) == 3


def test_a_failed_trial_goes_to_the_oracle_without_a_score_and_the_search_goes_on(executor: StubbedExecutor) -> None:
    study = make_study(make_arm("a", epochs=2), searches=(SEARCH,), seeds=1)
    executor.answers[SEARCH.seed] = [executor.commit, executor.fail]  # the grid's run is longer, hence first
    scheduler = run(executor, study)
    assert len(scheduler.failed) == 1
    assert [sorted(map(str, request.scores.values())) for request in executor.asked][1] == ["0.2", "None"]


def test_an_oracle_whose_process_died_is_asked_once_more(executor: StubbedExecutor) -> None:
    executor.oracle_deaths = 1
    run(executor, make_study(make_arm("a"), searches=(SEARCH,)))
    assert [len(request.scores) for request in executor.asked] == [0, 0, 2, 4]


def test_an_oracle_that_kills_its_process_twice_ends_with_a_clear_error_and_every_run_kept(
    executor: StubbedExecutor,
) -> None:
    executor.oracle_deaths = 9
    with pytest.raises(KerascnnError, match=r"oracle of search 'depth' in study 0 was killed 2 times.*every run"):
        run(executor, make_study(make_arm("a"), searches=(SEARCH,)))
    assert len(executor.asked) == 2


# --- what is learned ----------------------------------------------------------------------------------------


def test_the_costs_of_every_study_are_kept_for_the_next_forecast(executor: StubbedExecutor) -> None:
    arms = [make_arm("a", batch_size=8, epochs=2), make_arm("b", batch_size=16, epochs=2)]
    run(executor, *[make_study(arm) for arm in arms])
    costs = Costs(executor.store.root)
    for spec in executor.trained:
        assert costs.is_measured(spec)
        assert costs.estimate_seconds(spec, SETTING.train_images) == pytest.approx(21, rel=0.01)


# --- looks --------------------------------------------------------------------------------------------------


def open_study(*names: str) -> Study:
    """Two arms that are alike, so that no look tells them apart."""
    budget = Budget(epochs=1, seeds=2, most_seeds=4)
    first, second = (make_arm(name, batch_size=size) for name, size in zip(names, (64, 32), strict=True))
    claim = Comparison(name="c", says="s", arm=first.name, baseline=second.name, smallest_effect=0.01)
    return make_study(first, second, budgets=dict.fromkeys(PROFILES, budget), claims=(claim,))


def test_the_first_look_of_all_comes_before_the_second_of_any_and_each_rests_once(executor: StubbedExecutor) -> None:
    store, seen = Store(executor.store.root), []
    works = []
    for number, size in enumerate((1, 2)):
        study = open_study(f"a{size}", f"b{size}")
        study = msgspec.structs.replace(
            study, arms=tuple(msgspec.structs.replace(arm, epochs=size) for arm in study.arms)
        )
        ledger = Ledger(store, SETTING, Path("/"), retry_failures=True, seeds=WhileOpen(DATASET))
        work = Work(f"study {number}", study, ledger)
        work.on_rest = partial(seen.append, (number, "rests"))
        work.on_settled = partial(seen.append, (number, "is settled"))
        works.append(work)
    executor.test_accuracy = lambda blocks: 0.5 + 0.1 * (len(executor.trained) % 3)
    Scheduler(works, executor, 1, Progress(io.StringIO())).run()
    order = [(spec.seed > 2, spec.epochs) for spec in executor.trained]
    assert order == sorted(order)
    assert len(order) == 16
    assert seen == [(0, "rests"), (1, "rests"), (0, "is settled"), (1, "is settled")]


def test_trials_belong_to_the_first_look_whatever_their_seed() -> None:
    study = make_study(make_arm("a"), seeds=2)
    spec = study.spec_for(study.arms[0], 7, SETTING)
    assert study.look_of(Wanted(study.arms[0], spec, is_trial=True)) == 0
    assert study.look_of(Wanted(study.arms[0], spec)) == 2


def test_what_is_stored_already_is_shown_when_results_ask_for_it(executor: StubbedExecutor) -> None:
    more: dict[str, int] = {}
    store = Store(executor.store.root)
    run(executor, msgspec.structs.replace(open_study("a", "b"), seeds=4))
    ledger = Ledger(store, SETTING, Path("/"), retry_failures=True, seeds=lambda *_: dict(more))
    work, shown = Work("a", open_study("a", "b"), ledger), []
    scheduler = Scheduler([work], executor, 1, Progress(io.StringIO()))

    def show() -> None:
        shown.append(dict(more))
        if not more:
            more.update(a=4, b=4)
            scheduler.look_again(work)

    work.on_settled = show
    scheduler.run()
    assert shown == [{}, {"a": 4, "b": 4}]
    assert len(executor.trained) == 8


def test_a_study_whose_results_ask_for_more_is_taken_up_again(executor: StubbedExecutor) -> None:
    more: dict[str, int] = {}
    ledger = Ledger(Store(executor.store.root), SETTING, Path("/"), retry_failures=True, seeds=lambda *_: dict(more))
    work = Work("a", open_study("a", "b"), ledger)
    scheduler = Scheduler([work], executor, 1, Progress(io.StringIO()))

    def measure() -> None:
        if not more:
            more.update(a=4, b=4)
            scheduler.look_again(work)

    work.on_settled = measure
    scheduler.run()
    assert sorted(seeds_of(executor)) == [1, 1, 2, 2, 3, 3, 4, 4]
    assert work.settled
