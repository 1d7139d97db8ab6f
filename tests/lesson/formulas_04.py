"""Glorot against He: what random weights and a ReLU do to the mean square."""

from __future__ import annotations

import math

import numpy as np
from numpy.testing import assert_allclose
from stating import Checks, draws

from kerascnn.byhand import convolve, count_products

CHECKS = Checks()


def variance_drawn(initialiser: str, channels: int, maps: int, window: int = 3) -> float:
    """Of the weights of a convolution that the named rule of Keras draws."""
    import keras

    kind = type(keras.initializers.get(initialiser))
    return float(np.var(np.asarray(kind(seed=1)((window, window, channels, maps)))))


def mean_squares(factor: float, depth: int) -> list[float]:
    """The mean square of the input and behind each of `depth` ReLU layers; weights of variance factor / inputs."""
    random, units, found = draws(), 256, []
    for _ in range(60):
        values = random.standard_normal(units)
        squares = [float(np.mean(values**2))]
        for _ in range(depth):
            weights = random.standard_normal((units, units)) * math.sqrt(factor / units)
            values = np.maximum(values @ weights, 0)
            squares.append(float(np.mean(values**2)))
        found.append(squares)
    return np.mean(found, axis=0).tolist()


@CHECKS.of(r"k \times k")
def window() -> None:
    for k in (3, 5):
        assert count_products((k, k)) == k * k


@CHECKS.of(r"n_{in} = k^2 \, C_{in}")
def fan_in() -> None:
    for k, c_in in ((3, 16), (5, 3)):
        assert count_products((k, k), c_in) == k**2 * c_in


@CHECKS.of(r"\mathrm{E}[y^2] = n_{in} \, v \, \mathrm{E}[x^2]")
def one_layer() -> None:
    random, v = draws(), 0.3
    x = random.uniform(0, 2, (1, 3, 3, 4))  # its mean is not zero
    kernel = random.standard_normal((3, 3, 4, 50_000)) * math.sqrt(v)
    n_in = count_products((3, 3), 4)
    assert_allclose(np.mean(convolve(x, kernel) ** 2), n_in * v * np.mean(x**2), rtol=0.03)


@CHECKS.of(r"v = \frac{2}{n_{in} + n_{out}}, \qquad \text{so that } n_{in}\,v = 1 \text{ where } n_{in} = n_{out}")
def glorot() -> None:
    for channels, maps in ((64, 32), (32, 64), (48, 48)):
        n_in, n_out = 9 * channels, 9 * maps
        assert_allclose(variance_drawn("glorot_uniform", channels, maps), 2 / (n_in + n_out), rtol=0.03)
    assert_allclose(n_in * variance_drawn("glorot_uniform", 48, 48), 1, rtol=0.03)


@CHECKS.of("v = 2 / n_{in}")
def he() -> None:
    for name in ("he_uniform", "he_normal"):
        assert_allclose(variance_drawn(name, 64, 32), 2 / (9 * 64), rtol=0.03)
    assert_allclose(np.divide(mean_squares(2, 4), mean_squares(2, 4)[0]), 1, rtol=0.15)


@CHECKS.of("2^{-D}")
def glorot_in_depth() -> None:
    squares = mean_squares(1, 4)
    assert_allclose(np.divide(squares, squares[0]), [2.0**-depth for depth in range(5)], rtol=0.15)


@CHECKS.of(r"1 / \pi")
def cosine() -> None:
    sums = np.eye(2) @ draws().standard_normal((2, 400_000))  # of two pictures at right angles
    first, second = np.maximum(sums, 0)
    cosine = first @ second / np.sqrt(first @ first * (second @ second))
    assert_allclose(cosine, 1 / np.pi, rtol=0.01)
