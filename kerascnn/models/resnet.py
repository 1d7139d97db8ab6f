"""ResNet: layers that learn what to add to their input, so that depth no longer hurts.

Source: He, Zhang, Ren and Sun 2016 (on arXiv 2015), equation 1, table 1 (ImageNet) and section 4.2 (CIFAR-10).
Convolutions have no biases, for Batch Normalization follows each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from kerascnn.errors import UsageError
from kerascnn.models.convolutions import convolve
from kerascnn.models.layers import activate, logits

DEPTHS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
"""Layers -> blocks in each of the four stages; from 50 on the blocks are bottlenecks. Source: table 1."""

EXPANSION = 4
"""How many times wider than its middle a bottleneck ends. Source: figure 5."""

ORIGINAL = {"width": 64, "stem": "imagenet"}
"""The arguments of the paper's ImageNet networks, for 1000 classes and images of 224 x 224."""


@dataclass(frozen=True)
class Style:
    """`bottleneck` blocks or basic ones; with or without `skips`; by projection or without parameters."""

    bottleneck: bool = False
    skips: bool = True
    projection: bool = False
    normalise: bool = True


class PaddedSubsample(keras.layers.Layer):
    """Every `strides`-th row and column, and channels of zeros up to `channels`: a shortcut without parameters.

    Input shape: (n, height, width, fewer channels). Output shape: (n, height', width', channels).
    Source: section 3.3, option A.
    """

    def __init__(self, channels: int, strides: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.channels, self.strides = channels, strides

    def call(self, inputs: Any) -> Any:
        missing = self.channels - inputs.shape[-1]
        return tf.pad(inputs[:, :: self.strides, :: self.strides], [[0, 0], [0, 0], [0, 0], [0, missing]])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "channels": self.channels, "strides": self.strides}


def resnet(
    image_shape: tuple[int, int, int],
    classes: int,
    depth: int = 18,
    width: int = 16,
    stem: str = "cifar",
    skips: bool = True,
) -> keras.Model:
    """The ImageNet family: `depth` 18, 34, 50, 101 or 152, `width` kernels in the first stage (64 in the paper).

    Where a stage shrinks the maps, the skip is a projection (option B). `stem="cifar"` is one 3 x 3 convolution in the
    place of the 7 x 7 with stride 2 and the pooling.
    """
    if depth not in DEPTHS:
        raise UsageError(f"`depth` must be one of {', '.join(map(str, DEPTHS))}. Received: depth={depth!r}.")
    if stem not in ("cifar", "imagenet"):
        raise UsageError(f"`stem` must be cifar or imagenet. Received: {stem!r}.")
    inputs = keras.Input(image_shape, name="image")
    if stem == "imagenet":
        features = convolve(inputs, width, 7, "conv1", strides=2, normalise=True)
        features = keras.layers.MaxPooling2D(3, 2, padding="same", name="pool1")(features)
    else:
        features = convolve(inputs, width, 3, "conv1", normalise=True)
    style = Style(bottleneck=depth >= 50, skips=skips, projection=True)
    return _finish(inputs, _stages(features, DEPTHS[depth], width, style), classes, f"resnet{depth}")


def residual(
    image_shape: tuple[int, int, int],
    classes: int,
    depth: int = 20,
    width: int = 16,
    skips: bool = True,
    stem_stride: int = 1,
    batch_normalisation: bool = True,
) -> keras.Model:
    """The CIFAR family: `depth` = 6n + 2, three stages of n blocks with `width`, 2 and 4 times `width` kernels.

    Skips have no parameters (option A), so that `skips=False`, the plain net, has the same weights. `stem_stride=2` halves
    the maps at once, for a quarter of the cost; the paper has 1.
    """
    if depth < 8 or depth % 6 != 2:
        raise UsageError(f"`depth` must be 6n + 2: 8, 14, 20, ... Received: depth={depth!r}.")
    inputs = keras.Input(image_shape, name="image")
    style = Style(skips=skips, normalise=batch_normalisation)
    features = convolve(inputs, width, 3, "conv1", strides=stem_stride, normalise=style.normalise)
    features = _stages(features, [(depth - 2) // 6] * 3, width, style)
    return _finish(inputs, features, classes, f"residual{depth}")


def _finish(inputs: Any, features: Any, classes: int, name: str) -> keras.Model:
    features = keras.layers.GlobalAveragePooling2D(name="gap")(features)
    return keras.Model(inputs, logits(features, classes, "glorot_uniform"), name=name)


def _stages(features: Any, blocks: Sequence[int], width: int, style: Style) -> Any:
    """Stages of so many blocks; from one to the next the maps halve and the kernels double."""
    for stage, count in enumerate(blocks):
        for block in range(count):
            strides = 2 if stage and not block else 1
            features = _block(features, width * 2**stage, strides, f"stage{stage + 1}_{block + 1}", style)
    return features


def _block(features: Any, kernels: int, strides: int, name: str, style: Style) -> Any:
    """relu(F(x) + x), or relu(F(x)) without skips."""
    change = _bottleneck if style.bottleneck else _basic
    changed = change(features, kernels, strides, name, style)
    if style.skips:
        shortcut = _shortcut(features, changed.shape[-1], strides, name, style)
        changed = keras.layers.Add(name=f"{name}_add")([changed, shortcut])
    return activate(changed, "relu", f"{name}_act")


def _basic(features: Any, kernels: int, strides: int, name: str, style: Style) -> Any:
    layer = partial(convolve, normalise=style.normalise)
    features = layer(features, kernels, 3, f"{name}_conv1", strides=strides)
    return layer(features, kernels, 3, f"{name}_conv2", activation=None)


def _bottleneck(features: Any, kernels: int, strides: int, name: str, style: Style) -> Any:
    layer = partial(convolve, normalise=style.normalise)
    features = layer(features, kernels, 1, f"{name}_conv1", strides=strides)
    features = layer(features, kernels, 3, f"{name}_conv2")
    return layer(features, EXPANSION * kernels, 1, f"{name}_conv3", activation=None)


def _shortcut(features: Any, channels: int, strides: int, name: str, style: Style) -> Any:
    """The input itself where shapes agree, else brought to the shape of what is added."""
    if strides == 1 and features.shape[-1] == channels:
        return features
    if style.projection:
        return convolve(features, channels, 1, f"{name}_skip", strides=strides, normalise=True, activation=None)
    return PaddedSubsample(channels, strides, name=f"{name}_skip")(features)
