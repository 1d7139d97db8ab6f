"""What runs inside a worker process. TensorFlow is loaded by the first task, never by importing this."""

from __future__ import annotations

import resource
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from kerascnn.costs import Spent, busy_seconds
from kerascnn.errors import KerascnnError
from kerascnn.execution.checks import check_framework, check_machine, check_sources
from kerascnn.execution.held_cores import hold_core
from kerascnn.execution.loading import load_timed, seconds_of_loading
from kerascnn.execution.peak import settle_peak_memory
from kerascnn.identity import RunIdentity
from kerascnn.planning.oracle import answer_request
from kerascnn.planning.search import ProposalRequest
from kerascnn.records import Environment, Epoch, RunFailure, utc_now
from kerascnn.specs import Spec
from kerascnn.store import Store

if TYPE_CHECKING:
    from kerascnn.training.run import Workshop

_workshop: Workshop | None = None


class TrainTask(Spec, frozen=True, kw_only=True):
    """One run to train: what it is, where it is kept, and where the user's own modules lie.

    `cores`: how many runs may be trained at once on this machine, whoever started them.
    """

    identity: RunIdentity
    store: str
    search_path: str
    force: bool = False
    cores: int = 1


class TaskOutcome(Spec, frozen=True, kw_only=True):
    """What became of a task. `busy`: another pipeline is training this run, which `message` tells, and `suspended` whether
    it has been stopped. `changed`: `--force` found other bits than the store had. `memory`: there was not enough of it.
    `spent`: what a trained run took; `starting_seconds`: what its worker took to load TensorFlow before."""

    key: str
    state: Literal["trained", "found", "busy", "failed", "changed", "memory"]
    duration_seconds: float = 0.0
    message: str = ""
    suspended: bool = False
    spent: Spent | None = None
    starting_seconds: float = 0.0


def train(task_json: bytes) -> bytes:
    """Train the run of a TrainTask (JSON) and commit it; a TaskOutcome (JSON). Never raises for a failed run."""
    task = TrainTask.from_json(task_json)
    store, key = Store(Path(task.store)), task.identity.key
    if not task.force and store.load(key) is not None:
        return TaskOutcome(key=key, state="found").canonical_json()
    with hold_core(task.cores), store.claim(key) as mine:
        if not mine:
            return _busy(store, key).canonical_json()
        before = store.load(key)
        if before is not None and not task.force:
            return TaskOutcome(key=key, state="found").canonical_json()
        return _train_claimed(task, store, before.weights_sha256 if before else None).canonical_json()


def _busy(store: Store, key: str) -> TaskOutcome:
    holder = store.claimed_by(key)
    suspended = holder is not None and holder.is_suspended
    return TaskOutcome(key=key, state="busy", message=str(holder or "another process"), suspended=suspended)


def propose(request_json: bytes) -> bytes:
    """How a search goes on: a ProposalRequest (JSON) to a Proposals (JSON)."""
    load_timed()
    return answer_request(ProposalRequest.from_json(request_json)).canonical_json()


def _train_claimed(task: TrainTask, store: Store, hash_before: str | None) -> TaskOutcome:
    key = task.identity.key
    try:
        store.note_training("began", key)
        starting_seconds = _start(task)
        result, spent = _measure(task)
    except (Exception, SystemExit) as err:  # whatever a builder raises
        failure = _describe_failure(task, err)
        store.save_failure(failure)
        return TaskOutcome(key=key, state="memory" if _is_out_of_memory(err) else "failed", message=failure.reason)
    trained = TaskOutcome(
        key=key,
        state="trained",
        duration_seconds=result.record.cost.duration_seconds,
        spent=spent if result.record.outcome == "finished" else None,  # one that diverged ended early
        starting_seconds=starting_seconds,
    )
    if hash_before == result.record.weights_sha256:
        return msgspec.structs.replace(trained, message="the same bits as before")
    store.commit(task.identity, result, replace=task.force)
    store.note_training("committed", key, result.record.weights_sha256)
    return msgspec.structs.replace(trained, state="changed") if hash_before else trained


def _start(task: TrainTask) -> float:
    """Load what training needs, once in a process; the seconds that took, 0 for any later run."""
    global _workshop
    check_machine(task.identity)
    load_timed()
    check_framework(task.identity.spec.threads)
    from kerascnn.training import run as trainer

    if _workshop is not None:
        return 0.0
    settle_peak_memory(trainer)
    _workshop = trainer.Workshop()
    return seconds_of_loading()


def _measure(task: TrainTask) -> tuple[Any, Spent]:
    assert _workshop is not None
    return measure_run(partial(_train, task, _workshop), _workshop)


def measure_run(train: Callable[[], Any], workshop: Workshop) -> tuple[Any, Spent]:
    """In a worker: the RunResult that `train` gives in `workshop`, and what it took."""
    began, traced = busy_seconds(), set(workshop.programs)
    result = train()
    seconds, cost = busy_seconds() - began, result.record.cost
    share = cost.training_seconds / max(cost.duration_seconds, cost.training_seconds)
    is_first = not traced.issuperset(workshop.programs)
    return result, Spent(seconds=seconds, training_seconds=seconds * share, is_first=is_first)


def _train(task: TrainTask, workshop: Workshop) -> Any:
    spec, search_path = task.identity.spec, Path(task.search_path)
    check_sources(task.identity, search_path)
    from kerascnn.data import open_dataset
    from kerascnn.training import run as trainer

    environment = Environment(
        platform=task.identity.platform,
        precision=spec.precision,
        versions=task.identity.versions,
        finished_at=utc_now(),
    )
    result = trainer.train_run(
        spec,
        open_dataset(spec.data.content),
        key=task.identity.key,
        environment=environment,
        search_path=search_path,
        workshop=workshop,
    )
    finished = msgspec.structs.replace(environment, finished_at=utc_now())
    return replace(result, record=msgspec.structs.replace(result.record, environment=finished))


def _describe_failure(task: TrainTask, error: BaseException) -> RunFailure:
    epochs: tuple[Epoch, ...] = getattr(error, "epochs", ())
    described = str(error) if isinstance(error, KerascnnError) else f"{type(error).__name__}: {error}"
    return RunFailure(
        key=task.identity.key,
        spec=task.identity.spec,
        reason=f"Not enough memory ({describe_peak()}): {error}" if _is_out_of_memory(error) else described,
        traceback="".join(traceback.format_exception(error)),
        failed_at=utc_now(),
        epochs=epochs,
    )


def _is_out_of_memory(error: BaseException) -> bool:
    chain = [error, error.__cause__]
    return any(isinstance(e, MemoryError) or type(e).__name__ == "ResourceExhaustedError" for e in chain)


def describe_peak(who: int = resource.RUSAGE_SELF) -> str:
    """The most memory that this process has had, or with RUSAGE_CHILDREN the largest of those it waited for."""
    peak = resource.getrusage(who).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return f"the {'largest ' if who == resource.RUSAGE_CHILDREN else ''}worker used at most {peak / 1e9:.1f} GB"
