"""What a run answers: one class for an image, or one for each of its pixels."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np

    from kerascnn.data import Dataset
    from kerascnn.specs import Task

MASK_CLASSES = 2
"""A pixel is background (0) or on the object (1)."""


class Answers(NamedTuple):
    """How many classes there are, and the shape of one image's labels: () for one label, (height, width) for a mask."""

    classes: int
    label_shape: tuple[int, ...]

    @property
    def per_image(self) -> int:
        """Labels of one image."""
        return prod(self.label_shape)


def answers_of(task: Task, image_shape: tuple[int, int, int], classes: int) -> Answers:
    """What a run of `task` answers on images of such a set with so many classes."""
    return Answers(MASK_CLASSES, image_shape[:2]) if task == "segmentation" else Answers(classes, ())


def labels_of(task: Task, dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """The labels of training and test images: integers (n,), or masks (n, height, width).

    Raises: DataError when a segmentation is wanted of a set without masks.
    """
    return dataset.masks() if task == "segmentation" else (dataset.train_labels, dataset.test_labels)
