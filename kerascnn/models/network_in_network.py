"""Network in Network: a small MLP at every position, and no dense layer at the end.

The idea: 1 x 1 convolutions after each larger one mix the channels of a position by a small MLP; the last of them has
one map for each class, whose global average is the answer. Source: Lin, Chen and Yan 2014, sections 3.1 and 3.2.
"""

from __future__ import annotations

import keras

from kerascnn.models.convolutions import convolve, scaled

BLOCKS = ((5, 192, 160, 96), (5, 192, 192, 192), (3, 192, 192))
"""Kernel size, then kernels of the three layers of each mlpconv; the last layer has one for each class.

Source: the authors' CIFAR-10 network, section 4 and its published configuration (0.97 million parameters), which
pools by the maximum after the first block and by the average after the second.
"""

ORIGINAL = {"width": 1.0, "dropout": 0.5}
"""The arguments of the paper's network, for 32 x 32 images."""


def network_in_network(
    image_shape: tuple[int, int, int], classes: int, width: float = 0.25, dropout: float = 0.5
) -> keras.Model:
    """Three mlpconv blocks with `width` times the paper's kernels, overlapping pooling and dropout between them."""
    inputs = features = keras.Input(image_shape, name="image")
    for block, (size, *plan) in enumerate(BLOCKS, start=1):
        if block > 1:
            pooling = keras.layers.MaxPooling2D if block == 2 else keras.layers.AveragePooling2D
            features = pooling(3, 2, padding="same", name=f"pool{block - 1}")(features)
            features = keras.layers.Dropout(dropout, name=f"dropout{block - 1}")(features)
        widths = [scaled(kernels, width) for kernels in plan]
        if block == len(BLOCKS):
            widths.append(classes)
        for layer, kernels in enumerate(widths, start=1):
            is_last = block == len(BLOCKS) and layer == len(widths)
            features = convolve(
                features,
                kernels,
                size if layer == 1 else 1,
                f"conv{block}_{layer}",
                activation=None if is_last else "relu",
            )
    outputs = keras.layers.GlobalAveragePooling2D(dtype="float32", name="logits")(features)
    return keras.Model(inputs, outputs, name="network_in_network")
