"""The key of a run: a digest of everything that can change its result."""

from __future__ import annotations

import ast
import hashlib
import sys
from functools import lru_cache
from pathlib import Path

from kerascnn.code.meaning import DYNAMIC, PACKAGE, absolute_name, file_digest, parse_source, source_file, with_packages
from kerascnn.code.packages import package_versions
from kerascnn.errors import UsageError
from kerascnn.machine import RESULT_PACKAGES, platform_class, result_versions
from kerascnn.models import locate_builder
from kerascnn.specs import Precision, Spec, TrainSpec

MODELS = "kerascnn.models"
KEY_LENGTH = 32
EVERYTHING = ".*"
"""The end of what `from package import *` reaches."""
KNOWN_PACKAGES = {*sys.stdlib_module_names, *RESULT_PACKAGES, *DYNAMIC, "kerascnn", "__main__"}
"""Packages whose version is in every key, that come with Python, or whose modules count one by one."""


class Origin(Spec, frozen=True, kw_only=True):
    """Where runs are made: the class of machines, the libraries' versions, and the precision chosen there."""

    platform: str
    versions: dict[str, str]
    precision: Precision

    @property
    def name(self) -> str:
        """A short name to type: eight hexadecimal digits."""
        return hashlib.sha256(self.canonical_json()).hexdigest()[:8]


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


def origin_of(identity: RunIdentity) -> Origin:
    """Where the run was made."""
    return Origin(platform=identity.platform, versions=identity.versions, precision=identity.spec.precision)


def identify(
    spec: TrainSpec, search_path: Path, origin: Origin | None = None, sources: dict[str, str] | None = None
) -> RunIdentity:
    """The identity of `spec` on this machine (or made at `origin`), with `sources` or those that are on disk now.

    Raises: UsageError when the model's builder cannot be found.
    """
    return RunIdentity(
        spec=spec,
        sources=run_sources(spec.model.builder, search_path) if sources is None else sources,
        versions=origin.versions if origin else result_versions(),
        platform=origin.platform if origin else platform_class(),
    )


def run_sources(builder: str, search_path: Path) -> dict[str, str]:
    """Digest of every module that takes part in a run of this builder."""
    return builder_sources(builder, search_path) | training_sources()


def training_sources() -> dict[str, str]:
    """Digest of every module of the closed training package."""
    return {f"kerascnn.training.{path.stem}": file_digest(path) for path in sorted((PACKAGE / "training").glob("*.py"))}


def builder_sources(builder: str, search_path: Path) -> dict[str, str]:
    """Digest of the builder's module and of the modules it imports, directly or not; the versions of other packages.

    A module that imports dynamically brings in its whole folder, one that finds
    models by name all models as well. `from package import *` brings in the whole package.

    Raises: UsageError when the builder's module is not there.
    """
    files, packages = builder_modules(builder, search_path)
    return {name: file_digest(path) for name, path in sorted(files.items())} | package_versions(packages, search_path)


def builder_modules(builder: str, search_path: Path) -> tuple[dict[str, Path], tuple[str, ...]]:
    """The files of the modules that building `builder` may run, and the packages of others that a user's module imports."""
    module, _ = locate_builder(builder)
    if module_file(module, search_path) is None:
        raise UsageError(
            f"Model {builder!r}: no module {module!r}. Put {module}.py beside the notebooks in {search_path.name}/."
        )
    found: dict[str, Path] = {}
    others: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = module_file(name, search_path)
        if path is None:
            others.add(name.partition(".")[0])
        elif name not in found:
            found[name] = path
            waiting += [other for other in _reached(name, path, search_path) if _counts(other, name)]
    inside = {name.partition(".")[0] for name in found}
    return found, tuple(sorted(others - inside - KNOWN_PACKAGES))


def _counts(imported: str, module: str) -> bool:
    """Whether what `module` imports can be something new: of what our own modules import, only our own is."""
    if module.startswith(f"{MODELS}."):
        return imported.startswith(f"{MODELS}.")
    return _is_ours(imported) or not _is_ours(module)


def _is_ours(module: str) -> bool:
    """Whether it is a module of this package that counts by its source; the packages themselves only hand on names."""
    return module.startswith("kerascnn.") and module != MODELS


def module_file(module: str, search_path: Path) -> Path | None:
    """The source file of a module: the user's beside the notebooks, or one of this package."""
    return source_file(module, PACKAGE.parent if _is_ours(module) else search_path)


def _reached(module: str, path: Path, search_path: Path) -> tuple[str, ...]:
    """Modules that running `module` may load, with the packages they lie in; most are nobody's model modules."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    status = path.stat()
    names = list(_names_in_version(path, package, status.st_mtime_ns, status.st_size))
    by_name = any(_is_model_look_up(name) for name in names)
    is_readable = _is_ours(module) and not module.startswith(f"{MODELS}.")
    if not is_readable and (by_name or any(name.partition(".")[0] in DYNAMIC for name in names)):
        names += _folder_modules(path.parent, package)
    if by_name:
        names += _folder_modules(PACKAGE / "models", MODELS)
    for name in [name.removesuffix(EVERYTHING) for name in names if name.endswith(EVERYTHING)]:
        names += _package_modules(name, search_path)
    return tuple(above for name in [module, *names] for above in with_packages(name))


def _package_modules(name: str, search_path: Path) -> list[str]:
    """All modules of a package, for `import *` of it loads those that its `__all__` names; none of a plain module."""
    path = module_file(name, search_path)
    return _folder_modules(path.parent, name) if path is not None and path.name == "__init__.py" else []


@lru_cache(maxsize=4096)
def _names_in_version(path: Path, package: str, mtime_ns: int, size_bytes: int) -> tuple[str, ...]:
    tree = parse_source(path.read_bytes(), path.name)
    return tuple(name for node in ast.walk(tree) for name in _named(node, package))


def _named(node: ast.AST, package: str) -> list[str]:
    """The modules that a statement imports, or the name it uses if that is one of a dynamic import."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = absolute_name("." * node.level + (node.module or ""), package)
        inside = [f"{base}.{alias.name}" for alias in node.names]
        return inside if base == MODELS else [base, *inside]
    return [node.id] if isinstance(node, ast.Name) and node.id in DYNAMIC else []


def _is_model_look_up(name: str) -> bool:
    """Whether `name` is not a module of `kerascnn.models` but what finds models by name, such as `load_builder`."""
    return name == MODELS or (name.rpartition(".")[0] == MODELS and module_file(name, PACKAGE) is None)


def _folder_modules(folder: Path, package: str) -> list[str]:
    found = sorted(path.relative_to(folder).with_suffix("") for path in folder.rglob("*.py"))
    return [".".join([*([package] if package else []), *path.parts]) for path in found]
