"""Pieces that the famous architectures are put together from: convolutions with what follows them, and pooling."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from kerascnn.models.layers import FastBatchNormalization, activate

DEPTHWISE = keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal")
"""He initialisation of a depthwise kernel, of whose input channels every output sees one: Keras' "fan-out" is what it
sees, Keras' "fan-in" is that of all channels."""


class GroupedConvolution(keras.layers.Layer):
    """A convolution whose input channels and kernels are dealt out to `groups` that do not see each other.

    The same function as `keras.layers.Conv2D(groups=...)`, which TensorFlow cannot train on a CPU. Its kernel is
    (size, size, channels / groups, kernels).

    Input shape: (n, height, width, channels). Output shape: (n, height', width', kernels).
    Source: Krizhevsky, Sutskever and Hinton 2012, section 3.5 and figure 2: two groups, one for each GPU.
    """

    def __init__(
        self,
        kernels: int,
        size: int,
        groups: int,
        strides: int = 1,
        padding: str = "same",
        kernel_initializer: Any = "he_normal",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.kernels, self.size, self.groups, self.strides, self.padding = kernels, size, groups, strides, padding
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.Zeros()

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        seen = (input_shape[-1] or 0) // self.groups
        shape = (self.size, self.size, seen, self.kernels)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=self.kernel_initializer)
        self.bias = self.add_weight(name="bias", shape=(self.kernels,), initializer=self.bias_initializer)

    def call(self, inputs: Any) -> Any:
        parts = tf.split(inputs, self.groups, axis=-1)
        kernels = tf.split(tf.convert_to_tensor(self.kernel), self.groups, axis=-1)
        options = {"strides": self.strides, "padding": self.padding.upper()}
        maps = [tf.nn.conv2d(part, kernel, **options) for part, kernel in zip(parts, kernels, strict=True)]
        return tf.concat(maps, axis=-1) + self.bias

    def get_config(self) -> dict[str, Any]:
        own = {"kernels": self.kernels, "size": self.size, "groups": self.groups, "strides": self.strides}
        initialiser = keras.initializers.serialize(self.kernel_initializer)
        return {**super().get_config(), **own, "padding": self.padding, "kernel_initializer": initialiser}


def convolve(
    features: Any,
    kernels: int,
    size: int,
    name: str,
    *,
    strides: int = 1,
    padding: str = "same",
    groups: int = 1,
    normalise: bool = False,
    activation: str | None = "relu",
    initialiser: str = "he_normal",
) -> Any:
    """`features` through a convolution, Batch Normalization (then the convolution has no biases) and an activation."""
    options: dict[str, Any] = {"strides": strides, "padding": padding, "kernel_initializer": initialiser, "name": name}
    if groups > 1:
        layer = GroupedConvolution(kernels, size, groups, **options)
    else:
        layer = keras.layers.Conv2D(kernels, size, use_bias=not normalise, **options)
    return normalise_and_activate(layer(features), name, normalise=normalise, activation=activation)


def depthwise(
    features: Any, size: int, name: str, *, strides: int = 1, normalise: bool = False, activation: str | None = "relu"
) -> Any:
    """`features` through one kernel for each channel alone, then as `convolve` goes on."""
    layer = keras.layers.DepthwiseConv2D(
        size,
        strides=strides,
        padding="same",
        use_bias=not normalise,
        depthwise_initializer=DEPTHWISE,
        dtype="float32" if strides > 1 else None,  # TensorFlow's bfloat16 gradient takes ten times as long on a CPU
        name=name,
    )
    layer.kernel_initializer = DEPTHWISE  # by the variable's name: that is how a run draws its weights anew
    return normalise_and_activate(layer(features), name, normalise=normalise, activation=activation)


def normalise_and_activate(features: Any, name: str, *, normalise: bool = True, activation: str | None = "relu") -> Any:
    """Batch Normalization and the activation, each where it is wanted, named after the layer `name`."""
    if normalise:
        features = FastBatchNormalization(name=f"{name}_norm")(features)
    return activate(features, activation, f"{name}_act") if activation else features


def pad(features: Any, pixels: int, name: str) -> Any:
    """`features` with so many rows and columns of zeros on every side."""
    return keras.layers.ZeroPadding2D(pixels, name=name)(features) if pixels else features


def pool_rounding_up(features: Any, size: int, strides: int, name: str) -> Any:
    """Max pooling of ceil((n - size) / strides) + 1 values a side, zeros filling the last windows.

    So Krizhevsky's cuda-convnet and Caffe round, hence the sizes in the papers of their time. Zeros change nothing after a ReLU.
    """
    missing = [_missing(length, size, strides) for length in features.shape[1:3]]
    if any(missing):
        features = keras.layers.ZeroPadding2D([(0, more) for more in missing], name=f"{name}_pad")(features)
    return keras.layers.MaxPooling2D(size, strides, name=name)(features)


def _missing(length: int, size: int, strides: int) -> int:
    """How many values the last of the windows lacks."""
    return max(size - length, -(length - size) % strides)


def scaled(kernels: int, width: float, multiple: int = 1) -> int:
    """`kernels` times `width`, rounded to a positive multiple of `multiple`."""
    return max(1, round(kernels * width / multiple)) * multiple
