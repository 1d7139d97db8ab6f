"""Residual connections: what a block computes, and what its derivative keeps."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.testing import assert_allclose
from stating import Checks, draws

from kerascnn.specs import Interaction
from kerascnn.stats.judging.effects import effect_of

CHECKS = Checks()


class Block(NamedTuple):
    """A residual block of ours, in its net: x, F(x), F(x) + x, what comes out, and the derivatives of a sum over maps."""

    x: np.ndarray
    change: np.ndarray
    added: np.ndarray
    y: np.ndarray
    slope_of_change: np.ndarray
    slope_of_added: np.ndarray


def block(*, silent: bool = False) -> Block:
    """The first block on random maps; `silent`: with kernels of zeros, so F = 0."""
    import keras
    import tensorflow as tf

    from kerascnn.models.resnet import residual

    keras.utils.set_random_seed(1)
    network = residual((8, 8, 3), 10, depth=8, width=4)
    layers: list[Any] = [layer for layer in network.layers if layer.name.startswith("stage1_1_")]
    for layer in layers if silent else ():
        if type(layer).__name__ == "Conv2D":
            layer.kernel.assign(np.zeros(layer.kernel.shape))
    named = {layer.name.removeprefix("stage1_1_"): layer for layer in layers}
    start = network.get_layer("conv1_act").output
    outputs = [named["add"].input[0], named["add"].output, named["act"].output]
    part = keras.Model(start, outputs)
    x = tf.constant(np.maximum(draws().standard_normal((2, 8, 8, 4)), 0), tf.float32)  # it comes out of a ReLU
    upstream = draws(2).standard_normal(x.shape).astype(np.float32)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        change, added, y = part(x)
    slopes = [tape.gradient(values, x, upstream) for values in (change, added)]
    return Block(
        *(np.asarray(values) for values in (x, change, added, y)), np.asarray(slopes[0]), np.asarray(slopes[1])
    )


@CHECKS.of(r"y = \mathrm{ReLU}\,(F(x) + x)", "F(x) + x")
def forward() -> None:
    found = block()
    assert np.abs(found.change).max() > 0.1
    assert_allclose(found.added, found.change + found.x, atol=1e-5)
    assert_allclose(found.y, np.maximum(found.change + found.x, 0), atol=1e-5)


@CHECKS.of("F = 0")
def silent() -> None:
    found = block(silent=True)
    assert_allclose(found.change, 0)
    assert_allclose(found.y, found.x)


@CHECKS.of("F'(x) + 1")
def backward() -> None:
    found, upstream = block(), draws(2).standard_normal((2, 8, 8, 4))
    assert np.abs(found.slope_of_change).max() > 0.1
    assert_allclose(found.slope_of_added, found.slope_of_change + 1 * upstream, atol=1e-5)


@CHECKS.of(
    r"\underbrace{(p_8 - p_{32})}_{\text{lost by depth, plain}} - "
    r"\underbrace{(s_8 - s_{32})}_{\text{lost by depth, with skips}} = "
    r"\underbrace{(s_{32} - p_{32})}_{\text{skips help the deep net}} - "
    r"\underbrace{(s_8 - p_8)}_{\text{skips help the shallow net}}"
)
def two_ways_to_say_it() -> None:
    p8, p32, s8, s32 = draws().uniform(0, 1, 4)
    lost, helped = (p8 - p32) - (s8 - s32), (s32 - p32) - (s8 - p8)
    assert_allclose(lost, helped)
    arms = {"arm": "s32", "baseline": "p32", "other_arm": "s8", "other_baseline": "p8"}
    claim = Interaction(name="depth", says="Skips help the deep net more.", smallest_effect=0.02, **arms)
    assert_allclose(effect_of(claim, (s32, p32, s8, p8), 0.1), lost)
