"""How seeds are numbered, at how many of them a claim is judged, and what each of these looks may spend of the level.

A look is a number of seeds that was fixed before anything was trained. With shares that add up to one, the smallest of
p / share over the looks is a p-value again, by the union bound: whoever stops at the first clear look has not cheated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

FRESH_SEEDS = 1000
"""Seeds above this retrain what a search chose, so that its luck with a seed is not reported."""
RATE_SEEDS = 2000
"""Seeds above this try learning rates."""

LAST_SHARE = 0.4
"""Of the level, for the last of several looks; those before it share the rest equally, for most claims are decided early."""


class Look(NamedTuple):
    """Judging after the first `seeds` seeds, at `share` of the level."""

    seeds: int
    share: float


def schedule(first: int, most: int) -> tuple[Look, ...]:
    """Looks after `first` seeds and after each doubling of them, the last after `most`; one look at the whole level where that is all."""
    numbers = [first]
    while numbers[-1] < most:
        numbers.append(min(2 * numbers[-1], most))
    if len(numbers) == 1:
        return (Look(first, 1.0),)
    early = (1 - LAST_SHARE) / (len(numbers) - 1)
    return (*(Look(seeds, early) for seeds in numbers[:-1]), Look(numbers[-1], LAST_SHARE))


SeedsOf = Callable[[str], int]
"""The name of an arm -> how many seeds it has."""


def place_of(seed: int) -> int:
    """Which of its arm's seeds this is, counted from one: those of a search's winner begin at 1001."""
    return seed - FRESH_SEEDS if FRESH_SEEDS < seed <= RATE_SEEDS else seed
