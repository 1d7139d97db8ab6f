"""In which order the experiments are read: by name, but for those that say after which other one they come.

A notebook says so in its metadata: `{"kerascnn": {"read_after": "02_convolution_by_hand"}}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from kerascnn.errors import NotebookError
from kerascnn.notebooks.contract import read_notebook
from kerascnn.notebooks.finding import find_notebooks


def notebooks_in_order(folder: Path) -> list[Path]:
    """The experiments of `folder` in the order in which the lesson is read."""
    paths = {path.stem: path for path in find_notebooks(folder)}
    after = {name: read_after(path) for name, path in paths.items()}
    return [paths[name] for name in lesson_order(after)]


def lesson_order(after: Mapping[str, str]) -> list[str]:
    """The names in order; `after` maps each to the one that it is read after, or to nothing.

    Whoever waits for a name that is not there, or for itself in a circle, stands where its own name does.
    """
    order: list[str] = []
    for name in sorted(after):
        if _leader(name, after) is None:
            order += _with_followers(name, after)
    return order


def read_after(path: Path) -> str:
    """What the notebook says that it is read after; nothing where it says nothing or cannot be read."""
    try:
        metadata = read_notebook(path).content.get("metadata")
    except NotebookError:
        return ""
    own = metadata.get("kerascnn") if isinstance(metadata, dict) else None
    wanted = own.get("read_after") if isinstance(own, dict) else None
    return wanted if isinstance(wanted, str) else ""


def _leader(name: str, after: Mapping[str, str]) -> str | None:
    """The name that `name` directly follows; None where it stands on its own."""
    leader, seen = after[name], {name}
    while leader in after and leader not in seen:
        seen.add(leader)
        leader = after[leader]
    return after[name] if after[name] in after and leader not in seen else None


def _with_followers(name: str, after: Mapping[str, str]) -> Iterable[str]:
    followers = sorted(other for other in after if _leader(other, after) == name)
    return [name, *(one for follower in followers for one in _with_followers(follower, after))]
