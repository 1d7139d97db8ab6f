"""What a notebook in `experiments/` must have: a title, a `parameters` cell and a `study` cell, by tag."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import stat
import tokenize
import unicodedata
from dataclasses import dataclass
from io import StringIO
from itertools import filterfalse, takewhile
from pathlib import Path
from typing import Any

import msgspec

from kerascnn.errors import NotebookError, UsageError, near_match
from kerascnn.notebooks.shell import python_of
from kerascnn.spelling import printable

PARAMETERS, STUDY = "parameters", "study"
INJECTED = "injected-parameters"
"""How Papermill tags the cell with the values that it was given."""
LARGEST_BYTES = 40_000_000
"""Of a notebook's file: decoded, it may take thirty times as much."""
LONGEST_PARAMETERS = 100_000
"""Characters of the cell tagged `parameters`."""
_FENCED = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)
UNFIT = ("Cc", "Cs", "Zl", "Zp")
"""Kinds of characters that no name may hold: control characters, line ends, what is no UTF-8."""
TURNS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""What turns the direction of reading, so that a name looks like another."""


@dataclass(frozen=True)
class Parameter:
    """A notebook parameter: its default (a JSON value) and the comment that explains it."""

    name: str
    default: Any
    comment: str


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
        headings = (heading for cell in self.content["cells"] if (heading := _heading(cell)))
        return next(headings, self.name)

    @property
    def introduction(self) -> str:
        """The Markdown before the parameters, or before the first code cell without them: the lesson page's text."""
        return "\n\n".join(map(cell_source, introduction_cells(self.content)))

    @property
    def digest(self) -> str:
        """SHA-256 over the kind and source of every cell; outputs and metadata other than tags do not count."""
        cells = [[cell["cell_type"], cell_source(cell), _tags(cell)] for cell in self.content["cells"]]
        return hashlib.sha256(json.dumps(cells).encode()).hexdigest()

    def parameters(self) -> dict[str, Parameter]:
        """The parameters by name, in the order of the notebook. Raises: NotebookError."""
        return _read_parameters(self._tagged(PARAMETERS), self.path)

    def code_to_study(self) -> list[tuple[int, str, bool]]:
        """Number (counted from 1), source, and whether it is tagged `parameters`, of each code cell up to the study.

        A cell that Papermill injected into an earlier copy is none of the notebook's own.
        """
        cells = self.content["cells"]
        last = cells.index(self._tagged(STUDY))
        return [
            (number, cell_source(cell), PARAMETERS in _tags(cell))
            for number, cell in enumerate(cells[: last + 1], start=1)
            if cell["cell_type"] == "code" and INJECTED not in _tags(cell)
        ]

    def to_execute(self) -> dict[str, Any]:
        """The notebook for a fresh execution: no outputs, and no parameters of an earlier one."""
        cells = [_fresh(cell) for cell in self.content["cells"] if INJECTED not in _tags(cell)]
        return self.content | {"cells": cells, "metadata": self.content.get("metadata", {})}

    def shown(self) -> dict[str, Any]:
        """What pages show of it: text, tags and pasted pictures of its cells, whatever else is in the file."""
        return {"cells": [_shown(cell) for cell in self.content["cells"]]}

    def check(self) -> None:
        """Raises: NotebookError when a required cell is missing."""
        cells = self.content["cells"]
        if cells.index(self._tagged(PARAMETERS)) > cells.index(self._tagged(STUDY)):
            raise NotebookError(
                f"The cell tagged `parameters` must stand before the one tagged `study` (in {self.path.name})."
            )
        self.parameters()

    def _tagged(self, tag: str) -> dict[str, Any]:
        found = _code_tagged(self.content, tag)
        if len(found) != 1:
            raise NotebookError(
                f"A notebook must have exactly one code cell tagged `{tag}`. Received: {len(found)} (in {self.path.name}). "
                "See the README, 'Add your own experiment'."
            )
        return found[0]


def read_notebook(path: Path) -> Notebook:
    """Raises: NotebookError when the file is no notebook of format 4."""
    name = printable(path.name)
    try:
        content = json.loads(_read_text(path))
    except (OSError, ValueError) as err:  # no UTF-8, no JSON, a number of thousands of digits
        raise NotebookError(f"{name} cannot be read as a notebook: {err}. Save it again from Jupyter.") from err
    except RecursionError as err:
        raise NotebookError(f"{name} is nested too deeply to be a notebook. Save it again from Jupyter.") from err
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list) or not all(map(_is_cell, cells)):
        raise NotebookError(
            f"{name} is not a notebook of format 4: it has no list of cells, or one that is no cell. "
            "Save it again from Jupyter."
        )
    if not all(map(_is_text, cells)):
        raise NotebookError(
            f"{name} has a cell with half a character (such as \\ud800), which no file can hold. "
            "Delete that character in Jupyter."
        )
    return Notebook(path, content)


def find_notebooks(folder: Path) -> list[Path]:
    """The experiments in lesson order, which is the order of their names; those that `misnamed` finds are none."""
    return [path for path in _notebook_files(folder) if _is_fit(path.stem)]


def misnamed(folder: Path) -> list[Path]:
    """Notebooks with a name that cannot stand in a page or a record: line ends, control characters, no UTF-8."""
    return [path for path in _notebook_files(folder) if not _is_fit(path.stem)]


def _notebook_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.ipynb") if not path.name.startswith((".", "_")))


def _is_fit(name: str) -> bool:
    return not any(unicodedata.category(sign) in UNFIT or sign in TURNS for sign in name)


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


def select(names: list[str], known: list[str]) -> list[str]:
    """The experiments that `names` mean: full name, name without its number, or unique prefix of either.

    Raises: UsageError for a name that fits none or several.
    """
    return [_select_one(name, known) for name in names]


def _select_one(name: str, known: list[str]) -> str:
    name = name.removesuffix(".ipynb").removeprefix("experiments/")
    for fits in (
        [k for k in known if name in (k, _without_number(k))],
        [k for k in known if k.startswith(name) or _without_number(k).startswith(name)],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise UsageError(f"The name {name!r} fits several experiments: {', '.join(fits)}. Write more of it.")
    raise UsageError(f"There is no experiment {name!r}. {near_match(name, known, map(_without_number, known))}")


def check_values(notebook: Notebook, given: dict[str, Any]) -> dict[str, Any]:
    """`given` parameter values, each of the type of its default (an int will do for a float).

    Raises: UsageError for an unknown name, a wrong type, or what JSON cannot hold.
    """
    known = notebook.parameters()
    for name, value in given.items():
        if name not in known:
            raise UsageError(f"{notebook.name} has no parameter {name!r}. {near_match(name, known)}")
        if not _is_json(value):
            raise UsageError(
                f"Parameter `{name}` of {notebook.name} must be a finite number, text, true/false, null or a list. "
                f"Received: {printable(repr(value), 100)}."
            )
        default = known[name].default
        if not _fits(value, default):
            raise UsageError(
                f"Parameter `{name}` of {notebook.name} must be of the kind of its default, {json.dumps(default)}. "
                f"Received: {printable(json.dumps(value), 300)}."
            )
    return given


def cell_source(cell: dict[str, Any]) -> str:
    """The text of a cell; notebooks store it as one string or as a list of lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def cells_tagged(content: dict[str, Any], tag: str) -> list[str]:
    """The sources of the code cells with the tag."""
    return [cell_source(cell) for cell in _code_tagged(content, tag)]


def _code_tagged(content: dict[str, Any], tag: str) -> list[dict[str, Any]]:
    return [cell for cell in content["cells"] if cell["cell_type"] == "code" and tag in _tags(cell)]


def introduction_cells(content: dict[str, Any]) -> list[dict[str, Any]]:
    """The Markdown cells before the one tagged `parameters`; before the first code cell where none is."""
    code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    end = next((cell for cell in code if PARAMETERS in _tags(cell)), code[0] if code else None)
    before = takewhile(lambda cell: cell is not end, content["cells"])
    return [cell for cell in before if cell["cell_type"] == "markdown"]


def _heading(cell: dict[str, Any]) -> str:
    if cell["cell_type"] != "markdown":
        return ""
    text = _FENCED.sub("", cell_source(cell))
    found = (line.strip("# \t") for line in text.splitlines() if line.startswith("#"))
    return next(filter(None, found), "")


def _is_cell(cell: Any) -> bool:
    if not isinstance(cell, dict) or not isinstance(cell.get("metadata", {}), dict):
        return False
    source, tags = cell.get("source", ""), cell.get("metadata", {}).get("tags", [])
    lines = [source] if isinstance(source, str) else source
    texts = [lines, tags, [cell.get("cell_type")]]
    return all(isinstance(part, list) and all(isinstance(text, str) for text in part) for part in texts)


def _without_number(name: str) -> str:
    head, _, tail = name.partition("_")
    return tail if head.isdigit() and tail else name


def _tags(cell: dict[str, Any]) -> list[str]:
    return list(cell.get("metadata", {}).get("tags", []))


def _fresh(cell: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else {}
    return {"metadata": {}, "source": ""} | cell | made


def _shown(cell: dict[str, Any]) -> dict[str, Any]:
    kept = {"cell_type": cell["cell_type"], "metadata": {"tags": _tags(cell)}, "source": cell_source(cell)}
    pasted = cell.get("attachments")
    pictures = {
        name: {kind: text for kind, text in data.items() if isinstance(text, str)}
        for name, data in (pasted.items() if isinstance(pasted, dict) else ())
        if isinstance(data, dict) and _is_encodable(name, *data)
    }
    return kept | ({"attachments": pictures} if pictures else {})


def _is_text(cell: dict[str, Any]) -> bool:
    return _is_encodable(cell_source(cell), *_tags(cell))


def _is_encodable(*texts: str) -> bool:
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        return False
    return True


def _read_parameters(cell: dict[str, Any], path: Path) -> dict[str, Parameter]:
    source = cell_source(cell)
    if len(source) > LONGEST_PARAMETERS:
        raise NotebookError(
            f"The cell tagged `parameters` must have at most {LONGEST_PARAMETERS:,} characters. "
            f"Received: {len(source):,} (in {path.name})."
        )
    try:
        source = python_of(source)
        tree, comments = ast.parse(source), _comments(source)
    except (SyntaxError, ValueError, RuntimeError, MemoryError, tokenize.TokenError) as err:
        raise NotebookError(f"The cell tagged `parameters` is not valid Python: {err} (in {path.name}).") from err
    found = {}
    for statement in filterfalse(_is_command, tree.body):
        if not (isinstance(statement, ast.Assign) and [type(target) for target in statement.targets] == [ast.Name]):
            raise NotebookError(
                f"The cell tagged `parameters` may only hold `name = JSON value` lines (in {path.name})."
            )
        name = statement.targets[0].id  # type: ignore[attr-defined]
        found[name] = Parameter(name, _literal(statement.value, name, path), comments.get(statement.lineno, ""))
    return found


def _is_command(statement: ast.stmt) -> bool:
    """Whether IPython made the statement of a line like `%matplotlib inline` or `!pip install ...`."""
    method = statement.value.func if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) else None
    owner = method.value if isinstance(method, ast.Attribute) else None
    return isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) and owner.func.id == "get_ipython"


def _literal(node: ast.expr, name: str, path: Path) -> Any:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        value = ...
    if _is_json(value):
        return value
    raise NotebookError(
        f"Parameter `{name}` must be a JSON value: a number, text, true/false, null or a list (in {path.name})."
    )


def _is_json(value: Any) -> bool:
    """Whether JSON gives the value back as it is: finite, in UTF-8, no tuple, no key that is no text."""
    try:
        again = msgspec.json.decode(msgspec.json.encode(value))
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError):
        return False
    return again == value


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(StringIO(source).readline)
    return {t.start[0]: t.string.lstrip("# ").strip() for t in tokens if t.type == tokenize.COMMENT}


def _fits(value: Any, default: Any) -> bool:
    if default is None:
        return value is None or (isinstance(value, int | float | str | list) and not isinstance(value, bool))
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, float):
        return isinstance(value, int | float)
    if isinstance(default, list):
        return isinstance(value, list) and all(_fits(item, default[0]) for item in value if default)
    return isinstance(value, type(default))
