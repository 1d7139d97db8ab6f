"""Stacks of 3 x 3 convolutions in blocks, each block ended by pooling, as VGG made them popular.

Source: Simonyan and Zisserman 2015, section 2.1: small kernels, the maps halve in size from block to
block while their number grows. Widths and depths here are those of CIFAR-size experiments.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

import keras

from kerascnn.errors import UsageError, near_match
from kerascnn.models.blocks import ConvolutionKind, Normalisation, convolution_layers, normalisation_layer
from kerascnn.models.layers import activate, logits

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Style:
    """What every convolution of a stack has in common.

    `normalisation` stands before or after the activation (`norm_position`). `pooling`: the largest or the mean
    of 2 x 2 values, a stride of 2 in the block's last convolution instead (Springenberg et al. 2015, section 2), or the
    largest of 3 x 3 values in steps of 2, which overlap (Krizhevsky et al. 2012, section 3.4). Without `pool_last`
    the last block's maps keep their size. `head`: what turns the last feature maps into a vector: all values,
    each map's average or largest value, or all values through 256 dense units. `convolution` is what stands for
    each convolution but the first.
    """

    activation: str = "relu"
    initialiser: str = "he_normal"
    normalisation: Normalisation = "none"
    norm_position: Literal["before", "after"] = "before"
    norm_momentum: float = 0.9
    pooling: Literal["max", "average", "stride", "overlapping"] = "max"
    pool_last: bool = True
    head: Literal["flatten", "gap", "gmp", "dense"] = "flatten"
    convolution: ConvolutionKind = "plain"
    kernel_size: int = 3
    dropout: float = 0.0


def vgg(
    image_shape: Shape, classes: int, blocks: Sequence[Sequence[int]] = ((32, 32), (64, 64)), **style: Any
) -> keras.Model:
    """One convolution for every number in `blocks` (its kernels), pooling after each block.

    `style` are the fields of `Style`.
    """
    return _stack(image_shape, classes, blocks, _style(style, vgg))


def _stack(image_shape: Shape, classes: int, blocks: Sequence[Sequence[int]], look: Style) -> keras.Model:
    inputs = features = keras.Input(image_shape, name="image")
    number = 0
    for block, widths in enumerate(blocks, start=1):
        shrinks = look.pool_last or block < len(blocks)
        for place, kernels in enumerate(widths, start=1):
            number += 1
            strides = 2 if shrinks and look.pooling == "stride" and place == len(widths) else 1
            features = _convolution(features, kernels, number, look, strides)
        if shrinks and look.pooling != "stride":
            features = _pool(features, block, look)
    features = _head(features, number, look)
    return keras.Model(inputs, logits(features, classes, "glorot_uniform"), name="vgg")


def deep(image_shape: Shape, classes: int, depth: int = 6, **style: Any) -> keras.Model:
    """`depth` convolutions in three blocks of 16, 32 and 64 kernels; the last block takes the rest."""
    per_block = max(1, (depth - 2) // 2)
    blocks = _blocks(depth, ((2, 16), (per_block, 32), (depth, 64)))
    return _stack(image_shape, classes, blocks, _style(style, deep))


def cheap(image_shape: Shape, classes: int, depth: int = 10, **style: Any) -> keras.Model:
    """`depth` convolutions: one of 16 and one of 32 kernels at the larger sizes, the rest of 32."""
    blocks = _blocks(depth, ((1, 16), (1, 32), (depth, 32)))
    return _stack(image_shape, classes, blocks, _style(style, cheap))


def tapered(
    image_shape: Shape,
    classes: int,
    depth: int = 3,
    kernels: int = 32,
    widening: Literal["constant", "doubling"] = "constant",
    most: int = 128,
    **style: Any,
) -> keras.Model:
    """`depth` blocks of one convolution each; `kernels` in the first, doubled from block to block or not.

    Doubling ends at `most` kernels, where a block's cost would grow faster than what it adds.
    """
    factor = 2 if widening == "doubling" else 1
    blocks = [[min(kernels * factor**block, max(kernels, most))] for block in range(depth)]
    return _stack(image_shape, classes, blocks, _style(style, tapered))


def _blocks(depth: int, plan: Sequence[tuple[int, int]]) -> list[list[int]]:
    """`depth` convolutions dealt out to blocks of (at most count, kernels); empty blocks are dropped."""
    if depth < 1:
        raise UsageError(f"`depth` must be at least 1. Received: depth={depth}.")
    blocks, left = [], depth
    for count, kernels in plan:
        blocks.append([kernels] * min(count, left))
        left -= len(blocks[-1])
    return [block for block in blocks if block]


def _style(fields: dict[str, Any], builder: Callable[..., keras.Model]) -> Style:
    """The style of these fields. Raises: UsageError for one that neither `Style` nor `builder` knows."""
    hints = get_type_hints(Style)
    own = list(inspect.signature(builder).parameters)[2:-1]
    for name, value in fields.items():
        if name not in hints:
            raise UsageError(f"`{builder.__name__}` has no argument {name!r}. {near_match(name, [*own, *hints])}")
        allowed = get_args(hints[name]) if get_origin(hints[name]) is Literal else (value,)
        if value not in allowed:
            raise UsageError(f"`{name}` must be one of {', '.join(allowed)}. Received: {value!r}.")
    return Style(**fields)


def _convolution(features: Any, kernels: int, number: int, style: Style, strides: int) -> Any:
    kind = "plain" if number == 1 else style.convolution  # an image's three channels are nothing to save on
    for layer in convolution_layers(kind, kernels, style.kernel_size, style.initialiser, f"conv{number}", strides):
        features = _activate(layer(features), layer.name.removeprefix("conv"), style)
    return features


def _activate(features: Any, place: str, style: Style) -> Any:
    norm = normalisation_layer(style.normalisation, f"norm{place}", style.norm_momentum)
    if norm is not None and style.norm_position == "before":
        features = norm(features)
    features = activate(features, style.activation, f"act{place}")
    return norm(features) if norm is not None and style.norm_position == "after" else features


def _pool(features: Any, block: int, style: Style) -> Any:
    name = f"pool{block}"
    match style.pooling:
        case "max":
            return keras.layers.MaxPooling2D(2, name=name)(features)
        case "average":
            return keras.layers.AveragePooling2D(2, name=name)(features)
        case _:
            return keras.layers.MaxPooling2D(3, strides=2, padding="same", name=name)(features)


def _head(features: Any, number: int, style: Style) -> Any:
    match style.head:
        case "gap":
            features = keras.layers.GlobalAveragePooling2D(name="gap")(features)
        case "gmp":
            features = keras.layers.GlobalMaxPooling2D(name="gmp")(features)
        case _:
            features = keras.layers.Flatten(name="flatten")(features)
    if style.head == "dense":
        dense = keras.layers.Dense(256, kernel_initializer=style.initialiser, name=f"dense{number + 1}")
        features = activate(dense(features), style.activation, f"act{number + 1}")
    return keras.layers.Dropout(style.dropout, name="dropout")(features) if style.dropout else features
