"""What a user may have beside the notebooks: networks that nobody took special care of, and wrong ones."""

from __future__ import annotations

from typing import Any

import keras


class Projection(keras.layers.Layer):
    """A layer whose weight has no `<name>_initializer`: it is drawn from Python's global generator."""

    def build(self, input_shape: Any) -> None:
        self.matrix = self.add_weight(name="matrix", shape=(input_shape[-1], 6), initializer="glorot_uniform")

    def call(self, inputs: Any) -> Any:
        return keras.ops.matmul(inputs, self.matrix)


def automatic_names(image_shape: Any, classes: int) -> keras.Model:
    """No layer has a name of its own, so Keras numbers them."""
    inputs = keras.Input(image_shape)
    features = keras.layers.Conv2D(4, 3, activation="relu")(inputs)
    features = keras.layers.Dropout(0.3)(keras.layers.Flatten()(features))
    return keras.Model(inputs, keras.layers.Dense(classes, dtype="float32")(features))


def projection(image_shape: Any, classes: int) -> keras.Model:
    """A network that must be built anew for every run."""
    inputs = keras.Input(image_shape)
    features = Projection()(keras.layers.Flatten()(inputs))
    return keras.Model(inputs, keras.layers.Dense(classes)(features))


def sequential(image_shape: Any, classes: int, units: int = 5) -> keras.Model:
    """Keras' simplest way."""
    return keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.Flatten(),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dense(classes),
        ]
    )


def no_model(image_shape: Any, classes: int) -> str:
    return "a network"


def unbuilt(image_shape: Any, classes: int) -> keras.Model:
    return keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(classes)])


def wrong_classes(image_shape: Any, classes: int) -> keras.Model:
    return sequential(image_shape, classes + 1)


def feature_maps(image_shape: Any, classes: int) -> keras.Model:
    inputs = keras.Input(image_shape)
    return keras.Model(inputs, keras.layers.Conv2D(classes, 1)(inputs))


def nested(image_shape: Any, classes: int) -> keras.Model:
    inputs = keras.Input(image_shape)
    inner = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(4)], name="inner")
    return keras.Model(inputs, keras.layers.Dense(classes)(inner(inputs)))
