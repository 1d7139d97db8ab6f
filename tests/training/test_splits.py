"""Who trains, validates and tests: in proportion, apart from each other, and which of it the seed moves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from kerascnn.specs import DataSpec
from kerascnn.training.splits import split_images

CONTENT = "0" * 64
BALANCED = np.repeat(np.arange(10), 100)
IMBALANCED = np.repeat(np.arange(4), [400, 40, 10, 150])
TEST_LABELS = np.repeat(np.arange(10), 30)


def split(labels: np.ndarray, seed: int = 1, test_labels: np.ndarray = TEST_LABELS, **fields: Any) -> Any:
    """The split of shuffled `labels`, together with the labels in their shuffled order."""
    return split_images(labels, test_labels, DataSpec(content=CONTENT, **fields), seed)


def shuffled(labels: np.ndarray) -> np.ndarray:
    """The labels in the order in which a data set may have them."""
    return np.random.default_rng(4).permutation(labels)


@pytest.mark.parametrize("labels", [BALANCED, IMBALANCED], ids=["balanced", "imbalanced"])
@pytest.mark.parametrize("sorted_by_class", [True, False])
def test_every_part_has_the_classes_in_proportion(labels: np.ndarray, sorted_by_class: bool) -> None:
    labels = labels if sorted_by_class else shuffled(labels)
    found = split(labels, train_images=200, val_images=50, test_images=100, validation_share=0.2)
    shares = np.bincount(labels) / len(labels)
    for part, count in ((found.train, 200), (found.val, 50), (found.pool, 0.8 * len(labels))):
        assert len(part) == count
        np.testing.assert_allclose(np.bincount(labels[part], minlength=len(shares)), shares * count, atol=1.0)
    assert np.bincount(TEST_LABELS[found.test]).tolist() == [10] * 10


def test_training_and_validation_images_are_apart_and_sorted() -> None:
    found = split(shuffled(BALANCED), validation_share=0.25)
    assert not set(found.train) & set(found.val)
    assert sorted([*found.train, *found.val]) == list(range(1000))
    assert len(found.val) == 250
    for part in (found.pool, found.train, found.val, found.test):
        assert (np.diff(part) > 0).all()


@settings(max_examples=60, deadline=None)
@given(
    labels=some.lists(some.integers(0, 4), min_size=10, max_size=80),
    seed=some.integers(0, 1000),
    share=some.floats(0.05, 0.8),
    wanted=some.integers(1, 80),
)
def test_no_image_is_ever_in_two_parts_or_twice_in_one(labels: Any, seed: int, share: float, wanted: int) -> None:
    found = split(np.array(labels), seed, train_images=wanted, val_images=wanted, validation_share=share)
    assert set(found.train) <= set(found.pool)
    assert not set(found.pool) & set(found.val)
    assert len(set(found.train)) == len(found.train) == min(wanted, len(found.pool))
    assert len(set(found.val)) == len(found.val)


def test_validation_and_test_images_do_not_change_with_the_seed() -> None:
    first, second = (
        split(shuffled(BALANCED), seed, train_images=100, val_images=50, test_images=60) for seed in (1, 2)
    )
    for part in ("val", "test", "pool"):
        np.testing.assert_array_equal(getattr(first, part), getattr(second, part))


def test_the_training_subset_changes_with_the_seed_alone() -> None:
    first, again, other = (split(shuffled(BALANCED), seed, train_images=100).train for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert 0 < len(set(first) & set(other)) < 40, "two random subsets of 100 out of 900 share some 11"


def test_larger_subsets_contain_the_smaller_ones_of_the_same_seed() -> None:
    small, large = (set(split(shuffled(BALANCED), train_images=count).train) for count in (50, 200))
    assert small < large


def test_the_split_seed_moves_validation_and_test_images() -> None:
    first, second = (split(shuffled(BALANCED), split_seed=seed, test_images=60) for seed in (0, 1))
    assert set(first.val) != set(second.val)
    assert set(first.test) != set(second.test)


def test_no_numbers_given_means_all_there_are() -> None:
    found = split(shuffled(IMBALANCED))
    assert (len(found.train), len(found.val), len(found.test)) == (540, 60, 300)


def test_a_class_without_images_takes_no_place() -> None:
    labels = np.array([0, 2] * 50)
    assert np.bincount(labels[split(labels, train_images=40).train]).tolist() == [20, 0, 20]
