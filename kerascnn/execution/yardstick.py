"""How fast this machine is, before anything was measured on it: a short run that is not kept."""

from __future__ import annotations

import contextlib
import hashlib
import platform
from concurrent.futures import Executor
from concurrent.futures import TimeoutError as Late
from pathlib import Path

import numpy as np

from kerascnn.costs import Costs, Size, Spent
from kerascnn.errors import KerascnnError, StoreError
from kerascnn.execution.building import BuildTask, Built, build
from kerascnn.execution.loading import load_timed, seconds_of_loading
from kerascnn.execution.pool import WorkerDied
from kerascnn.execution.worker import measure_run
from kerascnn.machine import platform_class
from kerascnn.places import cache_folder
from kerascnn.records import DatasetInfo, Environment, utc_now
from kerascnn.specs import DataSpec, Precision, Spec, TrainSpec, model
from kerascnn.store import load_spec, write_replacing

TRAIN_IMAGES, VALIDATION_IMAGES, TEST_IMAGES = 1280, 64, 300
IMAGE_SHAPE, CLASSES = (32, 32, 3), 10
LONGEST_SECONDS = 120.0


class Pace(Spec, frozen=True, kw_only=True):
    """What the short run took: the first time, and once more in a process that has its network traced.

    `starting_seconds`: until the process had loaded Keras.
    """

    size: Size
    starting_seconds: float
    first: Spent
    again: Spent


def yardstick_spec(precision: Precision) -> TrainSpec:
    """The short run."""
    data = DataSpec(content="0" * 64, val_images=VALIDATION_IMAGES, test_images=TEST_IMAGES)
    return TrainSpec(data=data, model=model("models.small_cnn"), epochs=1, seed=1, precision=precision)


def note_known_pace(costs: Costs, precision: Precision) -> None:
    """Tell `costs` how fast this machine is, where that was measured."""
    with contextlib.suppress(StoreError):  # a cache that cannot be read is an empty one
        if (pace := load_spec(_file(precision), Pace)) is not None:
            _note(costs, precision, pace)


def learn_pace(costs: Costs, precision: Precision, executor: Executor) -> None:
    """Measure in a worker of `executor`, tell `costs`, and remember in the user's cache: planning writes nothing into the
    store. Where nothing can be measured, guesses stay what they were.
    """
    with contextlib.suppress(Late, WorkerDied, KerascnnError):
        pace = Pace.from_json(executor.submit(take_pace, precision).result(LONGEST_SECONDS))
        _note(costs, precision, pace)
        write_replacing(_file(precision), pace.canonical_json())


def _note(costs: Costs, precision: Precision, pace: Pace) -> None:
    spent = (pace.first, pace.again)
    costs.note_pace(yardstick_spec(precision), TRAIN_IMAGES, pace.size, spent, pace.starting_seconds)


def _file(precision: Precision) -> Path:
    """A cache may be shared by machines of several kinds."""
    machine = hashlib.sha256(f"{platform.node()} {platform_class()}".encode()).hexdigest()[:16]
    return cache_folder() / "pace" / f"{machine}-{precision}.json"


def take_pace(precision: Precision) -> bytes:
    """In a worker: a Pace (JSON)."""
    spec = yardstick_spec(precision)
    load_timed()
    from kerascnn.data import Dataset
    from kerascnn.training import run as trainer

    task = BuildTask(model=spec.model, task=spec.task, image_shape=IMAGE_SHAPE, classes=CLASSES, search_path="")
    size = Built.from_json(build(task.canonical_json())).size
    noise, info = np.random.default_rng(1), _dataset_info()
    counts = (TRAIN_IMAGES, TEST_IMAGES)
    images = [noise.integers(0, 256, (count, *IMAGE_SHAPE), np.uint8) for count in counts]
    labels = [np.arange(count, dtype=np.int32) % CLASSES for count in counts]
    dataset = Dataset(info, images[0], labels[0], images[1], labels[1], Path())
    environment = Environment(platform="", precision=precision, versions={}, finished_at=utc_now())
    workshop = trainer.Workshop()

    def train() -> trainer.RunResult:
        return trainer.train_run(spec, dataset, key="", environment=environment, search_path=Path(), workshop=workshop)

    first, again = (measure_run(train, workshop)[1] for _ in range(2))
    return Pace(size=size, starting_seconds=seconds_of_loading(), first=first, again=again).canonical_json()


def _dataset_info() -> DatasetInfo:
    return DatasetInfo(
        name="noise",
        title="Noise",
        content="0" * 64,
        image_shape=IMAGE_SHAPE,
        class_names=tuple("abcdefghij"),
        train_images=TRAIN_IMAGES,
        test_images=TEST_IMAGES,
        source="invented",
    )
