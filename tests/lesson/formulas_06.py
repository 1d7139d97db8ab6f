"""Zero-mean input: the curvature that a mean brings, and what a normalisation makes of another light."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from stating import Checks, draws

from kerascnn.byhand import convolve, convolve_backward
from kerascnn.errors import UsageError
from kerascnn.looking.light import shift_pixels

CHECKS = Checks()
SHIFTS = ((0.5, 40.0), (1.5, -20.0), (2.0, 0.0))
"""(a, b)."""


def inputs_of_a_unit() -> np.ndarray:
    """(500, 3): correlated, and with a mean."""
    random = draws()
    return random.standard_normal((500, 3)) @ random.standard_normal((3, 3)) + [1.0, 2.0, -1.5]


def curvature(x: np.ndarray) -> np.ndarray:
    """The second derivatives of half the mean squared error of a linear unit without bias, by differences."""
    targets, steps = draws(2).standard_normal(len(x)), np.eye(x.shape[1])

    def loss(w: np.ndarray) -> float:
        return float(np.mean((x @ w - targets) ** 2) / 2)

    corner = loss(np.zeros(x.shape[1]))
    return np.array([[loss(i + j) - loss(i) - loss(j) + corner for j in steps] for i in steps])


def pictures() -> np.ndarray:
    return draws().integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)


def normalised(images: np.ndarray, kind: str, of: np.ndarray | None = None) -> np.ndarray:
    """What a net gets under `kind`, with the statistics of `of`."""
    from kerascnn.training.inputs import affine_for, channel_statistics, normalise

    affine = affine_for(kind, channel_statistics(pictures() if of is None else of))
    return np.asarray(normalise(images, *affine, per_image=kind == "per-image"))


def moments() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pictures as float64, and mean and deviation of their channels."""
    x = pictures().astype(float)
    return x, x.mean(axis=(0, 1, 2)), x.std(axis=(0, 1, 2))


@CHECKS.of(r"\partial L / \partial w_i = \delta\,x_i")
def one_unit() -> None:
    x, delta = np.abs(draws().standard_normal(7)) + 0.1, -0.7
    image, kernel = x.reshape(1, 1, 1, 7), np.ones((1, 1, 7, 1))
    assert convolve(image, kernel).shape == (1, 1, 1, 1)
    gradient = convolve_backward(image, kernel, np.full((1, 1, 1, 1), delta))[1]
    assert_allclose(gradient.ravel(), delta * x)


@CHECKS.of(r"E[x x^T] = \Sigma + \mu \mu^T", r"\mu \mu^T")
def second_moments() -> None:
    x = inputs_of_a_unit()
    mu, sigma = x.mean(axis=0), np.cov(x.T, bias=True)
    assert_allclose(curvature(x), sigma + np.outer(mu, mu))
    assert_allclose(np.mean([np.outer(one, one) for one in x], axis=0), sigma + np.outer(mu, mu))
    assert_allclose(curvature(x) - curvature(x - mu), np.outer(mu, mu), atol=1e-9)  # subtracting the mean takes it away


@CHECKS.of(r"|\mu|^2")
def along_the_mean() -> None:
    x = inputs_of_a_unit()
    mu = x.mean(axis=0)
    direction = mu / np.linalg.norm(mu)
    length = np.linalg.norm(mu) ** 2
    assert direction @ curvature(x) @ direction >= length
    assert_allclose(
        direction @ curvature(np.tile(mu, (3, 1))) @ direction, length
    )  # and no more where nothing else is there


@CHECKS.of("c^2", "255^2")
def scale() -> None:
    x = inputs_of_a_unit()
    for c in (0.5, 3.0):
        assert_allclose(curvature(c * x), c**2 * curvature(x))
    raw, unit = (normalised(pictures(), kind).reshape(-1, 3).astype(float) for kind in ("raw", "unit"))
    assert_allclose(curvature(raw), 255**2 * curvature(unit), rtol=1e-5)


@CHECKS.of(r"z = \frac{x - \mu}{\sigma}")
def zero_mean() -> None:
    x, mu, sigma = moments()
    assert_allclose(normalised(pictures(), "z-score"), (x - mu) / sigma, atol=1e-5)


@CHECKS.of(r"(x - \mu)/255")
def centred() -> None:
    x, mu, _ = moments()
    assert_allclose(normalised(pictures(), "centred-unit"), (x - mu) / 255, atol=1e-6)


@CHECKS.of(r"x / \sigma")
def scaled() -> None:
    x, _, sigma = moments()
    assert_allclose(normalised(pictures(), "scale-only"), x / sigma, rtol=1e-5)


@CHECKS.of("Y = aX + b", "aX + b")
def another_light() -> None:
    X = pictures()
    for a, b in SHIFTS:
        Y = a * X.astype(float) + b
        assert_allclose(shift_pixels(X, (a, b), clip=False), Y)
        assert_allclose(shift_pixels(X, (a, b), clip=True), np.clip(np.rint(Y), 0, 255))


@CHECKS.of("a > 0")
def a_positive() -> None:
    X = pictures().astype(np.float32)
    for a in (0.0, -1.0):
        with pytest.raises(UsageError):
            shift_pixels(pictures(), (a, 0.0), clip=False)
    assert_allclose(normalised(0.01 * X, "per-image"), normalised(X, "per-image"), atol=1e-4)
    assert_allclose(normalised(-1 * X, "per-image"), -normalised(X, "per-image"), atol=1e-4)


@CHECKS.of(r"\frac{Y - \bar{Y}}{\sigma_Y} = \frac{aX + b - (a\bar{X} + b)}{a\,\sigma_X} = \frac{X - \bar{X}}{\sigma_X}")
def gone() -> None:
    X = pictures()[0].astype(float)
    plain = (X - X.mean()) / X.std()
    for a, b in SHIFTS:
        Y = a * X + b
        assert_allclose((Y - Y.mean()) / Y.std(), plain, atol=1e-9)
        assert_allclose((a * X + b - (a * X.mean() + b)) / (a * X.std()), plain, atol=1e-9)
        assert_allclose(normalised(shift_pixels(pictures(), (a, b), clip=False), "per-image")[0], plain, atol=1e-4)
