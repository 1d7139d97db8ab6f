"""The source of modules by what it means.

Source is compared as syntax trees without docstrings and with neighbouring imports sorted, so that
comments, docstrings and the order of imports change nothing.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
from functools import lru_cache
from pathlib import Path

from kerascnn.errors import UsageError

PACKAGE = Path(__file__).parents[1]
DYNAMIC = ("importlib", "__import__", "exec", "eval", "runpy", "pkgutil", "builtins")
"""Names whose use or import means that the modules reached cannot be read off the source."""


def source_digest(text: str | bytes, name: str) -> str:
    """SHA-256 of the meaning of a module's source. Raises: UsageError when it is not Python."""
    try:
        return hashlib.sha256(ast.unparse(_Plain().visit(parse_source(text, name))).encode()).hexdigest()
    except (RecursionError, MemoryError) as err:
        raise UsageError(f"{name} has an expression of too many parts to be read. Break it up.") from err


def file_digest(path: Path) -> str:
    """`source_digest` of a file, computed again only where the file has changed."""
    status = path.stat()
    return _digest_of_version(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4096)
def _digest_of_version(path: Path, mtime_ns: int, size_bytes: int) -> str:
    return source_digest(path.read_bytes(), path.name)


def parse_source(text: str | bytes, name: str) -> ast.Module:
    """The syntax tree of a module. Raises: UsageError when it is not Python."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError) as err:  # ValueError: null bytes, or bytes that are not in the file's encoding
        raise UsageError(f"{name} is not valid Python: {err}. Fix it, or remove it.") from err


def source_file(name: str, folder: Path) -> Path | None:
    """The file of a module, or of a package, that is looked for in `folder`."""
    path = folder.joinpath(*name.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def absolute_name(name: str, package: str) -> str:
    """The name of a module that a module of `package` calls `name`. Raises: UsageError when it leads out of the folder."""
    try:
        return importlib.util.resolve_name(name, package)
    except ImportError as err:
        raise UsageError(f"`from {name} import` leads out of the folder of the notebooks: {err}.") from err


def with_packages(name: str) -> list[str]:
    """The packages that a module lies in, from the outermost, and the module."""
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]


class _Plain(ast.NodeTransformer):
    """Drops docstrings and sorts runs of neighbouring imports."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node, ast.Import | ast.ImportFrom):
            node.names.sort(key=lambda alias: (alias.name, alias.asname or ""))
        body = getattr(node, "body", None)
        if isinstance(body, list):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                body = [statement for statement in body if not _is_text(statement)] or [ast.Pass()]
            node.body = _sort_imports(body)  # type: ignore[attr-defined]
        return node


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _sort_imports(body: list[ast.stmt]) -> list[ast.stmt]:
    result: list[ast.stmt] = []
    run: list[ast.stmt] = []
    for statement in body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            run.append(statement)
        else:
            result += [*sorted(run, key=ast.unparse), statement]
            run = []
    return result + sorted(run, key=ast.unparse)
