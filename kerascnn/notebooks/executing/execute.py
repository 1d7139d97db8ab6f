"""Executing a notebook with Papermill, in a process of its own, and keeping what came out of it."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from kerascnn.errors import KerascnnError
from kerascnn.notebooks.assignment import Assignment
from kerascnn.notebooks.contract import read_notebook
from kerascnn.notebooks.deadlines import NOTEBOOK
from kerascnn.notebooks.executing.kernel import Deadline, private_kernel
from kerascnn.ownership.scratch import scratch_folder
from kerascnn.records import NotebookFailure, utc_now
from kerascnn.specs import Profile, Spec
from kerascnn.store import Store
from kerascnn.store.published import EXECUTED, RESULT, Slot

LONGEST_REASON, LONGEST_TRACEBACK = 2000, 50_000
"""Characters of what a failure says that are kept."""

Problem = tuple[str, str, int | None]
"""Reason, traceback, and the number of the cell counted from 0."""


class NotebookTask(Spec, frozen=True, kw_only=True):
    """One notebook to execute: its assignment and where its runs are, for the report if it fails."""

    assignment: Assignment
    title: str
    profile: Profile
    runs: dict[str, dict[int, str]]
    failed_runs: tuple[str, ...]
    deadline_seconds: float = NOTEBOOK[1]


def execute(task_json: bytes) -> bytes:
    """Execute the notebook of a NotebookTask (JSON); `null`, or the NotebookFailure (JSON).

    What the notebook published is the only proof that it ran to its end. Whatever goes wrong is this notebook's failure.
    """
    task = NotebookTask.from_json(task_json)
    with scratch_folder() as scratch:
        executed = scratch / EXECUTED
        problem = _execute_and_keep(task, scratch, executed)
        if problem is None:
            return b"null"
        failure = _failure(task, *problem)
        slot_of(task).adopt_failure(failure, executed)
        return failure.canonical_json()


def slot_of(task: NotebookTask) -> Slot:
    """Where the task's result is kept."""
    told = task.assignment
    return Slot(Path(told.store), told.experiment, task.profile, told.dataset.content, told.changed_parameters)


def _execute_and_keep(task: NotebookTask, scratch: Path, executed: Path) -> Problem | None:
    slot = slot_of(task)
    try:
        with Store(slot.store).temporary_folder(f"{slot.experiment} {slot.name}") as staging:
            problem = _run(task, scratch, staging, executed)
            if problem is None and not (staging / RESULT).exists():
                problem = ("The notebook ended without results.publish().", "", None)
            if problem is None:
                (staging / EXECUTED).write_bytes(executed.read_bytes())
                slot.adopt(staging)
            return problem
    except Exception as err:  # a full disk, a folder that is gone: the other notebooks go on
        return _spell(err), "", None


def _run(task: NotebookTask, scratch: Path, staging: Path, executed: Path) -> Problem | None:
    """None when every cell ran; else what went wrong."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    from kerascnn.notebooks.executing.engine import NAME

    session_file, source = scratch / "session.json", scratch / "source.ipynb"
    told = msgspec.structs.replace(task.assignment, staging=str(staging))
    session_file.write_bytes(told.canonical_json())
    notebook = read_notebook(Path(told.notebook))
    source.write_text(json.dumps(notebook.to_execute()), encoding="utf-8")
    deadline = Deadline(task.deadline_seconds)
    try:
        with private_kernel(scratch, session_file) as kernel, deadline:
            papermill.execute_notebook(
                _literally(source),
                _literally(executed),
                parameters=told.parameters,
                language="python",
                cwd=str(notebook.path.parent),
                progress_bar=False,
                log_output=False,
                iopub_timeout=60,
                engine_name=NAME,
                **kernel,
            )
    except PapermillExecutionError as err:
        return f"{err.ename}: {err.evalue}", "\n".join(err.traceback), err.cell_index
    except Exception as err:
        if deadline.is_over:
            return (
                f"The notebook was stopped after {deadline.seconds:.0f} s: a cell takes too long or never ends.",
                "",
                None,
            )
        return _spell(err), "", None
    return None


def _literally(path: Path) -> str:
    """A path for Papermill, which takes braces in paths for the names of parameters."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _spell(error: Exception) -> str:
    return str(error) if isinstance(error, KerascnnError) else f"{type(error).__name__}: {error}"


def _failure(task: NotebookTask, reason: str, traceback: str, cell: int | None) -> NotebookFailure:
    told = task.assignment
    return NotebookFailure(
        experiment=told.experiment,
        title=task.title,
        profile=task.profile,
        data=told.dataset.content,
        parameters=told.parameters,
        changed_parameters=told.changed_parameters,
        reason=_kept(reason, LONGEST_REASON),
        traceback=_kept(traceback or reason, LONGEST_TRACEBACK),
        cell=cell,
        failed_at=utc_now(),
        runs=task.runs,
        failed_runs=task.failed_runs,
    )


def _kept(text: str, longest: int) -> str:
    """The text as a record can hold it: half a character is none."""
    text = text.encode(errors="replace").decode()
    return text if len(text) <= longest else f"{text[: longest // 2]}\n...\n{text[-longest // 2 :]}"
