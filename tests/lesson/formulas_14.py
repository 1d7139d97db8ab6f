"""Depth and kernels: what twice the kernels cost, before and after a pooling."""

from __future__ import annotations

import math

import numpy as np
from numpy.testing import assert_allclose
from scores import log_odds
from stating import Checks

from kerascnn.byhand import convolve, count_parameters, count_products, pool

CHECKS = Checks()
SIZES = ((16, 3, 32, 32), (64, 32, 8, 6))
"""(k, c, h, w)."""


def multiply_adds(maps: np.ndarray, kernels: int) -> int:
    """Of a convolution of 3 x 3 that keeps the size: products behind a value, times values."""
    channels = maps.shape[-1]
    values = convolve(maps[None], np.zeros((3, 3, channels, kernels)), padding=1)
    return count_products((3, 3), channels) * values.size


@CHECKS.of(r"9\,k\,c")
def weights() -> None:
    for k, c, _, _ in SIZES:
        assert np.zeros((3, 3, c, k)).size == 9 * k * c
        assert count_parameters((3, 3), c, k) == 9 * k * c + k  # and k biases


@CHECKS.of(r"9\,k\,c\,h\,w", r"h \times w")
def cost() -> None:
    for k, c, h, w in SIZES:
        assert multiply_adds(np.zeros((h, w, c)), k) == 9 * k * c * h * w


@CHECKS.of(r"9 \cdot 2k \cdot 2c \cdot \frac{h}{2} \cdot \frac{w}{2}")
def after_a_pooling() -> None:
    for k, c, h, w in SIZES:
        pooled = pool(np.zeros((1, h, w, 2 * c)), (2, 2), 2)[0]
        found = multiply_adds(pooled, 2 * k)
        assert found == 9 * (2 * k) * (2 * c) * (h / 2) * (w / 2)
        assert found == multiply_adds(np.zeros((h, w, c)), k)  # as many as before


@CHECKS.of(r"\ln\frac{r}{1 - r}")
def without_a_ceiling() -> None:
    for r in (0.1, 0.5, 0.9):
        assert_allclose(log_odds(r), math.log(r / (1 - r)), atol=1e-6)
