"""Parameters and multiply-adds of networks small enough to count by hand."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from kerascnn.models.convolutions import GroupedConvolution
from kerascnn.models.lenet5 import TableConvolution
from kerascnn.training.cost import count_multiply_adds, count_parameters, peak_memory_bytes, reset_peak_memory

layers = keras.layers


def network(*stack: Any, shape: tuple[int, ...] = (8, 8, 3)) -> keras.Model:
    """The layers one after the other."""
    inputs = features = keras.Input(shape)
    for layer in stack:
        features = layer(features)
    return keras.Model(inputs, features)


@pytest.mark.parametrize(
    ("stack", "multiply_adds"),
    [
        ([layers.Conv2D(4, 3, padding="same")], 3 * 3 * 3 * 4 * 64),
        ([layers.Conv2D(4, 3)], 3 * 3 * 3 * 4 * 36),
        ([layers.Conv2D(4, 3, strides=2, padding="same")], 3 * 3 * 3 * 4 * 16),
        ([layers.Conv2D(6, 3, groups=3, padding="same")], 3 * 3 * 1 * 6 * 64),
        ([layers.DepthwiseConv2D(3, padding="same")], 3 * 3 * 3 * 64),
        ([layers.DepthwiseConv2D(5, strides=2, padding="same")], 5 * 5 * 3 * 16),
        ([layers.SeparableConv2D(8, 3, padding="same")], (3 * 3 * 3 + 3 * 8) * 64),
        ([layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same")], 3 * 3 * 3 * 2 * 64),
        ([layers.Conv2DTranspose(4, 2, strides=2)], 2 * 2 * 3 * 4 * 64),
        ([layers.Conv2DTranspose(4, 3, strides=2, padding="same")], 3 * 3 * 3 * 4 * 64),
        ([GroupedConvolution(6, 3, groups=3)], 3 * 3 * 1 * 6 * 64),
        ([layers.Conv2D(6, 1), TableConvolution()], 3 * 6 * 64 + 5 * 5 * 60 * 16),
        ([layers.Flatten(), layers.Dense(10)], 192 * 10),
        ([layers.Dense(10)], 3 * 10 * 64),
        ([layers.BatchNormalization(), layers.MaxPooling2D(), layers.ReLU(), layers.Dropout(0.5)], 0),
        (
            [layers.Conv2D(4, 3, padding="same"), layers.MaxPooling2D(), layers.Flatten(), layers.Dense(5)],
            3 * 3 * 3 * 4 * 64 + 4 * 4 * 4 * 5,
        ),
    ],
)
def test_multiply_adds_are_those_of_the_kernels_at_every_position(stack: list[Any], multiply_adds: int) -> None:
    assert count_multiply_adds(network(*stack)) == multiply_adds


def test_moving_averages_are_counted_and_random_states_are_not() -> None:
    found = network(layers.Conv2D(4, 3), layers.BatchNormalization(), layers.Dropout(0.5))
    assert count_parameters(found) == (3 * 3 * 3 + 1) * 4 + 4 * 4


def test_the_peak_is_at_least_what_was_allocated_since_it_was_reset() -> None:
    reset_peak_memory()
    before = peak_memory_bytes()
    block = np.ones(60_000_000, np.uint8)
    assert peak_memory_bytes() - before > 30_000_000
    assert 1e7 < before < 1e11
    del block
