"""Whether a data set is large enough for a run, known before anything is trained."""

from __future__ import annotations

from collections.abc import Iterable

from kerascnn.errors import DataError
from kerascnn.records import DatasetInfo
from kerascnn.specs import TrainSpec


def lacking(info: DatasetInfo, specs: Iterable[TrainSpec]) -> str:
    """What the set and its companions lack for these runs, in words; empty where they are large enough."""
    sets = {each.content: each for each in (info, *info.companions.values())}
    wanted = [spec for spec in specs if spec.data.content in sets]
    for spec in sorted(wanted, key=lambda spec: -spec.batch_size):
        found = _lack(sets[spec.data.content], spec)
        if found:
            return found
    return ""


def check_enough(info: DatasetInfo, specs: Iterable[TrainSpec]) -> None:
    """Raises: DataError when the set is too small for one of the runs."""
    found = lacking(info, specs)
    if found:
        raise DataError(found)


def _lack(info: DatasetInfo, spec: TrainSpec) -> str:
    """The arithmetic of `training.splits`, without the labels."""
    val_images = round(info.train_images * spec.data.validation_share)
    left = min(info.train_images - val_images, spec.data.train_images or info.train_images)
    has = f"{info.title} has {info.train_images} training images ({val_images} of them for validation) and {info.test_images} test images"
    if left < spec.batch_size:
        return (
            f"a data set must have a batch of {spec.batch_size} to train on. Received: {left}: {has}. Use more images, or a "
            "smaller `batch_size` in the study."
        )
    if not (val_images and info.test_images):
        return f"a data set must have images for validation and for testing. Received: {has}. Use more images."
    return ""
