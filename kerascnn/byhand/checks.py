"""What the lesson and its notes say about convolutions, checked by hand; each check gives a number for a claim."""

from __future__ import annotations

import itertools

import numpy as np

from kerascnn.byhand.convolution import convolve
from kerascnn.byhand.counting import Layer, count_products, measure_receptive_field, receptive_field
from kerascnn.byhand.sliding import output_size

SIZES, WINDOWS, STRIDES, PADDINGS = (5, 6, 7, 8, 12, 28, 32), (1, 2, 3, 4, 5), (1, 2, 3), (0, 1, 2)
GRID: tuple[tuple[int, int, int, int], ...] = tuple(itertools.product(SIZES, WINDOWS, STRIDES, PADDINGS))
"""(size, window, stride, padding) for which sizes of outputs are compared."""

STACKS: dict[str, tuple[Layer, ...]] = {
    "3 x 3": ((3, 1),) * 10,
    "5 x 5": ((5, 1),) * 10,
    "3 x 3, halved by pooling after every second": ((3, 1), (3, 1), (2, 2)) * 4,
    "3 x 3, stride 2": ((3, 2),) * 6,
}
"""Stacks of layers whose receptive fields are compared."""


def lesson_example_mismatches() -> int:
    """How many of height, width and number of maps differ from 28, 28 and 4.

    The lesson's example: 4 kernels of 3 x 5 x 5 on a picture of 3 x 32 x 32 (channels first; here they are last).
    """
    maps = convolve(np.ones((1, 32, 32, 3)), np.ones((5, 5, 3, 4)))
    return sum(found != said for found, said in zip(maps.shape[1:], (28, 28, 4), strict=True))


def notes_formula_failures(read_kindly: bool = False) -> int:
    """For how many of `GRID` the notes' "output - 1 - input = kernel" does not hold.

    Read kindly it is input - (output - 1) = kernel.
    """
    failures = 0
    for size, window, stride, padding in GRID:
        places = output_size(size, window, stride, padding)
        said = size - (places - 1) if read_kindly else places - 1 - size
        failures += said != window
    return failures


def product_mismatches(windows: tuple[int, ...] = (1, 2, 3, 5, 7)) -> int:
    """For how many square windows the products behind one output value are not k k."""
    return sum(count_products((window, window)) != window * window for window in windows)


def receptive_field_mismatches() -> int:
    """For how many depths of all `STACKS` the receptive field seen is not the one reckoned."""
    parts = [layers[:depth] for layers in STACKS.values() for depth in range(1, len(layers) + 1)]
    return sum(measure_receptive_field(part) != receptive_field(part) for part in parts)


def pointwise_difference(seed: int) -> float:
    """Largest difference of a 1x1 convolution from a dense layer that is given every pixel as an example."""
    random = np.random.Generator(np.random.PCG64(seed))
    images, weights = random.standard_normal((4, 8, 8, 6)), random.standard_normal((6, 5))
    pixels = images.reshape(-1, 6)  # every pixel is an example of 6 features
    dense = (pixels @ weights).reshape(4, 8, 8, 5)
    return float(np.abs(convolve(images, weights.reshape(1, 1, 6, 5)) - dense).max())


def stride_difference(seed: int, stride: int = 2) -> float:
    """Largest difference of a strided convolution from every `stride`-th value of the one with stride 1."""
    random = np.random.Generator(np.random.PCG64(seed))
    images, kernel = random.standard_normal((2, 15, 15, 3)), random.standard_normal((3, 3, 3, 4))
    every = convolve(images, kernel)[:, ::stride, ::stride]
    return float(np.abs(convolve(images, kernel, stride=stride) - every).max())
