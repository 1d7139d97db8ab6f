"""A small CNN in which sharing weights and the order of the pixels can be taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import keras

from kerascnn.errors import UsageError
from kerascnn.models.layers import activate, logits
from kerascnn.models.locality import LocallyConnected2D, PermutePixels

Weights = Literal["shared", "unshared"]


def small_cnn(
    image_shape: tuple[int, int, int],
    classes: int,
    kernels: Sequence[int] = (16, 32, 64),
    weights: Weights = "shared",
    permutation_seed: int | None = None,
    activation: str = "relu",
    initialiser: str = "he_normal",
) -> keras.Model:
    """A 3 x 3 convolution for every number in `kernels`, each followed by 2 x 2 max pooling, then the logits.

    `weights="unshared"` gives every position weights of its own: as local, many times the parameters.
    `permutation_seed` moves all pixels by one fixed permutation first.
    """
    if weights not in get_args(Weights):
        raise UsageError(f"`weights` must be one of {', '.join(get_args(Weights))}. Received: {weights!r}.")
    inputs = features = keras.Input(image_shape, name="image")
    if permutation_seed is not None:
        features = PermutePixels(permutation_seed, name="permute")(features)
    for number, maps in enumerate(kernels, start=1):
        features = _local_layer(weights, maps, initialiser, f"conv{number}")(features)
        features = activate(features, activation, f"act{number}")
        features = keras.layers.MaxPooling2D(2, name=f"pool{number}")(features)
    features = keras.layers.Flatten(name="flatten")(features)
    return keras.Model(inputs, logits(features, classes, "glorot_uniform"), name="small_cnn")


def _local_layer(weights: Weights, maps: int, initialiser: str, name: str) -> keras.layers.Layer:
    if weights == "unshared":
        return LocallyConnected2D(maps, 3, initialiser, name=name)
    return keras.layers.Conv2D(maps, 3, padding="same", kernel_initializer=initialiser, name=name)
