"""What a net gets to see of a data set's images: the same normalisation as in training."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import msgspec
import numpy as np

from kerascnn.data import open_dataset
from kerascnn.framework import load_keras
from kerascnn.specs import DataSpec, Normalisation


class Inputs:
    """The images of the data set `content`, and how each normalisation turns them into a net's input."""

    def __init__(self, content: str) -> None:
        self.dataset = open_dataset(content)
        self._spec = DataSpec(content=content)
        self._affines: dict[Normalisation, Any] = {}

    def test_images(self, count: int) -> np.ndarray:
        """`count` test images of all classes in proportion, uint8 (n, height, width, channels)."""
        from kerascnn.training.splits import split_images

        spec = msgspec.structs.replace(self._spec, test_images=count)
        split = split_images(self.dataset.train_labels, self.dataset.test_labels, spec, seed=0)
        return self.dataset.test_images[split.test]

    def affine(self, kind: Normalisation) -> Any:
        """Scale and shift of each channel, from the statistics of the training split."""
        load_keras()
        from kerascnn.training.inputs import affine_for

        if kind not in self._affines:
            self._affines[kind] = affine_for(kind, self._statistics)
        return self._affines[kind]

    def normalised(self, images: np.ndarray, kind: Normalisation) -> np.ndarray:
        """What the net gets, float32; `images` may be uint8, or float where they were changed."""
        load_keras()
        from kerascnn.training.inputs import normalise

        return np.asarray(normalise(images, *self.affine(kind), per_image=kind == "per-image"))

    @cached_property
    def _statistics(self) -> Any:
        load_keras()
        from kerascnn.training.inputs import channel_statistics
        from kerascnn.training.splits import split_images

        split = split_images(self.dataset.train_labels, self.dataset.test_labels, self._spec, seed=0)
        return channel_statistics(self.dataset.train_images[split.pool])
