"""ZFNet: AlexNet after a look inside it.

Deconvolution showed dead and blurred first kernels and aliasing from the stride of 4, so the first kernel became 7 x 7
with stride 2; the stride that is saved there is spent in the second convolution.
Source: Zeiler and Fergus 2014, figure 3 and section 4.1.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras

from kerascnn.models.eight_layers import Plan, Window, eight_layers

ORIGINAL = {
    "width": 1.0, "dense": [4096, 4096], "stem_size": 7, "stem_stride": 2, "stem_padding": 1, "second_padding": 0
}  # fmt: skip
"""The arguments of the paper's network, for 1000 classes and images of 224 x 224."""


def zfnet(
    image_shape: tuple[int, int, int],
    classes: int,
    width: float = 0.25,
    dense: Sequence[int] = (256, 256),
    stem_size: int = 3,
    stem_stride: int = 1,
    stem_padding: int = 1,
    second_padding: int = 2,
    local_norm: bool = True,
    dropout: float = 0.5,
) -> keras.Model:
    """ZFNet with `width` times the kernels; the defaults are for 32 x 32 images, on which AlexNet's stride is 2.

    Its contrast normalisation across maps is local response normalisation here, with AlexNet's constants.
    """
    plan = Plan(
        stem=Window(stem_size, stem_stride, stem_padding),
        second=Window(5, 2, second_padding),
        width=width,
        dense=dense,
        groups=1,
        local_norm=local_norm,
        pooling=3,
        dropout=dropout,
        activation="relu",
    )
    return eight_layers(image_shape, classes, plan, "zfnet")
