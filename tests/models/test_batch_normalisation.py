"""The fused Batch Normalization computes what Keras' own layer computes."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.models.layers import FastBatchNormalization

SHAPES = {"vectors": (48, 5), "maps": (6, 7, 4, 5), "maps whose channels fill the kernel's vectors": (6, 7, 4, 32)}
CHANNELS = 5


@pytest.fixture(params=SHAPES)
def batches(request: pytest.FixtureRequest) -> list[np.ndarray]:
    """Three float32 batches of vectors or of maps, off centre, each channel with its own scale."""
    random = np.random.default_rng(3)
    shape = SHAPES[request.param]
    scales = np.resize([0.1, 1.0, 3.0, 10.0, 0.5], shape[-1])
    return [(random.normal(size=shape) * scales + 4 * number).astype(np.float32) for number in range(1, 4)]


def pair(batch: np.ndarray) -> tuple[FastBatchNormalization, keras.layers.BatchNormalization]:
    """This package's layer and Keras' with the same momentum, scales and offsets."""
    random = np.random.default_rng(5)
    scale, offset = (random.normal(size=batch.shape[-1]).astype(np.float32) for _ in range(2))
    layers = FastBatchNormalization(), keras.layers.BatchNormalization(momentum=0.9)
    for layer in layers:
        layer.build(batch.shape)
        layer.gamma.assign(scale)
        layer.beta.assign(offset)
    return layers


def test_training_gives_the_same_outputs_and_the_same_moving_averages(batches: list[np.ndarray]) -> None:
    fast, slow = pair(batches[0])
    for batch in batches:
        np.testing.assert_allclose(fast(batch, training=True), slow(batch, training=True), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(fast.moving_mean, slow.moving_mean, rtol=1e-5)
    np.testing.assert_allclose(fast.moving_variance, slow.moving_variance, rtol=1e-5)


def test_moving_averages_are_those_of_the_biased_variance(batches: list[np.ndarray]) -> None:
    fast, _ = pair(batches[0])
    fast(batches[0], training=True)
    axes = tuple(range(batches[0].ndim - 1))
    np.testing.assert_allclose(fast.moving_mean, 0.1 * batches[0].mean(axes), rtol=1e-5)
    np.testing.assert_allclose(fast.moving_variance, 0.9 + 0.1 * batches[0].var(axes), rtol=1e-5)


def test_inference_uses_the_moving_averages_and_leaves_them_alone(batches: list[np.ndarray]) -> None:
    fast, slow = pair(batches[0])
    for layer in (fast, slow):
        layer(batches[0], training=True)
    before = np.asarray(fast.moving_mean)
    np.testing.assert_allclose(fast(batches[1]), slow(batches[1], training=False), rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(fast.moving_mean, before)


@pytest.mark.parametrize("training", [True, False])
def test_gradients_are_the_same(batches: list[np.ndarray], training: bool) -> None:
    target = np.random.default_rng(8).normal(size=batches[0].shape).astype(np.float32)
    found = []
    for layer in pair(batches[0]):
        inputs = tf.constant(batches[0])
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            loss = tf.reduce_sum(tf.square(layer(inputs, training=training) - target))
        found.append(tape.gradient(loss, [inputs, layer.gamma.value, layer.beta.value]))
    for fast, slow in zip(*found, strict=True):
        scale = np.abs(slow).max()
        np.testing.assert_allclose(fast, slow, rtol=1e-3, atol=1e-4 * scale)


@pytest.mark.usefixtures("mixed_bfloat16")
def test_bfloat16_keeps_float32_variables_and_statistics(batches: list[np.ndarray]) -> None:
    fast, _ = pair(batches[0])
    rounded = tf.cast(batches[0], tf.bfloat16)
    outputs = fast(rounded, training=True)
    assert outputs.dtype == tf.bfloat16
    assert {variable.dtype for variable in fast.variables} == {"float32"}
    axes = tuple(range(batches[0].ndim - 1))
    exact = tf.cast(rounded, tf.float32).numpy().astype(np.float64)
    np.testing.assert_allclose(fast.moving_mean, 0.1 * exact.mean(axes), rtol=1e-5)
    np.testing.assert_allclose(fast.moving_variance, 0.9 + 0.1 * exact.var(axes), rtol=1e-5)
    expected = np.asarray(fast.gamma) * (exact - exact.mean(axes)) / np.sqrt(exact.var(axes) + 1e-3) + fast.beta
    np.testing.assert_allclose(tf.cast(outputs, tf.float32), expected, rtol=0.01, atol=0.01)


def test_scale_and_offset_are_trained_and_the_averages_are_not() -> None:
    layer = FastBatchNormalization()
    layer.build((None, 4, 4, CHANNELS))
    assert [variable.name for variable in layer.trainable_variables] == ["gamma", "beta"]
    assert [variable.name for variable in layer.non_trainable_variables] == ["moving_mean", "moving_variance"]


def test_a_batch_of_a_single_vector_leaves_the_averages_finite() -> None:
    layer = FastBatchNormalization()
    layer(np.ones((1, CHANNELS), np.float32), training=True)
    np.testing.assert_allclose(layer.moving_variance, np.full(CHANNELS, 0.9), rtol=1e-6)


def test_a_layer_made_from_its_configuration_is_the_same() -> None:
    layer = FastBatchNormalization.from_config(FastBatchNormalization(momentum=0.5, epsilon=0.01).get_config())
    assert (layer.momentum, layer.epsilon) == (0.5, 0.01)
