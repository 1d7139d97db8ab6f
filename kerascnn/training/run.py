"""One run: from a TrainSpec and a data set to a RunRecord, predictions and weights."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np
import tensorflow as tf

from kerascnn.records import Cost, Environment, Epoch, Probe, RunRecord, Score, hash_weights
from kerascnn.specs import TrainSpec
from kerascnn.training.cost import count_multiply_adds, count_parameters, peak_memory_bytes, reset_peak_memory
from kerascnn.training.initialise import named_weights
from kerascnn.training.inputs import Affine, affine_for, channel_statistics
from kerascnn.training.loop import Evaluation, Images, Program, Steps
from kerascnn.training.probes import PROBE_IMAGES, kernel_values, probe, update_ratios
from kerascnn.training.splits import Split, split_images
from kerascnn.training.streams import generator, stream_seed
from kerascnn.training.tasks import labels_of

if TYPE_CHECKING:
    from kerascnn.data import Dataset

TRAIN_SCORE_IMAGES = 1000
"""The training score in inference mode is taken on at most this many training images."""

SMALL_SET_IMAGES, SMALL_SET_STEPS = 20, 100
"""A net that learned nothing is trained anew on this few images, for so many steps: can it learn at all?"""
LEARNED_ACCURACY = 0.05
"""Training accuracy above chance, in the last epoch, that counts as having learned something."""


class TrainingError(Exception):
    """A run that stopped with an error; `epochs` is the curve up to there."""

    def __init__(self, message: str, epochs: tuple[Epoch, ...]) -> None:
        super().__init__(message)
        self.epochs = epochs


@dataclass(frozen=True)
class RunResult:
    """A finished run: its record, the predicted class of every test image, int32 (n,), or of each of its pixels,
    int32 (n, height, width), the image's position in the test set, int32 (n,), and the weights by variable path (float32)."""

    record: RunRecord
    test_predictions: np.ndarray
    test_positions: np.ndarray
    weights: dict[str, np.ndarray]


@dataclass
class Workshop:
    """What a warm process keeps between runs. Nothing in it may change the bits of a run."""

    programs: dict[bytes, Program] = field(default_factory=dict)
    statistics: dict[tuple[str, float, int], Affine] = field(default_factory=dict)


@dataclass(frozen=True)
class _Run:
    spec: TrainSpec
    program: Program
    affine: Affine
    split: Split
    train: Images
    val: Images

    @property
    def steps_per_epoch(self) -> int:
        return max(1, len(self.split.train) // self.spec.batch_size)


@dataclass
class _Progress:
    epochs: list[Epoch] = field(default_factory=list)
    training_seconds: float = 0.0
    updates: dict[str, dict[str, float | None]] = field(default_factory=dict)
    diverged: bool = False


def train_run(
    spec: TrainSpec, dataset: Dataset, *, key: str, environment: Environment, search_path: Path, workshop: Workshop
) -> RunResult:
    """Train `spec` on `dataset` and score the result.

    A loss that stops being finite ends the run with the outcome "diverged", which is a result.
    Raises: TrainingError with the curve so far when anything else goes wrong after the first step.
    """
    started = time.perf_counter()
    reset_peak_memory()
    run = _prepare(spec, dataset, search_path, workshop)
    probes = [_probe(run, "initial")]
    progress = _Progress()
    try:
        _train_epochs(run, progress)
        probes.append(_probe(run, "final"))
        test = _images(dataset.test_images, labels_of(spec.task, dataset)[1], run.split.test)
        train_score, _ = _evaluate(run, _first(run.train, TRAIN_SCORE_IMAGES))
        test_score, tested = _evaluate(run, test)
    except (tf.errors.OpError, MemoryError, ValueError) as err:
        raise TrainingError(str(err), tuple(progress.epochs)) from err
    weights = named_weights(run.program.model)
    last = progress.epochs[-1]
    images_seen = len(progress.epochs) * run.steps_per_epoch * spec.batch_size
    duration_seconds = time.perf_counter() - started
    record = RunRecord(
        key=key,
        spec=spec,
        outcome="diverged" if progress.diverged else "finished",
        epochs=tuple(progress.epochs),
        train=train_score,
        val=Score(loss=last.val_loss, accuracy=last.val_accuracy, images=len(run.split.val)),
        test=test_score,
        probes=_with_updates(probes, progress),
        cost=Cost(
            duration_seconds=duration_seconds,
            training_seconds=progress.training_seconds,
            images_per_second=images_seen / progress.training_seconds,
            parameters=count_parameters(run.program.model),
            multiply_adds=count_multiply_adds(run.program.model),
            peak_memory_bytes=peak_memory_bytes(),
        ),
        environment=environment,
        weights_sha256=hash_weights(weights),
        small_set_accuracy=_small_set_accuracy(run, progress),
    )
    return RunResult(record, tested.predictions, run.split.test.astype(np.int32), weights)


def _prepare(spec: TrainSpec, dataset: Dataset, search_path: Path, workshop: Workshop) -> _Run:
    split = split_images(dataset.train_labels, dataset.test_labels, spec.data, spec.seed)
    if len(split.train) < spec.batch_size:
        raise ValueError(
            f"`batch_size` must not exceed the training images. Received: {spec.batch_size} > {len(split.train)}."
        )
    if not (len(split.val) and len(split.test)):
        raise ValueError(
            f"Validation and test need at least one image. Received: {len(split.val)} and {len(split.test)}."
        )
    if spec.task == "segmentation" and spec.augmentation:
        raise ValueError(
            f"A segmentation must not have `augmentation`: the masks would not follow. Received: {spec.augmentation}."
        )
    labels, _ = labels_of(spec.task, dataset)
    program = _program(spec, dataset, search_path, workshop)
    return _Run(
        spec=spec,
        program=program,
        affine=affine_for(spec.normalisation, _statistics(spec, dataset, split, workshop)),
        split=split,
        train=_images(dataset.train_images, labels, split.train),
        val=_images(dataset.train_images, labels, split.val),
    )


def _program(spec: TrainSpec, dataset: Dataset, search_path: Path, workshop: Workshop) -> Program:
    structure = _structure(spec) + repr((spec.task, dataset.info.image_shape, len(dataset.info.class_names))).encode()
    program = workshop.programs.pop(structure, None)
    if program is None:
        program = Program(spec, dataset.info.image_shape, len(dataset.info.class_names), search_path)
    program.reset(spec.seed)
    if program.reusable:
        workshop.programs[structure] = program
    return program


def _structure(spec: TrainSpec) -> bytes:
    """What the traced graph depends on: everything but data, seed, length and learning rate."""
    optimiser = msgspec.structs.replace(spec.optimiser, learning_rate=1.0)
    plain = "per-image" if spec.normalisation == "per-image" else "unit"
    return msgspec.json.encode([spec.model, optimiser, plain, spec.augmentation, spec.batch_size, spec.precision])


def _statistics(spec: TrainSpec, dataset: Dataset, split: Split, workshop: Workshop) -> Affine:
    key = (spec.data.content, spec.data.validation_share, spec.data.split_seed)
    if key not in workshop.statistics:
        workshop.statistics[key] = channel_statistics(dataset.train_images[split.pool])
    return workshop.statistics[key]


def _images(images: np.ndarray, labels: np.ndarray, positions: np.ndarray) -> Images:
    return Images(tf.constant(images[positions]), tf.constant(labels[positions].astype(np.int32)))


def _train_epochs(run: _Run, progress: _Progress) -> None:
    rates = learning_rates(run.spec, run.steps_per_epoch).reshape(run.spec.epochs, -1)
    for epoch in range(run.spec.epochs):
        started = time.perf_counter()
        trained = [_train_chunk(run, chunk, rates[epoch], progress) for chunk in _chunks(run, epoch)]
        progress.training_seconds += time.perf_counter() - started
        seen = run.steps_per_epoch * run.spec.batch_size
        train_loss = _finite(sum(steps.loss_sum for steps in trained) / seen)
        val, _ = _evaluate(run, run.val)
        progress.epochs.append(
            Epoch(
                epoch=epoch + 1,
                train_loss=train_loss,
                train_accuracy=sum(steps.correct for steps in trained) / (seen * run.program.answers.per_image),
                val_loss=val.loss,
                val_accuracy=val.accuracy,
                learning_rate=float(rates[epoch, -1]),
                duration_seconds=time.perf_counter() - started,
            )
        )
        progress.diverged = train_loss is None or val.loss is None
        if progress.diverged:
            return


@dataclass(frozen=True)
class _Chunk:
    """Steps `start` to `stop` of an epoch; `moment` is set where a single step is looked at on its own."""

    epoch: int
    start: int
    stop: int
    order: np.ndarray
    moment: Literal["initial", "final"] | None = None


def _chunks(run: _Run, epoch: int) -> Iterator[_Chunk]:
    """The epoch's steps: the run's first and last step each alone, everything else together."""
    steps, batch = run.steps_per_epoch, run.spec.batch_size
    permutation = generator(run.spec.seed, "order", str(epoch)).permutation(len(run.split.train))
    order = permutation[: steps * batch].reshape(steps, batch).astype(np.int32)
    start, stop = 0, steps
    if epoch == 0:
        yield _Chunk(epoch, 0, 1, order[:1], "initial")
        start = 1
    alone_at_end = epoch == run.spec.epochs - 1 and stop > start
    if alone_at_end:
        stop -= 1
    if stop > start:
        yield _Chunk(epoch, start, stop, order[start:stop])
    if alone_at_end:
        yield _Chunk(epoch, stop, steps, order[stop:], "final")


def _train_chunk(run: _Run, chunk: _Chunk, rates: np.ndarray, progress: _Progress) -> Steps:
    before = kernel_values(run.program.model) if chunk.moment else {}
    seed = stream_seed(run.spec.seed, "augmentation")
    first_step = chunk.epoch * run.steps_per_epoch + chunk.start
    steps = run.program.train(run.train, chunk.order, rates[chunk.start : chunk.stop], run.affine, seed, first_step)
    if chunk.moment:
        progress.updates[chunk.moment] = update_ratios(before, kernel_values(run.program.model))
    return steps


def _evaluate(run: _Run, images: Images) -> tuple[Score, Evaluation]:
    result = run.program.evaluate(images, run.affine)
    labels = images.labels.numpy()
    accuracy = float(np.mean(result.predictions == labels))
    return Score(
        loss=_finite(float(np.mean(result.losses, dtype=np.float64))), accuracy=accuracy, images=len(labels)
    ), result


def _small_set_accuracy(run: _Run, progress: _Progress) -> float | None:
    """What is asked of a net that learned nothing. It must not cost a run that is finished: without memory, no answer."""
    if not (run.program.reusable and _learned_nothing(run, progress)):
        return None
    try:
        return _fit_small_set(run)
    except (tf.errors.ResourceExhaustedError, MemoryError):
        return None


def _learned_nothing(run: _Run, progress: _Progress) -> bool:
    """Whether the run had steps enough and yet ended where it began.

    Divergence explains itself; under augmentation there is no small set, for its images never come twice.
    """
    if progress.diverged or run.spec.augmentation:
        return False
    steps = len(progress.epochs) * run.steps_per_epoch
    chance = 1.0 / run.program.answers.classes
    gain = progress.epochs[-1].train_accuracy - chance
    return steps >= SMALL_SET_STEPS and gain <= LEARNED_ACCURACY


def _fit_small_set(run: _Run) -> float:
    """Train the same net from its start on a few images alone; the share of them it then gets right."""
    few, batch = _first(run.train, SMALL_SET_IMAGES), run.spec.batch_size
    count = int(few.labels.shape[0])
    order = np.resize(np.arange(count, dtype=np.int32), (SMALL_SET_STEPS, batch))
    rates = np.full(SMALL_SET_STEPS, run.spec.optimiser.learning_rate, np.float32)
    run.program.reset(run.spec.seed)
    run.program.train(few, order, rates, run.affine, stream_seed(run.spec.seed, "augmentation"), 0)
    score, _ = _evaluate(run, few)
    return score.accuracy


def _first(images: Images, count: int) -> Images:
    return Images(images.images[:count], images.labels[:count])


def _probe(run: _Run, moment: Literal["initial", "final"]) -> Probe:
    program = run.program
    # Random states are variables but, to Keras, not weights.
    kept = [np.asarray(variable) for variable in program.model.variables]
    for variable, value in zip(program.probe_model.variables, kept, strict=True):
        variable.assign(value)
    result = probe(
        program.probe_model,
        _first(run.train, PROBE_IMAGES),
        run.affine,
        per_image=run.spec.normalisation == "per-image",
        moment=moment,
    )
    # In training mode the probe moves averages and random states; the run itself must not notice.
    for variable, value in zip(program.model.variables, kept, strict=True):
        variable.assign(value)
    return result


def _with_updates(probes: list[Probe], progress: _Progress) -> tuple[Probe, ...]:
    return tuple(
        msgspec.structs.replace(
            seen,
            layers=tuple(
                msgspec.structs.replace(layer, update_ratio=progress.updates.get(seen.moment, {}).get(layer.layer))
                for layer in seen.layers
            ),
        )
        for seen in probes
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def learning_rates(spec: TrainSpec, steps_per_epoch: int) -> np.ndarray:
    """The learning rate of every step of the run, float32 (epochs * steps_per_epoch,).

    Source: linear warm-up, Goyal et al. 2017, section 2.2; cosine decay, Loshchilov and Hutter 2017, eq. 5.
    """
    total = spec.epochs * steps_per_epoch
    warmup = spec.schedule.warmup_epochs * steps_per_epoch
    step = np.arange(total, dtype=np.float64)
    share = np.ones(total)
    if spec.schedule.kind == "cosine":
        passed = np.clip((step - warmup) / max(1.0, total - warmup), 0.0, 1.0)
        low = spec.schedule.final_share
        share = low + (1.0 - low) * 0.5 * (1.0 + np.cos(math.pi * passed))
    ramp = np.minimum(1.0, (step + 1.0) / warmup) if warmup else 1.0
    return (spec.optimiser.learning_rate * share * ramp).astype(np.float32)
