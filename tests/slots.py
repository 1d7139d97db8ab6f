"""Where results of a tiny data set are kept, for tests that publish some."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from factories import CONTENT

from kerascnn.records import DatasetInfo
from kerascnn.store.published import Slot

DATASET = DatasetInfo(
    name="tiny",
    title="Tiny",
    content=CONTENT,
    image_shape=(8, 8, 3),
    class_names=("a", "b"),
    train_images=100,
    test_images=20,
    source="invented",
)


def make_slot(store: Path, profile: Any = "quick", experiment: str = "04_glorot", **changed: Any) -> Slot:
    return Slot(store, experiment, profile, CONTENT, changed)
