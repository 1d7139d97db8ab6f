"""U-Net: down to a few positions that see everything, up again to every pixel, with a shortcut at each size.

Source: Ronneberger, Fischer and Brox 2015, section 2 and figure 1. There the convolutions lose their borders and have no
Batch Normalization; here the maps keep their size, so that every pixel gets an answer, and the normalisation shortens training.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import keras

from kerascnn.errors import UsageError
from kerascnn.models.convolutions import convolve

Skips = Literal["concatenate", "add", "none"]
"""How the maps of the way down reach the way up: beside what comes from below (the paper), added to it, or not at all.
`add` has exactly the parameters of `none`."""


def unet(
    image_shape: tuple[int, int, int],
    classes: int,
    skips: Skips = "concatenate",
    width: int = 16,
    levels: int = 3,
    normalise: bool = True,
) -> keras.Model:
    """Two 3 x 3 convolutions at each of `levels` sizes and below them, `width` kernels at the full size, doubled at each halving.

    Output shape: (n, height, width, classes), float32 logits of every pixel.

    Raises: UsageError for unknown `skips`, and where the sides cannot be halved `levels` times.
    """
    _check(image_shape, skips, levels)
    inputs = features = keras.Input(image_shape, name="image")
    passed = []
    for level in range(levels):
        features = _convolve_twice(features, width * 2**level, f"down{level}", normalise)
        passed.append(features)
        features = keras.layers.MaxPooling2D(2, name=f"pool{level}")(features)
    features = _convolve_twice(features, width * 2**levels, "bottom", normalise)
    for level in reversed(range(levels)):
        features = _double(features, width * 2**level, f"up{level}")
        features = _join(features, passed[level], skips, f"skip{level}")
        features = _convolve_twice(features, width * 2**level, f"up{level}", normalise)
    outputs = keras.layers.Conv2D(classes, 1, kernel_initializer="glorot_uniform", dtype="float32", name="logits")
    return keras.Model(inputs, outputs(features), name="unet")


def _convolve_twice(features: Any, kernels: int, name: str, normalise: bool) -> Any:
    for number in (1, 2):
        features = convolve(features, kernels, 3, f"{name}_conv{number}", normalise=normalise)
    return features


def _double(features: Any, kernels: int, name: str) -> Any:
    """Twice the side: every value repeated, then a 2 x 2 convolution. Source: section 2, "up-convolution"."""
    features = keras.layers.UpSampling2D(2, name=f"{name}_repeat")(features)
    return convolve(features, kernels, 2, f"{name}_conv0", activation=None)


def _join(features: Any, passed: Any, skips: Skips, name: str) -> Any:
    match skips:
        case "concatenate":
            return keras.layers.Concatenate(name=name)([passed, features])
        case "add":
            return keras.layers.Add(name=name)([passed, features])
        case _:
            return features


def _check(image_shape: tuple[int, int, int], skips: str, levels: int) -> None:
    if skips not in get_args(Skips):
        raise UsageError(f"`skips` must be one of {', '.join(get_args(Skips))}. Received: {skips!r}.")
    if levels < 1 or any(side % 2**levels for side in image_shape[:2]):
        raise UsageError(
            f"`levels` must be 1 or more, and both sides of the image a multiple of 2 ** levels. "
            f"Received: {levels} levels for {image_shape[0]} x {image_shape[1]}."
        )
