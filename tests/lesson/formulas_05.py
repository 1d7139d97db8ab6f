"""An easy data set and a hard one: one template for each class, and a scale without a ceiling."""

from __future__ import annotations

import math

import numpy as np
from numpy.testing import assert_allclose
from scores import log_odds
from stating import Checks, draws

CHECKS = Checks()


@CHECKS.of(r"\hat{y} = \operatorname{softmax}(W x + b)")
def templates() -> None:
    import tensorflow as tf

    from kerascnn.models.dense import linear

    random, network = draws(), linear((4, 4, 3), 5)
    W, b = random.standard_normal((5, 48)), random.standard_normal(5)
    network.set_weights([W.T, b])
    x = random.standard_normal((2, 4, 4, 3))
    logits = network(tf.constant(x, tf.float32))
    for image, answer in zip(x.reshape(2, 48), logits, strict=True):
        scores = np.exp(W @ image + b)
        y = scores / scores.sum()
        assert_allclose(y.sum(), 1)
        assert_allclose(tf.nn.softmax(answer), y, rtol=1e-4)
        losses = [tf.nn.sparse_softmax_cross_entropy_with_logits(label, answer) for label in range(5)]
        assert_allclose(np.exp(-np.array(losses)), y, rtol=1e-4)  # what the loss of a run takes of them


@CHECKS.of(r"\ln\frac{r}{1 - r}")
def without_a_ceiling() -> None:
    for r in (0.1, 0.5, 0.9):
        assert_allclose(log_odds(r), math.log(r / (1 - r)), atol=1e-6)


@CHECKS.of(r"\ln 2")
def half_of_the_errors() -> None:
    for errors in (0.02, 0.01):
        assert_allclose(log_odds(1 - errors / 2) - log_odds(1 - errors), math.log(2), rtol=0.02)
