"""Takeaways: sentences whose numbers come from the runs."""

from __future__ import annotations

import pytest
from factories import by_name, make_runs

from kerascnn.errors import UsageError
from kerascnn.specs import Comparison
from kerascnn.stats import fill, judge_all
from kerascnn.stats.judging.takeaways import check

ARMS = by_name(make_runs("sigmoid-10", (0.1, 0.11, 0.12)), make_runs("relu-10", (0.5, 0.51, 0.52)), make_runs("empty"))
CLAIM = Comparison(name="relu-wins", says="s", arm="relu-10", baseline="sigmoid-10", smallest_effect=0.02)
JUDGEMENTS = judge_all([CLAIM], ARMS, 0.1, {})


def filled(sentence, **numbers):
    return fill(sentence, ARMS, JUDGEMENTS, numbers)


def test_an_arm_gives_its_mean_with_n():
    assert filled("Sigmoid reaches {sigmoid-10:test_accuracy}.") == "Sigmoid reaches 11.0 % (n\u00a0=\u00a03)."


def test_what_no_seed_changes_has_no_number_of_seeds():
    assert filled("{relu-10:parameters}") == filled("{sigmoid-10:parameters}")
    assert "n" not in filled("{relu-10:parameters}")


def test_an_arm_without_runs_says_so():
    assert filled("{empty:test_accuracy}") == "not measured (n = 0)"


def test_a_claim_gives_its_verdict_and_effect():
    assert filled("{relu-wins:effect}: {relu-wins:verdict}") == "+40.0 points: supported"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1_581_066.0, "1,581,066"),
        (0.25, "0.25"),
        (-3.0, "−3"),
        (0.00001234, "0.000012"),
        (2.98e-8, "3.0e−08"),
        (float("inf"), "not finite"),
        (None, "not finite"),
    ],
)
def test_a_number_is_written_with_sensible_digits(value, text):
    assert filled("{weights}", weights=value) == text


def test_doubled_braces_stand_for_themselves():
    assert filled("a {{set}}") == "a {set}"


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ("{sigmoid-11:test_accuracy}", "Did you mean 'sigmoid-10'"),
        ("{relu-win:verdict}", "Did you mean 'relu-wins'"),
        ("{relu-10:test_acc}", "Did you mean 'test_loss'|Did you mean 'test_accuracy'"),
        ("{weight}", "Did you mean 'weights'"),
        ("{weights!r}", "no conversion"),
        ("{weights", "matching braces"),
        ("{}", "Unknown number ''"),
    ],
)
def test_what_cannot_be_filled_is_an_error_with_a_hint(sentence, message):
    with pytest.raises(UsageError, match=message):
        filled(sentence, weights=1.0)
    with pytest.raises(UsageError, match=message):
        check(sentence, ARMS, JUDGEMENTS, ["weights"])


def test_what_can_be_filled_passes_the_check_before_anything_is_judged():
    check("{empty:test_accuracy}, {relu-wins:verdict}, {weights}, {{}}", ARMS, JUDGEMENTS, ["weights"])
