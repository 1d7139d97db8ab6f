"""What dense layers and convolutions cost, and what a dense layer cannot notice."""

from __future__ import annotations

from kerascnn.byhand.dense import convolution_weights, dense_weights, permutation_error


def test_a_million_inputs_fully_connected_to_as_many_units_are_ten_to_the_twelve_weights() -> None:
    assert dense_weights(1000 * 1000, 1000 * 1000) == 10**12


def test_a_convolution_has_the_weights_of_its_windows() -> None:
    assert convolution_weights(3, channels=3, kernels=16) == 432


def test_a_dense_layer_does_not_notice_the_order_of_its_inputs() -> None:
    assert 0 < permutation_error(seed=1) < 1e-5
