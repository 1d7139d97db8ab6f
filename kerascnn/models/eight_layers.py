"""The eight layers of AlexNet and ZFNet: five convolutions, three of them followed by pooling, and three dense layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from kerascnn.models.blocks import LocalResponseNormalization
from kerascnn.models.convolutions import convolve, pad, pool_rounding_up, scaled
from kerascnn.models.layers import activate, logits

KERNELS = (96, 256, 384, 384, 256)


@dataclass(frozen=True)
class Window:
    """A convolution's kernel size, stride, and zeros added on every side, in pixels."""

    size: int
    stride: int
    padding: int


@dataclass(frozen=True)
class Plan:
    """What the two nets and their smaller versions differ in.

    `groups`: of convolutions 2, 4 and 5. `pooling`: window of the max pooling, whose stride is 2. `dropout`: of the
    outputs of the two dense layers before the last (Krizhevsky et al. 2012, section 4.2).
    """

    stem: Window
    second: Window
    width: float
    dense: Sequence[int]
    groups: int
    local_norm: bool
    pooling: int
    dropout: float
    activation: str


def eight_layers(image_shape: tuple[int, int, int], classes: int, plan: Plan, name: str) -> keras.Model:
    """The network of `plan`."""
    inputs = features = keras.Input(image_shape, name="image")
    for number in range(1, 6):
        features = _convolution(features, number, plan)
        if number in (1, 2) and plan.local_norm:
            features = LocalResponseNormalization(name=f"norm{number}")(features)
        if number in (1, 2, 5):
            features = pool_rounding_up(features, plan.pooling, 2, f"pool{number}")
    features = keras.layers.Flatten(name="flatten")(features)
    for number, units in enumerate(plan.dense, start=6):
        features = keras.layers.Dense(units, kernel_initializer="he_normal", name=f"dense{number}")(features)
        features = activate(features, plan.activation, f"dense{number}_act")
        if plan.dropout:
            features = keras.layers.Dropout(plan.dropout, name=f"dropout{number}")(features)
    return keras.Model(inputs, logits(features, classes, "glorot_uniform"), name=name)


def _convolution(features: Any, number: int, plan: Plan) -> Any:
    window = {1: plan.stem, 2: plan.second}.get(number, Window(3, 1, 1))
    return convolve(
        pad(features, window.padding, f"pad{number}"),
        scaled(KERNELS[number - 1], plan.width, plan.groups),
        window.size,
        f"conv{number}",
        strides=window.stride,
        padding="valid",
        groups=plan.groups if number in (2, 4, 5) else 1,
        activation=plan.activation,
    )
