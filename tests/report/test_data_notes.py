"""What a page says of arms that are not about whole images of the chosen data set."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec.structs import replace as changed
from test_pages import text_of

from kerascnn.report.render import build_files

pytestmark = pytest.mark.usefixtures("drawn_once")

PAGE = "01_mlp_vs_cnn.html"
PIXELS = "Accuracy is the share of right pixels, not of right images, for: {arms}."


def page_text(inputs, folder, content: str | None, task: str = "segmentation") -> str:
    """The first experiment's page with all arms on a companion of that content, which is not at hand for None."""
    entry = inputs.entries[0]
    published = entry.published
    arms = tuple(changed(arm, dataset="shapes", task=task) for arm in published.study.arms)
    companion = changed(published.dataset, title="Shapes", content=content or "")
    dataset = changed(published.dataset, companions={"shapes": companion} if content else {})
    published = changed(published, study=changed(published.study, arms=arms), dataset=dataset)
    files = build_files(replace(inputs, entries=(replace(entry, published=published),)))
    page = folder / f"{task}.html"  # a page once read is not read again
    page.write_text(files[PAGE], encoding="utf-8")
    return text_of(page)


@pytest.fixture
def inputs(sample):
    return sample[0]


def test_arms_on_other_images_are_named(inputs, tmp_path):
    assert "On Shapes, not " in page_text(inputs, tmp_path, "e" * 64)


def test_a_companion_that_is_the_chosen_set_is_not_worth_a_word(inputs, tmp_path):
    text = page_text(inputs, tmp_path, inputs.entries[0].published.dataset.content)
    assert "On Shapes" not in text
    assert "Left out" not in text


def test_arms_whose_companion_is_not_at_hand_are_left_out(inputs, tmp_path):
    assert "Left out: " in page_text(inputs, tmp_path, None)


def test_accuracy_is_explained_where_pixels_are_counted_and_only_there(inputs, tmp_path):
    arms = inputs.entries[0].published.study.profile_arms()
    words = PIXELS.format(arms=", ".join(arm.label for arm in arms))
    assert words in page_text(inputs, tmp_path, "e" * 64)
    assert "of right pixels" not in page_text(inputs, tmp_path, "e" * 64, task="classification")
