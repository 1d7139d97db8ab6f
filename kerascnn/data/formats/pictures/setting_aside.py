"""A test part for sets that come without one, or whose test part has no labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kerascnn.data.naming import legible
from kerascnn.errors import DataError

TEST_SHARE = 5
"""One in so many images of each class is a test image where there is no test part."""


def without_labels(name: str) -> str:
    """The notice that something called `name` is no test part."""
    return f"{legible(name)} has no labels, so it is not used."


def first_fifth(labels: Sequence[int], class_names: Sequence[str], where: Path) -> list[int]:
    """The places in `labels` of the first fifth of each class, at least one: those are for the test.

    Raises: DataError when a class has too few images for two parts.
    """
    places: dict[int, list[int]] = {label: [] for label in range(len(class_names))}
    for place, label in enumerate(labels):
        places.setdefault(label, []).append(place)
    for label, found in places.items():
        if len(found) < 2:
            name = class_names[label] if 0 <= label < len(class_names) else f"class {label}"
            raise DataError(
                f"every class must have at least 2 pictures, one of them for the test. Received: {len(found)} of "
                f"{legible(name)} (in {where}). Add pictures, or remove the class."
            )
    return sorted(place for found in places.values() for place in found[: max(1, len(found) // TEST_SHARE)])
