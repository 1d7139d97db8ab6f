"""Whether builders take what a study gives them, read off their source: planning imports no model.

What cannot be told that way (a decorated builder, one that another module defines) shows when the model is built.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kerascnn.errors import UsageError, near_match
from kerascnn.identity import module_file
from kerascnn.models import BUILDERS, locate_builder
from kerascnn.specs import ModelSpec

UNREADABLE = {"exec", "eval", "globals", "setattr", "__getattr__"}
"""Where a module uses one of these, it may have names that its source does not show."""


def check_call(model: ModelSpec, search_path: Path, later: Collection[str] = ()) -> None:
    """Raises: UsageError when the model's builder is not there, or does not accept its arguments.

    `later` are further arguments that a search gives it.
    """
    module, function = locate_builder(model.builder)
    path = module_file(module, search_path)
    if path is None:
        return
    status = path.stat()
    source = _read_version(path, status.st_mtime_ns, status.st_size)
    if function not in source.names and "*" not in source.names and not UNREADABLE & source.names:
        known = near_match(function, source.functions)
        raise UsageError(f"Model {model.builder!r}: module {module} has no {function!r}. {known}")
    if function in source.functions and not source.functions[function].decorator_list:
        taken = source.functions[function].args
        fields = source.fields_of(taken.kwarg) if model.builder in BUILDERS else None
        _check_arguments(model, taken, {*model.arguments, *later}, fields)


@dataclass(frozen=True)
class _Source:
    """The functions that a module defines once, at its top; every name it binds or uses; its classes' annotated fields."""

    functions: dict[str, ast.FunctionDef]
    names: set[str]
    fields: dict[str, list[str]]

    def fields_of(self, keywords: ast.arg | None) -> list[str] | None:
        """In this package `**style` takes the fields of the class `Style`; None where there is no such class."""
        return None if keywords is None else self.fields.get(keywords.arg.capitalize())


def _check_arguments(model: ModelSpec, taken: ast.arguments, given: set[str], fields: list[str] | None) -> None:
    by_place = [argument.arg for argument in (*taken.posonlyargs, *taken.args)]
    if len(by_place) < 2 and taken.vararg is None:
        raise UsageError(
            f"Model {model.builder!r} must take (image_shape, classes, ...). Received: ({', '.join(by_place)})."
        )
    own = [*by_place[2:], *(argument.arg for argument in taken.kwonlyargs)]
    if taken.kwarg is None or fields is not None:
        known = [*own, *(fields or [])]
        for name in sorted(given - set(known)):
            raise UsageError(f"Model {model.builder!r} has no argument {name!r}. {near_match(name, known)}")
    optional = by_place[len(by_place) - len(taken.defaults) :]
    by_name = zip(taken.kwonlyargs, taken.kw_defaults, strict=True)
    optional += [argument.arg for argument, default in by_name if default is not None]
    for name in own:
        if name not in given and name not in optional:
            raise UsageError(f"Model {model.builder!r} must be given the argument {name!r}: it has no default.")


@lru_cache(maxsize=1024)
def _read_version(path: Path, mtime_ns: int, size_bytes: int) -> _Source:
    tree = ast.parse(path.read_bytes())
    bound = [name for node in ast.walk(tree) for name in _bound_by(node)]
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return _Source(
        functions={n.name: n for n in tree.body if isinstance(n, ast.FunctionDef) and bound.count(n.name) == 1},
        names={*bound, *used},
        fields={node.name: _annotated(node) for node in tree.body if isinstance(node, ast.ClassDef)},
    )


def _bound_by(node: ast.AST) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.alias):
        return [node.asname or node.name]
    return [node.id] if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else []


def _annotated(node: ast.ClassDef) -> list[str]:
    lines = [line for line in node.body if isinstance(line, ast.AnnAssign)]
    return [line.target.id for line in lines if isinstance(line.target, ast.Name)]
