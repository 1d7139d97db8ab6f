"""What convolutions cost and see: parameters, multiply-adds, receptive field; each counted, not only reckoned."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from kerascnn.byhand.convolution import convolve, convolve_backward
from kerascnn.byhand.sliding import output_size

Layer = tuple[int, int]
"""(window, stride) of a convolution or pooling, along one axis."""

Kind = Literal["full", "bottleneck", "separable"]
"""A convolution; one between two of 1 x 1 that go down to a quarter of the channels and up again; one kernel for each
channel alone, then 1 x 1 over all channels."""

NARROWER = 4
"""How many times fewer maps there are inside a bottleneck."""


def count_parameters(window: Sequence[int], channels: int, maps: int) -> int:
    """(k k C_in + 1) C_out: every map has a weight for each position and channel, and one bias."""
    return (math.prod(window) * channels + 1) * maps


def count_products(window: Sequence[int], channels: int = 1) -> int:
    """Multiply-adds behind one output value, counted: ones under a kernel of ones add up to their number."""
    images, kernel = np.ones((1, *window, channels)), np.ones((*window, channels, 1))
    return round(float(convolve(images, kernel).item()))


def products_of_kind(kind: Kind, channels: int, window: int = 3) -> int:
    """Multiply-adds at one place, and so weights without biases, from `channels` to as many maps.

    Source: bottleneck He et al. 2016, figure 5; separable Howard et al. 2017, section 3.1.
    """
    pointwise, narrow = count_products((1, 1), channels), channels // NARROWER
    match kind:
        case "bottleneck":
            return 2 * pointwise * narrow + count_products((window, window), narrow) * narrow
        case "separable":
            return count_products((window, window)) * channels + pointwise * channels
        case _:
            return count_products((window, window), channels) * channels


def kinds_cheaper_than_separable(channels: int, window: int = 3) -> int:
    """How many other kinds of convolution take fewer multiply-adds than a separable one, at so many channels."""
    separable = products_of_kind("separable", channels, window)
    return sum(products_of_kind(kind, channels, window) < separable for kind in get_args(Kind))


def widest_without_gain(window: int = 3, most: int = 512) -> int:
    """The largest number of channels at which a separable convolution takes no fewer multiply-adds than a bottleneck.

    Of the multiples of 4 up to `most`. With 3 x 3 it is where 9 C + C^2 = 17/16 C^2.
    """
    return max(
        channels
        for channels in range(NARROWER, most + 1, NARROWER)
        if products_of_kind("separable", channels, window) >= products_of_kind("bottleneck", channels, window)
    )


def receptive_field(layers: Sequence[Layer]) -> int:
    """How many input values along an axis one value after `layers` can depend on.

    1 + sum over layers of (k - 1) times the strides of all layers before: one step in a later map is a larger step
    in the input. Source: Araujo, Norris and Sim 2019, Computing receptive fields of CNNs, equation 2.
    """
    field, step = 1, 1
    for window, stride in layers:
        field += (window - 1) * step
        step *= stride
    return field


def measure_receptive_field(layers: Sequence[Layer], size: int = 600) -> int:
    """The same, seen: how many of `size` input values get a gradient from one value in the middle of the output.

    The layers are convolutions of ones, so that nothing cancels out.
    """
    sizes = [size]
    for window, stride in layers:
        sizes.append(output_size(sizes[-1], window, stride))
    is_reached = np.zeros((1, sizes.pop(), 1))
    is_reached[0, is_reached.shape[1] // 2] = 1.0
    for (window, stride), inputs in zip(reversed(layers), reversed(sizes), strict=True):
        kernel = np.ones((window, 1, 1))
        gradient, _, _ = convolve_backward(np.ones((1, inputs, 1)), kernel, is_reached, stride=stride)
        is_reached = (gradient > 0).astype(np.float64)
    return int(is_reached.sum())
