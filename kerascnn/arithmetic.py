"""The lesson's arithmetic by hand, in NumPy: small checks of identities that need no training."""

from __future__ import annotations

import numpy as np

EPSILON = 1e-3
"""What Keras adds to the variance."""


def normalise_batch(activations: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Batch Normalization without scale and shift: (normalised, mean, variance).

    activations: float (n, height, width, channels); the statistics are taken over batch, height and width,
    (channels,) each. Source: Ioffe and Szegedy 2015, algorithm 1.
    """
    axes = tuple(range(activations.ndim - 1))
    mean, variance = activations.mean(axis=axes), activations.var(axis=axes)
    return (activations - mean) / np.sqrt(variance + EPSILON), mean, variance


def undo_error(seed: int, shape: tuple[int, ...] = (32, 8, 8, 16)) -> float:
    """Largest absolute error of gamma = sqrt(variance + epsilon), beta = mean in undoing the normalisation.

    The activations are float32, drawn from `seed`, of unlike scale and offset in every channel.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    scale, offset = random.uniform(0.1, 5.0, shape[-1]), random.uniform(-3.0, 3.0, shape[-1])
    activations = (random.standard_normal(shape) * scale + offset).astype(np.float32)
    normalised, mean, variance = normalise_batch(activations)
    undone = np.sqrt(variance + np.float32(EPSILON)) * normalised + mean
    return float(np.abs(undone - activations).max())
