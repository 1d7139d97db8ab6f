"""Counting confusions, checked on cases small enough to count by hand."""

from __future__ import annotations

import numpy as np

from kerascnn.stats.describing.confusions import (
    ConfusionChange,
    compare_confusions,
    confused_images,
    confusion_matrix,
    frequent_confusions,
    shares_by_truth,
)

CAT, DOG, SHIP = 0, 1, 2
LABELS = np.array([CAT, CAT, CAT, DOG, DOG, SHIP], np.int32)


def test_a_matrix_counts_the_answers_to_each_class():
    answers = np.array([CAT, DOG, DOG, DOG, CAT, SHIP], np.int32)
    assert confusion_matrix(LABELS, answers, 3).tolist() == [[1, 2, 0], [1, 1, 0], [0, 0, 1]]


def test_classes_that_nobody_names_have_a_place_all_the_same():
    assert confusion_matrix(np.array([CAT]), np.array([CAT]), 3).tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 0]]


def test_shares_add_up_to_one_for_each_class_that_has_images():
    shares = shares_by_truth(np.array([[3, 1, 0], [0, 0, 0], [1, 1, 2]]))
    assert shares.tolist() == [[0.75, 0.25, 0.0], [0.0, 0.0, 0.0], [0.25, 0.25, 0.5]]


def test_the_most_frequent_confusions_leave_right_answers_out():
    matrix = np.array([[9, 4, 0], [1, 9, 4], [0, 0, 9]])
    assert frequent_confusions(matrix, 2) == [(CAT, DOG), (DOG, SHIP)]
    assert frequent_confusions(matrix, 9) == [(CAT, DOG), (DOG, SHIP), (DOG, CAT)]


def test_the_images_that_most_seeds_confused_come_first():
    every = np.arange(6)
    runs = [
        (every, np.array([DOG, CAT, DOG, DOG, DOG, DOG])),
        (every, np.array([CAT, CAT, DOG, DOG, DOG, DOG])),
        (every, np.array([CAT, CAT, DOG, DOG, DOG, SHIP])),
    ]
    assert confused_images(LABELS, runs, (CAT, DOG), 8) == [(2, 3), (0, 1)]
    assert confused_images(LABELS, runs, (CAT, DOG), 1) == [(2, 3)]
    assert confused_images(LABELS, runs, (SHIP, DOG), 8) == [(5, 2)]


def test_a_run_scored_on_a_part_of_the_images_speaks_of_those_only():
    runs = [(np.array([1, 4]), np.array([DOG, CAT])), (np.array([2, 3]), np.array([DOG, DOG]))]
    assert confused_images(LABELS, runs, (CAT, DOG), 8) == [(1, 1), (2, 1)]


def test_the_change_between_two_arms_counts_shares_and_seeds():
    arm = [np.array([[6, 4], [1, 9]]), np.array([[8, 2], [0, 10]])]
    baseline = [np.array([[9, 1], [0, 10]]), np.array([[8, 2], [2, 8]])]
    assert compare_confusions(arm, baseline, 9) == [
        ConfusionChange(truth=0, said=1, share=0.3, baseline_share=0.15, seeds_with_more=1),
        ConfusionChange(truth=1, said=0, share=0.05, baseline_share=0.1, seeds_with_more=1),
    ]
    assert len(compare_confusions(arm, baseline, 1)) == 1


def test_arms_that_confuse_the_same_differ_in_nothing():
    matrix = np.array([[3, 1], [0, 4]])
    assert compare_confusions([matrix], [matrix], 9) == []
    assert compare_confusions([], [], 9) == []
