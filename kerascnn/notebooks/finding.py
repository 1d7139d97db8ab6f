"""Which notebooks there are, and which of them a name means."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from kerascnn.errors import UsageError, near_match

UNFIT = ("Cc", "Cs", "Zl", "Zp")
"""Kinds of characters that no name may hold: control characters, line ends, what is no UTF-8."""
TURNS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""What turns the direction of reading, so that a name looks like another."""


def find_notebooks(folder: Path) -> list[Path]:
    """The experiments in the order of their names; without those that `misnamed` finds."""
    return [path for path in _notebook_files(folder) if _is_fit(path.stem)]


def misnamed(folder: Path) -> list[Path]:
    """Notebooks with a name that cannot stand in a page or a record: line ends, control characters, no UTF-8."""
    return [path for path in _notebook_files(folder) if not _is_fit(path.stem)]


def _notebook_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.ipynb") if not path.name.startswith((".", "_")))


def _is_fit(name: str) -> bool:
    return not any(unicodedata.category(sign) in UNFIT or sign in TURNS for sign in name)


def select(names: list[str], known: list[str]) -> list[str]:
    """The experiments that `names` mean: full name, name without its number, or unique prefix of either.

    Raises: UsageError for a name that fits none or several.
    """
    return [_select_one(name, known) for name in names]


def _select_one(name: str, known: list[str]) -> str:
    name = name.removesuffix(".ipynb").removeprefix("experiments/")
    for fits in (
        [k for k in known if name in (k, _without_number(k))],
        [k for k in known if k.startswith(name) or _without_number(k).startswith(name)],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise UsageError(f"The name {name!r} fits several experiments: {', '.join(fits)}. Write more of it.")
    raise UsageError(f"There is no experiment {name!r}. {near_match(name, known, map(_without_number, known))}")


def _without_number(name: str) -> str:
    head, _, tail = name.partition("_")
    return tail if head.isdigit() and tail else name
