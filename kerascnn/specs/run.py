"""One training run, written down completely."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from kerascnn.specs.base import Spec

Normalisation = Literal["raw", "centred", "unit", "centred-unit", "symmetric", "scale-only", "z-score", "per-image"]
"""How uint8 pixels become the network's input.

`raw`: 0..255 as they are. `centred`: x - mean per channel, not scaled. `unit`: [0, 1]. `centred-unit`: (x - mean) / 255.
`symmetric`: [-1, 1]. `scale-only`: x / std, not centred.
`z-score`: zero mean and unit variance per channel, statistics of the training split.
`per-image`: each image standardised by its own mean and standard deviation.
"""

Augmentation = Literal["flip", "shift"]
"""`flip`: left-right with probability 1/2. `shift`: pad by 4 reflected pixels, crop at random."""

Task = Literal["classification", "segmentation"]
"""`classification`: one class for an image. `segmentation`: for each of its pixels, whether it is on the object."""

Precision = Literal["float32", "bfloat16"]

Positive = Annotated[int, msgspec.Meta(ge=1)]
Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class DataSpec(Spec, frozen=True, kw_only=True):
    """Which images a run sees.

    `content` is the SHA-256 of decoded pixels and labels. Validation images are cut from the
    training set by a stratified split that depends on `split_seed` alone; `train_images` are then
    drawn for each seed from what is left (None: all of it).
    """

    content: str
    train_images: Positive | None = None
    val_images: Positive | None = None
    test_images: Positive | None = None
    validation_share: Share = 0.1
    split_seed: int = 0


class ModelSpec(Spec, frozen=True, kw_only=True):
    """A model by the name of its builder.

    `models.lenet` is a builder of this package; `module:function` is one of the user's own module
    that lies beside the notebooks. `arguments` are JSON values handed to the builder by name.
    """

    builder: str
    arguments: dict[str, Any] = msgspec.field(default_factory=dict)


class OptimiserSpec(Spec, frozen=True, kw_only=True):
    """The update rule. `momentum` is for sgd only; `clip_norm` clips the global gradient norm."""

    name: Literal["sgd", "adam", "adamw"] = "adam"
    learning_rate: Annotated[float, msgspec.Meta(gt=0.0)] = 1e-3
    momentum: Share = 0.0
    weight_decay: Annotated[float, msgspec.Meta(ge=0.0)] = 0.0
    clip_norm: float | None = None


class ScheduleSpec(Spec, frozen=True, kw_only=True):
    """Learning rate over time: constant, or cosine down to `final_share` of the peak."""

    kind: Literal["constant", "cosine"] = "constant"
    warmup_epochs: Annotated[float, msgspec.Meta(ge=0.0)] = 0.0
    final_share: Share = 0.0


class TrainSpec(Spec, frozen=True, kw_only=True):
    """One training run. Everything in it is part of the run's key."""

    data: DataSpec
    model: ModelSpec
    epochs: Positive
    seed: int
    normalisation: Normalisation = "z-score"
    augmentation: tuple[Augmentation, ...] = ()
    optimiser: OptimiserSpec = OptimiserSpec()
    schedule: ScheduleSpec = ScheduleSpec()
    batch_size: Positive = 64
    precision: Precision = "float32"
    threads: Positive = 1
    task: Task = "classification"
