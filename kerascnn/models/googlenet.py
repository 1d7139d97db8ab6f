"""GoogLeNet: kernels of several sizes side by side, made affordable by 1 x 1 convolutions before the large ones.

Source: Szegedy et al. 2015, figure 2b and table 1. The two auxiliary classifiers, which exist in training only, are left out.
The second version of the module has two 3 x 3 in the place of the 5 x 5, with Batch Normalization.
Source: Ioffe and Szegedy 2015, section 4.2; Szegedy et al. 2016, figure 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import keras

from kerascnn.errors import UsageError, near_match
from kerascnn.models.blocks import LocalResponseNormalization
from kerascnn.models.convolutions import convolve, scaled
from kerascnn.models.layers import logits

MODULES = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
"""Kernels of each module: 1 x 1, 3 x 3 reduce, 3 x 3, 5 x 5 reduce, 5 x 5, after pooling. Source: table 1."""

ORIGINAL = {"width": 1.0, "stem": "imagenet", "dropout": 0.4}
"""The arguments of the paper's network, for 1000 classes and images of 224 x 224."""


@dataclass(frozen=True)
class Style:
    """`version` 2 replaces the 5 x 5; without `reductions` the 1 x 1 before the 3 x 3 and the 5 x 5 are left out."""

    width: float
    version: int
    reductions: bool

    @property
    def normalise(self) -> bool:
        """Whether Batch Normalization follows every convolution."""
        return self.version == 2


def googlenet(
    image_shape: tuple[int, int, int],
    classes: int,
    width: float = 0.25,
    modules: Sequence[str] = tuple(MODULES),
    stem: Literal["cifar", "imagenet"] = "cifar",
    version: int = 1,
    reductions: bool = True,
    dropout: float = 0.4,
) -> keras.Model:
    """GoogLeNet with `width` times the kernels and the named modules of table 1; the defaults are for 32 x 32 images.

    `stem="cifar"` is one 3 x 3 convolution and pooling in the place of three with pooling, which shrink an image 8 times.
    """
    _check(modules, stem, version)
    style = Style(width, version, reductions)
    inputs = keras.Input(image_shape, name="image")
    features = _large_stem(inputs, style) if stem == "imagenet" else _small_stem(inputs, style)
    stage = modules[0][0]
    for module in modules:
        if module[0] != stage:
            features = keras.layers.MaxPooling2D(3, 2, padding="same", name=f"pool{stage}")(features)
            stage = module[0]
        features = inception(features, MODULES[module], f"inception{module}", style)
    features = keras.layers.GlobalAveragePooling2D(name="gap")(features)
    features = keras.layers.Dropout(dropout, name="dropout")(features)
    return keras.Model(inputs, logits(features, classes, "glorot_uniform"), name="googlenet")


def inception(features: Any, kernels: Sequence[int], name: str, style: Style) -> Any:
    """One module: four branches that see 1, 3, 5 and 3 (pooled) pixels a side, their maps joined."""
    single, reduce3, three, reduce5, five, pooled = kernels
    branches = [_convolve(features, single, 1, f"{name}_1x1", style)]
    middle = _reduce(features, reduce3, f"{name}_3x3_reduce", style)
    branches.append(_convolve(middle, three, 3, f"{name}_3x3", style))
    large = _reduce(features, reduce5, f"{name}_5x5_reduce", style)
    for number, size in enumerate((5,) if style.version == 1 else (3, 3), start=1):
        large = _convolve(large, five, size, f"{name}_5x5" + ("" if style.version == 1 else f"_{number}"), style)
    branches.append(large)
    maxima = keras.layers.MaxPooling2D(3, 1, padding="same", name=f"{name}_pool")(features)
    branches.append(_convolve(maxima, pooled, 1, f"{name}_pool_proj", style))
    return keras.layers.Concatenate(name=name)(branches)


def _reduce(features: Any, kernels: int, name: str, style: Style) -> Any:
    return _convolve(features, kernels, 1, name, style) if style.reductions else features


def _convolve(features: Any, kernels: int, size: int, name: str, style: Style, strides: int = 1) -> Any:
    return convolve(features, scaled(kernels, style.width), size, name, strides=strides, normalise=style.normalise)


def _small_stem(features: Any, style: Style) -> Any:
    """From 32 x 32 to 16 x 16."""
    features = _convolve(features, 64, 3, "conv1", style)
    return keras.layers.MaxPooling2D(3, 2, padding="same", name="pool1")(features)


def _large_stem(features: Any, style: Style) -> Any:
    """From 224 x 224 to 28 x 28."""
    features = _convolve(features, 64, 7, "conv1", style, strides=2)
    features = keras.layers.MaxPooling2D(3, 2, padding="same", name="pool1")(features)
    features = LocalResponseNormalization(name="norm1")(features)
    features = _convolve(features, 64, 1, "conv2_reduce", style)
    features = _convolve(features, 192, 3, "conv2", style)
    features = LocalResponseNormalization(name="norm2")(features)
    return keras.layers.MaxPooling2D(3, 2, padding="same", name="pool2")(features)


def _check(modules: Sequence[str], stem: str, version: int) -> None:
    if not modules:
        raise UsageError("`modules` must name at least one module. Received: none.")
    for module in modules:
        if module not in MODULES:
            raise UsageError(f"`modules` must be names of table 1. Received: {module!r}. {near_match(module, MODULES)}")
    if stem not in ("cifar", "imagenet"):
        raise UsageError(f"`stem` must be cifar or imagenet. Received: {stem!r}.")
    if version not in (1, 2):
        raise UsageError(f"`version` must be 1 or 2. Received: {version!r}.")
