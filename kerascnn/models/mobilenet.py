"""MobileNet: every convolution split into one per channel and one across channels.

A 3 x 3 convolution of N kernels on M channels takes 9 M N multiply-adds at a position; split, 9 M + M N, about an eighth.
Source: Howard et al. 2017, table 1 and sections 3.1 to 3.4. Convolutions have no biases, for Batch Normalization follows each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from kerascnn.errors import UsageError
from kerascnn.models.convolutions import convolve, depthwise, scaled
from kerascnn.models.layers import logits

STAGES = ((128, 2), (256, 2), (512, 6), (1024, 2))
"""Kernels and convolutions after the first 64. Source: table 1."""

ORIGINAL = {"width": 1.0, "strides": [2, 2, 2, 2, 2]}
"""The arguments of the paper's network, for 1000 classes and images of 224 x 224."""


def mobilenet(
    image_shape: tuple[int, int, int],
    classes: int,
    width: float = 0.25,
    resolution: float = 1.0,
    strides: Sequence[int] = (1, 1, 2, 2, 2),
    repeats: int = 5,
    separable: bool = True,
) -> keras.Model:
    """MobileNet with the paper's two multipliers: `width` of the kernels, `resolution` of the image's sides.

    `strides`: of the first convolution and of the first in each stage; the defaults are for 32 x 32 images. `repeats`: of the
    five equal convolutions of 512 kernels. `separable=False` is the same net of whole convolutions (table 4).
    """
    if len(strides) != len(STAGES) + 1:
        raise UsageError(f"`strides` must be {len(STAGES) + 1} numbers. Received: {list(strides)}.")
    if not 0 < resolution <= 1:
        raise UsageError(f"`resolution` must be above 0 and at most 1. Received: {resolution!r}.")
    inputs = features = keras.Input(image_shape, name="image")
    if resolution < 1:
        height, columns = (max(1, round(side * resolution)) for side in image_shape[:2])
        features = keras.layers.Resizing(height, columns, antialias=True, dtype="float32", name="resize")(features)
    features = convolve(features, scaled(32, width), 3, "conv1", strides=strides[0], normalise=True)
    plan = [(64, 1)]
    for stride, (kernels, count) in zip(strides[1:], STAGES, strict=True):
        count = repeats + 1 if kernels == 512 else count
        plan += [(kernels, stride), *[(kernels, 1)] * (count - 1)]
    for number, (kernels, stride) in enumerate(plan, start=2):
        features = _convolution(features, scaled(kernels, width), stride, f"conv{number}", separable)
    features = keras.layers.GlobalAveragePooling2D(name="gap")(features)
    return keras.Model(inputs, logits(features, classes, "glorot_uniform"), name="mobilenet")


def _convolution(features: Any, kernels: int, strides: int, name: str, separable: bool) -> Any:
    if not separable:
        return convolve(features, kernels, 3, name, strides=strides, normalise=True)
    features = depthwise(features, 3, f"{name}_depthwise", strides=strides, normalise=True)
    return convolve(features, kernels, 1, f"{name}_pointwise", normalise=True)
