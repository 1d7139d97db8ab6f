"""Feeds workers with the runs that studies want, until every study is settled.

The parent decides and the workers do: a worker trains one run and commits it to the store itself, so that
nothing finished depends on the parent living on.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from functools import partial

import msgspec

from kerascnn.costs import Costs, kind_of
from kerascnn.errors import KerascnnError
from kerascnn.execution.pool import WorkerDied
from kerascnn.execution.scheduling.patience import Patience
from kerascnn.execution.scheduling.progress import Progress
from kerascnn.execution.scheduling.works import Books, Run, Work
from kerascnn.execution.worker import TaskOutcome, TrainTask, describe_peak, propose, train
from kerascnn.machine import usable_cores
from kerascnn.planning.search import ProposalRequest, still_to_ask
from kerascnn.records import RunFailure, utc_now
from kerascnn.specs import Proposals, TrainSpec, Wanted
from kerascnn.spelling import counted

BUSY_WAIT_SECONDS = 1.0
"""How long to leave a run alone that another pipeline is training."""
POLL_SECONDS = 0.25
DEATHS_ALLOWED = 1
"""A run whose worker died or had no memory left is tried once more, alone; the second time is the run's fault."""
DRAIN_SECONDS = 10.0
"""How long an interrupted pipeline waits for runs that are about to finish."""

Handler = Callable[[Future], None]


class Scheduler:
    """Runs works in their order, the first look of all before the second of any; inside one work the longest run starts first.

    The works have one store. `costs`: what is known of how long runs take; this learns from every run.
    `notices` gives what workers have to say to the user since it was asked last.
    """

    def __init__(
        self,
        works: list[Work],
        executor: Executor,
        jobs: int,
        progress: Progress,
        task: Callable[[bytes], bytes] = train,
        notices: Callable[[], list[str]] = list,
        costs: Costs | None = None,
    ) -> None:
        self._works, self._executor, self._jobs, self._progress = works, executor, jobs, progress
        self._task, self._notices = task, notices
        self._patience, self._said = Patience(), set[str]()
        self._cores = max(jobs, usable_cores())
        self._drained_at: float | None = None
        self._futures: dict[Future, Handler] = {}
        self._books = Books()
        self._costs = costs or Costs(works[0].ledger.store.root)
        self._oracle_deaths = 0
        self._doing = "starting workers"
        self._idle_kind = ""
        self._failures: dict[tuple[str, str], list[str]] = {}
        self.trained = 0
        self.failed: list[str] = []
        self.changed: list[str] = []

    def watch(self, future: Future, handler: Handler) -> None:
        """Call `handler(future)` from `run` once the future is done."""
        self._futures[future] = handler

    def drain(self) -> None:
        """Start nothing more; `run` raises KeyboardInterrupt once the runs under way are done, or soon after."""
        self._drained_at = time.monotonic() + DRAIN_SECONDS

    def run(self) -> None:
        """Return when every work is settled and every watched future handled.

        Raises: KeyboardInterrupt after `drain`; StoreError when the store cannot be written.
        """
        try:
            self._look_for_work()
            while self._futures or self._books.waiting:
                self._check_drained()
                self._submit()
                if not self._futures:  # every run that is left is being trained by another pipeline
                    time.sleep(POLL_SECONDS)
                done, _ = wait(self._futures, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
                for future in done:
                    self._futures.pop(future)(future)
                for text in self._notices():
                    self._progress.say(text)
                self._report()
            if self._drained_at is not None:  # the last runs finished in time, but nothing followed them
                raise KeyboardInterrupt
        finally:
            self._progress.close()
            self._say_failures_again()
            self._costs.save()

    def _check_drained(self) -> None:
        if self._drained_at is not None and (not self._books.under_way or time.monotonic() > self._drained_at):
            raise KeyboardInterrupt

    def _look_for_work(self, key: str | None = None) -> None:
        """Ask every unsettled study what it wants next; after the run `key` those that wanted it, for nothing is new to others."""
        if self._drained_at is not None:
            return
        for work in self._works:
            if work.settled or not (key is None or key in work.keys or work.ledger.requests):
                continue
            wanted = self._wanted(work)
            work.keys = {work.ledger.key(one.spec) for one in wanted}
            new = [one for one in wanted if work.ledger.key(one.spec) not in self._books.under_way]
            for one in sorted(new, key=lambda one: -self._seconds(work, one.spec)):
                self._books.waiting.setdefault(work.ledger.key(one.spec), Run(one, work, kind_of(one.spec)))
            if not self._someone_alone():
                for request in work.ledger.requests.values():
                    self._ask(work, request)
            self._call_back(work, wanted)
            unknown = [] if work.settled else still_to_ask(work.study, work.ledger)
            work.unknown_seconds = [self._seconds(work, spec) for spec in unknown]

    def look_again(self, work: Work) -> None:
        """The results of `work` have changed by other means than a run: it may want more now, or show more that is stored."""
        if work.settled:
            work.settled = False
            self._look_for_work()

    def _call_back(self, work: Work, wanted: list[Wanted]) -> None:
        """Tell whoever waits for it that nothing of `work` is left to train, or nothing of its first look."""
        if not wanted and not work.ledger.requests:
            work.settled = True
            work.on_settled()
        elif not work.force and not work.has_rested and self._is_resting(work, wanted):
            work.has_rested = True
            work.on_rest()

    def _is_resting(self, work: Work, wanted: list[Wanted]) -> bool:
        """Whether only later looks are left of `work`, and others have their turn before."""
        others = any(not other.settled for other in self._works if other is not work)
        return others and not work.ledger.requests and all(work.study.look_of(one) > 0 for one in wanted)

    def _wanted(self, work: Work) -> list[Wanted]:
        wanted = work.study.next_wanted(work.ledger)
        if not work.force:
            return wanted
        again = [
            one for one in work.study.wanted_arms(work.ledger) if work.ledger.key(one.spec) not in self._books.done
        ]
        return list({work.ledger.key(one.spec): one for one in [*wanted, *again]}.values())

    def _submit(self) -> None:
        while len(self._books.under_way) + len(self._books.asking) < self._jobs:
            key = self._choose()
            if key is None:
                return
            run = self._books.waiting.pop(key)
            self._books.under_way[key] = run
            self._idle_kind = ""
            task = TrainTask(
                identity=run.work.ledger.identity(run.spec),
                store=str(run.work.ledger.store.root),
                search_path=str(run.work.ledger.search_path),
                force=run.work.force,
                cores=self._cores,
            )
            self.watch(self._executor.submit(self._task, task.canonical_json()), partial(self._trained, key))

    def _choose(self) -> str | None:
        """The key of the run to start next, None where there is none.

        The earliest look, then the order of the works. In one work: first what the worker that is idle now has traced,
        then what no other worker traces, then the longest.
        """
        now, waiting, under_way = time.monotonic(), self._books.waiting, self._books.under_way
        if self._drained_at is not None or any(run.alone for run in under_way.values()):
            return None
        alone = next((key for key, run in waiting.items() if run.alone and run.not_before <= now), None)
        if alone is not None:
            return None if under_way or self._books.asking else alone
        busy = {run.kind for run in under_way.values()}

        def rank(key: str) -> tuple[int, int, bool, bool]:
            run = waiting[key]
            return run.look, self._works.index(run.work), run.kind != self._idle_kind, run.kind in busy

        return min((key for key, run in waiting.items() if run.not_before <= now), key=rank, default=None)

    def _someone_alone(self) -> bool:
        """Whether a run is to be tried, or is under way, with nothing beside it."""
        books = self._books
        return any(run.alone for run in [*books.waiting.values(), *books.under_way.values()])

    def _ask(self, work: Work, request: ProposalRequest) -> None:
        if request.digest in self._books.asking:
            return
        self._books.asking.add(request.digest)
        future = self._executor.submit(propose, request.canonical_json())
        self.watch(future, lambda f: self._proposed(work, request, f))

    def _proposed(self, work: Work, request: ProposalRequest, future: Future) -> None:
        self._books.asking.discard(request.digest)
        try:
            work.ledger.save_proposals(request, Proposals.from_json(future.result()))
        except WorkerDied as err:
            self._oracle_deaths += 1
            if self._oracle_deaths > DEATHS_ALLOWED:
                raise KerascnnError(
                    f"The process that asked the oracle of search {request.search!r} in {work.name} was killed "
                    f"{self._oracle_deaths} times (out of memory?). Free memory and start again: every run is kept."
                ) from err
        self._look_for_work()

    def _trained(self, key: str, future: Future) -> None:
        run = self._books.under_way.pop(key)
        self._idle_kind = run.kind
        try:
            outcome = TaskOutcome.from_json(future.result())
        except WorkerDied:
            peak = describe_peak(resource.RUSAGE_CHILDREN)
            self._try_alone(key, run, f"The worker was killed while it trained this run; {peak}.")
            return
        if outcome.state == "memory":
            self._try_alone(key, run, outcome.message)
            return
        if outcome.state == "busy":
            self._wait_for_other(key, run, outcome)
            return
        self._books.done.add(key)
        self._note(run, outcome)
        self._look_for_work(key)

    def _wait_for_other(self, key: str, run: Run, outcome: TaskOutcome) -> None:
        """Leave the run alone for a while; if its holder is suspended, or never ends, it has failed here."""
        held = f"it is being trained by {outcome.message}"
        if not self._patience.is_over(key, outcome.suspended):
            self._say_once(f"Waiting for {run.label} of {run.work.name}: {held}.", outcome.message)
            run.alone, run.not_before = False, time.monotonic() + BUSY_WAIT_SECONDS
            self._books.waiting[key] = run
            return
        reason = f"It could not be trained: {held}. Everything else is done. Start the same command again to try this run again."
        failure = RunFailure(key=key, spec=run.spec, reason=reason, traceback=reason, failed_at=utc_now())
        run.work.ledger.store.save_failure(failure)
        self._books.done.add(key)
        self._give_up(run, key, reason)
        self._look_for_work(key)

    def _say_once(self, text: str, about: str) -> None:
        if about not in self._said:
            self._said.add(about)
            self._progress.say(text)

    def _note(self, run: Run, outcome: TaskOutcome) -> None:
        self._doing = f"{run.work.name}: {run.label}"
        if outcome.state == "failed":
            self._give_up(run, outcome.key, outcome.message)
        elif outcome.state == "changed":
            self.changed.append(outcome.key)
            self._progress.say(
                f"Run {outcome.key[:12]} of {run.work.name} gave different bits from the run that it replaces."
            )
        if outcome.duration_seconds:
            self.trained += 1
        if outcome.spent is not None:
            self._costs.learn(run.spec, run.work.ledger.setting.images_for(run.spec), outcome.spent)
        if outcome.starting_seconds:
            self._costs.learn_starting(outcome.starting_seconds)

    def _try_alone(self, key: str, run: Run, reason: str) -> None:
        """Once more with nothing else under way; the second time the run has failed for `reason`."""
        run.deaths += 1
        if run.deaths <= DEATHS_ALLOWED:
            run.alone = True
            self._books.waiting[key] = run
            return
        reason = f"{reason} Tried {run.deaths} times, the last time alone."
        store = run.work.ledger.store
        failure = RunFailure(key=key, spec=run.spec, reason=reason, traceback=reason, failed_at=utc_now())
        told = store.load_failure(key)  # by a worker that lived to tell it: with its traceback and curve
        store.save_failure(msgspec.structs.replace(told, reason=reason) if told else failure)
        self._books.done.add(key)
        self._give_up(run, key, reason)
        self._look_for_work(key)

    def _give_up(self, run: Run, key: str, reason: str) -> None:
        self.failed.append(key)
        for work in self._works:
            work.ledger.give_up(key)
        others = self._failures.setdefault((run.work.name, reason), [])
        others.append(run.label)
        if len(others) == 1:
            self._progress.say(f"Failed in {run.work.name}: {run.label}: {reason}")

    def _say_failures_again(self) -> None:
        """How many runs failed for each reason that was told with the first of them."""
        for (name, _), (first, *more) in self._failures.items():
            if more:
                runs = counted(len(more), "more run")
                self._progress.say(f"Failed in {name} for the same reason as {first}: {runs}: {', '.join(more)}")

    def _seconds(self, work: Work, spec: TrainSpec) -> float:
        return self._costs.estimate_seconds(spec, work.ledger.setting.images_for(spec))

    def _report(self) -> None:
        books = self._books
        left = [*books.waiting.values(), *books.under_way.values()]
        unknown = [seconds for work in self._works if not work.settled for seconds in work.unknown_seconds]
        seconds = sum(self._seconds(run.work, run.spec) for run in left) + sum(unknown)
        total = len(books.done) + len(left) + len(unknown)
        if total:
            self._progress.update(len(books.done), total, seconds / self._jobs, self._doing)
