"""Batch Normalization by hand: which values share their statistics, and gradients by finite differences."""

from __future__ import annotations

import numpy as np
from slopes import slopes

from kerascnn.byhand import normalise, normalise_backward
from kerascnn.byhand.normalisation import EPSILON, normalise_batch, normalise_fixed, undo_error

RANDOM = np.random.default_rng(11)
IMAGES = RANDOM.normal(size=(3, 2, 4, 2)) * np.array([0.5, 3.0]) + np.array([1.0, -2.0])
GAMMA, BETA, UPSTREAM = RANDOM.normal(size=2), RANDOM.normal(size=2), RANDOM.normal(size=IMAGES.shape)


def test_two_values_of_one_channel_reckoned_on_paper() -> None:
    images = np.array([1.0, 3.0]).reshape(2, 1, 1, 1)
    expected = 2.0 / np.sqrt(1.0 + EPSILON)
    assert normalise(images, np.array([2.0]), np.array([5.0])).ravel().tolist() == [5 - expected, 5 + expected]


def test_a_map_has_one_mean_and_one_variance_over_batch_height_and_width() -> None:
    outputs = normalise(IMAGES, np.ones(2), np.zeros(2))
    np.testing.assert_allclose(outputs.mean(axis=(0, 1, 2)), 0, atol=1e-12)
    variances = IMAGES.var(axis=(0, 1, 2))
    np.testing.assert_allclose(outputs.var(axis=(0, 1, 2)), variances / (variances + EPSILON))
    assert np.abs(outputs.mean(axis=(1, 2))).max() > 0.05, "one image alone is not centred"


def test_the_gradients_are_the_slopes_of_the_loss() -> None:
    def loss(images=IMAGES, gamma=GAMMA, beta=BETA):
        return float((UPSTREAM * normalise(images, gamma, beta)).sum())

    found = normalise_backward(IMAGES, GAMMA, UPSTREAM)
    expected = (
        slopes(lambda values: loss(images=values), IMAGES),
        slopes(lambda values: loss(gamma=values), GAMMA),
        slopes(lambda values: loss(beta=values), BETA),
    )
    for gradient, slope in zip(found, expected, strict=True):
        np.testing.assert_allclose(gradient, slope, atol=1e-7)


def test_adding_a_constant_to_a_channel_gives_no_gradient() -> None:
    gradient, _, _ = normalise_backward(IMAGES, GAMMA, UPSTREAM)
    np.testing.assert_allclose(gradient.sum(axis=(0, 1, 2)), 0, atol=1e-12)


def test_by_the_batchs_own_statistics_the_fixed_map_is_the_normalisation_in_training() -> None:
    expected, mean, variance = normalise_batch(IMAGES)
    np.testing.assert_array_equal(normalise_fixed(IMAGES, mean, variance), expected)


def test_fixed_statistics_do_not_look_at_the_rest_of_the_batch() -> None:
    mean, variance = np.array([0.3, -1.0]), np.array([2.0, 0.5])
    np.testing.assert_array_equal(
        normalise_fixed(IMAGES[:1], mean, variance), normalise_fixed(IMAGES, mean, variance)[:1]
    )


def test_gamma_and_beta_undo_fixed_statistics_on_any_batch_and_a_batchs_own_only_roughly() -> None:
    assert undo_error(seed=1) < 1e-5
    assert 0.05 < undo_error(seed=1, by_batch=True) < 1


def test_the_larger_the_batch_the_better_fixed_gamma_and_beta_undo_its_own_statistics() -> None:
    small, large = (undo_error(seed=2, by_batch=True, shape=(images, 4, 4, 8)) for images in (2, 512))
    assert large < small / 4
