"""Data sets that stand beside the one the user chose: an easier one, shapes with masks, and shapes of a known size."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from kerascnn.data.cache import CacheError
from kerascnn.data.dataset import Dataset
from kerascnn.data.decoded import Report
from kerascnn.data.load import (
    CHOICES,
    keras_datasets_folder,
    load_dataset,
    load_variant,
    print_to_stderr,
)
from kerascnn.errors import DataError, UsageError, near_match
from kerascnn.places import data_choice, path_of
from kerascnn.records import DatasetInfo

FASHION = "fashion-mnist"
HOW_TO_GET = (
    "`python -c 'import keras; keras.datasets.fashion_mnist.load_data()'` fetches it once, or give `--data` a folder that "
    f"holds cifar10 and {FASHION}"
)


def with_companions(
    main: DatasetInfo, names: Iterable[str], choice: str | None, report: Report = print_to_stderr
) -> DatasetInfo:
    """`main` with the named companions, or with why they are not at hand. `choice` is what the user chose it by.

    Raises: UsageError for a name that is not in COMPANIONS.
    """
    companions, missing = {}, {}
    for name in names:
        if name not in COMPANIONS:
            raise UsageError(f"Unknown companion data set {name!r}. {near_match(name, COMPANIONS)}")
        try:
            companions[name] = COMPANIONS[name](main, choice, report).info
        except CacheError:
            raise
        except DataError as err:
            missing[name] = str(err)
    return msgspec.structs.replace(main, companions=companions, missing=missing)


def _load_easy(main: DatasetInfo, choice: str | None, report: Report) -> Dataset:
    """Fashion-MNIST stands beside photographs, clean shapes of one size beside the generated set."""
    if main.name == "embedded":
        return load_variant("easy", report)
    chosen = data_choice(choice)
    if chosen not in CHOICES and (path_of(chosen, "`--data`", DataError, DataError) / FASHION).is_dir():
        return load_dataset(chosen, member=FASHION, report=report)
    kept = keras_datasets_folder()
    if kept is not None and (kept / FASHION).is_dir():
        return load_dataset(str(kept / FASHION), report=report)
    raise DataError(f"The easy set, Fashion-MNIST, is not on this machine: {HOW_TO_GET}.")


def _load_shapes(main: DatasetInfo, choice: str | None, report: Report) -> Dataset:
    """The generated set: the one whose masks are known."""
    return load_variant("standard", report)


def _load_small(main: DatasetInfo, choice: str | None, report: Report) -> Dataset:
    return load_variant("small", report)


def _load_large(main: DatasetInfo, choice: str | None, report: Report) -> Dataset:
    return load_variant("large", report)


COMPANIONS: dict[str, Callable[[DatasetInfo, str | None, Report], Dataset]] = {
    "easy": _load_easy,
    "shapes": _load_shapes,
    "small-objects": _load_small,
    "large-objects": _load_large,
}
"""Name in `Arm.dataset` -> how it is had."""
