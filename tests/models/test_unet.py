"""The U-Net: its maps, its parameters, and what its skip connections carry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from kerascnn.errors import UsageError
from kerascnn.models import load_builder


def build(shape: tuple[int, int, int] = (16, 8, 3), classes: int = 2, **arguments: Any) -> keras.Model:
    """A narrow U-Net of two levels unless said otherwise."""
    return load_builder("models.unet", Path())(shape, classes, **{"width": 4, "levels": 2, **arguments})


def parameters(network: keras.Model) -> int:
    return sum(int(np.prod(variable.shape)) for variable in network.trainable_variables)


def convolution(size: int, maps_in: int, maps_out: int) -> int:
    """Parameters of a convolution with biases."""
    return (size**2 * maps_in + 1) * maps_out


def test_the_maps_shrink_to_the_bottom_and_grow_back_to_the_images_size() -> None:
    network = build()
    sides = [network.get_layer(f"{name}_conv2").output.shape[1:] for name in ("down0", "down1", "bottom", "up1", "up0")]
    assert sides == [(16, 8, 4), (8, 4, 8), (4, 2, 16), (8, 4, 8), (16, 8, 4)]


def test_parameters_are_as_many_as_the_formula_says() -> None:
    network = build(levels=1, normalise=False)
    down = convolution(3, 3, 4) + convolution(3, 4, 4)
    bottom = convolution(3, 4, 8) + convolution(3, 8, 8)
    up = convolution(2, 8, 4) + convolution(3, 4 + 4, 4) + convolution(3, 4, 4)
    assert parameters(network) == down + bottom + up + convolution(1, 4, 2)


def test_added_skips_cost_no_parameters_and_concatenated_ones_do() -> None:
    joined, added, none = (parameters(build(skips=skips)) for skips in ("concatenate", "add", "none"))
    assert added == none < joined


@pytest.mark.parametrize("skips", ["concatenate", "add", "none"])
def test_only_a_skip_brings_what_the_bottom_does_not_know_to_the_answer(skips: str) -> None:
    network = build(skips=skips, normalise=False)
    bottom = network.get_layer("bottom_conv2")
    bottom.kernel.assign(np.zeros(bottom.kernel.shape))
    images = np.random.default_rng(3).normal(size=(2, 16, 8, 3)).astype(np.float32)
    first, second = np.asarray(network(images))
    assert np.array_equal(first, second) == (skips == "none")


@pytest.mark.parametrize("fault", [{"skips": "both"}, {"levels": 0}, {"levels": 4}, {"shape": (30, 32, 3)}], ids=str)
def test_what_cannot_be_built_is_said(fault: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="Received: "):
        build(**fault)
