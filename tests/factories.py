"""Small records made by hand: what a run would leave behind, without training one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np

from kerascnn import Arm, model
from kerascnn.identity import RunIdentity
from kerascnn.records import (
    ArmRuns,
    Cost,
    Environment,
    Epoch,
    LayerProbe,
    Probe,
    RunFailure,
    RunRecord,
    Score,
    hash_weights,
)
from kerascnn.specs import DataSpec, TrainSpec

CONTENT = "c0ffee" * 10 + "c0ff"


def make_arm(name: str = "relu", **fields: Any) -> Arm:
    """An arm called `name`; its label is the name with a capital unless given."""
    return Arm(**{"name": name, "label": name.capitalize(), "model": model("models.vgg"), **fields})


def make_spec(arm: Arm, seed: int, epochs: int = 3) -> TrainSpec:
    """The run of `arm` with `seed` on an invented data set."""
    return TrainSpec(data=DataSpec(content=CONTENT, train_images=100), model=arm.model, epochs=epochs, seed=seed)


def make_epochs(
    val_accuracies: Sequence[float] = (0.2, 0.3, 0.4), losses: Sequence[float | None] | None = None
) -> tuple[Epoch, ...]:
    """One epoch for each validation accuracy; `losses` serve as training and validation loss."""
    losses = losses or [2.3 - 2 * accuracy for accuracy in val_accuracies]
    return tuple(
        Epoch(
            epoch=number,
            train_loss=loss,
            train_accuracy=accuracy,
            val_loss=loss,
            val_accuracy=accuracy,
            learning_rate=1e-3,
            duration_seconds=1.5,
        )
        for number, (accuracy, loss) in enumerate(zip(val_accuracies, losses, strict=True), start=1)
    )


def make_probe(
    gradients: Sequence[float | None] = (1e-3, 1e-2, 1e-1),
    stds: Sequence[float | None] = (0.4, 0.2, 1.0),
    moment: Any = "initial",
    activation: str = "relu",
    **fields: Any,
) -> Probe:
    """A probe with one layer for each gradient; all but the last layer have `activation`."""
    last = len(gradients) - 1
    layers = tuple(
        LayerProbe(
            layer=f"conv_{number}" if number < last else "logits",
            kind="convolution" if number < last else "dense",
            activation=activation if number < last else None,
            activation_mean_square=None if std is None else std**2,
            activation_std=None if std is None else std + 0.1,
            activation_std_across_examples=std,
            gradient_norm=gradient,
            dead_share=0.25 if activation == "relu" and number < last else None,
            saturated_share=0.1 if activation != "relu" and number < last else None,
            update_ratio=1e-3 * (number + 1),
        )
        for number, (gradient, std) in enumerate(zip(gradients, stds, strict=True))
    )
    return Probe(**{"moment": moment, "loss": 2.3, "layers": layers, **fields})


def make_record(
    arm: Arm | str = "relu",
    seed: int = 1,
    test_accuracy: float = 0.5,
    *,
    train_accuracy: float | None = None,
    val_accuracy: float | None = None,
    test_loss: float | None = 1.5,
    outcome: Any = "finished",
    epochs: tuple[Epoch, ...] | None = None,
    probes: tuple[Probe, ...] | None = None,
    parameters: int = 10_000,
    multiply_adds: int = 1_000_000,
    training_seconds: float = 8.0,
    platform: str = "test-platform",
) -> RunRecord:
    """The record of one run of `arm`; accuracies not given are the test accuracy."""
    arm = make_arm(arm) if isinstance(arm, str) else arm
    return RunRecord(
        key=f"{arm.name}-{seed}",
        spec=make_spec(arm, seed),
        outcome=outcome,
        epochs=make_epochs() if epochs is None else epochs,
        train=_score(test_accuracy if train_accuracy is None else train_accuracy, test_loss),
        val=_score(test_accuracy if val_accuracy is None else val_accuracy, test_loss),
        test=_score(test_accuracy, test_loss),
        probes=(make_probe(), make_probe(moment="final")) if probes is None else probes,
        cost=Cost(
            duration_seconds=training_seconds + 1,
            training_seconds=training_seconds,
            images_per_second=1000.0,
            parameters=parameters,
            multiply_adds=multiply_adds,
            peak_memory_bytes=500_000_000,
        ),
        environment=Environment(
            platform=platform, precision="float32", versions={"keras": "3"}, finished_at="2026-01-01T00:00:00Z"
        ),
        weights_sha256="0" * 64,
    )


def make_identity(seed: int = 1, **fields: Any) -> RunIdentity:
    """What a run of no real source, on no real machine, is made from; `fields` go into its spec."""
    spec = msgspec.structs.replace(make_record(seed=seed).spec, **fields)
    spec = msgspec.structs.replace(spec, data=msgspec.structs.replace(spec.data, test_images=3))
    return RunIdentity(
        spec=spec, sources={"kerascnn.models.vgg": "0" * 64}, versions={"keras": "3"}, platform="test-platform"
    )


def make_result(
    identity: RunIdentity,
    record: RunRecord | None = None,
    answers: Any = (3, 1, 2),
    weights: dict[str, np.ndarray] | None = None,
) -> Any:
    """What `train_run` gives back for the run, `record` made to fit it; the class itself would load TensorFlow.

    The answers are those to the test images from the seventh on. The scores are those on a data set of 100 training images.
    """
    record, spec = record or make_record(), identity.spec
    weights = weights or {"conv/kernel": np.arange(6, dtype=np.float32).reshape(2, 3), "conv/bias": np.zeros(2, "f4")}
    given = np.asarray(answers, np.int32)
    losses = [2.0] * spec.epochs if record.outcome == "finished" else [2.0] * (spec.epochs - 1) + [None]
    epochs = record.epochs if len(record.epochs) == spec.epochs else make_epochs([0.3] * spec.epochs, losses)
    rate = spec.optimiser.learning_rate
    environment = {"platform": identity.platform, "versions": identity.versions, "precision": spec.precision}
    fitting = msgspec.structs.replace(
        record,
        key=identity.key,
        spec=spec,
        epochs=tuple(msgspec.structs.replace(epoch, learning_rate=rate) for epoch in epochs),
        train=msgspec.structs.replace(record.train, images=90),
        val=msgspec.structs.replace(record.val, images=10),
        test=msgspec.structs.replace(record.test, images=len(given)),
        cost=msgspec.structs.replace(record.cost, parameters=sum(array.size for array in weights.values())),
        environment=msgspec.structs.replace(record.environment, **environment),
        weights_sha256=hash_weights(weights),
    )
    positions = np.arange(7, 7 + len(given), dtype=np.int32)
    return SimpleNamespace(record=fitting, test_predictions=given, test_positions=positions, weights=weights)


def make_failure(arm: Arm | str = "relu", seed: int = 1, epochs: tuple[Epoch, ...] = ()) -> RunFailure:
    """A run of `arm` that ran out of memory."""
    arm = make_arm(arm) if isinstance(arm, str) else arm
    return RunFailure(
        key=f"{arm.name}-{seed}",
        spec=make_spec(arm, seed),
        reason="out of memory",
        traceback="MemoryError",
        failed_at="2026-01-01T00:00:00Z",
        epochs=epochs,
    )


def make_runs(
    arm: Arm | str = "relu",
    accuracies: Sequence[float] | Mapping[int, float] = (),
    failed: Iterable[int] = (),
    **fields: Any,
) -> ArmRuns:
    """One arm with a run for each test accuracy (seeds from 1, or as the mapping says) and failed seeds."""
    arm = make_arm(arm) if isinstance(arm, str) else arm
    by_seed = accuracies if isinstance(accuracies, Mapping) else dict(enumerate(accuracies, start=1))
    return ArmRuns(
        arm=arm,
        records={seed: make_record(arm, seed, accuracy, **fields) for seed, accuracy in by_seed.items()},
        failures={seed: make_failure(arm, seed) for seed in failed},
    )


def make_ended(name: str, accuracies: Sequence[float], chance: float = 0.1) -> ArmRuns:
    """One arm with a run for each test accuracy, whose curve ends there; the loss never falls below that of guessing."""
    nothing = -math.log(chance)
    records = {
        seed: make_record(name, seed, accuracy, epochs=make_epochs((chance, accuracy), (nothing, nothing)))
        for seed, accuracy in enumerate(accuracies, start=1)
    }
    return ArmRuns(make_arm(name), records)


def by_name(*runs: ArmRuns) -> dict[str, ArmRuns]:
    """Arm name -> its runs."""
    return {one.arm.name: one for one in runs}


def _score(accuracy: float, loss: float | None) -> Score:
    return Score(loss=loss, accuracy=accuracy, images=1000)
