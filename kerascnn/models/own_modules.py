"""A user's own modules beside the notebooks: imported from there and nowhere else, afresh where that is asked.

What a module computes when it is imported (a table of random numbers, a counter) must not depend on what the process
built before; so a run that builds a network imports the user's modules anew.
"""

from __future__ import annotations

import importlib
import sys
import sysconfig
import traceback
from pathlib import Path
from types import ModuleType

from kerascnn.errors import UsageError

_before: set[str] = set()
"""What was loaded before the first module of a user: never forgotten."""


def import_own_module(module: str, search_path: Path, model: str, *, afresh: bool = False) -> ModuleType:
    """The module of that name in the folder `search_path`, for the model named `model`.

    Raises: UsageError when it is not there, lies elsewhere, or needs a package that is not installed.
    """
    if not _before:
        _before.update(sys.modules)
    if afresh:
        _forget(search_path)
    if sys.path[:1] != [str(search_path)]:
        sys.path.insert(0, str(search_path))
    importlib.invalidate_caches()
    try:
        loaded = importlib.import_module(module)
    except ModuleNotFoundError as err:
        raise UsageError(explain_missing(err, module, search_path, model)) from err
    file = Path(loaded.__file__ or search_path / module).resolve()
    if not file.is_relative_to(search_path.resolve()):
        raise UsageError(
            f"Model {model!r}: the module {module} must be the one beside the notebooks. Received: another of that name "
            f"(in {file}). Give yours another name."
        )
    return loaded


def explain_missing(error: ModuleNotFoundError, module: str, search_path: Path, model: str) -> str:
    """What is missing, which file wants it, and what to do."""
    missing = error.name or module
    if missing == module or module.startswith(f"{missing}."):
        return (
            f"Model {model!r}: cannot import {missing!r}. Put {module}.py beside the notebooks in {search_path.name}/."
        )
    package = missing.partition(".")[0]
    wanted = _who_wants_it(error, search_path)
    if _is_beside(package, search_path):
        return f"Model {model!r}: {wanted} imports {missing!r}, which is not in {package} beside the notebooks. Mend the import."
    return (  # the file and not the model is named: models of one file fail for one reason, which is said once
        f"The package {package!r} is missing. Received: an import of {missing!r} (in {wanted}). Install the "
        f"package that provides it (`pip install {package}`, where it has the same name there), or put {package}.py beside the "
        "notebooks if it is yours."
    )


def _who_wants_it(error: ModuleNotFoundError, search_path: Path) -> str:
    """The innermost file of the user's, with its line, on the way to the import that failed."""
    folder = search_path.resolve()
    frames = [(Path(frame.filename).resolve(), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    own = [f"{file.relative_to(folder)}, line {line}" for file, line in frames if file.is_relative_to(folder)]
    return own[-1] if own else "a package that it imports"


def _is_beside(package: str, search_path: Path) -> bool:
    return (search_path / f"{package}.py").exists() or (search_path / package).is_dir()


def _forget(search_path: Path) -> None:
    """Drop what was imported from the user's folder; packages installed below it stay."""
    folder = search_path.resolve()
    installed = [Path(sysconfig.get_path(kind)).resolve() for kind in ("purelib", "platlib", "stdlib")]
    for name in list(sys.modules):  # names alone: while pairs are made, something collected may import or drop a module
        file = getattr(sys.modules.get(name), "__file__", None)
        if name in _before or name.partition(".")[0] == "kerascnn" or not isinstance(file, str):
            continue
        path = Path(file).resolve()
        if path.is_relative_to(folder) and not any(path.is_relative_to(place) for place in installed):
            del sys.modules[name]
