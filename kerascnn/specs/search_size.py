"""How much a search can ask for: data about a `Search`, known without an oracle."""

from __future__ import annotations

import math
from itertools import accumulate

from kerascnn.errors import UsageError
from kerascnn.specs.budget import Budget
from kerascnn.specs.search import Search
from kerascnn.specs.study import Study

HYPERBAND_FACTOR = 3
"""Each rung keeps one in three and trains it three times as long. Source: Li et al. 2018, algorithm 1 (eta)."""


def at_most(study: Study) -> int:
    """The most runs that the searches of `study` can ask for.

    Raises: UsageError when a search or its space is not valid.
    """
    return sum(len(longest_search(search, study.budget)) for search in study.searches)


def longest_search(search: Search, budget: Budget) -> list[int]:
    """The epochs of every trial that the search can ask for at most."""
    check_search(search)
    if search.oracle != "hyperband":
        combinations = math.prod(len(choice.values) for choice in search.space)
        return [budget.trial_epochs] * min(budget.trials, combinations)
    # Several sweeps may be open when the budget ends, so what is left may go to the shortest of any of them.
    epochs = sorted(hyperband_sweep(budget.trial_epochs) * hyperband_sweeps(budget))
    return [each for each, spent in zip(epochs, accumulate(epochs), strict=True) if spent <= epochs_to_spend(budget)]


def epochs_to_spend(budget: Budget) -> int:
    return budget.trials * budget.trial_epochs


def hyperband_sweeps(budget: Budget) -> int:
    """How many times Hyperband may go through its brackets: as often as the budget pays for, the last time in part."""
    return math.ceil(epochs_to_spend(budget) / sum(hyperband_sweep(budget.trial_epochs)))


def hyperband_sweep(max_epochs: int) -> list[int]:
    """The epochs of every trial in one sweep over all brackets, with the sizes of Keras Tuner's HyperbandOracle."""
    brackets, left = 0, float(max_epochs)
    while left >= 1:
        brackets, left = brackets + 1, left / HYPERBAND_FACTOR
    last_rung = math.ceil(1 + math.log(max_epochs, HYPERBAND_FACTOR))
    epochs: list[int] = []
    for bracket in reversed(range(brackets)):
        for rung in reversed(range(bracket + 1)):
            size = math.ceil(last_rung / (bracket + 1) * HYPERBAND_FACTOR**rung)
            epochs += [math.ceil(max_epochs / HYPERBAND_FACTOR**rung)] * size
    return epochs


def check_search(search: Search) -> None:
    """Raises: UsageError for what Keras Tuner would misread or only find out about half-way."""
    search.validated()
    names = [choice.name for choice in search.space]
    if not names or len(set(names)) < len(names):
        raise UsageError(
            f"Search {search.name!r}: `space` must name at least one argument and none twice. Received: {names}."
        )
    for choice in search.space:
        if len({type(value) for value in choice.values}) != 1 or len(set(choice.values)) < len(choice.values):
            raise UsageError(
                f"Search {search.name!r}: the values of {choice.name!r} must differ and be of one type. "
                f"Received: values={choice.values}."
            )
