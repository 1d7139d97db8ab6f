"""Studies of notebooks, built in a child process: their cells are anybody's code, and must not load TensorFlow.

`python -m kerascnn.notebooks.studies` is that child: requests (JSON) on standard input, one answer a line.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from kerascnn.errors import KerascnnError, NotebookError
from kerascnn.notebooks.contract import Notebook, read_notebook
from kerascnn.places import CHECKOUT, children_variables
from kerascnn.specs import Study

CELL_DEADLINE_SECONDS = 30
CELLS = "<cells>"
BLOCKED = ("tensorflow", "keras", "keras_tuner", "torch", "jax")


@dataclass(frozen=True)
class StudyRequest:
    """A notebook and the parameter values that replace its defaults."""

    path: Path
    values: dict[str, Any]


def load_studies(requests: list[StudyRequest]) -> list[Study | NotebookError]:
    """The study of each request, or what is wrong with its notebook. One child serves all that work."""
    answers: list[Study | NotebookError] = []
    while len(answers) < len(requests):
        rest = requests[len(answers) :]
        lines, error = _ask_child(rest)
        answers += [_read_answer(line, request.path) for line, request in zip(lines, rest, strict=False)]
        if len(answers) < len(requests) and len(lines) < len(rest):
            answers.append(NotebookError(f"The cells of {rest[len(lines)].path.name} ended the process: {error}"))
    return answers


def _ask_child(requests: list[StudyRequest]) -> tuple[list[str], str]:
    text = "".join(json.dumps([str(request.path), request.values]) + "\n" for request in requests)
    command = [sys.executable, "-m", "kerascnn.notebooks.studies"]
    deadline = CELL_DEADLINE_SECONDS + 2 * len(requests)
    try:
        done = subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            timeout=deadline,
            env=children_variables(),
            cwd=CHECKOUT,  # where Python looks before anywhere else: the user may stand in another checkout
        )
    except subprocess.TimeoutExpired as err:
        output = err.stdout.decode() if isinstance(err.stdout, bytes) else err.stdout or ""
        return output.splitlines(), f"not done after {deadline} s."
    return done.stdout.splitlines(), done.stderr.strip().splitlines()[
        -1
    ] if done.stderr.strip() else f"exit {done.returncode}."


def _read_answer(line: str, path: Path) -> Study | NotebookError:
    answer = json.loads(line)
    if "error" in answer:
        return NotebookError(f"{answer['error']} (in {path.name})")
    try:
        return Study.from_dict(answer["study"])
    except KerascnnError as err:
        return NotebookError(f"{err} (in {path.name})")


def build_study(notebook: Notebook, values: dict[str, Any]) -> Study:
    """Run the cells up to the one tagged `study` in this process. Raises: NotebookError."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    source = notebook.study_source(values)
    try:
        exec(compile(source, CELLS, "exec"), namespace)
    except KerascnnError as err:
        raise NotebookError(str(err)) from err
    except ImportError as err:
        if err.name not in BLOCKED:
            raise NotebookError(_describe(err, source)) from err
        raise NotebookError(
            f"The cells up to the one tagged `study` must not load {err.name}: planning has to stay fast. "
            "Import it in a cell below, or name the model by `module:function`."
        ) from err
    except Exception as err:
        raise NotebookError(_describe(err, source)) from err
    study = namespace.get("study")
    if not isinstance(study, Study):
        raise NotebookError("The cell tagged `study` must leave a Study in the variable `study`.")
    return study.validated()


def _describe(error: Exception, source: str) -> str:
    numbers = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == CELLS]
    if isinstance(error, SyntaxError) and error.filename == CELLS:
        numbers, reason = [error.lineno], error.msg
    else:
        reason = str(error)
    lines = source.splitlines()
    where = [f" (at `{lines[number - 1].strip()}`)" for number in numbers if number and number <= len(lines)]
    return f"The study cannot be built: {type(error).__name__}: {reason}{where[-1] if where else ''}"


def _serve() -> None:
    requests, answers = _own_streams()
    for name in BLOCKED:
        sys.modules[name] = None  # type: ignore[assignment]
    for line in requests:
        path, values = json.loads(line)
        os.chdir(Path(path).parent)
        sys.path[0] = str(Path(path).parent)
        with contextlib.redirect_stdout(io.StringIO()):
            answer = _answer(Path(path), values)
        print(json.dumps(answer), file=answers, flush=True)


def _own_streams() -> tuple[TextIO, TextIO]:
    """The streams to the parent, out of the cells' reach: what they read is empty, what they write goes to stderr."""
    requests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    return requests, answers


def _answer(path: Path, values: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"study": build_study(read_notebook(path), values).to_dict()}
    except NotebookError as err:
        return {"error": str(err)}


if __name__ == "__main__":
    _serve()
