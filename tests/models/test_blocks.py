"""What stands for one convolution, other poolings and heads, and local response normalisation against a plain loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.models import load_builder
from kerascnn.models.blocks import LocalResponseNormalization
from kerascnn.training.cost import count_multiply_adds
from kerascnn.training.initialise import initialise

SHAPE = (32, 32, 3)


def build(**arguments: Any) -> keras.Model:
    """Three convolutions of 24 kernels, pooled to maps of 4 x 4, or as `arguments` say."""
    return load_builder("models.vgg", Path())(SHAPE, 10, **{"blocks": [[24], [24], [24]], **arguments})


def convolution(kernel_size: int, maps_in: int, maps_out: int) -> int:
    """Parameters of a convolution with biases."""
    return (kernel_size**2 * maps_in + 1) * maps_out


STEM, LOGITS = convolution(3, 3, 24), (4 * 4 * 24 + 1) * 10
BOTTLENECK = convolution(1, 24, 6) + convolution(3, 6, 6) + convolution(1, 6, 24)
SEPARABLE = (9 + 1) * 24 + convolution(1, 24, 24)


@pytest.mark.parametrize(
    ("arguments", "parameters"),
    [
        ({"convolution": "bottleneck"}, STEM + 2 * BOTTLENECK + LOGITS),
        ({"convolution": "separable"}, STEM + 2 * SEPARABLE + LOGITS),
        ({"convolution": "separable", "normalisation": "batch"}, STEM + 2 * SEPARABLE + LOGITS + 4 * 24 * 5),
        ({"pooling": "overlapping"}, STEM + 2 * convolution(3, 24, 24) + LOGITS),
        ({"head": "gmp"}, STEM + 2 * convolution(3, 24, 24) + 25 * 10),
        ({"normalisation": "local-response"}, STEM + 2 * convolution(3, 24, 24) + LOGITS),
        ({"blocks": [[2], [2]], "convolution": "bottleneck"}, convolution(3, 3, 2) + 3 + 10 + 4 + (8 * 8 * 2 + 1) * 10),
    ],
)
def test_parameters_are_as_many_as_the_formula_says(arguments: dict[str, Any], parameters: int) -> None:
    assert build(**arguments).count_params() == parameters


def test_multiply_adds_of_a_separable_convolution_are_those_of_its_two_parts() -> None:
    positions = 16 * 16 + 8 * 8
    stem, logits = 32 * 32 * 27 * 24, 4 * 4 * 24 * 10
    assert count_multiply_adds(build(convolution="separable")) == stem + logits + positions * (9 * 24 + 24 * 24)


def test_an_activation_and_a_normalisation_follow_every_part_of_a_block() -> None:
    names = [layer.name for layer in build(convolution="bottleneck", normalisation="batch").layers]
    start = names.index("conv2_reduce")
    parts = [f"{layer}2{part}" for part in ("_reduce", "", "_expand") for layer in ("conv", "norm", "act")]
    assert names[start : start + 9] == parts


@pytest.mark.parametrize("kind", ["bottleneck", "separable"])
def test_weights_of_every_kind_are_drawn_anew_for_every_seed(kind: str) -> None:
    network = build(convolution=kind)
    drawn = []
    for seed in (1, 2, 1):
        assert initialise(network, seed), "a warm worker must be able to reset it"
        drawn.append([np.asarray(v) for v in network.trainable_variables if v.name == "kernel"])
    for first, second, again in zip(*drawn, strict=True):
        assert np.abs(first - second).max() > 0
        np.testing.assert_array_equal(first, again)


def test_a_depthwise_convolution_keeps_the_second_moment_as_he_wants_it() -> None:
    network = build(convolution="separable", blocks=[[24], [512]])
    initialise(network, 3)
    depthwise = network.get_layer("conv2_depthwise")
    assert np.asarray(depthwise.kernel).var() == pytest.approx(2 / 9, rel=0.2)


def test_overlapping_windows_are_three_wide_in_steps_of_two_and_give_the_same_size() -> None:
    pool = build(pooling="overlapping").get_layer("pool1")
    assert (pool.pool_size, pool.strides, pool.output.shape[1:3]) == ((3, 3), (2, 2), (16, 16))


# --- local response normalisation ---------------------------------------------------------------------------


def respond_by_loop(inputs: np.ndarray, radius: int, bias: float, alpha: float, beta: float) -> np.ndarray:
    """The formula of Krizhevsky et al. 2012, section 3.3, one value at a time."""
    outputs = np.empty(inputs.shape)
    channels = inputs.shape[-1]
    for place in np.ndindex(inputs.shape):
        near = range(max(0, place[-1] - radius), min(channels, place[-1] + radius + 1))
        total = sum(float(inputs[(*place[:-1], c)]) ** 2 for c in near)
        outputs[place] = inputs[place] / (bias + alpha * total) ** beta
    return outputs


@pytest.mark.parametrize("constants", [{}, {"radius": 1, "bias": 1.0, "alpha": 0.5, "beta": 0.5}])
def test_local_response_normalisation_is_the_formula_of_the_paper(constants: dict[str, Any]) -> None:
    inputs = np.random.default_rng(4).normal(scale=60, size=(2, 3, 3, 9)).astype(np.float32)
    layer = LocalResponseNormalization(**constants)
    expected = respond_by_loop(inputs, layer.radius, layer.bias, layer.alpha, layer.beta)
    np.testing.assert_allclose(layer(inputs), expected, rtol=1e-4)


def test_local_response_normalisation_sees_no_other_image() -> None:
    inputs = np.random.default_rng(5).normal(scale=60, size=(4, 3, 3, 9)).astype(np.float32)
    layer = LocalResponseNormalization()
    np.testing.assert_allclose(layer(inputs)[:1], layer(inputs[:1]), rtol=1e-6)


def test_local_response_normalisation_keeps_bfloat16_and_has_a_gradient() -> None:
    layer = LocalResponseNormalization(dtype="mixed_bfloat16")
    inputs = tf.Variable(tf.ones((1, 2, 2, 4), tf.bfloat16))
    with tf.GradientTape() as tape:
        outputs = layer(inputs)
        total = tf.reduce_sum(tf.cast(outputs, tf.float32))
    assert outputs.dtype == tf.bfloat16
    assert float(tf.reduce_min(tf.cast(tape.gradient(total, inputs), tf.float32))) > 0


def test_local_response_normalisation_made_from_its_configuration_is_the_same() -> None:
    layer = LocalResponseNormalization(radius=3, bias=1.0, alpha=0.1, beta=0.5)
    again = LocalResponseNormalization.from_config(layer.get_config())
    assert (again.radius, again.bias, again.alpha, again.beta) == (3, 1.0, 0.1, 0.5)
