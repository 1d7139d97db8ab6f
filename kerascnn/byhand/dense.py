"""What dense layers cost beside convolutions, and what a dense layer cannot notice."""

from __future__ import annotations

import numpy as np


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
