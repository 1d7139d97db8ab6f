"""Studies of notebooks, built in child processes: their cells are anybody's code, and must not load TensorFlow.

`python -m kerascnn.notebooks.studies` is the process between: requests (JSON) on standard input, one answer a line. It
makes a fork of itself for each, whose cells reach neither its streams nor each other, and ends what takes too much.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import psutil

from kerascnn.errors import KerascnnError, NotebookError
from kerascnn.notebooks.building import build_study, enter
from kerascnn.notebooks.contract import read_notebook
from kerascnn.notebooks.deadlines import STUDY, deadline_seconds
from kerascnn.notebooks.strays import adopt_orphans, end_strays
from kerascnn.places import CHECKOUT, children_variables
from kerascnn.specs import Study
from kerascnn.spelling import printable

MOST_MEMORY_BYTES = 1_000_000_000
"""Of the process that runs the cells of one notebook."""
LONGEST_ANSWER_BYTES = 4_000_000
LOOK_SECONDS = 0.02
"""How often the memory of that process is looked at."""


@dataclass(frozen=True)
class StudyRequest:
    """A notebook and the parameter values that replace its defaults."""

    path: Path
    values: dict[str, Any]


def load_studies(requests: list[StudyRequest]) -> list[Study | NotebookError]:
    """The study of each request, or what is wrong with its notebook. One child serves all that work."""
    answers: list[Study | NotebookError] = []
    seconds = deadline_seconds(*STUDY)
    while len(answers) < len(requests):
        rest = requests[len(answers) :]
        lines, problem = _ask_child(rest, seconds)
        answers += [_read_answer(line, request.path) for line, request in zip(lines, rest, strict=False)]
        if len(lines) < len(rest):
            answers.append(_about(rest[len(lines)].path, f"The process that runs the cells ended: {problem}"))
    return answers


def _ask_child(requests: list[StudyRequest], seconds: float) -> tuple[list[bytes], str]:
    """The answers of a child, and why there are no more of them."""
    text = "".join(json.dumps([str(request.path), request.values, seconds]) + "\n" for request in requests)
    command = [sys.executable, "-m", "kerascnn.notebooks.studies"]
    patience = 30 + (seconds + 2) * len(requests)
    try:
        done = subprocess.run(
            command,
            input=text.encode(),
            capture_output=True,
            timeout=patience,
            env=children_variables(),
            cwd=CHECKOUT,  # where Python looks before anywhere else: the user may stand in another checkout
        )
    except subprocess.TimeoutExpired as err:
        return (err.stdout or b"").splitlines(), f"not done after {patience:.0f} s."
    said = done.stderr.decode(errors="replace").strip().splitlines()
    return done.stdout.splitlines(), printable(said[-1], 300) if said else _how_it_ended(done.returncode)


def _read_answer(line: bytes, path: Path) -> Study | NotebookError:
    try:
        answer = json.loads(line)
        if "error" in answer:
            return _about(path, answer["error"])
        return Study.from_dict(answer["study"])
    # Whatever a cell made its process write in place of a study.
    except (KerascnnError, ValueError, TypeError, KeyError, RecursionError) as err:
        return _about(path, f"The study that the cells made cannot be read: {err}")


def _about(path: Path, problem: str) -> NotebookError:
    return NotebookError(f"{printable(problem)} (in {printable(path.name)})")


def _serve() -> None:
    adopt_orphans()
    for line in sys.stdin.buffer:
        path, values, seconds = json.loads(line)
        sys.stdout.buffer.write(_answer(Path(path), values, seconds).replace(b"\n", b" ") + b"\n")
        sys.stdout.buffer.flush()
    end_strays()  # once: looking for them takes longer than a study


def _answer(path: Path, values: dict[str, Any], seconds: float) -> bytes:
    """What a fork answers about the notebook, or what became of it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            _work(path, values, os.fdopen(writing, "wb"))
        finally:
            os._exit(70)  # nothing that the cells asked for at exit is done
    os.close(writing)
    with contextlib.suppress(OSError):  # it does the same: whoever comes first
        os.setpgid(child, child)
    try:
        with os.fdopen(reading, "rb", buffering=0) as answers:
            answer, problem = _wait(child, answers, seconds)
    finally:
        os.killpg(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    if problem is None and not answer.endswith(b"\n"):
        problem = _how_it_ended(os.waitstatus_to_exitcode(status))
    return answer if problem is None else json.dumps({"error": f"The cells ended the process: {problem}"}).encode()


def _work(path: Path, values: dict[str, Any], answers: BinaryIO) -> None:
    os.setpgid(0, 0)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answer: dict[str, Any]
    try:
        enter(path.parent)
        answer = {"study": build_study(read_notebook(path), values).to_dict()}
    except NotebookError as err:
        answer = {"error": str(err).encode(errors="backslashreplace").decode()}
    answers.write(msgspec.json.encode(answer) + b"\n")
    answers.flush()


def _wait(child: int, answers: BinaryIO, seconds: float) -> tuple[bytes, str | None]:
    """The child's answer, up to the end of its line; else what it did too much of."""
    end, answer, process = time.monotonic() + seconds, b"", psutil.Process(child)
    while not answer.endswith(b"\n"):
        if time.monotonic() > end:
            return answer, (
                f"not done after {seconds:g} s. Slow cells belong below the study; {STUDY[0]} (in seconds) "
                "gives them more time."
            )
        if _memory_of(process) > MOST_MEMORY_BYTES:
            return answer, f"more than {MOST_MEMORY_BYTES / 1e9:g} GB of memory."
        if select.select([answers], [], [], LOOK_SECONDS)[0]:
            more = answers.read(1 << 16)
            if not more:
                break
            answer = (answer + more).partition(b"\n")[0] + (b"\n" if b"\n" in more else b"")
        if len(answer) > LONGEST_ANSWER_BYTES:
            return answer, f"a study of more than {LONGEST_ANSWER_BYTES / 1e6:g} MB."
    return answer, None


def _memory_of(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0


def _how_it_ended(code: int) -> str:
    return f"exit {code}." if code >= 0 else f"{signal.Signals(-code).name}."


if __name__ == "__main__":
    _serve()
