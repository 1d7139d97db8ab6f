"""One fixed permutation of the positions of an image: the picture is gone, every number is still there."""

from __future__ import annotations

import numpy as np


def pixel_order(positions: int, seed: int) -> np.ndarray:
    """int32 (positions,): which old position each new position shows. The same for the same `seed`, everywhere."""
    return np.random.Generator(np.random.PCG64(seed)).permutation(positions).astype(np.int32)


def restore_pixels(images: np.ndarray, seed: int) -> np.ndarray:
    """The opposite of `permute_pixels`."""
    flat = images.reshape(len(images), -1, images.shape[-1])
    return flat[:, np.argsort(pixel_order(flat.shape[1], seed))].reshape(images.shape)


def permute_pixels(images: np.ndarray, seed: int) -> np.ndarray:
    """`images` (n, height, width, channels) with their positions permuted, all in the same way; colours stay together."""
    flat = images.reshape(len(images), -1, images.shape[-1])
    return flat[:, pixel_order(flat.shape[1], seed)].reshape(images.shape)
