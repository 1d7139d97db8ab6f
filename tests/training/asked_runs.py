"""Trained runs as `Results` shows them, for what asks trained networks again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tiny_runs import INFO, make_spec, train

from kerascnn.data import Dataset
from kerascnn.records import ArmRuns
from kerascnn.specs import Arm, ModelSpec


class Runs:
    """One trained run of every model, seed 1, by the name of its arm."""

    dataset, search_path = INFO, None

    def __init__(self, dataset: Dataset, models: Mapping[str, ModelSpec]) -> None:
        self.models = models
        self.trained = {name: train(make_spec(network), dataset) for name, network in models.items()}

    def weights(self, arm: str, seed: int) -> dict[str, Any]:
        return self.trained[arm].weights

    def select(self, *names: str) -> list[ArmRuns]:
        arms = {name: Arm(name=name, label=name, model=self.models[name]) for name in names}
        return [ArmRuns(arms[name], {1: self.trained[name].record}) for name in names]
