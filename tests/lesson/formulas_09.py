"""Pooling: what becomes of a window, and what the head then costs."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose
from stating import Checks, draws

from kerascnn.byhand import convolve, pool
from kerascnn.byhand.dense import dense_weights

CHECKS = Checks()


@CHECKS.of(
    r"y^{\max}_{c} = \max_{i \in W} x_{i,c}, \qquad y^{avg}_{c} = \frac{1}{|W|} \sum_{i \in W} x_{i,c}, \qquad "
    r"y^{stride}_{o} = b_o + \sum_{i \in W} \sum_{c} w_{i,c,o}\,x_{i,c} \;\text{ with learnt } w"
)
def windows() -> None:
    random = draws()
    x, w, b = random.standard_normal((7, 9, 2)), random.standard_normal((3, 3, 2, 4)), random.standard_normal(4)
    largest, average = (pool(x[None], (3, 3), 2, kind=kind)[0] for kind in ("max", "average"))
    strided = convolve(x[None], w, b, stride=2)[0]
    assert largest.shape[:2] == average.shape[:2] == strided.shape[:2] == (3, 4)
    for row, column in np.ndindex(3, 4):
        W = [(2 * row + u, 2 * column + v) for u in range(3) for v in range(3)]
        for c in range(2):
            assert_allclose(largest[row, column, c], max(x[i][c] for i in W))
            assert_allclose(average[row, column, c], 1 / len(W) * sum(x[i][c] for i in W))
        weights = w.reshape(9, 2, 4)
        for o in range(4):
            products = (weights[n, c, o] * x[i][c] for n, i in enumerate(W) for c in range(2))
            assert_allclose(strided[row, column, o], b[o] + sum(products))


def head_weights(head: str, height: int, width: int, channels: int, units: int) -> int:
    """The weights, counted, of a dense layer of Keras behind maps that are flattened or averaged."""
    import keras

    kind = keras.layers.Flatten if head == "flatten" else keras.layers.GlobalAveragePooling2D
    inputs = keras.Input((height, width, channels))
    network = keras.Model(inputs, keras.layers.Dense(units)(kind()(inputs)))
    return int(network.layers[-1].kernel.shape.num_elements())


@CHECKS.of(r"H \cdot W \cdot C \cdot n", r"H \times W")
def flattened() -> None:
    for H, W, C, n in ((4, 4, 64, 256), (8, 6, 3, 5)):
        assert dense_weights(np.zeros((H, W, C)).size, n) == H * W * C * n
        assert head_weights("flatten", H, W, C, n) == H * W * C * n


@CHECKS.of(r"C \cdot n")
def averaged() -> None:
    for H, W, C, n in ((4, 4, 64, 10), (8, 6, 3, 5)):
        assert dense_weights(np.zeros((H, W, C)).mean(axis=(0, 1)).size, n) == C * n
        assert head_weights("average", H, W, C, n) == C * n
