"""Layers that take a convolution apart: local connections without shared weights, pixels without their neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerascnn.errors import UsageError
from kerascnn.models.permutation import pixel_order


class PermutePixels(keras.layers.Layer):
    """Moves every pixel to another place, the same for every image; nothing is learnt.

    Input shape: (n, height, width, channels). Output shape: the same.
    """

    def __init__(self, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed

    def call(self, inputs: Any) -> Any:
        _, height, width, channels = inputs.shape
        flat = tf.reshape(inputs, [-1, height * width, channels])
        moved = tf.gather(flat, tf.constant(pixel_order(height * width, self.seed)), axis=1)
        return tf.reshape(moved, [-1, height, width, channels])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}


class EachPosition(keras.initializers.Initializer):
    """Draws a kernel (positions, fan-in, filters) as if every position were a layer of its own.

    `initialiser` is the Keras name of one that goes by the fan-in, such as `he_normal`.
    """

    def __init__(self, initialiser: str, seed: int | None = None) -> None:
        self.initialiser, self.seed = initialiser, seed
        if getattr(keras.initializers.get(initialiser), "mode", "") != "fan_in":
            raise UsageError(
                "`initialiser` of unshared weights must go by the fan-in, as he_normal and he_uniform do. "
                f"Received: {initialiser!r}."
            )

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        positions, fan_in, filters = shape
        named = keras.initializers.get(self.initialiser)
        seeded = type(named).from_config({**named.get_config(), "seed": self.seed})
        drawn = seeded((fan_in, positions * filters), dtype=dtype)
        return tf.transpose(tf.reshape(drawn, [fan_in, positions, filters]), [1, 0, 2])

    def get_config(self) -> dict[str, Any]:
        return {"initialiser": self.initialiser, "seed": self.seed}


class LocallyConnected2D(keras.layers.Layer):
    """A convolution of odd `kernel_size`, stride 1 and zero padding, with weights of its own at every position.

    Keras 3 has none. The kernel is (height * width, kernel_size^2 * channels_in, filters). Images stand last inside,
    so that gathering the neighbours of a position copies long rows: ten times as fast as cutting patches.

    Input shape: (n, height, width, channels_in). Output shape: (n, height, width, filters).
    Source: LeCun 1989, "Generalization and network design strategies", net 3: local connections, no sharing.
    """

    weights_are_shared = False

    def __init__(self, filters: int, kernel_size: int = 3, initialiser: str = "he_normal", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.initialiser = filters, kernel_size, initialiser
        self.kernel_initializer = EachPosition(initialiser)
        self.bias_initializer = keras.initializers.Zeros()

    def build(self, input_shape: tuple[int, ...]) -> None:
        _, height, width, channels = input_shape
        shape = (height * width, self.kernel_size**2 * channels, self.filters)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=self.kernel_initializer)
        self.bias = self.add_weight(name="bias", shape=(shape[0], self.filters), initializer=self.bias_initializer)

    def call(self, inputs: Any) -> Any:
        _, height, width, channels = inputs.shape
        images = tf.shape(inputs)[0]
        margin = self.kernel_size // 2
        padded = tf.pad(tf.transpose(inputs, [1, 2, 3, 0]), [[margin, margin], [margin, margin], [0, 0], [0, 0]])
        rows = tf.reshape(padded, [-1, channels * images])
        near = tf.gather(rows, tf.constant(neighbours(height, width, self.kernel_size)))
        near = tf.reshape(near, [height * width, self.kernel_size**2 * channels, images])
        outputs = tf.matmul(tf.convert_to_tensor(self.kernel), near, transpose_a=True)
        outputs += tf.convert_to_tensor(self.bias)[:, :, None]
        return tf.transpose(tf.reshape(outputs, [height, width, self.filters, images]), [3, 0, 1, 2])

    def get_config(self) -> dict[str, Any]:
        own = {"filters": self.filters, "kernel_size": self.kernel_size, "initialiser": self.initialiser}
        return {**super().get_config(), **own}


def neighbours(height: int, width: int, kernel_size: int) -> np.ndarray:
    """int32 (height * width * kernel_size^2,): the positions in the padded image that each output position sees."""
    side = kernel_size - 1
    places = np.arange((height + side) * (width + side), dtype=np.int32).reshape(height + side, width + side)
    windows = np.lib.stride_tricks.sliding_window_view(places, (kernel_size, kernel_size))
    return windows.reshape(-1)
