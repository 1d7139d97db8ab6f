"""DenseNet: every layer sees the maps of all layers before it, and adds a few of its own.

Features are kept and reused instead of computed again, so layers can be narrow: the growth rate k is how many maps each adds.
Source: Huang, Liu, van der Maaten and Weinberger 2017, section 3, tables 1 and 2. Convolutions have no biases.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from kerascnn.errors import UsageError
from kerascnn.models.convolutions import normalise_and_activate
from kerascnn.models.layers import logits

BOTTLENECK = 4
"""Kernels of the 1 x 1 before each 3 x 3, in multiples of the growth rate. Source: section 3, bottleneck layers."""

ORIGINAL = {"blocks": [6, 12, 24, 16], "growth": 32, "bottleneck": True, "compression": 0.5, "stem": "imagenet"}
"""The arguments of DenseNet-121, for 1000 classes and images of 224 x 224. Source: table 1."""


def densenet(
    image_shape: tuple[int, int, int],
    classes: int,
    blocks: Sequence[int] = (4, 4, 4),
    growth: int = 12,
    bottleneck: bool = False,
    compression: float = 1.0,
    stem: str = "cifar",
) -> keras.Model:
    """Dense blocks of so many layers, between them transitions that halve the maps and keep `compression` of the channels.

    With `bottleneck` and `compression` the paper's DenseNet-BC; 12 layers in each of three blocks are its L = 40.
    """
    if stem not in ("cifar", "imagenet"):
        raise UsageError(f"`stem` must be cifar or imagenet. Received: {stem!r}.")
    inputs = keras.Input(image_shape, name="image")
    features = _stem(inputs, stem, 2 * growth if bottleneck else 16)
    for block, layers in enumerate(blocks, start=1):
        if block > 1:
            features = _transition(features, compression, f"transition{block - 1}")
        for layer in range(1, layers + 1):
            features = _layer(features, growth, bottleneck, f"block{block}_{layer}")
    features = normalise_and_activate(features, "last")
    features = keras.layers.GlobalAveragePooling2D(name="gap")(features)
    return keras.Model(inputs, logits(features, classes, "glorot_uniform"), name="densenet")


def _stem(inputs: Any, stem: str, kernels: int) -> Any:
    if stem == "cifar":
        return _convolve(inputs, kernels, 3, "conv1")
    features = normalise_and_activate(_convolve(inputs, kernels, 7, "conv1", strides=2), "conv1")
    return keras.layers.MaxPooling2D(3, 2, padding="same", name="pool1")(features)


def _layer(features: Any, growth: int, bottleneck: bool, name: str) -> Any:
    """The maps so far and `growth` new ones."""
    new = normalise_and_activate(features, f"{name}_in")
    if bottleneck:
        new = normalise_and_activate(_convolve(new, BOTTLENECK * growth, 1, f"{name}_reduce"), f"{name}_reduce")
    new = _convolve(new, growth, 3, f"{name}_conv")
    return keras.layers.Concatenate(name=name)([features, new])


def _transition(features: Any, compression: float, name: str) -> Any:
    kernels = int(features.shape[-1] * compression)
    features = _convolve(normalise_and_activate(features, name), kernels, 1, f"{name}_conv")
    return keras.layers.AveragePooling2D(2, padding="same", name=f"{name}_pool")(features)


def _convolve(features: Any, kernels: int, size: int, name: str, strides: int = 1) -> Any:
    """A convolution alone: here normalisation and activation come before it."""
    return keras.layers.Conv2D(
        kernels, size, strides=strides, padding="same", use_bias=False, kernel_initializer="he_normal", name=name
    )(features)
