"""The one rule by which a net has learned: it does better than knowing nothing."""

from __future__ import annotations

import math

import pytest
from factories import make_epochs

from kerascnn.stats import diagnose
from kerascnn.stats.describing.learning import has_learned

KNOWING_NOTHING = math.log(10)

ENDS = {
    "at chance": (0.10, KNOWING_NOTHING, False),
    "right a little more often than by guessing": (0.14, KNOWING_NOTHING, False),
    "right clearly more often": (0.16, KNOWING_NOTHING, True),
    "a lower loss alone": (0.10, 0.96 * KNOWING_NOTHING, True),
    "a loss that hardly fell": (0.10, 0.98 * KNOWING_NOTHING, False),
    "no loss at all": (0.30, None, False),
}


@pytest.mark.parametrize(("accuracy", "loss", "learned"), ENDS.values(), ids=ENDS)
def test_a_run_has_learned_by_where_its_curve_ends(accuracy, loss, learned):
    assert has_learned(make_epochs((0.1, accuracy), (KNOWING_NOTHING, loss)), chance=0.1) == learned


@pytest.mark.parametrize(("accuracy", "loss", "learned"), list(ENDS.values())[:-1], ids=list(ENDS)[:-1])
def test_the_diagnosis_says_that_nothing_was_learned_exactly_where_it_was_not(accuracy, loss, learned):
    epochs = make_epochs((0.1, accuracy), (KNOWING_NOTHING, loss))
    said = {diagnosis.label for diagnosis in diagnose(epochs, chance=0.1)}
    assert ("did not learn" in said) == (not learned)


def test_a_run_without_epochs_has_learned_nothing():
    assert not has_learned((), chance=0.1)
