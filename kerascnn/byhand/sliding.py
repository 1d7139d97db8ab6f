"""How a window slides over images: how many places it finds, and what it sees there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kerascnn.errors import UsageError

Position = tuple[int, ...]
"""A place inside the window, one number for each axis."""


def output_size(size: int, window: int, stride: int = 1, padding: int = 0) -> int:
    """floor((n + 2p - k) / s) + 1: the places for a window `k` on `n` values with `padding` on either side.

    The window's first value can lie at 0, s, 2s, ... up to n + 2p - k, and every such place gives one output.

    Raises: UsageError where the window is wider than the padded input.
    Source: Dumoulin and Visin 2016, A guide to convolution arithmetic, relationship 6.
    """
    return _places(size, window, stride, (padding, padding))


def same_padding(size: int, window: int, stride: int = 1) -> tuple[int, int]:
    """Zeros (before, after) that give ceil(n / s) outputs: what Keras calls "same".

    An even window needs an odd number of them, and the odd one goes after.
    """
    places = -(-size // stride)
    needed = max((places - 1) * stride + window - size, 0)
    return needed // 2, needed - needed // 2


def _places(size: int, window: int, stride: int, padding: tuple[int, int]) -> int:
    padded = size + sum(padding)
    if window > padded:
        raise UsageError(
            f"The window must fit into the padded input. Received: a window of {window} for {padded} values. "
            "Take a smaller kernel, or more padding."
        )
    return (padded - window) // stride + 1


@dataclass(frozen=True)
class Sliding:
    """A window that slides over images, with its stride and the values (before, after) added, by axis.

    Images are float `(n, *sizes, channels)` with one, two or three axes between, in Keras' order: channels last.
    """

    window: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]

    @classmethod
    def over(
        cls,
        window: Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[tuple[int, int]] = 0,
    ) -> Sliding:
        """One number for stride or padding stands for all axes, padding for both sides."""
        axes = len(window)
        strides = (stride,) * axes if isinstance(stride, int) else tuple(stride)
        paddings = ((padding, padding),) * axes if isinstance(padding, int) else tuple(padding)
        return cls(tuple(window), strides, paddings)

    def output_sizes(self, images: np.ndarray) -> tuple[int, ...]:
        """How many places the window finds along each axis of `images`."""
        sizes = images.shape[1:-1]
        if len(sizes) != len(self.window):
            raise UsageError(
                f"A window of {len(self.window)} axes needs images of as many between batch and channels. "
                f"Received: images of shape {images.shape}."
            )
        return tuple(map(_places, sizes, self.window, self.stride, self.padding))

    def positions(self) -> Iterator[Position]:
        """Every place inside the window, in reading order."""
        return np.ndindex(*self.window)

    def seen_at(self, position: Position, output_sizes: Sequence[int]) -> tuple[slice, ...]:
        """The part of the padded images that lies under `position` of the window, over all its places.

        Along an axis these are the values at position, position + s, position + 2s, ...: one for each output.
        """
        axes = zip(position, self.stride, output_sizes, strict=True)
        return (slice(None), *(slice(start, start + s * (places - 1) + 1, s) for start, s, places in axes))

    def pad(self, images: np.ndarray, value: float = 0.0) -> np.ndarray:
        """`images` as float64 with `value` around them."""
        around = ((0, 0), *self.padding, (0, 0))
        return np.pad(images.astype(np.float64), around, constant_values=value)

    def unpad(self, padded: np.ndarray) -> np.ndarray:
        """The images inside the padding."""
        axes = zip(self.padding, padded.shape[1:-1], strict=True)
        return padded[(slice(None), *(slice(before, size - after) for (before, after), size in axes))]
