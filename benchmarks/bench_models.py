"""ResNet-20 at CIFAR size, for the benchmarks."""

from __future__ import annotations

from typing import Any

import keras

from kerascnn.models.layers import FastBatchNormalization


def resnet20(image_shape: tuple[int, int, int], classes: int, *, keras_norm: bool = False) -> keras.Model:
    """Three stages of three blocks of two 3 x 3 convolutions, 16, 32 and 64 kernels, identity shortcuts.

    `keras_norm` takes Keras' own Batch Normalization. Source: He et al. 2016, section 4.2.
    """

    def norm() -> keras.layers.Layer:
        return keras.layers.BatchNormalization(momentum=0.9) if keras_norm else FastBatchNormalization()

    def convolve(features: Any, kernels: int, stride: int) -> Any:
        layer = keras.layers.Conv2D(
            kernels, 3, strides=stride, padding="same", use_bias=False, kernel_initializer="he_normal"
        )
        return norm()(layer(features))

    inputs = keras.Input(image_shape, name="image")
    features = keras.layers.ReLU()(convolve(inputs, 16, 1))
    for kernels in (16, 32, 64):
        for block in range(3):
            stride = 2 if kernels > 16 and block == 0 else 1
            shortcut = features
            if stride == 2:  # option A: every other pixel, new channels are zero
                shortcut = keras.layers.AveragePooling2D(1, strides=2)(shortcut)
                shortcut = keras.layers.Concatenate()([shortcut, keras.layers.Rescaling(0.0)(shortcut)])
            inner = keras.layers.ReLU()(convolve(features, kernels, stride))
            features = keras.layers.ReLU()(keras.layers.Add()([convolve(inner, kernels, 1), shortcut]))
    features = keras.layers.GlobalAveragePooling2D()(features)
    return keras.Model(inputs, keras.layers.Dense(classes, dtype="float32", name="logits")(features))
