"""The diagnosis agrees with labels given by eye, on real curves that its rules were not tuned on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from kerascnn.records import Epoch
from kerascnn.stats import diagnose
from kerascnn.stats.describing.diagnosis import Label

CURVES = json.loads((Path(__file__).parent / "curves.json").read_text(encoding="utf-8"))
UNSEEN = [curve for curve in CURVES if not curve["tuned"]]


def shown(curve: dict) -> set[str]:
    names = ("train_loss", "train_accuracy", "val_loss", "val_accuracy")
    epochs = tuple(
        Epoch(epoch=number, learning_rate=0.01, duration_seconds=1.0, **dict(zip(names, values, strict=True)))
        for number, values in enumerate(curve["epochs"], 1)
    )
    return {diagnosis.label for diagnosis in diagnose(epochs, chance=0.1)}


def test_there_are_curves_enough() -> None:
    assert len(CURVES) >= 80
    assert len(UNSEEN) >= 40


@pytest.mark.parametrize("label", get_args(Label))
def test_rules_and_eyes_agree_on_nine_of_ten_unseen_curves(label: str) -> None:
    """Two people labelled them on their own; BENCHMARKS.md has the table for each, and how far they agree."""
    agreed = [
        (label in shown(curve)) == (label in curve[reader])
        for curve in UNSEEN
        for reader in ("labels", "second_reader")
    ]
    assert sum(agreed) / len(agreed) >= 0.9


@pytest.mark.parametrize("label", [label for label in get_args(Label) if label != "noisy last epochs"])
def test_most_of_what_the_eye_sees_the_rules_find(label: str) -> None:
    seen = [curve for curve in UNSEEN if label in curve["labels"]]
    assert sum(label in shown(curve) for curve in seen) >= 0.6 * len(seen)
