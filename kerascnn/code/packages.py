"""Packages of others that a user's modules import: each by its version, or by its source where that can change alone."""

from __future__ import annotations

import hashlib
import importlib.machinery
import importlib.util
import json
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

NOT_INSTALLED = "not installed"
SOURCE = "source "
"""Before the digest of a package that is not known by a version."""


def package_versions(packages: Iterable[str], search_path: Path) -> dict[str, str]:
    """Import name -> version, `source ...` for a package under development, or `not installed`."""
    return {name: _package_version(name, search_path) for name in packages}


@cache
def _package_version(package: str, search_path: Path) -> str:
    # Once in each process: it has imported the package, or will, once too.
    found = _distributions(package)
    if found and not any(map(_is_editable, found)):
        return found[0].version if len(found) == 1 else ", ".join(f"{d.name} {d.version}" for d in found)
    return _source(package, search_path)


def _distributions(package: str) -> list[Distribution]:
    try:
        return [distribution(package)]
    except PackageNotFoundError:
        return [distribution(name) for name in sorted(set(_providers().get(package, ())))]


@cache
def _providers() -> Mapping[str, list[str]]:
    return packages_distributions()


def _is_editable(found: Distribution) -> bool:
    """Whether its files are somebody's working copy, which changes while the version stays."""
    origin = json.loads(found.read_text("direct_url.json") or "{}")
    return bool(origin.get("dir_info", {}).get("editable"))


def _source(package: str, search_path: Path) -> str:
    spec = importlib.machinery.PathFinder.find_spec(package, [str(search_path), *sys.path])
    spec = spec or importlib.util.find_spec(package)
    if spec is None:
        return NOT_INSTALLED
    folders = [Path(place) for place in spec.submodule_search_locations or ()]
    files = [path for folder in folders for path in sorted(folder.rglob("*.py"))] or [Path(spec.origin or "")]
    digest = hashlib.sha256()
    for path in filter(Path.is_file, files):
        digest.update(path.read_bytes())
    return SOURCE + digest.hexdigest()
