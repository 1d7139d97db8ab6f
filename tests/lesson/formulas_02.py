"""Convolution by hand: the sum, its sizes, its parameters, and what float32 rounds away."""

from __future__ import annotations

import math

import numpy as np
from numpy.testing import assert_allclose
from stating import Checks, draws

from kerascnn.byhand import GRID, convolve, convolve_backward, count_parameters, output_size

CHECKS = Checks()


@CHECKS.of(r"y_{i,j,o} = b_o + \sum_{u,v,c} x_{s i + u - p,\; s j + v - p,\; c}\; w_{u,v,c,o}")
def the_sum() -> None:
    s, p, k = 2, 1, 3
    random = draws()
    x, w, b = random.standard_normal((6, 7, 2)), random.standard_normal((k, k, 2, 4)), random.standard_normal(4)
    maps = convolve(x[None], w, b, stride=s, padding=p)[0]

    def pixel(row: int, column: int, c: int) -> float:
        is_inside = 0 <= row < x.shape[0] and 0 <= column < x.shape[1]
        return x[row, column, c] if is_inside else 0.0

    for i, j, o in np.ndindex(maps.shape):
        products = (pixel(s * i + u - p, s * j + v - p, c) * w[u, v, c, o] for u, v, c in np.ndindex(k, k, 2))
        assert_allclose(maps[i, j, o], b[o] + sum(products))


@CHECKS.of(r"\lfloor (n + 2p - k)/s \rfloor + 1")
def places() -> None:
    for n, k, s, p in GRID:
        said = math.floor((n + 2 * p - k) / s) + 1
        assert output_size(n, k, s, p) == said
        assert convolve(np.zeros((1, n, 1)), np.zeros((k, 1, 1)), stride=s, padding=p).shape == (1, said, 1)


@CHECKS.of(r"(k \cdot k \cdot C_{in} + 1)\, C_{out}")
def parameters() -> None:
    for k, c_in, c_out in ((3, 3, 16), (5, 1, 6)):
        said = (k * k * c_in + 1) * c_out
        assert count_parameters((k, k), c_in, c_out) == said
        images, kernel = np.ones((1, 8, 8, c_in)), np.ones((k, k, c_in, c_out))
        _, weights, biases = convolve_backward(images, kernel, np.ones_like(convolve(images, kernel)))
        assert weights.size + biases.size == said


@CHECKS.of("10^{-7}", "10^{-6}")
def rounding() -> None:
    decades = [10.0 ** round(math.log10(rounded_away(*size))) for size in ((3, 3), (5, 64))]
    assert_allclose(decades, [10**-7, 10**-6])  # from a first layer to a wide one


def rounded_away(window: int, channels: int) -> float:
    """The mean difference of values of about 1 where float32 adds up one product after the other."""
    random, products = draws(), window**2 * channels
    images = random.standard_normal((4, 8, 8, channels)).astype(np.float32)
    kernel = (random.standard_normal((window, window, channels, 8)) / math.sqrt(products)).astype(np.float32)
    patches = np.lib.stride_tricks.sliding_window_view(images, (window, window), axis=(1, 2))
    exact = convolve(images, kernel)
    single = np.zeros(exact.shape, np.float32)
    for u, v, c in np.ndindex(window, window, channels):
        single += patches[..., c, u, v, None] * kernel[u, v, c]
    assert 0.5 < exact.std() < 2
    return float(np.abs(single - exact).mean())
