"""Formulas of a page, and what recomputes each of them."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

Check = Callable[[], None]

NAME = r"(?:[A-Za-z]|\\[A-Za-z]+)(?:_(?:\w|\{\w+\}|\\\w+))?(?:\^\\top)?"
"""A letter of its own, as `k`, `\\gamma`, `C_{in}` and `A^\\top`."""
SYMBOL = re.compile(rf"{NAME}|\({NAME}, {NAME}\)")


def normal(latex: str) -> str:
    """`latex` with single blanks, and without the comma or full stop of the sentence around it."""
    return " ".join(latex.split()).rstrip(".,; ")


def states_something(latex: str) -> bool:
    """Whether it is more than a name, or a pair of names that says where something is."""
    return SYMBOL.fullmatch(normal(latex)) is None


class Checks(dict[str, Check]):
    """Formula -> the function that recomputes it and fails where the formula is wrong."""

    def of(self, *formulas: str) -> Callable[[Check], Check]:
        """Enters the function below it as the check of `formulas`."""

        def enter(check: Check) -> Check:
            for formula in map(normal, formulas):
                assert formula not in self, f"two checks of {formula}"
                self[formula] = check
            return check

        return enter


def draws(seed: int = 1) -> np.random.Generator:
    """Random numbers that are the same each time."""
    return np.random.Generator(np.random.PCG64(seed))
