"""Pieces of the famous architectures against Keras' own and against arithmetic."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.models.convolutions import GroupedConvolution, depthwise, pool_rounding_up, scaled


@pytest.mark.parametrize(("strides", "padding"), [(1, "same"), (2, "valid")])
def test_a_grouped_convolution_is_that_of_keras(strides: int, padding: str) -> None:
    images = np.random.default_rng(1).normal(size=(2, 9, 9, 6)).astype(np.float32)
    ours = GroupedConvolution(8, 3, 2, strides=strides, padding=padding)
    theirs = keras.layers.Conv2D(8, 3, groups=2, strides=strides, padding=padding)
    found, _ = ours(images), theirs(images)
    theirs.set_weights(ours.get_weights())
    np.testing.assert_allclose(found, theirs(images), rtol=1e-4, atol=1e-5)


def test_a_grouped_convolution_can_be_trained_and_groups_do_not_see_each_other() -> None:
    images = tf.ones((1, 5, 5, 4))
    layer = GroupedConvolution(6, 3, 2)
    with tf.GradientTape() as tape:
        tape.watch(images)
        first_group = tf.reduce_sum(layer(images)[..., :3] ** 2)
    seen, kernel = tape.gradient(first_group, [images, layer.kernel.value])
    assert np.abs(seen[..., :2]).max() > 0
    assert not np.any(seen[..., 2:])
    assert np.abs(kernel[..., :3]).max() > 0


@pytest.mark.parametrize(("length", "pooled"), [(55, 27), (110, 55), (26, 13), (13, 6), (8, 4), (3, 1), (1, 1)])
def test_pooling_rounds_up_and_covers_every_value(length: int, pooled: int) -> None:
    inputs = keras.Input((length, length, 1))
    network = keras.Model(inputs, pool_rounding_up(inputs, 3, 2, "pool"))
    images = np.zeros((1, length, length, 1), np.float32)
    images[0, -1, -1, 0] = 7.0
    found = np.asarray(network(images))
    assert found.shape == (1, pooled, pooled, 1)
    assert found[0, -1, -1, 0] == 7.0


def test_depthwise_kernels_begin_with_the_scale_of_what_each_of_them_sees() -> None:
    inputs = keras.Input((8, 8, 256))
    network = keras.Model(inputs, depthwise(inputs, 3, "depthwise"))
    kernel = np.asarray(network.get_layer("depthwise").kernel)
    assert kernel.shape == (3, 3, 256, 1)
    assert kernel.std() == pytest.approx((2 / 9) ** 0.5, rel=0.1)


@pytest.mark.parametrize("strides", [1, 2])
def test_a_depthwise_convolution_hands_on_the_precision_of_the_net(strides: int, mixed_bfloat16: None) -> None:
    inputs = keras.Input((8, 8, 16), dtype="bfloat16")
    network = keras.Model(inputs, depthwise(inputs, 3, "depthwise", strides=strides, normalise=True))
    assert network.output.dtype == "bfloat16"
    images = np.random.default_rng(2).normal(size=(2, 8, 8, 16)).astype(np.float32)
    kernel = network.get_layer("depthwise").kernel
    exact = tf.nn.depthwise_conv2d(images, kernel, [1, strides, strides, 1], "SAME")
    found = keras.Model(inputs, network.get_layer("depthwise").output)(images)
    np.testing.assert_allclose(tf.cast(found, tf.float32), exact, atol=0.03 * np.abs(exact).max())


@pytest.mark.parametrize(
    ("kernels", "width", "multiple", "expected"),
    [(96, 0.25, 2, 24), (16, 0.01, 1, 1), (10, 0.25, 2, 2), (64, 1.0, 1, 64)],
)
def test_widths_are_scaled_to_whole_multiples(kernels: int, width: float, multiple: int, expected: int) -> None:
    assert scaled(kernels, width, multiple) == expected
