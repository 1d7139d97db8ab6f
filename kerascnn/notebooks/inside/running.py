"""Which experiment a kernel runs if nobody told it: by the path that Jupyter or VS Code gives it, else by its cells."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerascnn.errors import NotebookError
from kerascnn.notebooks.cells import STUDY, cells_tagged
from kerascnn.notebooks.contract import Notebook, read_notebook
from kerascnn.notebooks.finding import find_notebooks

JUPYTERS_PATH, CODES_PATH = "JPY_SESSION_NAME", "__vsc_ipynb_file__"
"""A variable of the environment, and one among the notebook's own."""


@dataclass(frozen=True)
class Running:
    """The notebook; else those that fit equally well, if any do."""

    notebook: Notebook | None
    alike: tuple[str, ...] = ()


def running_notebook(folder: Path) -> Running:
    """The experiment in the folder whose study this kernel has executed. A notebook that cannot be read does not count."""
    shell = current_shell()
    if shell is None:
        return Running(None)
    executed = {str(source).strip() for source in shell.user_ns.get("In", [])}
    known = [notebook for path in find_notebooks(folder) if (notebook := _try_read(path))]
    fits = [notebook for notebook in known if _has_run(notebook, executed)]
    opened = _opened(shell)
    if opened is not None and _has_run(opened, executed):
        # Whoever copies an experiment to another folder is not writing its results.
        same = [notebook for notebook in fits if notebook.path.samefile(opened.path)]
        return Running(same[0] if same else None)
    fewest = min((_not_executed(notebook, executed) for notebook in fits), default=0)
    closest = [notebook for notebook in fits if _not_executed(notebook, executed) == fewest]
    if len(closest) == 1:
        return Running(closest[0])
    return Running(None, tuple(notebook.name for notebook in closest))


def current_shell() -> Any:
    """The IPython that this code runs in; None without one."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module else None


def _opened(shell: Any) -> Notebook | None:
    named = shell.user_ns.get(CODES_PATH) or os.environ.get(JUPYTERS_PATH)
    return _try_read(Path(str(named))) if named else None


def _try_read(path: Path) -> Notebook | None:
    try:
        return read_notebook(path)
    except NotebookError:
        return None


def _has_run(notebook: Notebook, executed: set[str]) -> bool:
    return any(source.strip() in executed for source in cells_tagged(notebook.content, STUDY))


def _not_executed(notebook: Notebook, executed: set[str]) -> int:
    """How many of the cells up to the study were not executed as they stand in the file."""
    try:
        return sum(source.strip() not in executed for _, source, _ in notebook.code_to_study())
    except NotebookError:
        return sys.maxsize
