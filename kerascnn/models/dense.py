"""Networks that see an image as one long vector: the linear model and the multi-layer perceptron."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from kerascnn.models.blocks import Normalisation, normalisation_layer
from kerascnn.models.layers import activate, logits
from kerascnn.models.locality import PermutePixels


def linear(image_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """Softmax regression on the flattened pixels."""
    return mlp(image_shape, classes, hidden=())


def mlp(
    image_shape: tuple[int, int, int],
    classes: int,
    hidden: Sequence[int] = (512,),
    activation: str = "relu",
    initialiser: str = "he_normal",
    normalisation: Normalisation = "none",
    norm_momentum: float = 0.9,
    permutation_seed: int | None = None,
) -> keras.Model:
    """Dense layers of `hidden` units each on the flattened pixels, then the logits.

    `normalisation` stands before each activation, over one image's units or, for Batch Normalization, each unit over the batch.
    `permutation_seed` moves all pixels by one fixed permutation first.
    """
    inputs = features = keras.Input(image_shape, name="image")
    if permutation_seed is not None:
        features = PermutePixels(permutation_seed, name="permute")(features)
    features = keras.layers.Flatten(name="flatten")(features)
    for number, units in enumerate(hidden, start=1):
        features = keras.layers.Dense(units, kernel_initializer=initialiser, name=f"dense{number}")(features)
        norm = normalisation_layer(normalisation, f"norm{number}", norm_momentum)
        features = norm(features) if norm is not None else features
        features = activate(features, activation, f"act{number}")
    return keras.Model(inputs, logits(features, classes, "glorot_uniform"), name="mlp")
