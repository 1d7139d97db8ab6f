"""Sigmoid against ReLU: the derivatives that a gradient is multiplied by."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.testing import assert_allclose
from stating import Checks, draws

from kerascnn.looking.deconvnet import Stage, trace

CHECKS = Checks()
Z = np.linspace(-6, 6, 241)


def activations(function: str) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Values and derivatives of the layer that our nets have."""
    import tensorflow as tf

    from kerascnn.models.layers import activate

    def ask(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        inputs = tf.constant(z, tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = activate(inputs, function, "act")
        return outputs.numpy(), tape.gradient(outputs, inputs).numpy()

    return ask


@CHECKS.of(r"\sigma(z) = 1 / (1 + e^{-z})")
def sigmoid() -> None:
    assert_allclose(activations("sigmoid")(Z)[0], 1 / (1 + np.exp(-Z)), rtol=1e-5)


@CHECKS.of(r"\sigma'(z) = \sigma(z)\,(1 - \sigma(z)) \le \tfrac{1}{4}", r"\tfrac{1}{4}")
def derivative() -> None:
    values, derivatives = activations("sigmoid")(Z)
    assert_allclose(derivatives, values * (1 - values), rtol=1e-4)
    assert_allclose(derivatives.max(), 1 / 4)


@CHECKS.of("4^{-D}")
def ten_layers() -> None:
    ask = activations("sigmoid")
    for depth in (1, 5, 10):
        values, factors = np.append(Z, 0.0), 1.0
        for _ in range(depth):
            answers, derivatives = ask(values)
            factors = factors * derivatives
            values = answers - 0.5  # so that the one that began at zero, where the sigmoid is steepest, stays there
        assert_allclose(factors[-1], 4.0**-depth, rtol=1e-5)
        assert_allclose(factors.max(), 4.0**-depth, rtol=1e-5)


@CHECKS.of(r"4^{-10} \approx 10^{-6}")
def a_millionth() -> None:
    assert f"{4.0**-10:.0e}" == f"{10.0**-6:.0e}"


@CHECKS.of(r"\max(0, z)")
def relu() -> None:
    z = draws().standard_normal((2, 5, 5, 3))
    said = np.where(z > 0, z, 0)
    assert_allclose(trace([Stage("one", np.eye(3)[None, None], np.zeros(3))], z).maps[0], said)
    values, derivatives = activations("relu")(z)
    assert_allclose(values, said, rtol=1e-6)
    assert_allclose(derivatives, z > 0)
