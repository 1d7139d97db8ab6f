"""Lines that claims draw near chance: they move with the number of classes, and a fixed one is warned of."""

from __future__ import annotations

import pytest
from factories import make_arm, make_runs

from kerascnn import Study
from kerascnn.errors import UsageError
from kerascnn.records import DatasetInfo
from kerascnn.specs import Budget, Comparison, Threshold
from kerascnn.stats import judge
from kerascnn.stats.judging.lines import about_line, warnings_of

CLASSES = (2, 3, 10, 100)


def below(value, **fields) -> Threshold:
    return Threshold(name="t", says="s", arm="a", relation="below", value=value, **fields)


def above(value, **fields) -> Threshold:
    return Threshold(name="t", says="s", arm="a", relation="above", value=value, **fields)


def judged(claim, *accuracies, classes=10):
    return judge(claim, {"a": make_runs("a", accuracies)}, 1 / classes, {})


@pytest.mark.parametrize("classes", CLASSES)
def test_a_net_at_chance_does_not_learn_whatever_the_number_of_classes(classes):
    chance = 1 / classes
    accuracies = [chance + off for off in (0.0, 0.01, -0.002, 0.004, 0.001, 0.006)]
    judgement = judged(below("chance", over_chance=0.05), *accuracies, classes=classes)
    assert judgement.verdict == "supported"
    assert f"chance plus 5.0 points ({100 * (chance + 0.05):.1f} %)" in judgement.sentence
    assert not any("line" in warning for warning in judgement.warnings)


@pytest.mark.parametrize(
    "accuracies",
    [(0.1, 0.1, 0.1), (0.1, 0.11, 0.09), (0.14, 0.16, 0.15), (0.16, 0.17, 0.165), (0.4, 0.5, 0.6), (0.15,) * 3],
)
def test_with_ten_classes_the_verdicts_are_those_of_the_line_at_15_percent(accuracies):
    fixed, moving = judged(below(0.15), *accuracies), judged(below("chance", over_chance=0.05), *accuracies)
    assert moving.verdict == fixed.verdict
    assert moving.p_value == pytest.approx(fixed.p_value)
    assert (moving.effect, moving.low, moving.high) == pytest.approx((fixed.effect, fixed.low, fixed.high))


def test_a_distance_from_chance_goes_with_chance_alone():
    with pytest.raises(
        UsageError, match=r"`over_chance` of the claim 't' goes with value=\"chance\". Received: value=0.15"
    ):
        below(0.15, over_chance=0.05)


@pytest.mark.parametrize(
    ("claim", "classes", "words"),
    [
        (below(0.15), 3, "lies below chance, which is 33.3 % on these data: a net that only guesses may cross it"),
        (below(0.15), 7, "lies hardly above chance, which is 14.3 %"),
        (below(0.5), 2, "lies at chance, which is 50.0 %"),
        (above(0.2, smallest_effect=0.05), 3, "a net that only guesses passes it"),
        (above(0.11), 10, "lies hardly above chance"),
        (below(0.15, metric="val_accuracy"), 2, "lies below chance"),
        (below("chance", over_chance=0.6), 2, "lies at 110.0 %: no accuracy can be above it"),
    ],
)
def test_a_line_that_guessing_reaches_is_warned_of_with_what_to_write(claim, classes, words):
    (warning,) = about_line(claim, 1 / classes)
    assert words in warning.text
    assert ("over_chance=0.05" in warning.text) == (claim.value != "chance")


@pytest.mark.parametrize(
    ("claim", "classes"),
    [
        (below(0.15), 10),
        (below(0.15), 100),
        (above("chance"), 2),
        (above(0.1, smallest_effect=0.05), 10),
        (above(0.9), 2),
        (below(-5.0, metric="gradient_ratio_log10"), 2),
        (below(0.2, metric="mask_overlap"), 2),
        (Comparison(name="c", says="s", arm="a", baseline="b", smallest_effect=0.02), 2),
    ],
)
def test_a_line_clearly_above_guessing_or_about_something_else_is_not_warned_of(claim, classes):
    assert list(about_line(claim, 1 / classes)) == []


def test_the_warning_stands_with_the_claim_it_is_about():
    assert any("below chance" in text for text in judged(below(0.15), 0.33, 0.34, classes=3).warnings)


def test_the_terminal_is_told_before_anything_is_trained():
    dataset = DatasetInfo(
        name="own", title="Own", content="c" * 64, image_shape=(32, 32, 3), class_names=("a", "b", "c"),
        train_images=100, test_images=50, source="here",
    )  # fmt: skip
    budget = Budget(epochs=1, seeds=1)
    study = Study(
        question="Does it?",
        arms=(make_arm("a"),),
        claims=(below(0.15),),
        budgets={"smoke": budget, "quick": budget, "full": budget},
    )
    (warning,) = warnings_of(study, dataset)
    assert warning.startswith("t: The line of 15.0 % lies below chance")
