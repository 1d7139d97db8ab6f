"""AlexNet: ReLU, dropout, overlapping pooling, local response normalisation, and two GPUs.

Five convolutions and three dense layers: no mere MLP, although the dense layers hold most of the weights.
Source: Krizhevsky, Sutskever and Hinton 2012, sections 3 and 4.2, figure 2.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras

from kerascnn.models.eight_layers import Plan, Window, eight_layers

ORIGINAL = {"width": 1.0, "dense": [4096, 4096], "stem_size": 11, "stem_stride": 4, "stem_padding": 0}
"""The arguments of the paper's network: 1000 classes, images of 227 x 227 (the 224 of figure 2 do not give its 55 x 55)."""


def alexnet(
    image_shape: tuple[int, int, int],
    classes: int,
    width: float = 0.25,
    dense: Sequence[int] = (256, 256),
    stem_size: int = 5,
    stem_stride: int = 2,
    stem_padding: int = 2,
    groups: int = 2,
    local_norm: bool = True,
    pooling: int = 3,
    dropout: float = 0.5,
    activation: str = "relu",
) -> keras.Model:
    """AlexNet with `width` times the kernels; the defaults are for 32 x 32 images.

    The first convolution and its pooling shrink an image of 227 pixels 8 times, one of 32 pixels here 4 times.
    `groups=1` joins what the paper's two GPUs kept apart; `pooling=2` does not overlap.
    """
    plan = Plan(
        stem=Window(stem_size, stem_stride, stem_padding),
        second=Window(5, 1, 2),
        width=width,
        dense=dense,
        groups=groups,
        local_norm=local_norm,
        pooling=pooling,
        dropout=dropout,
        activation=activation,
    )
    return eight_layers(image_shape, classes, plan, "alexnet")
