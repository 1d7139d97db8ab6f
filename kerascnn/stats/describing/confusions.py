"""Which class is taken for which: counted over the test images, all seeds of an arm added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class ConfusionChange:
    """Images of class `truth` said to be `said`, as shares of that class's images: in an arm and in its baseline.

    In `seeds_with_more` of the seeds that both arms have, the arm makes the mistake more often.
    """

    truth: int
    said: int
    share: float
    baseline_share: float
    seeds_with_more: int


def confusion_matrix(truths: np.ndarray, answers: np.ndarray, classes: int) -> np.ndarray:
    """int64 (true class, class that was said): how many images. `truths` and `answers`: int (images,)."""
    import numpy as np

    pairs = truths.astype(np.int64) * classes + answers
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def shares_by_truth(matrix: np.ndarray) -> np.ndarray:
    """float (true class, class that was said): `matrix` as shares of each true class's answers; 0 where there are none."""
    import numpy as np

    return matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)


def frequent_confusions(matrix: np.ndarray, most: int) -> list[tuple[int, int]]:
    """The `most` frequent (true class, class that was said) that are wrong, the commonest first."""
    pairs = [(int(truth), int(said)) for truth, said in zip(*matrix.nonzero(), strict=True) if truth != said]
    return sorted(pairs, key=lambda pair: (-int(matrix[pair]), pair))[:most]


def confused_images(
    labels: np.ndarray, runs: Sequence[tuple[np.ndarray, np.ndarray]], pair: tuple[int, int], most: int
) -> list[tuple[int, int]]:
    """(position, seeds) of the images of one true class that the most seeds said to be one other class.

    `labels`: int (all test images,). `runs`: for each seed the positions it was scored on and its answers, int (images,).
    """
    import numpy as np

    truth, said = pair
    seeds = np.zeros(len(labels), dtype=np.int64)
    for positions, answers in runs:
        seeds[positions[(answers == said) & (labels[positions] == truth)]] += 1
    order = np.argsort(-seeds, kind="stable")[:most]
    return [(int(position), int(seeds[position])) for position in order if seeds[position]]


def compare_confusions(
    matrices: Sequence[np.ndarray], baseline_matrices: Sequence[np.ndarray], most: int
) -> list[ConfusionChange]:
    """The `most` mistakes whose share differs most between two arms; one matrix for each seed, paired by place."""
    import numpy as np

    if not matrices:
        return []
    mine, theirs = (shares_by_truth(np.sum(group, axis=0)) for group in (matrices, baseline_matrices))
    more = np.sum(np.greater(matrices, baseline_matrices), axis=0)
    change = np.abs(mine - theirs)
    np.fill_diagonal(change, 0.0)
    order = np.argsort(-change, axis=None, kind="stable")[:most]
    pairs = [divmod(int(place), len(change)) for place in order if change.flat[place] > 0]
    return [
        ConfusionChange(truth, said, float(mine[truth, said]), float(theirs[truth, said]), int(more[truth, said]))
        for truth, said in pairs
    ]
