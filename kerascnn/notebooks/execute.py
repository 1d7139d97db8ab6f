"""Executing a notebook with Papermill, in a process of its own, and keeping what came out of it."""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
import threading
from pathlib import Path
from typing import Any

import psutil

from kerascnn.errors import UsageError
from kerascnn.places import import_path, variable
from kerascnn.publishing import EXECUTED, RESULT, Slot
from kerascnn.records import NotebookFailure, utc_now
from kerascnn.scratch import KERNEL, scratch_folder, variables_inside
from kerascnn.session import SESSION_VARIABLE, Session
from kerascnn.specs import Profile, Spec
from kerascnn.store import Store

DEADLINE_SECONDS = 1200.0
"""Everything is trained when a notebook runs: looking at it takes seconds."""
LONGEST_OUTPUT = 100_000
"""Characters of one output that are kept."""


class NotebookTask(Spec, frozen=True, kw_only=True):
    """One notebook to execute: its session and where its runs are, for the report if it fails."""

    session: Session
    title: str
    profile: Profile
    runs: dict[str, dict[int, str]]
    failed_runs: tuple[str, ...]
    deadline_seconds: float = DEADLINE_SECONDS


def execute(task_json: bytes) -> bytes:
    """Execute the notebook of a NotebookTask (JSON); `null`, or the NotebookFailure (JSON).

    What the notebook published is the only proof that it ran to its end.
    """
    task = NotebookTask.from_json(task_json)
    slot = slot_of(task)
    purpose = f"{slot.experiment} {slot.name}"
    with (
        scratch_folder() as scratch,
        Store(slot.store).temporary_folder(purpose) as staging,
    ):
        executed = scratch / EXECUTED
        problem = _run(task, scratch, staging, executed)
        problem = problem or _shorten_outputs(executed)
        if problem is None and not (staging / RESULT).exists():
            problem = ("The notebook ended without results.publish().", "", None)
        if problem is None:
            (staging / EXECUTED).write_bytes(executed.read_bytes())
            slot.adopt(staging)
            return b"null"
        failure = _failure(task, *problem)
        slot.adopt_failure(failure, executed)
        return failure.canonical_json()


def notebook_deadline_seconds() -> float:
    """How long one notebook may take: KERASCNN_NOTEBOOK_DEADLINE. Raises: UsageError when that is no time."""
    given = variable("KERASCNN_NOTEBOOK_DEADLINE") or str(DEADLINE_SECONDS)
    try:
        seconds = float(given)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < threading.TIMEOUT_MAX:
        raise UsageError(f"KERASCNN_NOTEBOOK_DEADLINE must be a number of seconds. Received: {given!r}.")
    return seconds


def slot_of(task: NotebookTask) -> Slot:
    """Where the task's result is kept."""
    session = task.session
    return Slot(
        Path(session.store), session.experiment, task.profile, session.dataset.content, session.changed_parameters
    )


def _run(task: NotebookTask, scratch: Path, staging: Path, executed: Path) -> tuple[str, str, int | None] | None:
    """None when every cell ran; else (reason, traceback, number of the cell)."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    session_file = scratch / "session.json"
    inside = Session.from_dict({**task.session.to_dict(), "staging": str(staging)})
    session_file.write_bytes(inside.canonical_json())
    _install_kernel(scratch, session_file)
    deadline = _Deadline(task.deadline_seconds)
    try:
        with deadline:
            papermill.execute_notebook(
                task.session.notebook,
                str(executed).replace("{", "{{").replace("}", "}}"),
                parameters=task.session.parameters,
                kernel_name=KERNEL,
                language="python",
                cwd=str(Path(task.session.notebook).parent),
                progress_bar=False,
                log_output=False,
                iopub_timeout=60,
                config=_connection(scratch),
            )
    except PapermillExecutionError as err:
        return f"{err.ename}: {err.evalue}", "\n".join(err.traceback), err.cell_index
    except Exception as err:
        if deadline.is_over:
            return f"The notebook was stopped after {deadline.seconds:.0f} s: something in it does not end.", "", None
        return f"{type(err).__name__}: {err}", "", None
    return None


class _Deadline:
    """Kills the kernel when the time is over, whatever it is doing."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.is_over = seconds, False
        self._timer = threading.Timer(seconds, self._end)

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *problem: object) -> None:
        self._timer.cancel()

    def _end(self) -> None:
        self.is_over = True
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def _shorten_outputs(executed: Path) -> tuple[str, str, int | None] | None:
    """Cut what a cell printed beyond what anybody reads, and say so; what is wrong if the file cannot be read."""
    if executed.stat().st_size < LONGEST_OUTPUT:
        return None
    try:
        notebook = json.loads(executed.read_bytes())
    except ValueError as err:
        return f"The executed notebook could not be kept (disk full?): {err}.", "", None
    for cell in notebook["cells"]:
        left = LONGEST_OUTPUT
        for output in cell.get("outputs", []):
            for place, name in ((output, "text"), (output.get("data", {}), "text/plain")):
                if name in place:
                    place[name] = _shorten("".join(place[name]), left)
                    left = max(0, left - len(place[name]))
    executed.write_text(json.dumps(notebook), encoding="utf-8")
    return None


def _shorten(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]}\n... {len(text) - 2 * half:,} characters left out ...\n{text[len(text) - half :]}"


def _install_kernel(scratch: Path, session_file: Path) -> None:
    """A kernel of this very Python, whatever kernels the machine has registered."""
    folder = scratch / "kernels" / KERNEL
    folder.mkdir(parents=True)
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": KERNEL,
        "language": "python",
        "env": {
            SESSION_VARIABLE: str(session_file),
            **import_path(),
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            **variables_inside(_folder_in(scratch, "tmp")),
        },
    }
    (folder / "kernel.json").write_text(json.dumps(spec))
    os.environ["JUPYTER_PATH"] = str(scratch)
    os.environ["JUPYTER_RUNTIME_DIR"] = str(_folder_in(scratch, "runtime"))


def _connection(scratch: Path) -> Any:
    """Where the file is kept that says how to talk to the kernel. Else it would lie bare in the temporary folder."""
    from traitlets.config import Config

    return Config({"KernelManager": {"connection_file": str(scratch / "runtime" / "connection.json")}})


def _folder_in(scratch: Path, name: str) -> Path:
    folder = scratch / name
    folder.mkdir(mode=0o700)
    return folder


def _failure(task: NotebookTask, reason: str, traceback: str, cell: int | None) -> NotebookFailure:
    session = task.session
    return NotebookFailure(
        experiment=session.experiment,
        title=task.title,
        profile=task.profile,
        data=session.dataset.content,
        parameters=session.parameters,
        changed_parameters=session.changed_parameters,
        reason=reason,
        traceback=traceback or reason,
        cell=cell,
        failed_at=utc_now(),
        runs=task.runs,
        failed_runs=task.failed_runs,
    )
