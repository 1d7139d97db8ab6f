"""Data sets that stand beside the one the user chose: easier ones, shapes with masks, and shapes of a known size."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import msgspec

from kerascnn.data import download
from kerascnn.data.cache import CacheError
from kerascnn.data.dataset import Dataset
from kerascnn.data.decoded import Report
from kerascnn.data.load import (
    CHOICES,
    keras_datasets_folder,
    load_dataset,
    load_keras_mnist,
    load_variant,
    print_to_stderr,
)
from kerascnn.errors import DataError, UsageError, near_match
from kerascnn.places import data_choice, path_of
from kerascnn.records import DatasetInfo

MNIST, FASHION = "mnist", "fashion-mnist"
HOW_TO_GET = {
    MNIST: "`python pipeline.py data fetch` fetches it once, or give `--data` a folder that holds cifar10 and mnist",
    FASHION: "`python -c 'import keras; keras.datasets.fashion_mnist.load_data()'` fetches it once, or give `--data` a folder "
    "that holds cifar10 and fashion-mnist",
}
FETCHING = ("auto", "cifar10")
"""The choices with which a companion may be fetched."""


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


def _load_mnist(main: DatasetInfo, choice: str | None, report: Report) -> Dataset:
    """MNIST beside the chosen set, in Keras' cache, or fetched. Raises: DataError."""
    found = _load_beside(MNIST, choice, report) or load_keras_mnist(report)
    fetched = None if found else _fetched_mnist(main, choice, report)
    if found is None and fetched is None:
        raise DataError(f"MNIST is not on this machine: {HOW_TO_GET[MNIST]}.")
    return found or load_dataset(str(fetched), report=report)


def _fetched_mnist(main: DatasetInfo, choice: str | None, report: Report) -> Path | None:
    """The folder of the fetched MNIST; None where it is not there and may not be fetched.

    A set that was generated because nothing could be fetched is no reason to try again. Raises: DataError.
    """
    fetched = download.fetched_mnist()
    if fetched is not None or data_choice(choice) not in FETCHING or main.name == "embedded":
        return fetched
    failure = download.recent_failure_of_mnist()
    if failure is not None:
        raise DataError(f"MNIST was not delivered within the last 10 minutes ({failure}): {HOW_TO_GET[MNIST]}.")
    return download.ensure_mnist(report)


def _load_fashion(main: DatasetInfo, choice: str | None, report: Report) -> Dataset:
    """Fashion-MNIST beside the chosen set or in Keras' cache. Raises: DataError."""
    found = _load_beside(FASHION, choice, report)
    if found is not None:
        return found
    kept = keras_datasets_folder()
    if kept is not None and (kept / FASHION).is_dir():
        return load_dataset(str(kept / FASHION), report=report)
    raise DataError(f"Fashion-MNIST is not on this machine: {HOW_TO_GET[FASHION]}.")


def _load_beside(name: str, choice: str | None, report: Report) -> Dataset | None:
    """The set called `name` in the folder of sets that the user chose; None where there is none."""
    chosen = data_choice(choice)
    if chosen in CHOICES:
        return None
    folder = path_of(chosen, "`--data`", DataError, DataError)
    if not ((folder / name).is_dir() or (folder / f"{name}.npz").is_file()):
        return None
    return load_dataset(chosen, member=name, report=report)


def _load_easy(main: DatasetInfo, choice: str | None, report: Report) -> Dataset:
    """MNIST stands beside photographs, Fashion-MNIST where MNIST cannot be had; beside the generated set clean shapes."""
    if main.name == "embedded":
        return load_variant("easy", report)
    if main.name == MNIST:
        raise DataError("MNIST is the chosen set itself, and no easier one stands beside it.")
    try:
        return _load_mnist(main, choice, report)
    except CacheError:
        raise
    except DataError as err:
        if main.name == FASHION:
            raise DataError(f"Beside Fashion-MNIST only MNIST is easier. {err}") from err
        return _instead_of_mnist(main, choice, report, err)


def _instead_of_mnist(main: DatasetInfo, choice: str | None, report: Report, reason: DataError) -> Dataset:
    try:
        found = _load_fashion(main, choice, report)
    except CacheError:
        raise
    except DataError as err:
        raise DataError(f"The easy set, MNIST or Fashion-MNIST, is not at hand. {reason}") from err
    _say_once(report, f"Fashion-MNIST is the easy set. {reason}")
    return found


@cache
def _say_once(report: Report, message: str) -> None:
    """Commands that plan several profiles load the sets once for each."""
    report(message)


def _load_middle(main: DatasetInfo, choice: str | None, report: Report) -> Dataset:
    """Fashion-MNIST, where it lies between MNIST and the chosen set."""
    if main.name == "embedded":
        raise DataError("No set lies between the clean shapes and the generated ones.")
    if main.name in (MNIST, FASHION):
        raise DataError(f"No set lies between MNIST and {main.title}.")
    found = _load_fashion(main, choice, report)
    easy = _load_easy(main, choice, lambda message: None).info
    if easy.content == found.info.content:
        raise DataError(f"Fashion-MNIST is the easy set here. MNIST is not on this machine: {HOW_TO_GET[MNIST]}.")
    return found


def _load_shapes(main: DatasetInfo, choice: str | None, report: Report) -> Dataset:
    """The generated set: the one whose masks are known."""
    return load_variant("standard", report)


def _load_small(main: DatasetInfo, choice: str | None, report: Report) -> Dataset:
    return load_variant("small", report)


def _load_large(main: DatasetInfo, choice: str | None, report: Report) -> Dataset:
    return load_variant("large", report)


COMPANIONS: dict[str, Callable[[DatasetInfo, str | None, Report], Dataset]] = {
    "mnist": _load_mnist,
    "fashion-mnist": _load_fashion,
    "easy": _load_easy,
    "middle": _load_middle,
    "shapes": _load_shapes,
    "small-objects": _load_small,
    "large-objects": _load_large,
}
"""Name in `Arm.dataset` -> how it is had."""
