"""What a notebook in `experiments/` must have: a title, a `parameters` cell and a `study` cell, by tag."""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerascnn.errors import NotebookError, UsageError, near_match
from kerascnn.foreign.notebook_files import PARAMETERS, cell_source, introduction_cells, parse_notebook, tags_of
from kerascnn.notebooks.cells import STUDY, code_tagged, fresh, heading_of, is_text, shown_of
from kerascnn.notebooks.parameters import Parameter, fits, is_json, read_parameters
from kerascnn.spelling import printable

INJECTED = "injected-parameters"
"""How Papermill tags the cell with the values that it was given."""
LARGEST_BYTES = 40_000_000
"""Of a notebook's file: decoded, it may take thirty times as much."""


@dataclass(frozen=True)
class Notebook:
    """One experiment's file. `name` is its stem; `content` the notebook as JSON."""

    path: Path
    content: dict[str, Any]

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def title(self) -> str:
        """The first heading of the Markdown cells, or the file's name."""
        headings = (heading for cell in self.content["cells"] if (heading := heading_of(cell)))
        return next(headings, self.name)

    @property
    def introduction(self) -> str:
        """The Markdown before the parameters, or before the first code cell without them: the lesson page's text."""
        return "\n\n".join(map(cell_source, introduction_cells(self.content)))

    @property
    def digest(self) -> str:
        """SHA-256 over the kind and source of every cell; outputs and metadata other than tags do not count."""
        cells = [[cell["cell_type"], cell_source(cell), tags_of(cell)] for cell in self.content["cells"]]
        return hashlib.sha256(json.dumps(cells).encode()).hexdigest()

    def parameters(self) -> dict[str, Parameter]:
        """The parameters by name, in the order of the notebook. Raises: NotebookError."""
        return read_parameters(self._tagged(PARAMETERS), self.path)

    def code_to_study(self) -> list[tuple[int, str, bool]]:
        """Number (counted from 1), source, and whether it is tagged `parameters`, of each code cell up to the study.

        A cell that Papermill injected into an earlier copy is none of the notebook's own.
        """
        cells = self.content["cells"]
        last = cells.index(self._tagged(STUDY))
        return [
            (number, cell_source(cell), PARAMETERS in tags_of(cell))
            for number, cell in enumerate(cells[: last + 1], start=1)
            if cell["cell_type"] == "code" and INJECTED not in tags_of(cell)
        ]

    def code(self) -> list[str]:
        """The source of every code cell."""
        return [cell_source(cell) for cell in self.content["cells"] if cell["cell_type"] == "code"]

    def to_execute(self) -> dict[str, Any]:
        """The notebook for a fresh execution: no outputs, and no parameters of an earlier one."""
        cells = [fresh(cell) for cell in self.content["cells"] if INJECTED not in tags_of(cell)]
        return self.content | {"cells": cells, "metadata": self.content.get("metadata", {})}

    def shown(self) -> dict[str, Any]:
        """What pages show of it: text, tags and pasted pictures of its cells, whatever else is in the file."""
        return {"cells": [shown_of(cell) for cell in self.content["cells"]]}

    def check(self) -> None:
        """Raises: NotebookError when a required cell is missing."""
        cells = self.content["cells"]
        if cells.index(self._tagged(PARAMETERS)) > cells.index(self._tagged(STUDY)):
            raise NotebookError(
                f"The cell tagged `parameters` must stand before the one tagged `study` (in {self.path.name})."
            )
        self.parameters()

    def _tagged(self, tag: str) -> dict[str, Any]:
        found = code_tagged(self.content, tag)
        if len(found) != 1:
            raise NotebookError(
                f"A notebook must have exactly one code cell tagged `{tag}`. Received: {len(found)} (in {self.path.name}). "
                "See docs/own-experiments.md."
            )
        return found[0]


def read_notebook(path: Path) -> Notebook:
    """Raises: NotebookError when the file is no notebook of format 4."""
    name = printable(path.name)
    try:
        content = parse_notebook(_read_text(path))
    except OSError as err:
        raise NotebookError(f"{name} cannot be read as a notebook: {err}. Save it again from Jupyter.") from err
    except ValueError as err:
        raise NotebookError(f"{name} {err} Save it again from Jupyter.") from err
    if not all(map(is_text, content["cells"])):
        raise NotebookError(
            f"{name} has a cell with half a character (such as \\ud800), which no file can hold. "
            "Delete that character in Jupyter."
        )
    return Notebook(path, content)


def _read_text(path: Path) -> str:
    """Raises: NotebookError for what is no file, or is too large."""
    size = path.stat()
    if not stat.S_ISREG(size.st_mode):
        raise NotebookError(f"{printable(path.name)} must be a file. Received: something else. Move it elsewhere.")
    if size.st_size > LARGEST_BYTES:
        raise NotebookError(
            f"{printable(path.name)} must have at most {LARGEST_BYTES // 1_000_000} MB. "
            f"Received: {size.st_size // 1_000_000} MB. Clear its outputs in Jupyter."
        )
    return path.read_text(encoding="utf-8")


def check_values(notebook: Notebook, given: dict[str, Any]) -> dict[str, Any]:
    """`given` parameter values, each of the type of its default (an int will do for a float).

    Raises: UsageError for an unknown name, a wrong type, or what JSON cannot hold.
    """
    known = notebook.parameters()
    for name, value in given.items():
        if name not in known:
            raise UsageError(f"{notebook.name} has no parameter {name!r}. {near_match(name, known)}")
        if not is_json(value):
            raise UsageError(
                f"Parameter `{name}` of {notebook.name} must be a finite number, text, true/false, null or a list. "
                f"Received: {printable(repr(value), 100)}."
            )
        default = known[name].default
        if not fits(value, default):
            raise UsageError(
                f"Parameter `{name}` of {notebook.name} must have the same type as its default, {json.dumps(default)}. "
                f"Received: {printable(json.dumps(value), 300)}."
            )
    return given
