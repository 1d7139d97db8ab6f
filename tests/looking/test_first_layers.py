"""First kernels as pictures: the right weights at the right places."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from factories import make_arm, make_record

from kerascnn import model
from kerascnn.looking.first_layers import as_images, first_kernels, largest, stretched
from kerascnn.models.permutation import permute_pixels
from kerascnn.records import ArmRuns

SHAPE = (4, 6, 3)
PATTERN = np.random.default_rng(1).normal(size=(5, *SHAPE)).astype(np.float32)


def results_of(kernel: np.ndarray, outcome: str = "finished", **arguments: Any) -> Any:
    """A study with one arm and one run whose first kernel is `kernel`."""
    arm = make_arm("net", model=model("models.mlp", **arguments))
    runs = ArmRuns(arm, {1: make_record(arm, 1, outcome=outcome)})
    return SimpleNamespace(
        dataset=SimpleNamespace(image_shape=SHAPE),
        select=lambda name: [runs],
        weights=lambda name, seed: {"dense1/kernel": kernel, "logits/kernel": np.zeros((5, 2))},
    )


def test_a_dense_unit_is_an_image_and_a_convolution_kernel_a_small_one() -> None:
    np.testing.assert_array_equal(as_images(PATTERN.reshape(5, -1).T, SHAPE), PATTERN)
    kernel = np.arange(3 * 3 * 2 * 4).reshape(3, 3, 2, 4)
    np.testing.assert_array_equal(as_images(kernel, SHAPE)[1], kernel[..., 1])


def test_the_largest_kernels_are_kept_in_their_order() -> None:
    sizes = np.array([1, 5, 2, 4, 3]).reshape(5, 1, 1, 1)
    assert largest(sizes * np.ones((5, 2, 2, 1)), 3)[:, 0, 0, 0].tolist() == [5, 4, 3]


def test_zero_is_grey_and_the_largest_weight_black_or_white() -> None:
    found = stretched(np.array([-2.0, 0.0, 1.0]).reshape(1, 1, 3, 1))
    assert found.ravel().tolist() == [0, 128, 191]
    assert (stretched(np.zeros((1, 2, 2, 3))) == 128).all()


def test_weights_of_moved_pixels_are_shown_where_the_pixels_came_from() -> None:
    moved = permute_pixels(PATTERN, 7)
    plain = first_kernels(results_of(PATTERN.reshape(5, -1).T), "net")
    restored = first_kernels(results_of(moved.reshape(5, -1).T, permutation_seed=7), "net")
    np.testing.assert_array_equal(restored, plain)


def test_without_a_run_that_finished_there_is_nothing_to_show() -> None:
    assert len(first_kernels(results_of(PATTERN.reshape(5, -1).T, outcome="diverged"), "net")) == 0
