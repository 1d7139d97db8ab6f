"""What a finished run and a published experiment look like on disk.

These types are the only thing the half that produces runs and the half that reads them share.
Accuracies are fractions in [0, 1]; a number that is not finite is stored as None.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from kerascnn.specs import Arm, Precision, Spec, Study, TrainSpec

if TYPE_CHECKING:
    import numpy as np


class Score(Spec, frozen=True, kw_only=True):
    """Cross-entropy in nats and the fraction of images classified correctly, in inference mode."""

    loss: float | None
    accuracy: float
    images: int


class Epoch(Spec, frozen=True, kw_only=True):
    """One epoch. Train figures are running means in training mode; val figures in inference mode."""

    epoch: int
    train_loss: float | None
    train_accuracy: float
    val_loss: float | None
    val_accuracy: float
    learning_rate: float
    duration_seconds: float


class LayerProbe(Spec, frozen=True, kw_only=True):
    """One layer with weights, looked at in float32 on a fixed batch of training images.

    `activation_mean_square` is the mean of the squared values after the activation function. `activation_std` is over all values after the activation function; `activation_std_across_examples`
    is the standard deviation over the images, averaged over positions and channels: what the layer
    still knows about its input. `gradient_norm` is the Euclidean norm of the loss gradient with respect
    to the kernel. `dead_share`: rectified units that are zero on every image of the batch and position.
    `saturated_share`: sigmoid or tanh values within 1 % of their range's ends. `update_ratio`: norm of
    one optimiser step over the norm of the kernel.
    """

    layer: str
    kind: str
    activation: str | None = None
    activation_mean_square: float | None = None
    activation_std: float | None = None
    activation_std_across_examples: float | None = None
    gradient_norm: float | None = None
    dead_share: float | None = None
    saturated_share: float | None = None
    update_ratio: float | None = None


class Probe(Spec, frozen=True, kw_only=True):
    """All layers, from input to output, at one moment."""

    moment: Literal["initial", "final"]
    loss: float | None
    layers: tuple[LayerProbe, ...]


class Cost(Spec, frozen=True, kw_only=True):
    """What a run took. `multiply_adds` are those of one image's forward pass."""

    duration_seconds: float
    training_seconds: float
    images_per_second: float
    parameters: int
    multiply_adds: int
    peak_memory_bytes: int


class Environment(Spec, frozen=True, kw_only=True):
    """Where a run was trained; `platform` is the class within which bits are equal."""

    platform: str
    precision: Precision
    versions: dict[str, str]
    finished_at: str
    """UTC, ISO 8601."""


class RunRecord(Spec, frozen=True, kw_only=True):
    """The result of one TrainSpec. `diverged`: the loss stopped being finite; that is a result.

    `small_set_accuracy`: where the run learned nothing, the share of 20 training images that the same net gets
    right after 100 steps on them alone.
    """

    key: str
    spec: TrainSpec
    outcome: Literal["finished", "diverged"]
    epochs: tuple[Epoch, ...]
    train: Score
    val: Score
    test: Score
    probes: tuple[Probe, ...]
    cost: Cost
    environment: Environment
    weights_sha256: str
    small_set_accuracy: float | None = None
    schema: Literal[1] = 1


def hash_weights(weights: dict[str, np.ndarray]) -> str:
    """SHA-256 over names, types, shapes and bytes of all weights, by name: a record's `weights_sha256`."""
    import numpy as np

    digest = hashlib.sha256()
    for name in sorted(weights):
        array = np.ascontiguousarray(weights[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.data)
    return digest.hexdigest()


def utc_now() -> str:
    """The time in UTC to the second, ISO 8601."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


class RunFailure(Spec, frozen=True, kw_only=True):
    """A run that ended in an error: what happened and how far it came."""

    key: str
    spec: TrainSpec
    reason: str
    traceback: str
    failed_at: str
    epochs: tuple[Epoch, ...] = ()
    schema: Literal[1] = 1


class DatasetInfo(Spec, frozen=True, kw_only=True):
    """What is known about a data set without opening its pixels.

    `notice` is set where the numbers are not about the set the lesson speaks of (the embedded set).
    `content` is the SHA-256 of decoded pixels and labels. `image_shape` is (height, width, channels).
    `companions` are the sets beside it that arms may name; `missing` says of others why they are not at hand.
    """

    name: str
    title: str
    content: str
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    train_images: int
    test_images: int
    source: str
    notice: str | None = None
    companions: dict[str, DatasetInfo] = msgspec.field(default_factory=dict)
    missing: dict[str, str] = msgspec.field(default_factory=dict)

    def beside(self, names: Collection[str]) -> DatasetInfo:
        """The same set with the named companions alone, so that what others need changes nothing."""
        return msgspec.structs.replace(
            self,
            companions={name: info for name, info in self.companions.items() if name in names},
            missing={name: reason for name, reason in self.missing.items() if name in names},
        )

    def on(self, dataset: str | None) -> DatasetInfo:
        """The named companion, or this set itself where none is named or it is not at hand."""
        return self if dataset is None else self.companions.get(dataset, self)

    @property
    def chance(self) -> float:
        """The accuracy of answering at random: one over the number of classes."""
        return 1.0 / max(1, len(self.class_names))

    def chance_of(self, arm: Arm) -> float:
        """The accuracy of guessing: one over the classes of the arm's data set, one half for a pixel of a mask."""
        return 0.5 if arm.task == "segmentation" else self.on(arm.dataset).chance


@dataclass(frozen=True)
class ArmRuns:
    """One arm with the runs it has, by seed. A seed is in `records`, in `failures`, or not run yet.

    `measured`: metric -> seed -> value, for the metrics that a notebook measures itself. `chance`: the accuracy of
    guessing, where it is known for this arm and need not be the study's. `absent`: why no run of it is wanted, where
    none is.
    """

    arm: Arm
    records: dict[int, RunRecord]
    failures: dict[int, RunFailure] = field(default_factory=dict)
    measured: dict[str, dict[int, float]] = field(default_factory=dict)
    chance: float | None = None
    absent: str = ""

    def with_measured(self, measured: Mapping[str, Mapping[str, dict[int, float]]]) -> ArmRuns:
        """The same runs with the arm's share of what a notebook measured: metric -> arm -> seed -> value."""
        own = {metric: by_arm.get(self.arm.name, {}) for metric, by_arm in measured.items()}
        return replace(self, measured=own)

    def chance_or(self, study: float) -> float:
        """The arm's own chance of guessing, or the study's where it has none."""
        return study if self.chance is None else self.chance

    @property
    def finished(self) -> dict[int, RunRecord]:
        """The runs whose network can be asked again, by seed: a diverged one answers nothing."""
        return {seed: record for seed, record in sorted(self.records.items()) if record.outcome == "finished"}


def gather_runs(
    arm: Arm,
    keys: Mapping[int, str],
    load_record: Callable[[str], RunRecord | None],
    load_failure: Callable[[str], RunFailure | None],
    chance: float,
) -> ArmRuns:
    """The arm with what there is of its runs, whose `keys` are by seed."""
    records = {seed: record for seed, key in sorted(keys.items()) if (record := load_record(key))}
    missing = {seed: key for seed, key in sorted(keys.items()) if seed not in records}
    failures = {seed: failure for seed, key in missing.items() if (failure := load_failure(key))}
    return ArmRuns(arm, records, failures, chance=chance)


SHOWN = "kerascnn_figure"
"""Where a cell's output says, among its metadata, which figure it shows."""


class Figure(Spec, frozen=True, kw_only=True):
    """A picture published by a notebook; `file` lies beside the published result.

    `kind` is the sort of chart, such as "curves"; None in results that were published before charts said it.
    """

    name: str
    file: str
    title: str
    alt: str
    caption: str = ""
    kind: str | None = None


class PublishedTable(Spec, frozen=True, kw_only=True):
    """A table published by a notebook, as it stands in its CSV file.

    `metrics` maps a column to the metric whose unit its values have; it is None in results that were published before
    tables said it.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | float | bool | None, ...], ...]
    metrics: dict[str, str] | None = None


class Trial(Spec, frozen=True, kw_only=True):
    """One proposal of a search: its hyperparameters, the run that tried it, its validation score."""

    number: int
    arguments: dict[str, Any]
    epochs: int
    key: str
    val_accuracy: float | None


class PublishedSearch(Spec, frozen=True, kw_only=True):
    """All trials of one search in the order they were proposed; `best` is chosen on validation."""

    name: str
    label: str
    oracle: str
    trials: tuple[Trial, ...]
    best: int | None


class Published(Spec, frozen=True, kw_only=True):
    """What a notebook's last cell writes: the proof that it ran to its end.

    `runs` maps arm -> seed -> run key; a run that failed has its key in `failed_runs`. `found_arms` are those that
    the study found by learning rates tried or by searches; of `rates_at_edge` the best rate may lie beyond those
    tried; `rate_trials` are the keys of the runs that tried them. `numbers` are named measurements of the notebook
    that are not in a run's record, None where not finite; `measured` such of single runs (metric -> arm -> seed -> value);
    `image_errors` the standard error that the choice of test images gives a
    claim's effect. `freshness` is the digest of everything
    the result was made from; it is empty for a result made by hand, which never counts as up to date.
    """

    experiment: str
    title: str
    introduction: str
    dataset: DatasetInfo
    study: Study
    study_digest: str
    parameters: dict[str, Any]
    changed_parameters: dict[str, Any]
    precision: Precision
    runs: dict[str, dict[int, str]]
    failed_runs: tuple[str, ...] = ()
    found_arms: tuple[Arm, ...] = ()
    rates_at_edge: tuple[str, ...] = ()
    rate_trials: tuple[str, ...] = ()
    searches: tuple[PublishedSearch, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[PublishedTable, ...] = ()
    numbers: dict[str, float | None] = msgspec.field(default_factory=dict)
    measured: dict[str, dict[str, dict[int, float]]] = msgspec.field(default_factory=dict)
    image_errors: dict[str, float] = msgspec.field(default_factory=dict)
    takeaways: tuple[str, ...] = ()
    freshness: str = ""
    created_at: str = ""
    schema: Literal[1] = 1

    def named_arms(self) -> dict[str, Arm]:
        """Every arm that claims and takeaways may name, in the order of the study, those found last."""
        grids = {
            grid.name: msgspec.structs.replace(self.study.arm(grid.arm), name=grid.name)
            for grid in self.study.rate_grids
        }
        return {arm.name: arm for arm in (*self.study.arms, *grids.values(), *self.found_arms)}


class NotebookFailure(Spec, frozen=True, kw_only=True):
    """A notebook that did not reach its publish cell."""

    experiment: str
    title: str
    profile: str
    data: str
    parameters: dict[str, Any]
    changed_parameters: dict[str, Any]
    reason: str
    traceback: str
    cell: int | None
    failed_at: str
    runs: dict[str, dict[int, str]] = msgspec.field(default_factory=dict)
    failed_runs: tuple[str, ...] = ()
    schema: Literal[1] = 1
