"""VGG-16: depth from small kernels alone.

Two 3 x 3 convolutions see what one 5 x 5 sees, three what a 7 x 7 sees, with fewer weights and more activations between.
Source: Simonyan and Zisserman 2015, table 1, column D, and section 2.3.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras

from kerascnn.models.convolutions import convolve, scaled
from kerascnn.models.layers import activate, logits

BLOCKS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))

ORIGINAL = {"width": 1.0, "dense": [4096, 4096]}
"""The arguments of the paper's network, for 1000 classes and images of 224 x 224."""


def vgg16(
    image_shape: tuple[int, int, int],
    classes: int,
    width: float = 0.25,
    dense: Sequence[int] = (256, 256),
    dropout: float = 0.5,
    batch_normalisation: bool = False,
) -> keras.Model:
    """VGG-16 with `width` times the kernels; an image of 32 x 32 shrinks to one position before the dense layers."""
    inputs = features = keras.Input(image_shape, name="image")
    for block, widths in enumerate(BLOCKS, start=1):
        for layer, kernels in enumerate(widths, start=1):
            name = f"conv{block}_{layer}"
            features = convolve(features, scaled(kernels, width), 3, name, normalise=batch_normalisation)
        features = keras.layers.MaxPooling2D(2, padding="same", name=f"pool{block}")(features)
    features = keras.layers.Flatten(name="flatten")(features)
    for number, units in enumerate(dense, start=6):
        features = keras.layers.Dense(units, kernel_initializer="he_normal", name=f"dense{number}")(features)
        features = activate(features, "relu", f"dense{number}_act")
        features = keras.layers.Dropout(dropout, name=f"dropout{number}")(features)
    return keras.Model(inputs, logits(features, classes, "glorot_uniform"), name="vgg16")
