"""One way of doing it: an arm of an experiment, and the same arm at other learning rates."""

from __future__ import annotations

from typing import Any

import msgspec

from kerascnn.specs.base import Spec
from kerascnn.specs.run import Augmentation, ModelSpec, Normalisation, OptimiserSpec, Positive, ScheduleSpec, Task


def model(builder: str, **arguments: Any) -> ModelSpec:
    """The model that `builder` makes from `arguments` (JSON values)."""
    return ModelSpec(builder=builder, arguments=arguments)


class Arm(Spec, frozen=True, kw_only=True):
    """One way of doing it. `epochs` and `train_images` replace the budget's where given, and so does `most_seeds` where it
    is less: for an arm that takes long.

    `tone` names the colour that keeps its meaning on every page ("sigmoid", "relu", "he", ...). `dataset` names a
    companion of the data set (`kerascnn.data.COMPANIONS`); None is the data set itself. An arm whose companion is
    not at hand is left out, and its claims are not judged.
    """

    name: str
    label: str
    model: ModelSpec
    normalisation: Normalisation = "z-score"
    augmentation: tuple[Augmentation, ...] = ()
    optimiser: OptimiserSpec = OptimiserSpec()
    schedule: ScheduleSpec = ScheduleSpec()
    batch_size: Positive = 64
    epochs: Positive | None = None
    train_images: Positive | None = None
    most_seeds: Positive | None = None
    tone: str | None = None
    dataset: str | None = None
    task: Task = "classification"


class RateGrid(Spec, frozen=True, kw_only=True):
    """Learning rates to try for `arm`; the best on validation is the one that the arm `name` is trained with.

    Claims may name `name`: the fair comparison, each arm at its own best. The seeds of the trials (a budget's
    `rate_seeds`) are none that an arm is trained with.
    """

    name: str
    arm: str
    rates: tuple[float, ...]

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "rates", tuple(self.rates))

    def trial_arm(self, base: Arm, rate: float) -> Arm:
        """What is trained to try one rate, called after the grid and the rate."""
        return msgspec.structs.replace(
            at_rate(base, rate), name=f"{self.name}@{rate:g}", label=f"{base.label}, step {rate:g}"
        )


def at_rate(arm: Arm, rate: float) -> Arm:
    """The same arm with another learning rate."""
    optimiser = msgspec.structs.replace(arm.optimiser, learning_rate=rate)
    return msgspec.structs.replace(arm, optimiser=optimiser)
