"""What a study is run on, and what it must know of the results so far."""

from __future__ import annotations

from typing import Protocol

import msgspec

from kerascnn.specs.base import Spec
from kerascnn.specs.run import Precision, TrainSpec


class Setting(Spec, frozen=True, kw_only=True):
    """What a study is run on: the data set's content hash, its size, and the precision.

    `companions` are other sets at hand that arms may name (`Arm.dataset`).
    """

    content: str
    train_images: int
    precision: Precision
    companions: dict[str, Setting] = msgspec.field(default_factory=dict)

    def on(self, dataset: str | None) -> Setting | None:
        """The setting with the named companion in the data set's place; None where it is not at hand."""
        return self if dataset is None else self.companions.get(dataset)

    def images_for(self, spec: TrainSpec) -> int:
        """How many training images the data set of `spec` has."""
        sizes = {other.content: other.train_images for other in self.companions.values()}
        return sizes.get(spec.data.content, self.train_images)


class RunsSoFar(Protocol):
    """What a search must know of the runs that its trials are."""

    @property
    def setting(self) -> Setting: ...

    def val_accuracy(self, spec: TrainSpec) -> float | None:
        """The settled run's validation accuracy; None where it failed or diverged."""
        ...

    def training_seconds(self, spec: TrainSpec) -> float:
        """How long the settled run trained; 0 where it failed."""
        ...

    def is_settled(self, spec: TrainSpec) -> bool:
        """Whether the run is in the store, or was tried and failed."""
        ...
