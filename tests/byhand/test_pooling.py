"""Pooling by hand: small cases reckoned on paper, and gradients by finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from slopes import slopes

from kerascnn.byhand import pool, pool_backward

IMAGE = np.array([[1.0, 5.0, 2.0], [-3.0, 0.0, 4.0], [7.0, 6.0, -8.0]]).reshape(1, 3, 3, 1)
SHAPES = {
    "1-D": ((2, 9, 3), (3,), 2, 0),
    "2-D, overlapping, padded": ((2, 5, 6, 2), (3, 2), (2, 1), [(1, 1), (0, 1)]),
    "3-D": ((1, 4, 3, 5, 2), (2, 2, 3), 2, 0),
}


def grid(maps: np.ndarray) -> list[list[float]]:
    return maps[0, :, :, 0].tolist()


def test_max_and_average_reckoned_on_paper() -> None:
    assert grid(pool(IMAGE, (2, 2), 1, kind="max")) == [[5, 5], [7, 6]]
    assert grid(pool(IMAGE, (2, 2), 1, kind="average")) == [[0.75, 2.75], [2.5, 0.5]]


def test_padding_is_never_the_largest_and_takes_no_part_in_a_mean() -> None:
    below = -1 - IMAGE**2
    assert pool(below, (2, 2), 2, [(0, 1), (0, 1)], "max").max() < 0
    assert grid(pool(below * 0 - 4, (2, 2), 2, [(0, 1), (0, 1)], "average")) == [[-4, -4], [-4, -4]]


def test_channels_are_pooled_each_for_itself() -> None:
    images = np.stack([IMAGE[..., 0], -IMAGE[..., 0]], axis=-1)
    assert pool(images, (3, 3), 1).ravel().tolist() == [7.0, 8.0]


def test_max_pooling_hands_the_gradient_to_the_winner_and_average_pooling_to_all_alike() -> None:
    upstream = np.array([8.0]).reshape(1, 1, 1, 1)
    assert grid(pool_backward(IMAGE, upstream, (2, 2), 2, kind="max")) == [[0, 8, 0], [0, 0, 0], [0, 0, 0]]
    assert grid(pool_backward(IMAGE, upstream, (2, 2), 2, kind="average")) == [[2, 2, 0], [2, 2, 0], [0, 0, 0]]


def test_of_equal_values_the_first_alone_gets_the_gradient() -> None:
    gradient = pool_backward(np.ones((1, 2, 2, 1)), np.ones((1, 1, 1, 1)), (2, 2), 2)
    assert grid(gradient) == [[1, 0], [0, 0]]


@pytest.mark.parametrize("kind", ["max", "average"])
@pytest.mark.parametrize("name", SHAPES)
def test_the_gradients_are_the_slopes_of_the_loss(name: str, kind) -> None:
    shape, *options = SHAPES[name]
    random = np.random.default_rng(3)
    images = random.normal(size=shape)
    upstream = random.normal(size=pool(images, *options, kind).shape)
    found = pool_backward(images, upstream, *options, kind)
    expected = slopes(lambda values: float((upstream * pool(values, *options, kind)).sum()), images)
    np.testing.assert_allclose(found, expected, atol=1e-7)
