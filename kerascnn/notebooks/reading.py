"""The code that turns runs into a notebook's result: what its kernel can load, and what keeps the outputs of its cells."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
from functools import cache

from kerascnn.code.loaded import all_modules, code_digest, imported_names
from kerascnn.code.meaning import DYNAMIC
from kerascnn.notebooks.contract import Notebook
from kerascnn.notebooks.shell import python_of

ALWAYS = ("kerascnn", "kerascnn.notebooks.executing.execute")
"""A study, which knows how to run itself, and what executes the notebook."""
TRAINS = ("kerascnn.execution",)
"""Makes runs, in the pipeline before the notebook is executed; what runs are is in their keys."""
LIBRARIES = ("pandas", "seaborn", "matplotlib", "scipy", "numpy", "keras", "tensorflow")
"""The last two, for notebooks that compare with them in their kernel."""


def reading_digest(notebook: Notebook) -> str:
    """Digest of the code and libraries that turn runs into the notebook's result."""
    code = code_digest([*ALWAYS, *imported_by(notebook)], without=TRAINS, search_path=notebook.path.parent)
    return hashlib.sha256(f"{code} {_versions()}".encode()).hexdigest()


def imported_by(notebook: Notebook) -> list[str]:
    """The modules that the notebook's cells import; all of this package where a cell names modules as it goes."""
    trees = [tree for source in notebook.code() if (tree := _parse(source)) is not None]
    if any(isinstance(node, ast.Name) and node.id in DYNAMIC for tree in trees for node in ast.walk(tree)):
        return all_modules()
    return sorted({name for tree in trees for name in imported_names(tree, package="")})


@cache
def _versions() -> dict[str, str]:
    return {library: importlib.metadata.version(library) for library in LIBRARIES}


def _parse(source: str) -> ast.Module | None:
    try:
        return ast.parse(python_of(source))
    except (SyntaxError, ValueError, RuntimeError, RecursionError, MemoryError):  # it imports nothing: it cannot run
        return None
