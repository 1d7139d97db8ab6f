"""Networks of users that set weights, and networks that end in something else than logits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

EDGES = np.stack([np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.float32)] * 3, axis=-1)[..., None]
TABLE = np.random.normal(size=(3, 3, 3, 1)).astype(np.float32)  # noqa: NPY002
"""Drawn when the module is imported, from the global generator."""


def _network(image_shape: Any, classes: int, change: Callable[[dict[str, Any]], None], **options: Any) -> keras.Model:
    picture = keras.Input(image_shape)
    layers = {
        "edges": keras.layers.Conv2D(1, 3, name="edges", **options),
        "norm": keras.layers.BatchNormalization(name="norm"),
        "scores": keras.layers.Dense(classes, name="scores", dtype="float32"),
    }
    maps = layers["norm"](layers["edges"](picture))
    network = keras.Model(picture, layers["scores"](keras.layers.Flatten()(maps)))
    change(layers)
    return network


def untouched(image_shape: Any, classes: int) -> keras.Model:
    return _network(image_shape, classes, lambda layers: None)


def set_weights(image_shape: Any, classes: int) -> keras.Model:
    def change(layers: dict[str, Any]) -> None:
        layers["edges"].set_weights([EDGES, np.full(1, 0.5, np.float32)])
        layers["edges"].trainable = False

    return _network(image_shape, classes, change)


def assigned(image_shape: Any, classes: int) -> keras.Model:
    return _network(image_shape, classes, lambda layers: layers["edges"].kernel.assign(EDGES))


def assigned_below_keras(image_shape: Any, classes: int) -> keras.Model:
    return _network(image_shape, classes, lambda layers: layers["edges"].kernel.value.assign(EDGES))


def statistics_set(image_shape: Any, classes: int) -> keras.Model:
    def change(layers: dict[str, Any]) -> None:
        layers["norm"].gamma.assign([0.25])
        layers["norm"].moving_mean.assign([3.0])

    return _network(image_shape, classes, change)


def one_value_set(image_shape: Any, classes: int) -> keras.Model:
    def change(layers: dict[str, Any]) -> None:
        kernel = np.asarray(layers["edges"].kernel).copy()
        kernel[0, 0, 0, 0] = 7.0
        layers["edges"].kernel.assign(kernel)

    return _network(image_shape, classes, change)


def from_a_stateful_seed(image_shape: Any, classes: int, is_set: bool = True) -> keras.Model:
    def change(layers: dict[str, Any]) -> None:
        if is_set:
            layers["edges"].kernel.assign(EDGES)

    initialiser = keras.initializers.HeNormal(seed=keras.random.SeedGenerator(3))
    return _network(image_shape, classes, change, kernel_initializer=initialiser)


def constant(image_shape: Any, classes: int) -> keras.Model:
    return _network(image_shape, classes, lambda layers: None, kernel_initializer=keras.initializers.Constant(EDGES))


def function(image_shape: Any, classes: int) -> keras.Model:
    return _network(
        image_shape,
        classes,
        lambda layers: None,
        kernel_initializer=lambda shape, dtype=None: tf.constant(EDGES, dtype),
    )


def from_the_global_generator(image_shape: Any, classes: int) -> keras.Model:
    random = np.random.normal(size=EDGES.shape).astype(np.float32)  # noqa: NPY002
    return _network(image_shape, classes, lambda layers: layers["edges"].kernel.assign(random))


def from_the_modules_table(image_shape: Any, classes: int) -> keras.Model:
    return _network(image_shape, classes, lambda layers: layers["edges"].kernel.assign(TABLE))


def attention(image_shape: Any, classes: int) -> keras.Model:
    """A layer made of layers that all have a kernel."""
    picture = keras.Input(image_shape)
    words = keras.layers.Reshape((-1, image_shape[-1]))(picture)
    seen = keras.layers.MultiHeadAttention(2, 3, name="attention")(words, words)
    return keras.Model(picture, keras.layers.Dense(classes, name="scores")(keras.layers.Flatten()(seen)))


class Twins(keras.layers.Layer):
    """Two layers of one shape inside a layer."""

    def build(self, input_shape: Any) -> None:
        self.first, self.second = (keras.layers.Dense(2, name=name) for name in ("first", "second"))
        self.first.build(input_shape)
        self.second.build(input_shape)

    def call(self, inputs: Any) -> Any:
        return self.first(inputs) * self.second(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], 2)


def twins(image_shape: Any, classes: int) -> keras.Model:
    picture = keras.Input(image_shape)
    inside = Twins(name="twins")(keras.layers.Flatten()(picture))
    return keras.Model(picture, keras.layers.Dense(classes, name="scores")(inside))


class Doubled(keras.layers.Layer):
    """A layer in a layer, whose kernel is set where it is built."""

    def build(self, input_shape: Any) -> None:
        self.inner = keras.layers.Dense(2, name="inner")
        self.inner.build(input_shape)
        self.inner.kernel.assign(np.full(self.inner.kernel.shape, 0.125))

    def call(self, inputs: Any) -> Any:
        return self.inner(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], 2)


def set_inside_a_layer(image_shape: Any, classes: int) -> keras.Model:
    picture = keras.Input(image_shape)
    inside = Doubled(name="doubled")(keras.layers.Flatten()(picture))
    return keras.Model(picture, keras.layers.Dense(classes, name="scores")(inside))


# --- heads --------------------------------------------------------------------------------------------------


class OwnSoftmax(keras.layers.Layer):
    """A dense layer that hides its softmax."""

    def __init__(self, units: int, by_hand: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.dense, self.by_hand = keras.layers.Dense(units), by_hand

    def call(self, inputs: Any) -> Any:
        scores = self.dense(inputs)
        if self.by_hand:
            powers = keras.ops.exp(scores - keras.ops.max(scores, axis=-1, keepdims=True))
            return powers / keras.ops.sum(powers, axis=-1, keepdims=True)
        return tf.nn.softmax(scores)


def _scores(image_shape: Any, classes: int, **options: Any) -> Any:
    picture = keras.Input(image_shape)
    return picture, keras.layers.Dense(classes, name="scores", **options)(keras.layers.Flatten()(picture))


def dense_head(image_shape: Any, classes: int, activation: str | None = None, zeros: bool = False) -> keras.Model:
    options = {"kernel_initializer": "zeros"} if zeros else {}
    return keras.Model(*_scores(image_shape, classes, activation=activation, **options))


def then(image_shape: Any, classes: int, what: str) -> keras.Model:
    """A layer or function after the scores, by name."""
    picture, scores = _scores(image_shape, classes)
    ends: dict[str, Callable[[Any], Any]] = {
        "Softmax": keras.layers.Softmax(name="end"),
        "Activation": keras.layers.Activation("softmax", name="end"),
        "reshaped": lambda x: keras.layers.Reshape((classes,))(keras.layers.Activation("softmax", name="end")(x)),
        "dropped": lambda x: keras.layers.Dropout(0.5)(keras.layers.Activation("sigmoid", name="end")(x)),
        "linear": lambda x: keras.layers.Activation("linear")(keras.layers.Softmax(name="end")(x)),
        "float32": lambda x: keras.layers.Activation("linear", dtype="float32")(keras.layers.Softmax(name="end")(x)),
        "ops.softmax": keras.ops.softmax,
        "ops.sigmoid": keras.ops.sigmoid,
        "lambda": keras.layers.Lambda(lambda x: tf.nn.softmax(x), name="end"),
        "hidden sigmoid": keras.layers.Lambda(lambda x: tf.reshape(tf.sigmoid(x), (-1, classes)), name="end"),
        "own layer": OwnSoftmax(classes, name="end"),
        "own layer by hand": OwnSoftmax(classes, by_hand=True, name="end"),
        "own function": keras.layers.Dense(classes, activation=lambda x: tf.nn.softmax(x), name="end"),
        "mean of two": lambda x: keras.layers.Average(name="end")(
            [keras.layers.Softmax()(x), keras.layers.Softmax()(-x)]
        ),
        "LogSoftmax": keras.layers.Activation("log_softmax"),
        "tanh": keras.layers.Activation("tanh"),
        "relu": keras.layers.ReLU(),
        "scaled softmax": lambda x: keras.ops.log(keras.ops.softmax(x) + 1e-7),
    }
    return keras.Model(picture, ends[what](scores))


def mask_head(image_shape: Any, classes: int, activation: str | None = None) -> keras.Model:
    picture = keras.Input(image_shape)
    return keras.Model(
        picture, keras.layers.Conv2D(classes, 3, padding="same", activation=activation, name="mask")(picture)
    )
