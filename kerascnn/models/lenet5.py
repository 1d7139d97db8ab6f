"""LeNet-5 as it was published: trainable sub-sampling, a partial connection table, a Gaussian output.

What became of them: sub-sampling became max pooling, the table was dropped (grouped convolutions are its late
descendants), the Gaussian output became a dense layer with softmax, the scaled tanh a ReLU: see `lenet`.
Source: LeCun, Bottou, Bengio and Haffner 1998, section II.B.
"""

from __future__ import annotations

from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf

from kerascnn.errors import UsageError
from kerascnn.models.layers import logits

TABLE = (
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5), (0, 1, 2, 3, 4, 5),
)  # fmt: skip
"""For each of the 16 maps of C3 the maps of S2 it sees. Source: table I."""

Connections = Literal["table", "full"]
Output = Literal["gaussian", "softmax"]
Subsampling = Literal["trainable", "max"]


class TableConvolution(keras.layers.Layer):
    """A convolution in which every output map sees the input maps that its row of `TABLE` names.

    The kernel, (5, 5, connections), holds only the connections that exist.

    Input shape: (n, height, width, 6). Output shape: (n, height - 4, width - 4, 16).
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        pairs = [(seen, made) for made, row in enumerate(TABLE) for seen in row]
        self.kernel_initializer = _uniform(25 * len(pairs) / len(TABLE))
        self.bias_initializer = keras.initializers.Zeros()
        placement = np.zeros((len(pairs), 6 * len(TABLE)), np.float32)
        placement[range(len(pairs)), [seen * len(TABLE) + made for seen, made in pairs]] = 1.0
        self.placement = placement

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        shape = (5, 5, len(self.placement))
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=self.kernel_initializer)
        self.bias = self.add_weight(name="bias", shape=(len(TABLE),), initializer=self.bias_initializer)

    def call(self, inputs: Any) -> Any:
        flat = tf.reshape(tf.convert_to_tensor(self.kernel), (25, -1))
        kernel = tf.reshape(flat @ tf.cast(self.placement, flat.dtype), (5, 5, 6, len(TABLE)))
        return tf.nn.conv2d(inputs, kernel, strides=1, padding="VALID") + self.bias


class TrainableSubsampling(keras.layers.Layer):
    """The sum of every 2 x 2 values, times a trained coefficient, plus a trained bias: two numbers for each map.

    Input shape: (n, height, width, maps). Output shape: (n, height // 2, width // 2, maps).
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.coefficient_initializer = keras.initializers.Constant(0.25)  # to begin with, the average
        self.bias_initializer = keras.initializers.Zeros()

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        shape = (input_shape[-1],)
        self.coefficient = self.add_weight(name="coefficient", shape=shape, initializer=self.coefficient_initializer)
        self.bias = self.add_weight(name="bias", shape=shape, initializer=self.bias_initializer)

    def call(self, inputs: Any) -> Any:
        total = 4.0 * tf.nn.avg_pool2d(inputs, 2, 2, "VALID")
        return total * self.coefficient + self.bias


class GaussianOutput(keras.layers.Layer):
    """Minus half the squared distance of the features to a fixed code of -1 and +1 for each class.

    Through a softmax these are the posteriors of unit Gaussians around the codes. The paper drew its codes as
    7 x 12 pictures of the characters; pictures of things have none, so they are drawn at random, which the paper names
    as the alternative. Nothing here is trained.

    Input shape: (n, features). Output shape: (n, classes), float32.
    Source: section II.B, equation 7, and section II.C, equation 9, without its term for what is no class.
    """

    def __init__(self, classes: int, **kwargs: Any) -> None:
        super().__init__(dtype="float32", **kwargs)
        self.classes = classes
        self.codes_initializer = RandomSigns()

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        shape = (input_shape[-1], self.classes)
        self.codes = self.add_weight(name="codes", shape=shape, initializer=self.codes_initializer, trainable=False)

    def call(self, inputs: Any) -> Any:
        codes = tf.convert_to_tensor(self.codes)
        squares = tf.reduce_sum(inputs**2, axis=-1, keepdims=True) + tf.reduce_sum(codes**2, axis=0)
        return inputs @ codes - 0.5 * squares


class RandomSigns(keras.initializers.RandomUniform):
    """-1 or +1 with equal probability."""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(-1.0, 1.0, seed=seed)

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        return tf.where(tf.convert_to_tensor(super().__call__(shape, dtype)) < 0.0, -1.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        return {"seed": super().get_config()["seed"]}


def lenet5(
    image_shape: tuple[int, int, int],
    classes: int,
    connections: Connections = "table",
    subsampling: Subsampling = "trainable",
    output: Output = "gaussian",
) -> keras.Model:
    """C1, S2, C3, S4, C5, F6 and the output, with the scaled tanh; each of the three old ideas can be left out.

    C5 is a 5 x 5 convolution over 5 x 5 maps in the paper, which is a dense layer.
    """
    _check("connections", connections, Connections)
    _check("subsampling", subsampling, Subsampling)
    _check("output", output, Output)
    inputs = features = keras.Input(image_shape, name="image")
    features = _squash(_convolution(6, 25 * image_shape[-1], "c1")(features), "c1_act")
    features = _subsample(features, subsampling, "s2")
    c3 = TableConvolution(name="c3") if connections == "table" else _convolution(16, 150, "c3")
    features = _subsample(_squash(c3(features), "c3_act"), subsampling, "s4")
    features = keras.layers.Flatten(name="flatten")(features)
    for name, units in (("c5", 120), ("f6", 84)):
        dense = keras.layers.Dense(units, kernel_initializer=_uniform(features.shape[-1]), name=name)
        features = _squash(dense(features), f"{name}_act")
    if output == "gaussian":
        return keras.Model(inputs, GaussianOutput(classes, name="logits")(features), name="lenet5")
    return keras.Model(inputs, logits(features, classes, "glorot_uniform"), name="lenet5")


def scaled_tanh(values: Any) -> Any:
    """1.7159 tanh(2/3 x). Source: LeCun et al. 1998, appendix A."""
    return 1.7159 * keras.ops.tanh(values * (2.0 / 3.0))


def _squash(features: Any, name: str) -> Any:
    return keras.layers.Activation(scaled_tanh, name=name)(features)


def _convolution(maps: int, fan_in: int, name: str) -> keras.layers.Layer:
    return keras.layers.Conv2D(maps, 5, kernel_initializer=_uniform(fan_in), name=name)


def _subsample(features: Any, kind: Subsampling, name: str) -> Any:
    if kind == "max":
        return keras.layers.MaxPooling2D(2, name=name)(features)
    return _squash(TrainableSubsampling(name=name)(features), f"{name}_act")


def _uniform(fan_in: float) -> keras.initializers.Initializer:
    """Uniform within 2.4 over the number of inputs. Source: LeCun et al. 1998, section III and appendix A."""
    return keras.initializers.RandomUniform(-2.4 / fan_in, 2.4 / fan_in)


def _check(name: str, value: str, kinds: Any) -> None:
    if value not in kinds.__args__:
        raise UsageError(f"`{name}` must be {' or '.join(kinds.__args__)}. Received: {value!r}.")
