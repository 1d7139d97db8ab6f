"""A search over builder arguments, what its oracle has proposed so far, and the arm that follows from it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from kerascnn.specs.arms import Arm
from kerascnn.specs.base import Spec
from kerascnn.specs.run import ModelSpec, Positive, TrainSpec
from kerascnn.specs.setting import RunsSoFar


class Choice(Spec, frozen=True, kw_only=True):
    """One hyperparameter of a search: the builder argument `name` takes one of `values`, in order."""

    name: str
    values: tuple[int | float | str, ...]


class Search(Spec, frozen=True, kw_only=True):
    """A search over builder arguments: Keras Tuner's `oracle` proposes, validation accuracy decides.

    The oracle is asked for `batch` trials at a time, whatever the number of workers, and told the
    results in trial order: the same seed gives the same trials. `base` is the arm whose model
    arguments the proposals complete.
    """

    name: str
    label: str
    oracle: Literal["random", "hyperband", "bayesian"]
    base: Arm
    space: tuple[Choice, ...]
    seed: Positive = 1
    batch: Positive = 4

    def model_with(self, arguments: dict[str, Any]) -> ModelSpec:
        """The base arm's model with the proposed arguments."""
        return ModelSpec(builder=self.base.model.builder, arguments=self.base.model.arguments | arguments)

    def trial_arm(self, arguments: dict[str, Any]) -> Arm:
        """What is trained to try these arguments, called by them."""
        model = self.model_with(arguments)
        said = ", ".join(f"{name}={value}" for name, value in model.arguments.items())
        return msgspec.structs.replace(self.base, label=f"{model.builder}({said})", model=model)


class ProposedTrial(Spec, frozen=True, kw_only=True):
    """One proposal: `arguments` complete the base arm's model, `spec` is the run that tries it.

    `number` is its place in the order of proposal, from 0. Two trials may have one spec: the Bayesian
    oracle may propose a point again, which costs no further run.
    """

    number: int
    arguments: dict[str, Any]
    epochs: int
    spec: TrainSpec


class Proposals(Spec, frozen=True, kw_only=True):
    """Every trial proposed so far; unless `complete`, the last batch has trials that are not settled."""

    trials: tuple[ProposedTrial, ...]
    complete: bool

    def scores(self, results: RunsSoFar) -> dict[int, float]:
        """Number -> validation accuracy of every trial that has one. Test figures play no part."""
        found = {t.number: results.val_accuracy(t.spec) for t in self.trials if results.is_settled(t.spec)}
        return {number: accuracy for number, accuracy in found.items() if accuracy is not None}

    def best(self, results: RunsSoFar) -> int | None:
        """The number of the first trial with the highest score; None where no trial has one."""
        scores = self.scores(results)
        return max(scores, key=scores.__getitem__, default=None)  # `max` keeps the first of equals

    def winner(self, search: Search, results: RunsSoFar) -> Arm | None:
        """The arm that the search chose, under the search's name.

        None while the search is not complete, and where no trial has a score.
        """
        best = self.best(results) if self.complete else None
        if best is None:
            return None
        model = search.model_with(self.trials[best].arguments)
        return msgspec.structs.replace(search.base, name=search.name, label=f"best of {search.label}", model=model)
