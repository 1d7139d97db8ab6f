"""A data set as everything else sees it: what is known about it, and its pixels mapped from the cache."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kerascnn.errors import DataError
from kerascnn.records import DatasetInfo


@dataclass(frozen=True, eq=False)
class Dataset:
    """Decoded images and labels, read-only, mapped from the cache: opening one costs milliseconds.

    train_images, test_images: uint8 `(n, height, width, channels)`, 0 to 255. train_labels, test_labels: int32 `(n,)`,
    positions in `info.class_names`. `folder` is where they lie.
    """

    info: DatasetInfo
    train_images: np.ndarray = field(repr=False)
    train_labels: np.ndarray = field(repr=False)
    test_images: np.ndarray = field(repr=False)
    test_labels: np.ndarray = field(repr=False)
    folder: Path = field(repr=False)

    def class_means(self) -> np.ndarray:
        """The mean training picture of each class, uint8 `(classes, height, width, channels)`."""
        means = [
            self.train_images[self.train_labels == label].mean(axis=0) for label in range(len(self.info.class_names))
        ]
        return np.rint(means).astype(np.uint8)

    def masks(self) -> tuple[np.ndarray, np.ndarray]:
        """Where the object is, for training and test images: uint8 `(n, height, width)`, 1 on the object.

        Raises: DataError when the set has no masks (the embedded one has), or they are damaged.
        """
        files = [self.folder / f"{part}_masks.npy" for part in ("train", "test")]
        if not all(file.is_file() for file in files):
            raise DataError(
                f"a data set with masks is needed. Received: {self.info.title}, which has none. Use `--data embedded`."
            )
        try:
            train_masks, test_masks = (np.load(file, mmap_mode="r") for file in files)
        except (OSError, ValueError, EOFError) as err:
            raise DataError(
                f"masks must be whole. Received: {err} (in {self.folder}). Remove that folder and load the data again."
            ) from err
        return train_masks, test_masks
