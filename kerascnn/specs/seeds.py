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

EARLY_PART = 0.9
"""Each look before the last has so much of an equal share of the level, and the last has the rest: it sees most."""
LAST_SHARE = 0.4
"""What the last of three looks has."""


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
    early = EARLY_PART / len(numbers)
    return (*(Look(seeds, early) for seeds in numbers[:-1]), Look(numbers[-1], 1 - early * (len(numbers) - 1)))


SeedsOf = Callable[[str], int]
"""The name of an arm -> how many seeds it has."""


def place_of(seed: int) -> int:
    """Which of its arm's seeds this is, counted from one: those of a search's winner begin at 1001."""
    return seed - FRESH_SEEDS if FRESH_SEEDS < seed <= RATE_SEEDS else seed
