"""Training, executing and rendering what a request asks for: the work of `all` and `run`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from kerascnn.costs import Costs
from kerascnn.errors import EXIT_TERMINATED, KerascnnError, StoreError
from kerascnn.execution.pool import LocalExecutor, WorkerDied, Workers
from kerascnn.execution.scheduling.progress import Progress
from kerascnn.execution.scheduling.scheduler import DRAIN_SECONDS, Scheduler
from kerascnn.execution.scheduling.works import Work
from kerascnn.execution.structures import Structures, wanted_models
from kerascnn.execution.trainers import start_trainers
from kerascnn.machine import usable_cores
from kerascnn.notebooks.deadlines import NOTEBOOK, deadline_seconds
from kerascnn.notebooks.executing.execute import NotebookTask
from kerascnn.ownership.scratch import scratch_folder, variables_inside
from kerascnn.places import reports_folder
from kerascnn.planning.settle import check_data, is_settled
from kerascnn.planning.suite import Experiment, Planned, Suite
from kerascnn.records import NotebookFailure, utc_now
from kerascnn.rendering import is_up_to_date, render, report_of
from kerascnn.report.facts.report_inputs import page_stem
from kerascnn.report_lane import ReportLane
from kerascnn.specs import Profile
from kerascnn.spelling import counted
from kerascnn.stats import faults_of
from kerascnn.surroundings.notices import Notices


@dataclass
class Outcome:
    """What became of a request. `index` is the report's first page."""

    index: Path
    trained: int = 0
    executed: list[str] = field(default_factory=list)
    failed_runs: list[str] = field(default_factory=list)
    failed_notebooks: list[str] = field(default_factory=list)
    faulty_takeaways: list[str] = field(default_factory=list)

    def note_executed(self, name: str) -> None:
        """The notebook has been executed, perhaps anew with more seeds: what became of it before counts no more."""
        self.executed = [*(one for one in self.executed if one != name), name]
        self.failed_notebooks = [one for one in self.failed_notebooks if one != name]

    @property
    def is_complete(self) -> bool:
        return not (self.failed_runs or self.failed_notebooks or self.faulty_takeaways)


class Producer:
    """One request being carried out. Results appear in the report as they are finished."""

    def __init__(self, suite: Suite, command: str, *, always_execute: bool) -> None:
        self._suite, self._always_execute = suite, always_execute
        self._progress = Progress(sys.stderr)
        self._deadline_seconds = deadline_seconds(*NOTEBOOK)
        self._executed_as: dict[str, str] = {}
        """Experiment -> the freshness of the result that was asked of its notebook last."""
        self._structures, self._costs = Structures(), Costs(suite.store.root)
        invocation = f"{utc_now()} {os.getpid()}"
        self._render_task = report_of(suite.dataset, suite.request.profile, command, invocation=invocation)
        self.outcome = Outcome(reports_folder() / "index.html")

    def run(self) -> Outcome:
        """Train what is missing, execute what is stale, render what changed.

        Raises: StoreError when the store cannot be written; KeyboardInterrupt and SystemExit after the
        workers are gone.
        """
        plans = self._suite.planned()
        for experiment in self._suite.problems():
            self._note_problem(experiment)
        for warning in self._suite.warnings():
            self._progress.say(warning)
        if self._is_nothing_to_do(plans):
            self._render_if_stale()
            self._check_takeaways(plans)
            return self.outcome
        if self._suite.request.force or not all(is_settled(plan.study, plan.ledger) for plan in plans):
            check_data(self._suite.dataset, self._suite.request.data)
        self._suite.store.check_writable()
        self._suite.store.remove_temporaries()
        jobs = self._suite.request.jobs or usable_cores()
        log = self._suite.store.worker_log()
        with scratch_folder() as scratch:
            notices = Notices(scratch / "notices")
            inside = variables_inside(scratch) | notices.variables
            executors = start_trainers(jobs, inside, log), LocalExecutor(1, inside, log)
            with _stopping_workers(*executors) as (trainers, reporter):
                self._produce(self._buildable(plans, trainers), trainers, reporter, jobs, notices)
        self._check_takeaways(plans)
        return self.outcome

    def _buildable(self, plans: list[Planned], trainers: Workers) -> list[Planned]:
        """The plans whose models can be built; the others are left out, as a notebook is that breaks the contract."""
        wanted = [
            run
            for plan in plans
            for run in wanted_models(plan.experiment.name, plan.study, plan.ledger, self._suite.dataset)
        ]
        doubtful = self._structures.doubtful(wanted)
        if doubtful:
            self._progress.say(f"Building {counted(len(doubtful), 'model')} once, before anything is trained.")
            self._structures.build(doubtful, trainers)
        for run in wanted:
            if (built := self._structures.find(run)) is not None:
                self._costs.note_size(run.spec, built.size)
        faults = self._structures.faults(wanted)
        for plan in plans:
            if plan.experiment.name in faults:
                self._note_problem(plan.experiment.unusable(faults[plan.experiment.name]))
        return [plan for plan in plans if plan.experiment.name not in faults]

    def _produce(self, plans: list[Planned], trainers: Workers, reporter: Workers, jobs: int, notices: Notices) -> None:
        works = [Work(plan.experiment.name, plan.study, plan.ledger, force=self._suite.request.force) for plan in plans]
        scheduler = Scheduler(works, trainers, jobs, self._progress, notices=notices.fresh, costs=self._costs)
        lane = ReportLane(reporter, scheduler.watch, self._render_task, self._costs, self._progress.say)
        for plan, work in zip(plans, works, strict=True):
            work.on_settled = work.on_rest = partial(self._execute, plan, work, scheduler, lane)
        lane.render()
        with _draining_on_interrupt(scheduler, self._progress):
            scheduler.run()
        self.outcome.index = lane.index or self.outcome.index
        self.outcome.failed_runs += scheduler.failed + scheduler.changed
        self.outcome.trained = scheduler.trained

    def _is_nothing_to_do(self, plans: list[Planned]) -> bool:
        if plans and (self._suite.request.force or self._always_execute):
            return False
        return all(is_settled(p.study, p.ledger) and p.is_fresh() for p in plans)

    def _execute(self, plan: Planned, work: Work, scheduler: Scheduler, lane: ReportLane) -> None:
        plan = plan.at_rest()
        name, freshness = plan.experiment.name, plan.freshness()
        is_wanted = self._always_execute and name not in self._executed_as
        if self._executed_as.get(name) == freshness or (not is_wanted and plan.is_fresh()):
            return
        self._executed_as[name] = freshness
        task = NotebookTask(
            assignment=plan.assignment(self._suite.dataset),
            title=plan.experiment.notebook.title,
            profile=plan.study.profile,
            runs=plan.runs,
            deadline_seconds=self._deadline_seconds,
            failed_runs=tuple(
                plan.ledger.key(s) for s in plan.study.planned(plan.ledger).values() if plan.ledger.record(s) is None
            ),
        )
        lane.execute(task, partial(self._executed, plan, work, scheduler, lane))

    def _executed(self, plan: Planned, work: Work, scheduler: Scheduler, lane: ReportLane, future: Future) -> None:
        name = plan.experiment.name
        self.outcome.note_executed(name)
        failure = _failure_of(future, plan)
        if failure is not None:
            self.outcome.failed_notebooks.append(name)
            self._progress.say(f"{name}: the notebook failed: {failure.reason}")
        else:
            self._costs.learn_executing(name, plan.study.profile, future.result()[1])
        stem = page_stem(name, plan.experiment.changed)
        lane.render(f"{name}: see {self.outcome.index.parent / stem}.html")
        scheduler.look_again(work)  # what the notebook measured may leave a claim open

    def _render_if_stale(self) -> None:
        if not is_up_to_date(self._render_task):
            render(self._render_task.canonical_json())

    def _check_takeaways(self, plans: list[Planned]) -> None:
        """Say which sentences the report could not fill in; a result that is up to date still has them."""
        for plan in plans:
            published = plan.slot.load()
            for fault in faults_of(published) if published is not None else ():
                self._progress.say(f"{plan.experiment.name}: {fault}")
                self.outcome.faulty_takeaways.append(plan.experiment.name)

    def _note_problem(self, experiment: Experiment) -> None:
        self.outcome.failed_notebooks.append(experiment.name)
        self._progress.say(f"{experiment.name} is left out: {experiment.problem}")
        failure = _describe(
            experiment, self._suite.request.profile, self._suite.dataset.content, str(experiment.problem)
        )
        slot = self._suite.slot(experiment)
        known = slot.load_failure()
        if known is None or known.reason != failure.reason:
            slot.adopt_failure(failure, None)


def _failure_of(future: Future, plan: Planned) -> NotebookFailure | None:
    """Why the notebook failed, noted down; None where it did not. Whatever the executing process raised is its failure."""
    try:
        answer, _ = future.result()
    except CancelledError:
        raise
    except WorkerDied as err:
        reason = f"The process that executed the notebook was killed: {err}"
    except Exception as err:
        reason = (
            f"It could not be executed: {err if isinstance(err, KerascnnError) else f'{type(err).__name__}: {err}'}"
        )
    else:
        return None if answer == b"null" else NotebookFailure.from_json(answer)
    failure = _describe(plan.experiment, plan.study.profile, plan.ledger.setting.content, reason, plan.runs)
    try:
        plan.slot.adopt_failure(failure, None)
    except (OSError, StoreError) as err:
        reason = f"{reason} It could not be recorded either: {err}"
    return msgspec.structs.replace(failure, reason=reason)


def _describe(
    experiment: Experiment, profile: Profile, content: str, reason: str, runs: dict[str, dict[int, str]] | None = None
) -> NotebookFailure:
    return NotebookFailure(
        experiment=experiment.name,
        title=experiment.notebook.title,
        profile=profile,
        data=content,
        parameters=experiment.values,
        changed_parameters=experiment.changed,
        reason=reason,
        traceback=reason,
        cell=None,
        failed_at=utc_now(),
        runs=runs or {},
    )


@contextmanager
def _draining_on_interrupt(scheduler: Scheduler, progress: Progress) -> Iterator[None]:
    """The first Ctrl-C lets runs finish that are about to; the second stops at once."""

    def drain(signal_number: int, frame: Any) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        scheduler.drain()
        progress.say(
            f"Interrupted. Waiting up to {DRAIN_SECONDS:.0f} s for the runs under way; Ctrl-C again stops them."
        )

    before = signal.signal(signal.SIGINT, drain)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _stopping_workers(*executors: Workers) -> Iterator[tuple[Workers, ...]]:
    """Executors whose workers are gone when the block is left, however it is left."""

    def stop(signal_number: int, frame: Any) -> None:
        raise SystemExit(EXIT_TERMINATED)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield executors
        # Waited for: Python's own clean-up of process pools at exit does not bear threads that are shutting one down.
        for executor in executors:
            executor.shutdown()
    except BaseException:
        for executor in executors:
            executor.shutdown(cancel_futures=True)
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
