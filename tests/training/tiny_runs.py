"""Runs that take a fraction of a second: a small invented data set and short specs on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from kerascnn.data import Dataset
from kerascnn.records import DatasetInfo, Environment, RunRecord
from kerascnn.specs import DataSpec, ModelSpec, TrainSpec, model
from kerascnn.training.run import RunResult, Workshop, train_run

SHAPE = (8, 8, 3)
CLASSES = 4
TRAIN_IMAGES, TEST_IMAGES = 120, 300
CONTENT = "c0ffee" * 10 + "c0ff"
SMALL_VGG = model("models.vgg", blocks=[[4], [8]])

INFO = DatasetInfo(
    name="tiny",
    title="Tiny",
    content=CONTENT,
    image_shape=SHAPE,
    class_names=tuple("abcd"),
    train_images=TRAIN_IMAGES,
    test_images=TEST_IMAGES,
    source="invented",
)
ENVIRONMENT = Environment(
    platform="test", precision="float32", versions={"keras": "3"}, finished_at="2026-01-01T00:00:00+00:00"
)


def make_dataset() -> Dataset:
    """Noise on a mean level per class, so that a few epochs learn something and not everything."""
    random = np.random.default_rng(17)
    labels = [np.arange(count, dtype=np.int32) % CLASSES for count in (TRAIN_IMAGES, TEST_IMAGES)]
    images = [
        np.clip(random.normal(90 + 12 * some, 60, (*SHAPE, len(some))), 0, 255).astype(np.uint8).transpose(3, 0, 1, 2)
        for some in labels
    ]
    return Dataset(INFO, images[0], labels[0], images[1], labels[1], Path("nowhere"))


def make_spec(network: ModelSpec = SMALL_VGG, **fields: Any) -> TrainSpec:
    """A run of two epochs of six steps on the tiny set; fields of DataSpec may be given as well."""
    data = {name: fields.pop(name) for name in DataSpec.__struct_fields__ if name in fields}
    defaults = {"epochs": 2, "seed": 1, "batch_size": 16}
    return TrainSpec(data=DataSpec(content=CONTENT, **data), model=network, **defaults | fields).validated()


def train(
    spec: TrainSpec, dataset: Dataset, workshop: Workshop | None = None, search_path: Path = Path(__file__).parent
) -> RunResult:
    """The result of `spec`, in a fresh workshop unless one is given."""
    return train_run(
        spec,
        dataset,
        key="key",
        environment=ENVIRONMENT,
        search_path=search_path,
        workshop=Workshop() if workshop is None else workshop,
    )


def without_costs(record: RunRecord) -> dict[str, Any]:
    """The record as JSON values without what was timed or weighed: equal for equal bits."""
    epochs = tuple(msgspec.structs.replace(epoch, duration_seconds=0.0) for epoch in record.epochs)
    plain = msgspec.structs.replace(record, epochs=epochs).to_dict()
    return {name: value for name, value in plain.items() if name != "cost"}
