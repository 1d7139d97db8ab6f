"""Layers and blocks that the builders share."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

FUSED_CHANNELS = 16
"""The fused kernel for bfloat16 is fast on a CPU where the channels fill its vectors, and up to ten times as slow as
that for float32 where they do not."""


class FastBatchNormalization(keras.layers.Layer):
    """Batch Normalization through TensorFlow's fused kernel, with float32 statistics.

    The same function as `keras.layers.BatchNormalization` (to rounding), without its unfused cost. The
    moving averages take `momentum` .9: Keras' .99 lags behind in runs of a few hundred steps.

    Input shape: (n, height, width, channels) or (n, features). Output shape: the same.
    Source: Ioffe and Szegedy 2015, algorithms 1 and 2.
    """

    def __init__(self, momentum: float = 0.9, epsilon: float = 1e-3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.momentum, self.epsilon = momentum, epsilon
        self.gamma_initializer = keras.initializers.Ones()
        self.beta_initializer = keras.initializers.Zeros()
        self.moving_mean_initializer = keras.initializers.Zeros()
        self.moving_variance_initializer = keras.initializers.Ones()

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        shape = (input_shape[-1],)
        options: dict[str, Any] = {"shape": shape, "dtype": "float32", "autocast": False}
        self.gamma = self.add_weight(name="gamma", initializer=self.gamma_initializer, **options)
        self.beta = self.add_weight(name="beta", initializer=self.beta_initializer, **options)
        frozen = {**options, "trainable": False}
        self.moving_mean = self.add_weight(name="moving_mean", initializer=self.moving_mean_initializer, **frozen)
        self.moving_variance = self.add_weight(
            name="moving_variance", initializer=self.moving_variance_initializer, **frozen
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        images = inputs if len(inputs.shape) == 4 else inputs[:, None, None, :]
        if images.shape[-1] % FUSED_CHANNELS:
            images = tf.cast(images, tf.float32)
        gamma, beta = tf.convert_to_tensor(self.gamma), tf.convert_to_tensor(self.beta)
        if training:
            outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
                images, gamma, beta, epsilon=self.epsilon, is_training=True
            )
            self._move_averages(images, mean, variance)
        else:
            outputs, _, _ = tf.compat.v1.nn.fused_batch_norm(
                images,
                gamma,
                beta,
                tf.convert_to_tensor(self.moving_mean),
                tf.convert_to_tensor(self.moving_variance),
                epsilon=self.epsilon,
                is_training=False,
            )
        outputs = tf.cast(outputs, inputs.dtype)
        return outputs if len(inputs.shape) == 4 else outputs[:, 0, 0, :]

    def _move_averages(self, images: Any, mean: Any, variance: Any) -> None:
        # The fused kernel reports the unbiased variance; Keras averages the biased one.
        count = tf.cast(tf.reduce_prod(tf.shape(images)[:3]), tf.float32)
        biased = variance * (count - 1.0) / count
        keep = self.momentum
        self.moving_mean.assign(self.moving_mean * keep + mean * (1.0 - keep))
        self.moving_variance.assign(self.moving_variance * keep + biased * (1.0 - keep))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "momentum": self.momentum, "epsilon": self.epsilon}


def activate(features: Any, function: str, name: str) -> Any:
    """`features` through an activation function, by its Keras name.

    The sigmoid is computed in float32 whatever the precision: its bfloat16 kernel is half as fast.
    """
    precision = "float32" if function == "sigmoid" else None
    return keras.layers.Activation(function, dtype=precision, name=name)(features)


def logits(features: Any, classes: int, initialiser: str) -> Any:
    """The output layer: a float32 dense layer without activation, (n, classes)."""
    return keras.layers.Dense(classes, kernel_initializer=initialiser, dtype="float32", name="logits")(features)
