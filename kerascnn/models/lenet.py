"""LeNet-5 at CIFAR size."""

from __future__ import annotations

import keras

from kerascnn.errors import UsageError
from kerascnn.models.layers import activate, logits


def lenet(
    image_shape: tuple[int, int, int],
    classes: int,
    activation: str = "relu",
    initialiser: str = "glorot_uniform",
    pooling: str = "max",
) -> keras.Model:
    """Two 5 x 5 convolutions (6 and 16 maps) with pooling, then dense layers of 120 and 84 units.

    With `activation="sigmoid", pooling="average"` it is close to the original, whose partial connection
    table and Gaussian output are left out here.
    Source: LeCun et al. 1998, section II.B and figure 2.
    """
    pools = {"max": keras.layers.MaxPooling2D, "average": keras.layers.AveragePooling2D}
    if pooling not in pools:
        raise UsageError(f"`pooling` must be max or average. Received: {pooling!r}.")
    inputs = features = keras.Input(image_shape, name="image")
    for number, maps in enumerate((6, 16), start=1):
        features = keras.layers.Conv2D(maps, 5, kernel_initializer=initialiser, name=f"conv{number}")(features)
        features = activate(features, activation, f"act{number}")
        features = pools[pooling](2, name=f"pool{number}")(features)
    features = keras.layers.Flatten(name="flatten")(features)
    for number, units in enumerate((120, 84), start=3):
        features = keras.layers.Dense(units, kernel_initializer=initialiser, name=f"dense{number}")(features)
        features = activate(features, activation, f"act{number}")
    return keras.Model(inputs, logits(features, classes, initialiser), name="lenet")
