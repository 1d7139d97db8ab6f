"""What the first layer of a trained net looks for, as pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kerascnn.models.permutation import restore_pixels

if TYPE_CHECKING:
    from kerascnn.looking.asked import TrainedRuns


def first_kernels(results: TrainedRuns, arm: str, count: int = 16) -> np.ndarray:
    """The `count` largest first kernels of the first seed of `arm` that finished, uint8 (n, height, width, channels).

    A dense unit's kernel is as large as the image. Where the net permutes pixels, each weight is shown at the place its
    pixel came from. Empty where no run finished.
    """
    (runs,) = results.select(arm)
    finished = list(runs.finished)
    if not finished:
        return np.zeros((0, 1, 1, 3), np.uint8)
    weights = results.weights(arm, finished[0])
    kernel = next(value for path, value in weights.items() if path.endswith("kernel"))
    kernels = as_images(kernel, results.dataset.image_shape)
    permutation_seed = runs.arm.model.arguments.get("permutation_seed")
    if permutation_seed is not None and kernels.shape[1:] == tuple(results.dataset.image_shape):
        kernels = restore_pixels(kernels, permutation_seed)
    return stretched(largest(kernels, count))


def as_images(kernel: np.ndarray, image_shape: tuple[int, int, int]) -> np.ndarray:
    """A dense kernel (pixels, units) or a convolution's (height, width, channels, kernels) as (n, height, width, channels)."""
    return kernel.T.reshape(-1, *image_shape) if kernel.ndim == 2 else np.moveaxis(kernel, -1, 0)


def largest(kernels: np.ndarray, count: int) -> np.ndarray:
    """The `count` kernels of the largest norm, in their order."""
    norms = np.sqrt((kernels.astype(np.float64) ** 2).sum(axis=(1, 2, 3)))
    return kernels[np.sort(np.argsort(-norms, kind="stable")[:count])]


def stretched(kernels: np.ndarray) -> np.ndarray:
    """uint8 of the same shape: grey is zero, the largest weight of each kernel is black or white."""
    peaks = np.maximum(np.abs(kernels).max(axis=(1, 2, 3), keepdims=True), 1e-12)
    return np.rint(127.5 + 127.5 * kernels / peaks).astype(np.uint8)
