"""What cells find in place of IPython while a study is planned: no command runs, nothing is shown."""

from __future__ import annotations

import ast
import importlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kerascnn.errors import NotebookError

RUN_THEIR_CELL = ("time", "capture", "prun")
"""Cell magics below which the cell is Python of the notebook's own."""
MODULE_FILE = re.compile(r"[A-Za-z_]\w*\.py")


class Nothing:
    """Whatever is asked of it: no text, no items, and nothing again."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_: Any, **__: Any) -> Nothing:
        return self

    def __getitem__(self, _: Any) -> Nothing:
        return self

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __str__(self) -> str:
        return ""


class Lines(list):
    """What a command printed: nothing, with the attributes that IPython gives such a list."""

    n = s = ""

    @property
    def l(self) -> list[str]:  # noqa: E743  IPython's name
        return list(self)

    p = l


class PlanningShell:
    """The object that `get_ipython()` gives. `run_python(source)` runs what a magic like `%time` is about."""

    def __init__(self, namespace: dict[str, Any], folder: Path, run_python: Callable[[str], Any]) -> None:
        self.user_ns, self._folder, self._run_python = namespace, folder, run_python

    def __getattr__(self, name: str) -> Any:
        return getattr(Nothing(), name)

    def getoutput(self, *_: Any, **__: Any) -> Lines:
        """`x = !command`."""
        return Lines()

    def run_line_magic(self, name: str, line: str, *_: Any, **__: Any) -> Any:
        """`%name line`: a variable of the environment, the value of what is timed, else an empty text."""
        if name == "time":
            return self._run_python(line)
        if name in ("env", "set_env"):
            variable, given, value = line.partition("=") if "=" in line else line.partition(" ")
            if given:
                os.environ[variable.strip()] = value.strip()
            return os.environ.get(variable.strip(), "")
        return ""

    def run_cell_magic(self, name: str, line: str, cell: str) -> Any:
        """`%%name line`: timed cells run, modules are written, everything else is not done."""
        if name in RUN_THEIR_CELL:
            return self._run_python(cell)
        if name in ("writefile", "file") and MODULE_FILE.fullmatch(line.strip()):
            self._write_module(line.strip(), cell)
        return None

    def magic(self, text: str) -> Any:
        """The older way to call a line magic."""
        name, _, line = text.partition(" ")
        return self.run_line_magic(name.lstrip("%"), line)

    def _write_module(self, name: str, text: str) -> None:
        """Write a module that is not there: its source is part of the keys of the runs that it builds.

        One that is there is left alone: it may hold work that the cell does not know of.
        Raises: NotebookError when it says something else than the cell, which then would be trained after all.
        """
        path = self._folder / name
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            if not _is_same_program(path.read_text(encoding="utf-8"), text):
                raise NotebookError(
                    f"The cell writes {name}, and another {name} lies beside the notebook. Execute the cell, or delete "
                    "the cell or the file: planning and training must see the same module"
                ) from None
        importlib.invalidate_caches()


def python_of(source: str) -> str:
    """The Python that IPython makes of a cell; a cell that is Python as it stands is left as it is.

    Raises: whatever IPython's own transformer raises for a cell that IPython cannot run either.
    """
    try:
        ast.parse(source)
    except SyntaxError:
        from IPython.core.inputtransformer2 import TransformerManager

        return TransformerManager().transform_cell(source)
    return source


def _is_same_program(one: str, other: str) -> bool:
    try:
        return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
    except (SyntaxError, ValueError):
        return one == other
