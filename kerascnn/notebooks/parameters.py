"""The cell tagged `parameters`: names, JSON values, and a comment for each."""

from __future__ import annotations

import ast
import tokenize
from dataclasses import dataclass
from io import StringIO
from itertools import filterfalse
from pathlib import Path
from typing import Any

import msgspec

from kerascnn.errors import NotebookError
from kerascnn.foreign.notebook_files import cell_source
from kerascnn.notebooks.shell import python_of

LONGEST_PARAMETERS = 100_000
"""Characters of the cell tagged `parameters`."""


@dataclass(frozen=True)
class Parameter:
    """A notebook parameter: its default (a JSON value) and the comment that explains it."""

    name: str
    default: Any
    comment: str


def read_parameters(cell: dict[str, Any], path: Path) -> dict[str, Parameter]:
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
    if is_json(value):
        return value
    raise NotebookError(
        f"Parameter `{name}` must be a JSON value: a number, text, true/false, null or a list (in {path.name})."
    )


def is_json(value: Any) -> bool:
    """Whether JSON gives the value back as it is: finite, in UTF-8, no tuple, no key that is no text."""
    try:
        again = msgspec.json.decode(msgspec.json.encode(value))
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError):
        return False
    return again == value


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(StringIO(source).readline)
    return {t.start[0]: t.string.lstrip("# ").strip() for t in tokens if t.type == tokenize.COMMENT}


def fits(value: Any, default: Any) -> bool:
    if default is None:
        return value is None or (isinstance(value, int | float | str | list) and not isinstance(value, bool))
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, float):
        return isinstance(value, int | float)
    if isinstance(default, list):
        return isinstance(value, list) and all(fits(item, default[0]) for item in value if default)
    return isinstance(value, type(default))
