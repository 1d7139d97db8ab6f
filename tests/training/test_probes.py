"""What a probe sees, on networks made so that the answer is known."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.records import LayerProbe
from kerascnn.training.inputs import Affine
from kerascnn.training.loop import Images
from kerascnn.training.probes import kernel_values, probe, stages, update_ratios

layers = keras.layers
IDENTITY = Affine(np.zeros(3, np.float32), np.ones(3, np.float32))


@pytest.fixture
def images() -> Images:
    """20 random images of 6 x 6 pixels in four classes."""
    random = np.random.default_rng(1)
    pixels = random.integers(0, 256, (20, 6, 6, 3)).astype(np.uint8)
    return Images(tf.constant(pixels), tf.constant(np.arange(20) % 4, tf.int32))


def network(*stack: Any) -> keras.Model:
    """The layers one after the other, then logits of four classes."""
    inputs = features = keras.Input((6, 6, 3))
    for layer in stack:
        features = layer(features)
    return keras.Model(
        inputs, layers.Dense(4, name="logits", kernel_initializer=keras.initializers.GlorotNormal(3))(features)
    )


def look(images: Images, *stack: Any, affine: Affine = IDENTITY) -> list[LayerProbe]:
    """The probe of every layer with a kernel."""
    return list(probe(network(*stack), images, affine, per_image=False, moment="initial").layers)


def biases(*values: float) -> Any:
    """An initialiser that gives these values."""
    return lambda shape, dtype=None: keras.ops.convert_to_tensor(np.array(values), dtype=dtype)


def test_units_with_very_negative_biases_are_dead(images: Images) -> None:
    dead = look(images, layers.Conv2D(4, 3, activation="relu", bias_initializer=biases(*[-1e5] * 4)), layers.Flatten())
    assert dead[0].dead_share == 1.0
    assert dead[0].gradient_norm == 0.0


def test_the_share_of_dead_units_counts_feature_maps(images: Images) -> None:
    start = biases(-1e5, 1e5, -1e5, -1e5)
    assert (
        look(images, layers.Conv2D(4, 3, bias_initializer=start), layers.ReLU(), layers.Flatten())[0].dead_share == 0.75
    )
    dense = layers.Dense(4, activation="relu", bias_initializer=start)
    assert look(images, layers.Flatten(), dense)[0].dead_share == 0.75


def test_a_unit_that_fires_once_is_not_dead(images: Images) -> None:
    pixels = np.zeros((20, 6, 6, 3), np.uint8)
    pixels[7, 2, 3, 1] = 255
    once = Images(tf.constant(pixels), images.labels)
    assert (
        look(once, layers.Conv2D(1, 1, activation="relu", kernel_initializer="ones"), layers.Flatten())[0].dead_share
        == 0.0
    )


@pytest.mark.parametrize(
    ("activation", "values", "share"),
    [
        ("sigmoid", (10.0, -10.0, 0.0, 4.0), 0.5),
        ("sigmoid", (4.7, -4.7, 4.5, -4.5), 0.5),
        ("tanh", (3.0, -3.0, 2.0, 0.0), 0.5),
        ("tanh", (0.1, 0.2, 0.3, 9.0), 0.25),
    ],
)
def test_saturated_values_lie_within_a_percent_of_the_range_from_its_ends(
    images: Images, activation: str, values: tuple[float, ...], share: float
) -> None:
    hidden = layers.Dense(4, activation=activation, kernel_initializer="zeros", bias_initializer=biases(*values))
    found = look(images, layers.Flatten(), hidden)[0]
    assert found.saturated_share == share
    assert found.dead_share is None


def test_shares_belong_to_the_activations_they_are_about(images: Images) -> None:
    rectified, plain = look(images, layers.Flatten(), layers.Dense(3, activation="relu"))
    assert (rectified.saturated_share, plain.saturated_share, plain.dead_share) == (None, None, None)
    assert rectified.dead_share is not None


def test_a_network_that_ignores_its_input_has_no_spread_across_images(images: Images) -> None:
    hidden = layers.Dense(4, kernel_initializer="zeros", bias_initializer=biases(-1.0, 0.0, 1.0, 2.0))
    found = look(images, layers.Flatten(), hidden)[0]
    assert found.activation_std_across_examples == 0.0
    assert found.activation_std == pytest.approx(np.std([-1, 0, 1, 2]))


def test_spreads_are_those_of_the_values_after_the_activation(images: Images) -> None:
    model = network(
        layers.Conv2D(5, 3, name="conv"), layers.BatchNormalization(), layers.ReLU(name="relu"), layers.Flatten()
    )
    viewer = keras.Model(model.inputs, model.get_layer("relu").output)
    expected = np.asarray(viewer(tf.cast(images.images, tf.float32), training=True))
    found = probe(model, images, IDENTITY, per_image=False, moment="initial").layers[0]
    assert found.activation_std == pytest.approx(expected.std(), rel=1e-5)
    assert found.activation_std_across_examples == pytest.approx(expected.std(axis=0).mean(), rel=1e-5)
    assert found.activation_std_across_examples < found.activation_std


def test_gradient_norms_and_loss_are_those_of_a_tape(images: Images) -> None:
    affine = Affine(np.array([100, 110, 120], np.float32), np.array([0.02, 0.01, 0.03], np.float32))
    model = network(layers.Conv2D(5, 3, activation="tanh"), layers.Flatten())
    pixels = (tf.cast(images.images, tf.float32) - affine.shift) * affine.scale
    kernels = [model.layers[1].kernel.value, model.layers[-1].kernel.value]
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(
            keras.losses.sparse_categorical_crossentropy(images.labels, model(pixels), from_logits=True)
        )
    expected = [float(tf.norm(gradient)) for gradient in tape.gradient(loss, kernels)]
    found = probe(model, images, affine, per_image=False, moment="final")
    assert found.moment == "final"
    assert found.loss == pytest.approx(float(loss), rel=1e-5)
    assert [layer.gradient_norm for layer in found.layers] == pytest.approx(expected, rel=1e-4)


def test_images_standardised_one_by_one_are_probed_so(images: Images) -> None:
    model = network(layers.Flatten(), layers.Dense(108, kernel_initializer=keras.initializers.Identity(), name="copy"))
    found = probe(model, images, IDENTITY, per_image=True, moment="initial").layers[0]
    assert found.activation_std == pytest.approx(1.0, rel=1e-4)


def test_layers_come_from_input_to_output_with_their_kind_and_activation(images: Images) -> None:
    found = look(
        images,
        layers.Conv2D(4, 3, name="conv1"),
        layers.BatchNormalization(),
        layers.Activation("sigmoid"),
        layers.DepthwiseConv2D(3, name="deep"),
        layers.SeparableConv2D(4, 1, activation="relu", name="apart"),
        layers.Flatten(),
    )
    assert [(layer.layer, layer.kind, layer.activation) for layer in found] == [
        ("conv1", "convolution", "sigmoid"),
        ("deep", "depthwise", None),
        ("apart", "separable", "relu"),
        ("logits", "dense", None),
    ]


def test_an_activation_belongs_to_the_last_kernel_before_it() -> None:
    model = network(layers.Conv2D(4, 3, name="a"), layers.ReLU(), layers.Conv2D(4, 3, name="b"), layers.Flatten())
    assert [(stage.layer.name, stage.activation) for stage in stages(model)] == [
        ("a", "relu"),
        ("b", None),
        ("logits", None),
    ]


def test_a_network_that_diverged_has_no_numbers_at_all(images: Images) -> None:
    model = network(
        layers.Conv2D(4, 3, activation="relu", name="conv"), layers.Flatten(), layers.Dense(3, activation="tanh")
    )
    model.get_layer("conv").kernel.assign(np.full((3, 3, 3, 4), np.nan))
    found = probe(model, images, IDENTITY, per_image=False, moment="final")
    assert found.loss is None
    for layer in found.layers:
        measured = (layer.activation_std, layer.activation_std_across_examples, layer.gradient_norm)
        assert (*measured, layer.dead_share, layer.saturated_share) == (None,) * 5


def test_infinite_activations_have_no_numbers_either(images: Images) -> None:
    model = network(layers.Conv2D(4, 3, activation="relu", name="conv"), layers.Flatten())
    model.get_layer("conv").kernel.assign(np.full((3, 3, 3, 4), 3e38))
    found = probe(model, images, IDENTITY, per_image=False, moment="final").layers[0]
    assert (found.activation_std, found.dead_share) == (None, None)


def test_update_ratios_are_norm_of_change_over_norm() -> None:
    before = {"conv1": np.array([[3.0, 4.0]], np.float32), "logits": np.array([2.0], np.float32)}
    after = {"conv1": np.array([[3.3, 4.4]], np.float32), "logits": np.array([2.0], np.float32)}
    assert update_ratios(before, after) == {"conv1": pytest.approx(0.1), "logits": 0.0}


@pytest.mark.parametrize(("value", "ratio"), [(np.nan, None), (np.inf, None), (1e30, pytest.approx(1e30))])
def test_update_ratios_of_exploding_kernels_are_none_only_where_not_finite(value: float, ratio: Any) -> None:
    before, after = np.ones(2, np.float32), np.full(2, value, np.float32)
    assert update_ratios({"conv1": before}, {"conv1": after}) == {"conv1": ratio}


def test_kernel_values_are_copies_by_layer() -> None:
    model = network(layers.Flatten(), layers.Dense(3, name="hidden"))
    before = kernel_values(model)
    model.get_layer("hidden").kernel.assign(np.zeros((108, 3)))
    assert list(before) == ["hidden", "logits"]
    assert np.abs(before["hidden"]).max() > 0
