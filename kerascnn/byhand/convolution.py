"""A convolution and its backward pass, for one, two or three axes.

What nets call a convolution is, strictly, a cross-correlation: the kernel is not flipped. As it is learnt,
that makes no difference.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kerascnn.byhand.sliding import Sliding
from kerascnn.errors import UsageError


def convolve(
    images: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray | float = 0.0,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[tuple[int, int]] = 0,
) -> np.ndarray:
    """maps[n, i, j, o] = bias[o] + sum over u, v, c of images[n, s i + u - p, s j + v - p, c] kernel[u, v, c, o].

    images: `(n, *sizes, channels)`. kernel: `(*window, channels, maps)`, one small picture of all channels for each
    map. bias: `(maps,)`. Gives float64 `(n, *output_sizes, maps)`.

    The loop goes over the positions u, v of the kernel: what lies under one position, at all places at once,
    is a strided part of the images, and its channels are mixed by one matrix.

    Raises: UsageError where kernel and images differ in their channels.
    """
    _check_channels(images, kernel)
    sliding = Sliding.over(kernel.shape[:-2], stride, padding)
    sizes, padded = sliding.output_sizes(images), sliding.pad(images)
    maps = np.zeros((len(images), *sizes, kernel.shape[-1]))
    for position in sliding.positions():
        seen = padded[sliding.seen_at(position, sizes)]  # (n, *sizes, channels)
        maps += seen @ kernel[position]  # (channels, maps) at this position
    return maps + bias


def convolve_backward(
    images: np.ndarray,
    kernel: np.ndarray,
    upstream: np.ndarray,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[tuple[int, int]] = 0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of a loss for (images, kernel, bias), given `upstream`, its gradient for the maps.

    upstream: `(n, *output_sizes, maps)`. Gives float64 arrays of the shapes of images, kernel and bias.

    Every product of the forward pass, image value times weight, gives to each of its factors the other one
    times the upstream gradient. A weight is used at all places, so its gradient is a sum over them; a pixel
    is seen by many places, so its gradient is a sum as well.
    """
    _check_channels(images, kernel)
    sliding = Sliding.over(kernel.shape[:-2], stride, padding)
    sizes, padded = sliding.output_sizes(images), sliding.pad(images)
    places = tuple(range(images.ndim - 1))  # batch and the axes between
    padded_gradient, kernel_gradient = np.zeros_like(padded), np.zeros(kernel.shape)
    for position in sliding.positions():
        seen = sliding.seen_at(position, sizes)
        kernel_gradient[position] = np.tensordot(padded[seen], upstream, axes=(places, places))
        padded_gradient[seen] += upstream @ kernel[position].T
    return sliding.unpad(padded_gradient), kernel_gradient, upstream.sum(axis=places)


def _check_channels(images: np.ndarray, kernel: np.ndarray) -> None:
    if images.shape[-1] != kernel.shape[-2]:
        raise UsageError(
            f"A kernel must have as many channels as the images. Received: images of shape {images.shape}, so "
            f"{images.shape[-1]} channels, and a kernel of shape {kernel.shape}, made for {kernel.shape[-2]}. "
            "Channels stand last in images and last but one in kernels."
        )
