"""Curves drawn by hand, each with what a reader would say of it."""

from __future__ import annotations

import math

import msgspec
import pytest
from factories import make_probe, make_record

from kerascnn.records import Epoch
from kerascnn.stats import Remark, check_setup, diagnose

LN10 = math.log(10)


def curve(train_loss, val_accuracy, *, val_loss=None, train_accuracy=None):
    val_loss, train_accuracy = val_loss or train_loss, train_accuracy or val_accuracy
    return tuple(
        Epoch(
            epoch=number,
            train_loss=loss,
            train_accuracy=right,
            val_loss=seen,
            val_accuracy=accuracy,
            learning_rate=0.01,
            duration_seconds=1.0,
        )
        for number, (loss, accuracy, seen, right) in enumerate(
            zip(train_loss, val_accuracy, val_loss, train_accuracy, strict=True), 1
        )
    )


FLAT = curve([LN10 + 0.001] * 6, [0.1, 0.095, 0.102, 0.1, 0.1, 0.098])
LATE = curve([LN10] * 3 + [2.0, 1.8, 1.7], [0.1, 0.1, 0.11, 0.22, 0.3, 0.34])
EXPLODED = curve([2.1, 1.9, 40.0, None], [0.2, 0.25, 0.1, 0.1])
RISING = curve([2.0, 1.8, 1.6, 1.5], [0.25, 0.32, 0.38, 0.44])
LEVEL = curve([1.9, 1.5, 1.4, 1.4, 1.4, 1.39, 1.39, 1.39], [0.3, 0.45, 0.5, 0.5, 0.505, 0.5, 0.5, 0.502])
OVERFITTED = curve(
    [1.8, 1.3, 0.9, 0.6, 0.3, 0.1],
    [0.35, 0.45, 0.48, 0.48, 0.47, 0.475],
    val_loss=[1.75, 1.5, 1.45, 1.6, 1.9, 2.3],
    train_accuracy=[0.35, 0.52, 0.7, 0.8, 0.9, 0.97],
)
RAGGED = curve([1.6, 1.5, 1.45, 1.4, 1.38, 1.35, 1.3, 1.3], [0.4, 0.42, 0.3, 0.47, 0.33, 0.48, 0.35, 0.45])


def labels(epochs):
    return {diagnosis.label: diagnosis.epoch for diagnosis in diagnose(epochs, 0.1)}


@pytest.mark.parametrize(
    ("epochs", "expected"),
    [
        (FLAT, {"did not learn": None}),
        (LATE, {"plateau, then learning": 4, "still improving at the end": None}),
        (EXPLODED, {"diverged": 3}),
        (RISING, {"still improving at the end": None}),
        (LEVEL, {"saturated early": 3}),
        (OVERFITTED, {"overfitting": 4, "saturated early": 3}),
        (RAGGED, {"noisy last epochs": None}),
    ],
)
def test_a_curve_is_called_what_it_looks_like(epochs, expected):
    found = labels(epochs)
    assert expected.items() <= found.items()
    assert (
        found.keys() - expected.keys() <= {"saturated early"} if epochs is RAGGED else found.keys() == expected.keys()
    )


def test_a_run_without_epochs_shows_nothing():
    assert diagnose((), 0.1) == ()


def test_a_net_that_gets_nothing_right_for_a_while_does_not_stop_the_report():
    epochs = curve([4.6, 4.5, 4.4, 4.3], [0.0, 0.0, 0.0, 0.02], train_accuracy=[0.01, 0.02, 0.05, 0.12])
    assert "still improving at the end" in {diagnosis.label for diagnosis in diagnose(epochs, 0.01)}


def test_the_checks_on_the_set_up_find_nothing_in_a_sound_run():
    assert check_setup(make_record(), 0.1) == ()


def test_a_net_that_is_sure_of_itself_before_training_is_noticed():
    record = make_record(probes=(make_probe(loss=7.9),))
    assert check_setup(record, 0.1) == (
        Remark("initial loss", "the loss before training is 7.9 nats, but guessing costs only ln(classes) = 2.3"),
    )


@pytest.mark.parametrize(
    ("accuracy", "kind", "phrase"),
    [
        (
            1.0,
            "learns a few by heart",
            "it can memorise 20 images (100 % right), so it lacks data or training, not ability",
        ),
        (
            0.15,
            "learns nothing by heart",
            "it cannot even memorise 20 images (15 % right after 100 steps on them alone)",
        ),
    ],
)
def test_a_net_that_learned_nothing_is_told_apart_by_what_it_can_learn_by_heart(accuracy, kind, phrase):
    record = msgspec.structs.replace(make_record(), small_set_accuracy=accuracy)
    assert check_setup(record, 0.1) == (Remark(kind, phrase),)
