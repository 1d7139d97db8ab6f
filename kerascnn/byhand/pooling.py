"""Max and average pooling and their backward passes, for one, two or three axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from kerascnn.byhand.sliding import Sliding

PoolKind = Literal["max", "average"]


def pool(
    images: np.ndarray,
    window: Sequence[int],
    stride: int | Sequence[int],
    padding: int | Sequence[tuple[int, int]] = 0,
    kind: PoolKind = "max",
) -> np.ndarray:
    """The largest value, or the mean, of every window: each channel for itself, without weights.

    images: `(n, *sizes, channels)`. Gives float64 `(n, *output_sizes, channels)`. Padding is no value: it never is the
    largest, and the mean is taken over the real values alone, as in Keras.
    """
    sliding = Sliding.over(window, stride, padding)
    if kind == "average":
        return _sums(images, sliding) / _real_values(images, sliding)
    sizes, padded = sliding.output_sizes(images), sliding.pad(images, -np.inf)
    largest = np.full((len(images), *sizes, images.shape[-1]), -np.inf)
    for position in sliding.positions():
        largest = np.maximum(largest, padded[sliding.seen_at(position, sizes)])
    return largest


def pool_backward(
    images: np.ndarray,
    upstream: np.ndarray,
    window: Sequence[int],
    stride: int | Sequence[int],
    padding: int | Sequence[tuple[int, int]] = 0,
    kind: PoolKind = "max",
) -> np.ndarray:
    """The gradient of a loss for `images`, given `upstream`, its gradient for the pooled maps.

    Max pooling hands the whole gradient to the value that won (of equals the first in reading order);
    average pooling hands every value of the window the same share.
    """
    sliding = Sliding.over(window, stride, padding)
    if kind == "average":
        return _spread(images, upstream / _real_values(images, sliding), sliding)
    sizes, padded = sliding.output_sizes(images), sliding.pad(images, -np.inf)
    largest = pool(images, window, stride, padding, "max")
    gradient, is_given = np.zeros_like(padded), np.zeros(largest.shape, bool)
    for position in sliding.positions():
        seen = sliding.seen_at(position, sizes)
        wins = (padded[seen] == largest) & ~is_given
        gradient[seen] += np.where(wins, upstream, 0.0)
        is_given |= wins
    return sliding.unpad(gradient)


def _sums(images: np.ndarray, sliding: Sliding) -> np.ndarray:
    """The sum of every window, padding counting as zero: float64 `(n, *output_sizes, channels)`."""
    sizes, padded = sliding.output_sizes(images), sliding.pad(images)
    sums = np.zeros((len(images), *sizes, images.shape[-1]))
    for position in sliding.positions():
        sums += padded[sliding.seen_at(position, sizes)]
    return sums


def _real_values(images: np.ndarray, sliding: Sliding) -> np.ndarray:
    """How many values of every window are no padding: float64 `(1, *output_sizes, 1)`."""
    return _sums(np.ones((1, *images.shape[1:-1], 1)), sliding)


def _spread(images: np.ndarray, shares: np.ndarray, sliding: Sliding) -> np.ndarray:
    """Every window's share `(n, *output_sizes, channels)`, given to each of its values and summed up there."""
    sizes, gradient = sliding.output_sizes(images), np.zeros_like(sliding.pad(images))
    for position in sliding.positions():
        gradient[sliding.seen_at(position, sizes)] += shares
    return sliding.unpad(gradient)
