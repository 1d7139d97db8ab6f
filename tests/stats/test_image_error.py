"""What the choice of test images alone does to a difference."""

from __future__ import annotations

import numpy as np
import pytest

from kerascnn.stats.describing.image_error import image_error


def test_the_error_of_a_pair_by_hand():
    first = np.array([True, True, True, False])
    second = np.array([True, False, False, False])
    # differences 0, 1, 1, 0: variance 1/3, over four images
    assert image_error([(first, second)]) == pytest.approx((1 / 3 / 4) ** 0.5)


def test_what_images_do_to_every_seed_alike_does_not_shrink_with_more_of_them():
    pair = (np.array([True, True, False, False]), np.array([True, False, True, False]))
    assert image_error([pair] * 9) == pytest.approx(image_error([pair]))


def test_it_is_the_spread_of_the_mean_effect_over_new_test_images():
    random = np.random.default_rng(5)
    easy = random.random(20_000)  # how easy an image is; each of five seeds has luck of its own with it

    def right(skill):
        return easy + random.normal(0, 0.2, easy.size) > 1 - skill

    seeds = [(right(0.5), right(0.4)) for _ in range(5)]
    samples = [random.choice(easy.size, 500, replace=False) for _ in range(400)]
    spread = np.std([np.mean([a[s].mean() - b[s].mean() for a, b in seeds]) for s in samples])
    assert image_error([(a[samples[0]], b[samples[0]]) for a, b in seeds]) == pytest.approx(spread, rel=0.15)


def test_networks_that_are_right_about_the_same_images_have_no_such_error():
    right = np.array([True, False, True])
    assert image_error([(right, right)]) == 0


def test_it_is_the_spread_that_new_test_images_would_give():
    random = np.random.default_rng(3)
    easy = random.random(40_000)
    first, second = easy > 0.4 + 0.2 * random.random(40_000), easy > 0.5 + 0.2 * random.random(40_000)
    samples = [random.choice(40_000, 500, replace=False) for _ in range(400)]
    spread = np.std([first[s].mean() - second[s].mean() for s in samples])
    assert image_error([(first[samples[0]], second[samples[0]])]) == pytest.approx(spread, rel=0.15)


def test_without_a_pair_there_is_nothing_to_tell():
    assert image_error([]) is None
