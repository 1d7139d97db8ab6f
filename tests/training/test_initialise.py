"""Weights from named streams: shared between arms where names agree, new with every seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from tiny_runs import CLASSES, SHAPE

from kerascnn.specs import model
from kerascnn.training.build import build_model
from kerascnn.training.initialise import initialise, leaf_layers, named_weights


def build(builder: str = "models.vgg", **arguments: Any) -> keras.Model:
    """A network on tiny images, its weights as Keras drew them."""
    spec = model(builder, **arguments)
    return build_model(spec, SHAPE, CLASSES, precision="float32", search_path=Path(__file__).parent)


def drawn(seed: int = 1, **arguments: Any) -> dict[str, np.ndarray]:
    """The weights of a VGG-like network for `seed`."""
    network = build(**{"blocks": [[4], [8]], **arguments})
    assert initialise(network, seed)
    return named_weights(network)


def test_a_seed_gives_the_same_weights_whatever_was_there_before() -> None:
    network = build(blocks=[[4], [8]], normalisation="batch")
    initialise(network, 1)
    first = named_weights(network)
    for variable in network.variables:
        variable.assign(np.full(variable.shape, 3))
    initialise(network, 1)
    for name, values in named_weights(network).items():
        np.testing.assert_array_equal(values, first[name])


def test_another_seed_gives_other_kernels() -> None:
    first, second = drawn(1), drawn(2)
    for name in ("conv1/kernel", "conv2/kernel", "logits/kernel"):
        assert (first[name] != second[name]).all()


def test_arms_share_the_noise_of_layers_of_the_same_name_and_shape() -> None:
    plain, normalised = drawn(), drawn(normalisation="batch")
    for name, values in plain.items():
        np.testing.assert_array_equal(values, normalised[name])


def test_layers_of_the_same_shape_do_not_share_their_noise() -> None:
    found = drawn(blocks=[[4, 4, 4]])
    assert (found["conv2/kernel"] != found["conv3/kernel"]).all()


def test_kernels_have_the_spread_their_initialiser_says() -> None:
    found = drawn(blocks=[[64, 64]], initialiser="he_normal")["conv2/kernel"]
    np.testing.assert_allclose(found.std(), (2 / (9 * 64)) ** 0.5, rtol=0.02)


def test_biases_and_averages_start_where_keras_starts_them() -> None:
    found = drawn(normalisation="batch")
    starts = {"bias": 0.0, "gamma": 1.0, "beta": 0.0, "moving_mean": 0.0, "moving_variance": 1.0}
    for name, values in found.items():
        variable = name.split("/")[-1]
        if variable in starts:
            np.testing.assert_array_equal(values, starts[variable])


def test_dropout_starts_from_the_seed_too() -> None:
    states = []
    for seed in (1, 1, 2):
        network = build(blocks=[[4]], dropout=0.5)
        initialise(network, seed)
        states.append(np.asarray(network.get_layer("dropout").seed_generator.state).tolist())
    assert states[0] == states[1] != states[2]


def test_a_variable_without_an_initialiser_of_its_own_is_reported() -> None:
    assert not initialise(build("own_networks:projection"), 1)


def test_named_weights_leave_random_states_out() -> None:
    assert list(named_weights(build(blocks=[[4]], dropout=0.5))) == [
        "conv1/kernel",
        "conv1/bias",
        "logits/kernel",
        "logits/bias",
    ]


def test_leaf_layers_opens_models_inside_models() -> None:
    inputs = keras.Input((4,))
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="inside")])
    outer = keras.Model(inputs, keras.layers.Dense(2, name="outside")(inner(inputs)))
    assert [layer.name for layer in leaf_layers(outer) if layer.weights] == ["inside", "outside"]
