"""ConvNeXt: a ResNet brought up to date step by step with what vision transformers do.

A block is a depthwise 7 x 7, then a wide layer at each position; one normalisation and one activation a block, patches for a
stem. Source: Liu et al. 2022, section 2, figure 4, table 9 (of the appendix: layer scale). Stochastic depth, a part of the
training recipe without parameters, is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from kerascnn.errors import UsageError
from kerascnn.models.convolutions import depthwise
from kerascnn.models.layers import logits

EXPANSION = 4
"""How many times wider the middle of a block is. Source: section 2.4, inverted bottleneck."""

ORIGINAL = {"depths": [3, 3, 9, 3], "widths": [96, 192, 384, 768], "patch": 4}
"""The arguments of ConvNeXt-T, for 1000 classes and images of 224 x 224."""

INITIALISER = keras.initializers.TruncatedNormal(stddev=0.02)
"""Source: the authors' code; so small that the net begins near zero."""


class LayerScale(keras.layers.Layer):
    """A trained factor for each channel, small at first: the block begins near the identity.

    Input shape: (n, height, width, channels). Output shape: the same.
    Source: Touvron et al. 2021, section 2.
    """

    def __init__(self, initial: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.initial = initial
        self.gamma_initializer = keras.initializers.Constant(initial)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.gamma = self.add_weight(name="gamma", shape=(input_shape[-1],), initializer=self.gamma_initializer)

    def call(self, inputs: Any) -> Any:
        return inputs * self.gamma

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "initial": self.initial}


def convnext(
    image_shape: tuple[int, int, int],
    classes: int,
    depths: Sequence[int] = (1, 1, 3, 1),
    widths: Sequence[int] = (24, 48, 96, 192),
    patch: int = 2,
    kernel_size: int = 7,
    layer_scale: float = 1e-6,
) -> keras.Model:
    """Stages of so many blocks and so many channels, on patches of `patch` pixels a side.

    The defaults are for 32 x 32 images: patches of 2, a third of the blocks and a quarter of the channels of ConvNeXt-T.
    """
    if len(depths) != len(widths):
        raise UsageError(f"`depths` and `widths` must be as long. Received: {list(depths)} and {list(widths)}.")
    inputs = keras.Input(image_shape, name="image")
    features = _norm("stem_norm")(_shrink(inputs, widths[0], patch, "stem"))
    for stage, (depth, width) in enumerate(zip(depths, widths, strict=True), start=1):
        if stage > 1:
            features = _shrink(_norm(f"shrink{stage}_norm")(features), width, 2, f"shrink{stage}")
        for block in range(1, depth + 1):
            features = _block(features, f"stage{stage}_{block}", kernel_size, layer_scale)
    features = _norm("last_norm")(keras.layers.GlobalAveragePooling2D(name="gap")(features))
    return keras.Model(inputs, logits(features, classes, "glorot_uniform"), name="convnext")


def _block(features: Any, name: str, kernel_size: int, layer_scale: float) -> Any:
    width = features.shape[-1]
    changed = _norm(f"{name}_norm")(depthwise(features, kernel_size, f"{name}_depthwise", activation=None))
    changed = _pointwise(EXPANSION * width, f"{name}_wide")(changed)
    changed = keras.layers.Activation("gelu", name=f"{name}_act")(changed)
    changed = LayerScale(layer_scale, name=f"{name}_scale")(_pointwise(width, f"{name}_narrow")(changed))
    return keras.layers.Add(name=f"{name}_add")([features, changed])


def _shrink(features: Any, width: int, size: int, name: str) -> Any:
    """Patches that do not overlap, each to one position."""
    return keras.layers.Conv2D(width, size, size, padding="same", kernel_initializer=INITIALISER, name=name)(features)


def _pointwise(width: int, name: str) -> keras.layers.Layer:
    return keras.layers.Conv2D(width, 1, kernel_initializer=INITIALISER, name=name)


def _norm(name: str) -> keras.layers.Layer:
    return keras.layers.LayerNormalization(epsilon=1e-6, name=name)
