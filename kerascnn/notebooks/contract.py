"""What a notebook in `experiments/` must have: a title, a `parameters` cell and a `study` cell, by tag."""

from __future__ import annotations

import ast
import hashlib
import json
import tokenize
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from kerascnn.errors import NotebookError, UsageError, near_match

PARAMETERS, STUDY = "parameters", "study"


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
        """The first heading of the first Markdown cell, or the file's name."""
        for cell in self.content["cells"]:
            if cell["cell_type"] == "markdown":
                lines = cell_source(cell).splitlines()
                return next((line.lstrip("# ").strip() for line in lines if line.startswith("#")), self.name)
        return self.name

    @property
    def introduction(self) -> str:
        """The Markdown before the first code cell: the lesson page's text."""
        texts = []
        for cell in self.content["cells"]:
            if cell["cell_type"] == "code":
                break
            texts.append(cell_source(cell))
        return "\n\n".join(texts)

    @property
    def digest(self) -> str:
        """SHA-256 over the kind and source of every cell; outputs and metadata other than tags do not count."""
        cells = [[cell["cell_type"], cell_source(cell), _tags(cell)] for cell in self.content["cells"]]
        return hashlib.sha256(json.dumps(cells).encode()).hexdigest()

    def parameters(self) -> dict[str, Parameter]:
        """The parameters by name, in the order of the notebook. Raises: NotebookError."""
        return _read_parameters(self._tagged(PARAMETERS), self.path)

    def study_source(self, values: dict[str, Any]) -> str:
        """Python that leaves the notebook's `study` behind, with parameters set to `values`."""
        cells, study = self.content["cells"], self._tagged(STUDY)
        parts = []
        for cell in cells[: cells.index(study) + 1]:
            if cell["cell_type"] == "code":
                parts.append(_without_magics(cell_source(cell)))
            if PARAMETERS in _tags(cell):
                parts.append("".join(f"{name} = {value!r}\n" for name, value in values.items()))
        return "\n".join(parts)

    def check(self) -> None:
        """Raises: NotebookError when a required cell is missing."""
        cells = self.content["cells"]
        if cells.index(self._tagged(PARAMETERS)) > cells.index(self._tagged(STUDY)):
            raise NotebookError(
                f"The cell tagged `parameters` must stand before the one tagged `study` (in {self.path.name})."
            )
        self.parameters()

    def _tagged(self, tag: str) -> dict[str, Any]:
        found = [cell for cell in self.content["cells"] if cell["cell_type"] == "code" and tag in _tags(cell)]
        if len(found) != 1:
            raise NotebookError(
                f"A notebook must have exactly one code cell tagged `{tag}`. Received: {len(found)} (in {self.path.name}). "
                "See the README, 'Add your own experiment'."
            )
        return found[0]


def read_notebook(path: Path) -> Notebook:
    """Raises: NotebookError when the file is no notebook of format 4."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as err:
        raise NotebookError(f"{path.name} cannot be read as a notebook: {err}. Save it again from Jupyter.") from err
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list) or not all(map(_is_cell, cells)):
        raise NotebookError(
            f"{path.name} is not a notebook of format 4: it has no list of cells, or one that is no cell. "
            "Save it again from Jupyter."
        )
    return Notebook(path, content)


def find_notebooks(folder: Path) -> list[Path]:
    """The experiments in lesson order, which is the order of their names."""
    return sorted(path for path in folder.glob("*.ipynb") if not path.name.startswith((".", "_")))


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

    Raises: UsageError for an unknown name or a wrong type.
    """
    known = notebook.parameters()
    for name, value in given.items():
        if name not in known:
            raise UsageError(f"{notebook.name} has no parameter {name!r}. {near_match(name, known)}")
        default = known[name].default
        if not _fits(value, default):
            raise UsageError(
                f"Parameter `{name}` of {notebook.name} must be of the kind of its default, {json.dumps(default)}. "
                f"Received: {json.dumps(value)}."
            )
    return given


def cell_source(cell: dict[str, Any]) -> str:
    """The text of a cell; notebooks store it as one string or as a list of lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


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


def _without_magics(source: str) -> str:
    """Python without IPython's magics; in a cell that is Python as it stands, a line may well begin with `%`."""
    try:
        ast.parse(source)
    except SyntaxError:
        lines = source.splitlines()
        return "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in lines) + "\n"
    return source + "\n"


def _read_parameters(cell: dict[str, Any], path: Path) -> dict[str, Parameter]:
    source = _without_magics(cell_source(cell))
    try:
        tree = ast.parse(source)
    except SyntaxError as err:
        raise NotebookError(f"The cell tagged `parameters` is not valid Python: {err} (in {path.name}).") from err
    comments = _comments(source)
    found = {}
    for statement in tree.body:
        if not (isinstance(statement, ast.Assign) and [type(target) for target in statement.targets] == [ast.Name]):
            raise NotebookError(
                f"The cell tagged `parameters` may only hold `name = JSON value` lines (in {path.name})."
            )
        name = statement.targets[0].id  # type: ignore[attr-defined]
        found[name] = Parameter(name, _literal(statement.value, name, path), comments.get(statement.lineno, ""))
    return found


def _literal(node: ast.expr, name: str, path: Path) -> Any:
    try:
        value = ast.literal_eval(node)
        if json.loads(json.dumps(value, allow_nan=False)) == value:
            return value
    except (ValueError, TypeError):
        pass
    raise NotebookError(
        f"Parameter `{name}` must be a JSON value: a number, text, true/false, null or a list (in {path.name})."
    )


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
