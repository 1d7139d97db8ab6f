"""Arms on another data set than the report's: the page says which, and they are compared with nobody else's."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from kerascnn.report.facts.results import Facts, gather_facts
from kerascnn.report.pages.comparison import build_comparison_page
from kerascnn.report.pages.experiment import data_notes
from kerascnn.report.parts.elements import Shell
from kerascnn.report.tables.differences import flatten_arm

SHELL = Shell("All", "Set", "quick", None, "comparison.html", "python pipeline.py")


def facts_with_companion(inputs, **known) -> Facts:
    """The first experiment of the sample, its first arm on the companion "easy" of which `known` tells."""
    entry = next(entry for entry in inputs.entries if entry.published and len(entry.published.study.arms) > 1)
    first, *others = entry.published.study.arms
    arms = (msgspec.structs.replace(first, dataset="easy"), *others)
    study = msgspec.structs.replace(entry.published.study, arms=arms)
    dataset = msgspec.structs.replace(entry.published.dataset, **known)
    published = msgspec.structs.replace(entry.published, study=study, dataset=dataset)
    return gather_facts(inputs, replace(entry, published=published))


@pytest.fixture
def easy(sample):
    """A set of four classes."""
    info = sample[0].dataset
    return msgspec.structs.replace(info, title="Easy clothes", content="e" * 64, class_names=tuple("abcd"))


def test_a_page_says_which_arms_saw_other_images(sample, easy):
    facts = facts_with_companion(sample[0], companions={"easy": easy})
    label = facts.shown_arms[0].arm.label
    assert list(data_notes(facts.published)) == [f"On Easy clothes, not {sample[0].dataset.title}: {label}."]


def test_a_page_says_which_arms_are_left_out_for_want_of_images_and_what_to_do(sample):
    facts = facts_with_companion(sample[0], missing={"easy": "Fetch it."})
    (note,) = data_notes(facts.published)
    assert note.startswith("Left out: ")
    assert note.endswith("Fetch it.")


def test_an_arm_that_is_left_out_is_not_said_to_have_seen_the_reports_images(sample, easy):
    missing = facts_with_companion(sample[0], missing={"easy": "Fetch it."}).published
    there = facts_with_companion(sample[0], companions={"easy": easy}).published
    first, second = there.study.arms[:2]
    assert flatten_arm(first, missing)["dataset"] == "not at hand"
    assert flatten_arm(first, there)["dataset"] == "Easy clothes"
    assert flatten_arm(second, missing)["dataset"] == sample[0].dataset.title


def test_guessing_is_as_good_as_the_classes_of_the_arms_own_images_are_few(sample, easy):
    facts = facts_with_companion(sample[0], companions={"easy": easy})
    first, second = (runs.arm.name for runs in facts.shown_arms[:2])
    assert facts.chance_of(first) == 0.25
    assert facts.chance_of(second) == 1 / len(sample[0].dataset.class_names)


def test_arms_on_other_images_are_not_among_all_arms_compared(sample, easy):
    facts = facts_with_companion(sample[0], companions={"easy": easy})
    page, _ = build_comparison_page([facts], SHELL)
    labels = [row[0].value for row in page.table.rows]
    assert facts.shown_arms[0].arm.label not in labels
    assert facts.shown_arms[1].arm.label in labels
    assert [row[0].value for row in page.settings.rows] == labels
