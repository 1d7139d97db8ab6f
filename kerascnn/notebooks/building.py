"""A notebook's study, built by running the cells up to it in this process; only for the fork that `studies` makes."""

from __future__ import annotations
import __future__

import ast
import difflib
import inspect
import json
import os
import sys
import traceback
from pathlib import Path
from textwrap import shorten
from types import ModuleType
from typing import Any

from kerascnn.errors import KerascnnError, NotebookError
from kerascnn.notebooks.contract import Notebook
from kerascnn.notebooks.shell import Nothing, PlanningShell, python_of
from kerascnn.specs import Study
from kerascnn.specs.search_size import at_most

BLOCKED = ("tensorflow", "keras", "keras_tuner", "torch", "jax")
FUTURES = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)

MOST_LINES = 2000
"""Of a cell in which a line is looked for: that takes the square of the lines."""


def build_study(notebook: Notebook, values: dict[str, Any]) -> Study:
    """The study of the notebook with these parameter values.

    Raises: NotebookError that names the cell, and the parameter if a changed one is the cause.
    """
    try:
        return _build(notebook, values)
    except NotebookError as err:
        blamed = _blame(notebook, values)
        if blamed is None:
            raise
        raise NotebookError(f"Parameter `{blamed}` cannot be {json.dumps(values[blamed])}: {err}") from err


def _blame(notebook: Notebook, values: dict[str, Any]) -> str | None:
    """The one parameter whose default would do."""
    for name, parameter in notebook.parameters().items():
        if name in values and values[name] != parameter.default:
            try:
                _build(notebook, values | {name: parameter.default})
            except NotebookError:
                continue
            return name
    return None


def _build(notebook: Notebook, values: dict[str, Any]) -> Study:
    cells = Cells(notebook.path.parent)
    sys.modules["__main__"] = cells.main  # where classes of the cells are looked for
    for number, source, is_parameters in notebook.code_to_study():
        try:
            cells.run(source, number)
        # Whatever a cell raises, `SystemExit` included, is about its notebook.
        except BaseException as err:
            raise NotebookError(_describe(err, cells.find(err))) from err
        if is_parameters:
            cells.namespace.update(values)
    return _checked(cells.namespace.get("study"))


def _checked(study: Any) -> Study:
    """The study as it comes back from JSON. Raises: NotebookError when it is not a study."""
    if not isinstance(study, Study):
        raise NotebookError("The cell tagged `study` must leave a Study in the variable `study`.")
    try:
        again = Study.from_json(study.canonical_json())
        at_most(again)
    except KerascnnError as err:
        raise NotebookError(str(err)) from err
    except (RecursionError, UnicodeEncodeError, OverflowError, TypeError, ValueError) as err:
        raise NotebookError(f"The study holds a value that JSON cannot hold: {type(err).__name__}: {err}.") from err
    return again


class Cells:
    """Runs cells as IPython does, one after another in one namespace, but neither commands nor displays."""

    def __init__(self, folder: Path) -> None:
        self.main = ModuleType("__main__")
        self.namespace: dict[str, Any] = self.main.__dict__
        self._shell = PlanningShell(self.namespace, folder, self._run_part)
        self._flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        self._cell = (0, "")
        self._texts: dict[str, tuple[int, str, str]] = {}
        self.namespace |= {"get_ipython": lambda: self._shell, "display": Nothing(), "In": [], "Out": {}, "_": ""}

    def run(self, source: str, number: int) -> Any:
        """Run a cell; the value of one that is a single expression."""
        self._cell = (number, source)
        return self._run_part(source)

    def _run_part(self, source: str) -> Any:
        name = f"<cell {self._cell[0]}, part {len(self._texts)}>"
        python = python_of(source)
        self._texts[name] = (*self._cell, python)
        kind = "eval" if _is_expression(ast.parse(python, name)) else "exec"
        # `from __future__` holds for the cells below as well.
        code = compile(python, name, kind, flags=self._flags, dont_inherit=True)
        self._flags |= code.co_flags & FUTURES
        value = eval(code, self.namespace)
        if code.co_flags & inspect.CO_COROUTINE:
            import asyncio

            return asyncio.run(value)
        return value

    def find(self, error: BaseException) -> str:
        """Where in the notebook the error came up: `cell 3, line 2: ...`, as the notebook writes that line."""
        places = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
        places += [(error.filename or "", error.lineno)] if isinstance(error, SyntaxError) else []
        for name, line in reversed(places):
            if name in self._texts and line:
                number, source, python = self._texts[name]
                lines = source.splitlines()
                line = _original_line(lines, python.splitlines(), line)
                return f"cell {number}, line {line}: `{shorten(''.join(lines[line - 1 : line]).strip(), 100)}`"
        return f"cell {self._cell[0]}"


def _is_expression(tree: ast.Module) -> bool:
    return len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr)


def _original_line(source: list[str], python: list[str], line: int) -> int:
    """The line of `source` that became `python`'s: IPython joins continued commands and drops empty lines."""
    if len(python) > MOST_LINES:
        return line
    matcher = difflib.SequenceMatcher(
        None, [text.strip() for text in python], [text.strip() for text in source], autojunk=False
    )
    for _, start, end, source_start, source_end in matcher.get_opcodes():
        if start < line <= end:
            return min(source_start + line - start, max(source_end, source_start + 1))
    return line


def _describe(error: BaseException, where: str) -> str:
    if isinstance(error, KerascnnError):
        return f"{str(error).rstrip('.')} (in {where})."
    if isinstance(error, ImportError) and error.name in BLOCKED:
        return (
            f"The cells up to the one tagged `study` must not load {error.name} (in {where}): planning has to stay "
            "fast. Import it in a cell below, or name the model by `module:function`."
        )
    reason = error.msg if isinstance(error, SyntaxError) else _text_of(error)
    return f"The study cannot be built: {type(error).__name__}: {reason} (in {where})"


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # the error's own code may fail too
        return "an error without a message"


def enter(folder: Path) -> None:
    """Make this process one that plans cells of a notebook in `folder`: they load nothing that trains."""
    for name in BLOCKED:
        sys.modules[name] = None  # type: ignore[assignment]
    os.chdir(folder)
    sys.path[0] = str(folder)
