"""Which part of a picture a trained network's answer hangs on: cover a part, and ask again.

Source: Zeiler and Fergus 2014, section 4.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kerascnn.data import open_dataset
from kerascnn.looking.predicting import Predictor
from kerascnn.looking.strips import Strip

if TYPE_CHECKING:
    from kerascnn.looking.asked import TrainedRuns

GREY = 128


def occlusion_maps(
    results: TrainedRuns, arm: str, count: int = 4, size: int = 8, step: int = 2, images: int = 200
) -> Strip:
    """Test images that the first finished seed of `arm` gets right, of `count` classes, and where covering them hurts.

    A pixel of a map is the probability of the right class while a grey square of `size` pixels stands with its centre
    there: white as without the square, black none left. Empty where no run of the arm finished.
    """
    (runs,) = results.select(arm)
    finished = list(runs.finished.values())
    if not finished:
        return Strip({}, {})
    data, predictor = open_dataset(results.dataset.content), Predictor(results)
    pictures, labels = np.asarray(data.test_images[:images]), np.asarray(data.test_labels[:images])
    before = probabilities(predictor.logits(arm, finished[0], pictures))
    chosen = surest_of_classes(before, labels, count)
    maps, says = [], []
    for one in chosen:
        found = probabilities(predictor.logits(arm, finished[0], cover(pictures[one], size, step)))[:, labels[one]]
        whole = before[one, labels[one]]
        sides = [len(range(0, side, step)) for side in pictures.shape[1:3]]
        maps.append(np.rint(255 * np.minimum(found / whole, 1)).reshape(*sides, 1).astype(np.uint8))
        says.append(
            f"{results.dataset.class_names[labels[one]]}: {100 * whole:.0f} %\ncovered: {100 * found.min():.0f} %"
        )
    rows = {"the images": pictures[chosen], "what is left of the answer": np.stack(maps)} if chosen else {}
    return Strip(rows, {"what is left of the answer": says} if chosen else {})


def cover(image: np.ndarray, size: int, step: int) -> np.ndarray:
    """Copies of `image` (height, width, channels), each with a grey square centred on every `step`-th pixel, row by row.

    A square near the border is cut off by it.
    """
    height, width = image.shape[:2]
    copies = []
    for row in range(0, height, step):
        for column in range(0, width, step):
            copies.append(image.copy())
            top, left = max(0, row - size // 2), max(0, column - size // 2)
            copies[-1][top : row - size // 2 + size, left : column - size // 2 + size] = GREY
    return np.stack(copies)


def probabilities(logits: np.ndarray) -> np.ndarray:
    """Softmax over the last axis."""
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def surest_of_classes(found: np.ndarray, labels: np.ndarray, count: int) -> list[int]:
    """The image of each class that gets the largest probability of being what it is, of the `count` surest classes.

    `found` (n, classes). Images that are taken for something else are left out.
    """
    right = found.argmax(axis=-1) == labels
    sureness = np.where(right, found[np.arange(len(labels)), labels], 0.0)
    best = [max(np.flatnonzero(labels == one), key=lambda n: sureness[n]) for one in np.unique(labels)]
    return [int(n) for n in sorted(best, key=lambda n: -sureness[n])[:count] if sureness[n] > 0]
