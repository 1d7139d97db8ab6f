"""Regularization: what dropout does to a unit."""

from __future__ import annotations

import inspect

import numpy as np
from numpy.testing import assert_allclose
from stating import Checks, draws

CHECKS = Checks()


@CHECKS.of(
    r"\tilde h_i = \frac{m_i}{1 - p}\,h_i, \qquad m_i \in \{0, 1\}, \quad P(m_i = 0) = p, \qquad E[\tilde h_i] = h_i"
)
def dropout() -> None:
    import keras

    h = draws().uniform(0.5, 2.0, 6).astype(np.float32)
    for p in (0.5, 0.2):
        outputs = np.asarray(keras.layers.Dropout(p, seed=1)(np.tile(h, (20_000, 1)), training=True))
        m = outputs * (1 - p) / h
        assert np.all(np.isclose(m, 0) | np.isclose(m, 1))
        assert_allclose(np.mean(m < 0.5, axis=0), p, atol=0.02)
        assert_allclose(outputs.mean(axis=0), h, rtol=0.03)


@CHECKS.of("p = 0.5")
def of_alexnet() -> None:
    from kerascnn.models.alexnet import alexnet

    p = inspect.signature(alexnet).parameters["dropout"].default
    assert p == 0.5
    assert 256 * p == 128
