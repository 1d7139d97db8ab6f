"""Which images a run trains on, is validated on and is tested on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerascnn.specs import DataSpec
from kerascnn.training.streams import generator


@dataclass(frozen=True)
class Split:
    """Positions: `train` and `val` in the data set's training part, `test` in its test part.

    `pool` is the whole training split that `train` was drawn from: the statistics for normalisation come
    from it, so that they do not change with the seed. All int64 (n,), sorted.
    """

    pool: np.ndarray
    train: np.ndarray
    val: np.ndarray
    test: np.ndarray


def split_images(train_labels: np.ndarray, test_labels: np.ndarray, spec: DataSpec, seed: int) -> Split:
    """The split of `spec`. Validation and test images do not depend on the run's `seed`."""
    val_count = round(len(train_labels) * spec.validation_share)
    everything = _stratified_order(train_labels, generator(spec.split_seed, "split"))
    val, pool = everything[:val_count], np.sort(everything[val_count:])
    drawn = pool[_stratified_order(train_labels[pool], generator(seed, "subset"))]
    test = _stratified_order(test_labels, generator(spec.split_seed, "test"))
    return Split(
        pool=pool,
        train=np.sort(drawn[: spec.train_images]),
        val=np.sort(val[: spec.val_images]),
        test=np.sort(test[: spec.test_images]),
    )


def _stratified_order(labels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A random order of all positions in which every prefix has the classes in proportion."""
    shuffled = random.permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    counts = np.bincount(labels)
    rank = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    place = (rank + 0.5) / np.repeat(counts, counts)
    return by_class[np.argsort(place, kind="stable")]
