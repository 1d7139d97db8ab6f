"""What code a process can load: which modules follow from those that it starts with, and a digest of all of them.

A result is fresh while this digest is the same. Docstrings and comments count for nothing, nor do modules that nobody loads.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from kerascnn.code.meaning import PACKAGE, absolute_name, parse_source, source_digest, source_file, with_packages
from kerascnn.code.packages import package_versions
from kerascnn.errors import UsageError
from kerascnn.ownership.writing import write_replacing
from kerascnn.places import cache_folder

OURS = PACKAGE.name
MOST_REMEMBERED = 2_000
"""Modules that are remembered on the disk: several versions of all there are."""


class Meaning(NamedTuple):
    """What counts of a module: the digest of its source, and the modules that it imports at any time."""

    digest: str
    imports: tuple[str, ...]


def code_digest(roots: Iterable[str], without: Iterable[str] = (), search_path: Path | None = None) -> str:
    """SHA-256 of all code that a process can load which imports the modules `roots`.

    `without`: modules and packages that are not followed. `search_path`: where a user's own modules lie; of packages of
    others that those import the version counts. Every file is read once in a process: it goes on with what it has loaded.
    """
    found, others = modules_loaded(roots, without, search_path)
    digests = {name: _meaning_of(path, name).digest for name, path in sorted(found.items())}
    _remember()
    parts = [digests, package_versions(sorted(others), search_path) if search_path else {}]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def modules_loaded(
    roots: Iterable[str], without: Iterable[str] = (), search_path: Path | None = None
) -> tuple[dict[str, Path], set[str]]:
    """The files of the modules that importing `roots` may load, directly or in a function; the user's packages of others."""
    found: dict[str, Path] = {}
    waiting = list(dict.fromkeys(roots))
    seen, by_users, left_out = set(waiting), set(waiting), tuple(without)
    while waiting:
        name = waiting.pop()
        path = _file_of(name, search_path)
        if path is None or any(name == one or name.startswith(f"{one}.") for one in left_out):
            continue
        found[name] = path
        imports = _meaning_of(path, name).imports
        by_users.update(() if _is_ours(name) else imports)
        waiting += [other for other in imports if other not in seen]
        seen.update(imports)
    others = {name.partition(".")[0] for name in by_users} - {name.partition(".")[0] for name in found}
    return found, others - sys.stdlib_module_names


def imported_names(tree: ast.AST, package: str, *, with_types: bool = False) -> Iterator[str]:
    """The modules that running the code may load, with the packages they lie in.

    Imports for the type checker alone are none, unless `with_types`.
    """
    is_for_types = isinstance(tree, ast.If) and "TYPE_CHECKING" in ast.unparse(tree.test)
    children = (
        tree.orelse if isinstance(tree, ast.If) and is_for_types and not with_types else ast.iter_child_nodes(tree)
    )
    for name in _named(tree, package):
        yield from with_packages(name)
    for child in children:
        yield from imported_names(child, package, with_types=with_types)


def all_modules() -> list[str]:
    """Every module of this package: what code may load that names modules as it goes."""
    paths = (path.relative_to(PACKAGE.parent).with_suffix("") for path in sorted(PACKAGE.rglob("*.py")))
    return [".".join(path.parts).removesuffix(".__init__") for path in paths]


def _named(node: ast.AST, package: str) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = absolute_name("." * node.level + (node.module or ""), package)
        return [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return []


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] == OURS


@cache
def _file_of(name: str, search_path: Path | None) -> Path | None:
    folder = PACKAGE.parent if _is_ours(name) else search_path
    return None if folder is None else source_file(name, folder)


@cache
def _meaning_of(path: Path, name: str) -> Meaning:
    content = path.read_bytes()
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    known = hashlib.sha256(package.encode() + b"\0" + content).hexdigest()[:32]
    remembered = _remembered()
    if known not in remembered:
        remembered[known] = _read_meaning(content, path.name, package)
        _new.append(known)
    return remembered[known]


def _read_meaning(content: bytes, file: str, package: str) -> Meaning:
    # What a package imports for the type checker alone it hands on once it is asked for, as `kerascnn.plots` does.
    is_package = file == "__init__.py"
    try:
        names = imported_names(parse_source(content, file), package, with_types=is_package)
        return Meaning(source_digest(content, file), tuple(dict.fromkeys(names)))
    except UsageError:  # no Python: whoever imports it is told so
        return Meaning(hashlib.sha256(content).hexdigest(), ())


_new: list[str] = []
"""What was read in this process and is not remembered on the disk."""


def _memory() -> Path:
    """A file of the user's cache: reading 200 modules takes a second. Its name follows from what the digests follow from."""
    makers = [Path(__file__), Path(__file__).with_name("meaning.py")]
    version = hashlib.sha256(b"".join(path.read_bytes() for path in makers)).hexdigest()[:8]
    return cache_folder() / "sources" / f"{sys.implementation.cache_tag}-{version}.json"


@cache
def _remembered() -> dict[str, Meaning]:
    try:
        found = json.loads(_memory().read_bytes())
        return {name: Meaning(str(digest), tuple(map(str, imports))) for name, (digest, imports) in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):  # not there, or damaged: everything is read again
        return {}


def _remember() -> None:
    if not _new:
        return
    _new.clear()
    with contextlib.suppress(OSError):  # losing it costs a second
        _memory().parent.mkdir(parents=True, exist_ok=True)
        newest = dict(list(_remembered().items())[-MOST_REMEMBERED:])
        write_replacing(_memory(), json.dumps(newest).encode())
