"""Batch Normalization: what it computes, how it begins, and what undoes it."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose
from stating import Checks, draws

from kerascnn.byhand import normalise
from kerascnn.byhand.normalisation import EPSILON, normalise_fixed, undo_error

CHECKS = Checks()


def activations(seed: int = 1) -> np.ndarray:
    random = draws(seed)
    return random.standard_normal((4, 5, 6, 3)) * [0.1, 1.0, 5.0] + random.standard_normal(3)


@CHECKS.of(r"y = \gamma\,\frac{x - \mu_B}{\sqrt{\sigma_B^2 + \epsilon}} + \beta")
def normalisation() -> None:
    x, gamma, beta = activations(), np.array([2.0, -1.0, 0.5]), np.array([0.0, 1.0, -3.0])
    y = normalise(x, gamma, beta)
    for c in range(3):  # over all images and all positions
        values = x[..., c].ravel()
        mu = sum(values) / len(values)
        variance = sum((values - mu) ** 2) / len(values)
        said = gamma[c] * (x[..., c] - mu) / np.sqrt(variance + EPSILON) + beta[c]
        assert_allclose(y[..., c], said)


@CHECKS.of(r"\gamma = 1", r"\beta = 0")
def untrained() -> None:
    from kerascnn.models.blocks import normalisation_layer

    layer = normalisation_layer("batch", "norm")
    layer.build((None, 5, 6, 3))
    assert_allclose(layer.gamma, 1)
    assert_allclose(layer.beta, 0)
    x = activations()
    values = np.asarray(layer(x.astype(np.float32), training=True))
    assert_allclose(values, normalise(x, np.ones(3), np.zeros(3)), atol=1e-4)
    assert_allclose(values.mean(axis=(0, 1, 2)), 0, atol=1e-5)
    assert_allclose(values.var(axis=(0, 1, 2))[1:], 1, atol=0.01)  # "almost": epsilon


@CHECKS.of(r"\gamma = \sqrt{\sigma^2 + \epsilon}", r"\beta = \mu")
def undone() -> None:
    first, new = activations(1), activations(2)
    mu, variance = first.mean(axis=(0, 1, 2)), first.var(axis=(0, 1, 2))
    gamma, beta = np.sqrt(variance + EPSILON), mu
    assert_allclose(gamma * normalise_fixed(new, mu, variance) + beta, new)
    assert_allclose(normalise(first, gamma, beta), first)
    assert undo_error(1) < 1e-5 < undo_error(1, by_batch=True)
