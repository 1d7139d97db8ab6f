"""Random cases to compare implementations on, and what a comparison found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kerascnn.byhand.sliding import Sliding, same_padding
from kerascnn.errors import UsageError

NumberFormat = Literal["float32", "float64"]
Shape = tuple[int, ...]

LARGEST_SIZE = {1: 40, 2: 14, 3: 8}
"""Number of axes between batch and channels -> the longest of them that is drawn."""
LARGEST_WINDOW = {1: 7, 2: 5, 3: 4}
LARGEST_STRIDE = 3


@dataclass(frozen=True)
class Case:
    """One random layer. `shape` is that of the images; `is_same` where Keras is told "same" instead of numbers."""

    shape: Shape
    sliding: Sliding
    is_same: bool
    maps: int

    @property
    def axes(self) -> int:
        """How many axes are slid along."""
        return len(self.sliding.window)


@dataclass(frozen=True)
class Agreement:
    """How far two implementations are apart: the largest absolute difference of each case.

    `backward` is the largest over the gradients of everything that has one.
    """

    what: str
    forward: tuple[float, ...]
    backward: tuple[float, ...]

    @property
    def largest_forward(self) -> float:
        return max(self.forward)

    @property
    def largest_backward(self) -> float:
        return max(self.backward)


def largest_differences(agreements: Sequence[Agreement]) -> dict[str, float]:
    """ "convolution_forward", "convolution_backward", "pooling_forward", ...: the largest difference over all cases.

    Layers of one kind, both poolings, are put together: the kind is the last word of what was compared.
    """
    found: dict[str, float] = {}
    for agreement in agreements:
        kind = agreement.what.split()[-1]
        for which, value in (("forward", agreement.largest_forward), ("backward", agreement.largest_backward)):
            name = f"{kind}_{which}"
            found[name] = max(value, found.get(name, 0.0))
    return found


@dataclass(frozen=True)
class Draw:
    """Random numbers of one comparison, all rounded to `number_format`, so that both sides get the same."""

    random: np.random.Generator
    number_format: NumberFormat

    @classmethod
    def of(cls, seed: int, what: str, number_format: NumberFormat) -> Draw:
        """A stream of its own for each `what`. Raises: UsageError for another number format."""
        if number_format not in ("float32", "float64"):
            raise UsageError(
                f"The number format must be float32 or float64. Received: number_format={number_format!r}."
            )
        words = [seed, *what.encode()]
        return cls(np.random.Generator(np.random.PCG64(words)), number_format)

    def normal(self, shape: Shape, scale: float = 1.0) -> np.ndarray:
        """float64 numbers that `number_format` holds exactly, with mean 0 and standard deviation `scale`."""
        return (self.random.standard_normal(shape) * scale).astype(self.number_format).astype(np.float64)

    def apart(self, shape: Shape) -> np.ndarray:
        """Numbers from -2 to 2 in random order, each as far from the next."""
        values = np.linspace(-2.0, 2.0, int(np.prod(shape)))
        return self.random.permutation(values).reshape(shape).astype(self.number_format).astype(np.float64)

    def upstream(self, shape: Shape) -> np.ndarray:
        """A gradient for maps of `shape` `(n, *sizes, maps)`, of unit size when it is summed over all places."""
        return self.normal(shape, 1.0 / np.sqrt(np.prod(shape[:-1])))

    def axis(self, axes: int) -> tuple[int, int, int]:
        """(size, window, stride) of one of `axes` axes, the window no larger than the size."""
        size = int(self.random.integers(1, LARGEST_SIZE[axes] + 1))
        window = int(self.random.integers(1, min(LARGEST_WINDOW[axes], size) + 1))
        return size, window, int(self.random.integers(1, LARGEST_STRIDE + 1))

    def case(self, axes: int, padding: Callable[[int], int]) -> Case:
        """A layer over `axes` axes, each with its own size, window and stride, so windows are rarely square.

        Every second case is padded as Keras' "same", the others by `padding(window)` on either side. Three axes with steps
        larger than the window are never "same": there TensorFlow cuts values off before the first window too, although its
        documentation, its other layers and `same_padding` cut them off at the end alone.
        """
        sizes, windows, strides = zip(*(self.axis(axes) for _ in range(axes)), strict=True)
        has_gaps = any(stride > window for window, stride in zip(windows, strides, strict=True))
        is_same = bool(self.random.integers(2)) and not (axes == 3 and has_gaps)
        around = [same_padding(*axis) for axis in zip(sizes, windows, strides, strict=True)]
        if not is_same:
            around = [(padding(window),) * 2 for window in windows]
        images, channels, maps = (int(count) for count in self.random.integers(1, 7, size=3))
        return Case((images, *sizes, channels), Sliding.over(windows, strides, around), is_same, maps)
