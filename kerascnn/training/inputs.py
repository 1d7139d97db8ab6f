"""From uint8 images in memory to the network's input, inside the graph."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from kerascnn.specs import Augmentation, Normalisation

SHIFT_PIXELS = 4
"""Padding before the random crop. Source: He et al. 2016, section 4.2."""


class Affine(NamedTuple):
    """(x - shift) * scale per channel; both float32 (channels,)."""

    shift: np.ndarray
    scale: np.ndarray


def channel_statistics(images: np.ndarray) -> Affine:
    """Mean and 1 / std per channel of uint8 images (n, height, width, channels), 0..255 units.

    Counted in integers, so that the result does not depend on the order of summation.
    """
    histograms = [
        np.bincount(np.ascontiguousarray(images[..., c]).ravel(), minlength=256) for c in range(images.shape[-1])
    ]
    levels = np.arange(256)
    means = [float(h @ levels) / float(h.sum()) for h in histograms]
    squares = [float(h @ levels**2) / float(h.sum()) for h in histograms]
    stds = [max(s - m * m, 1e-12) ** 0.5 for s, m in zip(squares, means, strict=True)]
    return Affine(np.asarray(means, np.float32), np.asarray([1.0 / s for s in stds], np.float32))


def affine_for(normalisation: Normalisation, statistics: Affine) -> Affine:
    """The fixed affine map of `normalisation`; the identity for `raw` and for `per-image`."""
    zero, one = np.zeros_like(statistics.shift), np.ones_like(statistics.shift)
    return {
        "raw": Affine(zero, one),
        "centred": Affine(statistics.shift, one),
        "per-image": Affine(zero, one),
        "unit": Affine(zero, one / np.float32(255.0)),
        "centred-unit": Affine(statistics.shift, one / np.float32(255.0)),
        "symmetric": Affine(one * np.float32(127.5), one / np.float32(127.5)),
        "scale-only": Affine(zero, statistics.scale),
        "z-score": statistics,
    }[normalisation]


def normalise(images: Any, shift: Any, scale: Any, *, per_image: bool) -> Any:
    """uint8 (n, height, width, channels) to float32 of the same shape."""
    pixels = (tf.cast(images, tf.float32) - shift) * scale
    if not per_image:
        return pixels
    mean, variance = tf.nn.moments(pixels, axes=[1, 2, 3], keepdims=True)
    # A flat image has no contrast to scale up; one grey level is the least that can be told apart.
    return (pixels - mean) / tf.maximum(tf.sqrt(variance), 1.0 / np.sqrt(3072.0))


def augment(images: Any, kinds: tuple[Augmentation, ...], seed: Any) -> Any:
    """Random variants of uint8 images (n, height, width, channels); `seed` is int32 (2,)."""
    if "flip" in kinds:
        coin = tf.random.stateless_uniform([tf.shape(images)[0], 1, 1, 1], seed) < 0.5
        images = tf.where(coin, tf.reverse(images, axis=[2]), images)
    if "shift" in kinds:
        images = _shift(images, seed + tf.constant([0, 1]))
    return images


def _shift(images: Any, seed: Any) -> Any:
    count, height, width, _ = images.shape
    margin = [[0, 0], [SHIFT_PIXELS, SHIFT_PIXELS], [SHIFT_PIXELS, SHIFT_PIXELS], [0, 0]]
    padded = tf.pad(images, margin, mode="REFLECT")
    offsets = tf.random.stateless_uniform([2, count], seed, 0, 2 * SHIFT_PIXELS + 1, tf.int32)
    rows = offsets[0][:, None] + tf.range(height)
    columns = offsets[1][:, None] + tf.range(width)
    padded = tf.gather(padded, rows, axis=1, batch_dims=1)
    return tf.gather(padded, columns, axis=2, batch_dims=1)
