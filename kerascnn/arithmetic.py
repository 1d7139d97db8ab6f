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


def permutation_error(seed: int, shape: tuple[int, int, int] = (32, 32, 3), units: int = 64) -> float:
    """Largest absolute change of dense outputs when the inputs and the kernel's rows move by one permutation.

    Image, kernel and permutation are float32, drawn from `seed`: to a dense layer the order of its inputs is a name.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    values = int(np.prod(shape))
    image = random.standard_normal(values).astype(np.float32)
    kernel = (random.standard_normal((values, units)) / np.sqrt(values)).astype(np.float32)
    order = random.permutation(values)
    return float(np.abs(image[order] @ kernel[order] - image @ kernel).max())


def dense_weights(inputs: int, outputs: int) -> int:
    """Weights of a dense layer, without biases: every output sees every input."""
    return inputs * outputs


def convolution_weights(kernel_size: int, channels: int, kernels: int) -> int:
    """Weights of a convolution, without biases: the same few at every position, however many there are."""
    return kernel_size**2 * channels * kernels


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
