"""Locality, sharing and neighbourhood taken apart: against plain loops, and as they reach the builders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from kerascnn.errors import UsageError
from kerascnn.models import load_builder
from kerascnn.models.locality import LocallyConnected2D, PermutePixels
from kerascnn.models.permutation import permute_pixels, pixel_order
from kerascnn.training.cost import count_multiply_adds
from kerascnn.training.initialise import initialise

IMAGES = np.random.default_rng(1).normal(size=(2, 5, 4, 3)).astype(np.float32)


def build(name: str, shape: tuple[int, int, int] = (32, 32, 3), **arguments: Any) -> keras.Model:
    """The network of `models.<name>` for ten classes."""
    return load_builder(f"models.{name}", Path())(shape, 10, **arguments)


def local_by_loops(images: np.ndarray, kernel: np.ndarray, bias: np.ndarray, size: int) -> np.ndarray:
    """The layer from its definition: at every position its own weights over the window around it."""
    n, height, width, _ = images.shape
    margin = size // 2
    padded = np.pad(images, [(0, 0), (margin, margin), (margin, margin), (0, 0)])
    outputs = np.zeros((n, height, width, kernel.shape[-1]))
    for row in range(height):
        for column in range(width):
            place = row * width + column
            window = padded[:, row : row + size, column : column + size].reshape(n, -1)
            outputs[:, row, column] = window @ kernel[place] + bias[place]
    return outputs


@pytest.mark.parametrize("size", [1, 3, 5])
def test_a_local_layer_is_its_definition_position_by_position(size: int) -> None:
    layer = LocallyConnected2D(2, size)
    layer.build((None, 5, 4, 3))
    kernel, bias = (np.random.default_rng(2).normal(size=v.shape).astype(np.float32) for v in layer.weights)
    layer.set_weights([kernel, bias])
    np.testing.assert_allclose(layer(IMAGES), local_by_loops(IMAGES, kernel, bias, size), atol=1e-5)


def test_a_local_layer_with_the_same_weights_everywhere_is_the_convolution() -> None:
    convolution = keras.layers.Conv2D(4, 3, padding="same", bias_initializer="random_normal")
    wanted = convolution(IMAGES)
    kernel, bias = convolution.get_weights()
    layer = LocallyConnected2D(4, 3)
    layer.build(IMAGES.shape)
    layer.set_weights([np.tile(kernel.reshape(1, 27, 4), (20, 1, 1)), np.tile(bias, (20, 1))])
    np.testing.assert_allclose(layer(IMAGES), wanted, atol=1e-5)


def test_unshared_weights_start_as_wide_as_shared_ones_and_differ_between_positions() -> None:
    networks = [build("small_cnn", weights=weights) for weights in ("shared", "unshared")]
    for network in networks:
        assert initialise(network, 3)
    shared, unshared = (np.asarray(network.get_layer("conv2").kernel) for network in networks)
    assert unshared.std() == pytest.approx(shared.std(), rel=0.03)
    assert np.abs(unshared[0] - unshared[1]).max() > 0.01


def test_the_seed_of_a_run_decides_the_unshared_weights() -> None:
    network = build("small_cnn", weights="unshared")
    drawn = []
    for seed in (1, 1, 2):
        initialise(network, seed)
        drawn.append(np.asarray(network.get_layer("conv1").kernel))
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert (drawn[0] != drawn[2]).mean() > 0.99


def test_unshared_weights_cost_parameters_and_not_a_multiplication_more() -> None:
    shared, unshared = build("small_cnn"), build("small_cnn", weights="unshared")
    sizes = ((32, 3, 16), (16, 16, 32), (8, 32, 64))
    head = 1024 * 10
    assert shared.count_params() == sum((9 * c + 1) * f for _, c, f in sizes) + head + 10
    assert unshared.count_params() == sum(side**2 * (9 * c + 1) * f for side, c, f in sizes) + head + 10
    assert count_multiply_adds(shared) == count_multiply_adds(unshared)
    assert count_multiply_adds(shared) == sum(side**2 * 9 * c * f for side, c, f in sizes) + head


def test_unshared_weights_need_an_initialiser_that_goes_by_the_fan_in() -> None:
    with pytest.raises(UsageError, match=r"must go by the fan-in.*Received: 'glorot_uniform'"):
        build("small_cnn", weights="unshared", initialiser="glorot_uniform")


def test_weights_are_shared_or_unshared() -> None:
    with pytest.raises(UsageError, match=r"`weights` must be one of shared, unshared. Received: 'tied'"):
        build("small_cnn", weights="tied")


def test_a_permutation_keeps_every_pixel_whole_and_moves_nearly_all() -> None:
    order = pixel_order(1024, 1)
    assert sorted(order.tolist()) == list(range(1024))
    assert (order == np.arange(1024)).sum() < 10
    moved = permute_pixels(IMAGES, 4)
    assert {tuple(pixel) for pixel in moved[0].reshape(-1, 3)} == {tuple(pixel) for pixel in IMAGES[0].reshape(-1, 3)}


def test_the_permutation_is_the_same_on_every_machine() -> None:
    assert pixel_order(8, 1).tolist() == [5, 0, 1, 4, 2, 6, 3, 7]


def test_the_layer_moves_pixels_as_the_function_does_and_every_image_alike() -> None:
    np.testing.assert_array_equal(PermutePixels(4)(IMAGES), permute_pixels(IMAGES, 4))
    same = permute_pixels(np.repeat(IMAGES[:1], 2, axis=0), 4)
    np.testing.assert_array_equal(same[0], same[1])
    assert (permute_pixels(IMAGES, 5) != permute_pixels(IMAGES, 4)).any()


@pytest.mark.parametrize("name", ["mlp", "small_cnn"])
def test_a_permuted_network_differs_by_the_moved_pixels_alone(name: str) -> None:
    images = np.random.default_rng(5).normal(size=(2, 16, 8, 3)).astype(np.float32)
    plain, permuted = build(name, (16, 8, 3)), build(name, (16, 8, 3), permutation_seed=4)
    assert [v.path for v in plain.variables] == [v.path for v in permuted.variables]
    permuted.set_weights(plain.get_weights())
    np.testing.assert_allclose(permuted(images), plain(permute_pixels(images, 4)), atol=1e-4)
