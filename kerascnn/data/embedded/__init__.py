"""The data set that needs no download: ten shapes on cluttered backgrounds, generated the same to the byte everywhere.

Position, size, rotation and colours are drawn without regard to the class, and every class is its own mirror image, so flips
keep labels true. Each image depends on its split and number only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerascnn.data.embedded.integers import SIDE, Array, Stream
from kerascnn.data.embedded.painting import VARIANTS, Scene, paint_scene
from kerascnn.data.embedded.shapes import CLASS_NAMES
from kerascnn.errors import UsageError, near_match

__all__ = ["CLASS_NAMES", "VARIANT_NAMES", "VERSION", "EmbeddedImages", "generate"]

VERSION = "shapes-1"
"""Changes when the bytes change."""
VARIANT_NAMES: tuple[str, ...] = tuple(VARIANTS)

_CLASSES = len(CLASS_NAMES)
_BATCH_BLOCKS = 16


@dataclass(frozen=True)
class EmbeddedImages:
    """Both splits of the embedded data set.

    images: uint8 `(n, 32, 32, 3)`, RGB. labels: int32 `(n,)`, positions in `CLASS_NAMES`. masks: uint8 `(n, 32, 32)`, 1 where
    the object is visible. sizes: int32 `(n,)`, the object's nominal radius in 1/256 pixel.
    """

    train_images: Array
    train_labels: Array
    test_images: Array
    test_labels: Array
    train_masks: Array
    test_masks: Array
    train_sizes: Array
    test_sizes: Array


def _draw_labels(split: int, blocks: Array) -> Array:
    """Labels of whole blocks of ten images, int32 `(blocks * 10,)`: every block holds each class once, in random order."""
    order = Stream(split + 64, blocks).words(_CLASSES)
    return np.argsort(order, axis=1, kind="stable").astype(np.int32).reshape(-1)


def _generate_split(split: int, count: int, scene: Scene) -> tuple[Array, Array, Array, Array]:
    """Images, labels, masks and sizes of the first `count` images of a split."""
    images = np.empty((count, SIDE, SIDE, 3), dtype=np.uint8)
    labels = np.empty(count, dtype=np.int32)
    masks = np.empty((count, SIDE, SIDE), dtype=np.uint8)
    sizes = np.empty(count, dtype=np.int32)
    for start in range(0, count, _BATCH_BLOCKS * _CLASSES):
        stop = min(count, start + _BATCH_BLOCKS * _CLASSES)
        blocks = np.arange(start // _CLASSES, -(-stop // _CLASSES), dtype=np.int64)
        labels[start:stop] = _draw_labels(split, blocks)[: stop - start]
        painted = paint_scene(split, np.arange(start, stop, dtype=np.int64), labels[start:stop], scene)
        images[start:stop], masks[start:stop], sizes[start:stop] = painted
    return images, labels, masks, sizes


def generate(train_images: int = 20_000, test_images: int = 4_000, variant: str = "standard") -> EmbeddedImages:
    """Both splits of the embedded data set; fewer images are the first ones of more.

    Every ten consecutive images hold each class once. `variant` "easy" has objects of one size and little rotation on plain
    backgrounds, without strokes, lighting or noise; "small" and "large" have the smallest and the largest objects of the
    standard set, and are like it otherwise.

    Raises: UsageError when a count is negative or the variant unknown.
    """
    if variant not in VARIANTS:
        raise UsageError(f"`variant` must be known. Received: variant={variant!r}. {near_match(variant, VARIANTS)}")
    if min(train_images, test_images) < 0:
        raise UsageError(f"Counts must be 0 or more. Received: {train_images=}, {test_images=}.")
    scene = VARIANTS[variant]
    train, test = _generate_split(1, train_images, scene), _generate_split(2, test_images, scene)
    return EmbeddedImages(
        train_images=train[0],
        train_labels=train[1],
        train_masks=train[2],
        train_sizes=train[3],
        test_images=test[0],
        test_labels=test[1],
        test_masks=test[2],
        test_sizes=test[3],
    )
