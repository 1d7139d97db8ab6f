"""A ReLU makes half of the units silent, and what is left has more noise for its variance."""

from __future__ import annotations

import numpy as np
import pytest

from kerascnn.byhand.noise import relu_on_noise

IMAGES = np.random.default_rng(1).integers(0, 256, (20, 12, 12, 3)).astype(np.uint8)


def test_half_of_the_units_are_silent_on_symmetric_input():
    assert relu_on_noise(IMAGES).silent_share == pytest.approx(0.5, abs=0.02)


def test_the_noise_before_the_relu_is_that_which_was_added():
    """A convolution is linear: white noise on white pictures keeps its share of the power."""
    assert relu_on_noise(IMAGES, noise=0.5).noise_before == pytest.approx(0.25, rel=0.05)


def test_behind_the_relu_the_noise_is_a_third_of_the_variance_where_it_was_a_quarter():
    """For Gaussian maps of variance 1 and noise of variance 1/4: E(max(0, x + n) - max(0, x))^2 over 1/2 - 1/(2 pi)."""
    wide = np.random.default_rng(2).normal(128, 40, (40, 16, 16, 3)).clip(0, 255).astype(np.uint8)
    assert relu_on_noise(wide, noise=0.5, maps=64).noise_after == pytest.approx(1 / 3, rel=0.05)
    assert relu_on_noise(IMAGES, noise=0.0).noise_after == 0.0


def test_the_pictures_are_pairs_of_bytes_and_the_same_seed_gives_the_same():
    pictures = relu_on_noise(IMAGES).pictures
    assert [(each.dtype, each.shape) for each in pictures.values()] == [
        (np.dtype(np.uint8), (2, 12, 12, channels)) for channels in (3, 1, 1)
    ]
    again = relu_on_noise(IMAGES).pictures
    assert all(np.array_equal(pictures[name], again[name]) for name in pictures)
