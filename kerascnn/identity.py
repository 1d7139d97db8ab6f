"""The key of a run: a digest of everything that can change its result.

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
from kerascnn.machine import platform_class, result_versions
from kerascnn.models import locate_builder
from kerascnn.specs import Spec, TrainSpec

PACKAGE = Path(__file__).parent
KEY_LENGTH = 32
DYNAMIC = ("importlib", "__import__", "exec", "eval", "runpy")
"""Names whose use means that the modules reached cannot be read off the source."""


class RunIdentity(Spec, frozen=True, kw_only=True):
    """Everything that can change the result of a run. `sources`: module name -> digest."""

    spec: TrainSpec
    sources: dict[str, str]
    versions: dict[str, str]
    platform: str

    @property
    def key(self) -> str:
        """The run's key: 128 bits of SHA-256 over the canonical form, in hex."""
        return hashlib.sha256(self.canonical_json()).hexdigest()[:KEY_LENGTH]


def identify(spec: TrainSpec, search_path: Path) -> RunIdentity:
    """The identity of `spec` on this machine, with the sources as they are on disk now.

    Raises: UsageError when the model's builder cannot be found.
    """
    return RunIdentity(
        spec=spec,
        sources=builder_sources(spec.model.builder, search_path) | training_sources(),
        versions=result_versions(),
        platform=platform_class(),
    )


def training_sources() -> dict[str, str]:
    """Digest of every module of the closed training package."""
    return {f"kerascnn.training.{path.stem}": _digest(path) for path in sorted((PACKAGE / "training").glob("*.py"))}


def builder_sources(builder: str, search_path: Path) -> dict[str, str]:
    """Digest of the builder's module and of the model modules it imports, directly or not.

    A module that imports dynamically brings in its whole folder.
    """
    module, _ = locate_builder(builder)
    if _module_file(module, search_path) is None:
        raise UsageError(
            f"Model {builder!r}: no module {module!r}. Put {module}.py beside the notebooks in {search_path.name}/."
        )
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _module_file(name, search_path)
        if path is not None and name not in found:
            found[name] = path
            waiting += _reached(name, path)
    return {name: _digest(path) for name, path in sorted(found.items())}


def source_digest(text: str, name: str) -> str:
    """SHA-256 of the meaning of a module's source. Raises: UsageError when it is not Python."""
    try:
        tree = ast.parse(text)
    except SyntaxError as err:
        raise UsageError(f"{name} is not valid Python: {err}.") from err
    return hashlib.sha256(ast.unparse(_Plain().visit(tree)).encode()).hexdigest()


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


def _digest(path: Path) -> str:
    return _digest_of_version(path, path.stat().st_mtime_ns, path.stat().st_size)


@lru_cache(maxsize=4096)
def _digest_of_version(path: Path, mtime_ns: int, size_bytes: int) -> str:
    return source_digest(path.read_text(encoding="utf-8"), path.name)


def _module_file(module: str, search_path: Path) -> Path | None:
    """The source file of a model module: the user's beside the notebooks, or one of kerascnn.models."""
    base = PACKAGE.parent if module.startswith("kerascnn.models.") else search_path
    path = base.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def _reached(module: str, path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = (
                importlib.util.resolve_name("." * node.level + (node.module or ""), package)
                if node.level
                else node.module
            )
            names += [base or "", *(f"{base}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Name) and node.id in DYNAMIC:
            prefix = f"{package}." if package else ""
            names += [prefix + sibling.stem for sibling in path.parent.glob("*.py")]
    return [name for name in names if name and name != "kerascnn.models"]
