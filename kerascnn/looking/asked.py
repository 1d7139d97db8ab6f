"""What this room must know of a study's runs; `Results` gives it in a notebook."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from kerascnn.records import ArmRuns, DatasetInfo


class TrainedRuns(Protocol):
    """The runs of a study with their weights, and the data that they were trained on."""

    @property
    def dataset(self) -> DatasetInfo: ...

    @property
    def search_path(self) -> Path:
        """Where a user's own model modules lie."""
        ...

    def select(self, *names: str) -> list[ArmRuns]:
        """The named arms, in the given order."""
        ...

    def weights(self, arm: str, seed: int) -> dict[str, Any]:
        """Variable path -> float32 array."""
        ...

    def predictions(self, arm: str, seed: int) -> dict[str, Any]:
        """What one run said about its test images."""
        ...
