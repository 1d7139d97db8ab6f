"""Batch Normalization of a convolution's maps in training, and its backward pass."""

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
    return normalise_fixed(activations, mean, variance), mean, variance


def normalise(activations: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """gamma (x - mean) / sqrt(variance + epsilon) + beta, the statistics over batch, height and width.

    activations: float `(n, *sizes, channels)`. gamma, beta: `(channels,)`. A kernel is the same at all places, so one
    mean and one variance for each of its maps, not for each pixel.
    """
    normalised, _, _ = normalise_batch(activations.astype(np.float64))
    return gamma * normalised + beta


def normalise_backward(
    activations: np.ndarray, gamma: np.ndarray, upstream: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of a loss for (activations, gamma, beta), given `upstream`, its gradient for the outputs.

    Mean and variance depend on every value of the batch, so a value's gradient loses the mean of all, and
    what would only change the variance:

        gamma / sqrt(variance + epsilon) (g - mean(g) - y mean(g y)),  y the normalised value, g the upstream gradient.

    Source: Ioffe and Szegedy 2015, section 3, with the chain rule's sums put together.
    """
    axes = tuple(range(activations.ndim - 1))
    normalised, _, variance = normalise_batch(activations.astype(np.float64))
    without_mean = upstream - upstream.mean(axis=axes)
    without_variance = without_mean - normalised * (upstream * normalised).mean(axis=axes)
    gradient = gamma / np.sqrt(variance + EPSILON) * without_variance
    return gradient, (upstream * normalised).sum(axis=axes), upstream.sum(axis=axes)


def normalise_fixed(activations: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """(x - mean) / sqrt(variance + epsilon) by statistics that are given, as in inference: a fixed linear map for each channel.

    activations: float `(n, *sizes, channels)`. mean, variance: `(channels,)`. Source: Ioffe and Szegedy 2015, algorithm 2.
    """
    return (activations - mean) / np.sqrt(variance + EPSILON)


def undo_error(seed: int, *, by_batch: bool = False, shape: tuple[int, ...] = (32, 8, 8, 16)) -> float:
    """Largest error of gamma = sqrt(variance + epsilon), beta = mean in undoing the normalisation of a new batch.

    In standard deviations of the channel. The two are set once, from the statistics of a first batch. The new batch is normalised by
    those same statistics, as in inference, or with `by_batch` by its own, as in training. The activations are float32, drawn
    from `seed`, of unlike scale and offset in every channel.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    scale, offset = random.uniform(0.1, 5.0, shape[-1]), random.uniform(-3.0, 3.0, shape[-1])
    first, new = ((random.standard_normal(shape) * scale + offset).astype(np.float32) for _ in range(2))
    _, mean, variance = normalise_batch(first)
    gamma, beta = np.sqrt(variance + np.float32(EPSILON)), mean
    normalised = normalise_batch(new)[0] if by_batch else normalise_fixed(new, mean, variance)
    return float((np.abs(gamma * normalised + beta - new) / scale).max())
