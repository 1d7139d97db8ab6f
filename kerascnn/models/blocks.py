"""What may stand in the place of one convolution, and the normalisations by name, with the one that Keras lacks."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, get_args

import keras
import tensorflow as tf

from kerascnn.errors import UsageError
from kerascnn.models.layers import FastBatchNormalization

ConvolutionKind = Literal["plain", "bottleneck", "separable"]
"""`plain`: one convolution. `bottleneck`: 1 x 1 down to a quarter of the kernels, the convolution there, 1 x 1 up
again. `separable`: one kernel for each channel alone, then 1 x 1 over all channels."""

REDUCTION = 4
"""How much narrower a bottleneck is. Source: He et al. 2016, figure 5."""


class LocalResponseNormalization(keras.layers.Layer):
    """Divides each value by a power of the squares in the neighbouring channels at the same position.

    y_c = x_c / (bias + alpha * sum of x_j^2 over |j - c| <= radius) ** beta. It has no parameters and looks at
    no other image. With AlexNet's constants it does much only where values are in the hundreds.

    Input shape: (n, height, width, channels) or (n, features), whose neighbours are the next units. Output shape: the same.
    Source: Krizhevsky, Sutskever and Hinton 2012, section 3.3: k = 2, n = 5, alpha = 1e-4, beta = 0.75.
    """

    def __init__(
        self, radius: int = 2, bias: float = 2.0, alpha: float = 1e-4, beta: float = 0.75, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.radius, self.bias, self.alpha, self.beta = radius, bias, alpha, beta

    def call(self, inputs: Any) -> Any:
        images = inputs if len(inputs.shape) == 4 else inputs[:, None, None, :]
        exact = tf.cast(images, tf.float32)  # TensorFlow has no bfloat16 kernel for it on a CPU
        outputs = tf.nn.local_response_normalization(exact, self.radius, self.bias, self.alpha, self.beta)
        outputs = tf.cast(outputs, inputs.dtype)
        return outputs if len(inputs.shape) == 4 else outputs[:, 0, 0, :]

    def get_config(self) -> dict[str, Any]:
        own = {"radius": self.radius, "bias": self.bias, "alpha": self.alpha, "beta": self.beta}
        return {**super().get_config(), **own}


Normalisation = Literal["none", "batch", "keras-batch", "layer", "group", "local-response"]

GROUPS = 8
"""Groups of channels in group normalisation, for nets of 16 channels and more."""


def normalisation_layer(kind: Normalisation, name: str, momentum: float = 0.9) -> keras.layers.Layer | None:
    """The layer of this kind, or None. All but local response normalisation learn one scale and one shift for each channel.

    `momentum` is that of the moving averages, which Batch Normalization alone has. Layer normalisation takes its statistics over an
    image's height, width and channels: group normalisation with one group (Wu and He 2018, section 3.1). Keras' own layer
    over three axes would learn a scale and a shift for every position.
    """
    match kind:
        case "none":
            return None
        case "batch":
            return FastBatchNormalization(momentum=momentum, name=name)
        case "keras-batch":
            return keras.layers.BatchNormalization(momentum=momentum, name=name)
        case "layer":
            return keras.layers.GroupNormalization(groups=1, name=name)
        case "group":
            return keras.layers.GroupNormalization(groups=GROUPS, name=name)
        case "local-response":
            return LocalResponseNormalization(name=name)
    raise UsageError(f"`normalisation` must be one of {', '.join(get_args(Normalisation))}. Received: {kind!r}.")


def convolution_layers(
    kind: ConvolutionKind, kernels: int, kernel_size: int, initialiser: str, name: str, strides: int = 1
) -> list[keras.layers.Layer]:
    """The layers of one convolution of `kernels` maps; normalisation and activation follow each of them.

    `strides` are those of the layer that looks at neighbours.

    Source: bottleneck He et al. 2016, figure 5; separable Howard et al. 2017, figure 3.
    """
    convolution = partial(keras.layers.Conv2D, padding="same", kernel_initializer=initialiser)
    narrow = max(1, kernels // REDUCTION)
    match kind:
        case "bottleneck":
            return [
                convolution(narrow, 1, name=f"{name}_reduce"),
                convolution(narrow, kernel_size, strides=strides, name=name),
                convolution(kernels, 1, name=f"{name}_expand"),
            ]
        case "separable":
            return [_depthwise(kernel_size, f"{name}_depthwise", strides), convolution(kernels, 1, name=name)]
        case _:
            return [convolution(kernels, kernel_size, strides=strides, name=name)]


def _depthwise(kernel_size: int, name: str, strides: int) -> keras.layers.Layer:
    # Keras counts the inputs of all channels as fan-in, of which a depthwise kernel sees one: fan-out is what it sees.
    initialiser = keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal")
    layer = keras.layers.DepthwiseConv2D(
        kernel_size, strides, padding="same", depthwise_initializer=initialiser, name=name
    )
    layer.kernel_initializer = initialiser  # by the variable's name: that is how a run draws its weights anew
    return layer
