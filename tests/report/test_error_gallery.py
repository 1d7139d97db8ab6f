"""Where it goes wrong: the matrices and their pictures, and pages that lack them."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from factories import CONTENT
from msgspec.structs import replace as changed
from payloads import GROUPS
from PIL import Image
from sample_report import TEST_IMAGES, make_images
from test_hostile_text import assert_harmless, page_tree
from test_pages import parsed

from kerascnn.report import Answers
from kerascnn.report.facts.results import gather_facts
from kerascnn.report.pictures.gallery import build_gallery, shade_of
from kerascnn.report.pictures.sheets import PictureSheet, small_picture, tile_side
from kerascnn.report.render import _build_experiment, _neighbours, build_files, gather_all_facts
from kerascnn.report.text.clean import clean_text
from kerascnn.stats.describing.confusions import confusion_matrix

PAGE, PICTURES = "01_mlp_vs_cnn.html", "pictures/01_mlp_vs_cnn.jpg"


@pytest.fixture
def inputs(sample):
    """The sample's inputs with its first experiment only."""
    return replace(sample[0], entries=sample[0].entries[:1])


def page_of(inputs):
    """The experiment's page alone: a whole report has drawings that show no class, and they take longest."""
    (facts,) = gather_all_facts(inputs)
    return _build_experiment(inputs, facts, _neighbours(inputs, [facts], facts))[PAGE]


def gallery_of(inputs):
    return build_gallery(inputs, gather_facts(inputs, inputs.entries[0]))


def test_the_answers_of_all_seeds_are_added_up(inputs):
    gallery, _ = gallery_of(inputs)
    mlp = next(arm for arm in gallery.arms if arm.label == "MLP 1 × 512")
    # Of 60 images the 30 in odd places: seed 1 is wrong about a third of them, seed 2 about two thirds, seed 3 about all.
    assert (mlp.seeds, mlp.answers) == (3, 180)
    assert mlp.wrong == pytest.approx((10 + 20 + 30) / 180)
    square = mlp.rows[1]
    assert [cell.share for cell in square.cells] == pytest.approx([0, 6 / 18, 12 / 18, *[0] * 7])
    assert [cell.shade for cell in square.cells[:4]] == ["shade-0", "right", "shade-5", "shade-0"]


def test_arms_that_predict_masks_confuse_no_classes(inputs):
    facts = gather_facts(inputs, inputs.entries[0])
    shown = gallery_of(inputs)[0].arms
    masked = {
        name: replace(runs, arm=changed(runs.arm, task="segmentation")) if runs.arm.label == shown[0].label else runs
        for name, runs in facts.arms.items()
    }
    gallery, _ = build_gallery(inputs, replace(facts, arms=masked))
    assert [arm.label for arm in gallery.arms] == [arm.label for arm in shown[1:]]
    assert gallery.missing == ()


def test_the_chance_of_a_pixel_is_one_half(inputs):
    facts = gather_facts(inputs, inputs.entries[0])
    name = next(iter(facts.arms))
    assert facts.chance_of(name) == pytest.approx(0.1)
    masks = changed(facts.arms[name].arm, task="segmentation")
    assert facts.published.dataset.chance_of(masks) == 0.5


def test_a_cell_leads_to_the_pictures_that_were_confused(inputs):
    gallery, _ = gallery_of(inputs)
    arm = gallery.arms[0]
    by_anchor = {f"#{confusion.anchor}": confusion for confusion in arm.confusions}
    linked = [(row.truth, cell) for row in arm.rows for cell in row.cells if cell.href]
    assert len(linked) == len(arm.confusions) == 5
    for truth, cell in linked:
        confusion = by_anchor[cell.href]
        assert (confusion.truth, confusion.said) == (truth, cell.said)
        assert confusion.tiles[0].words == f"{truth} taken for {cell.said} by 3 of 3 seeds"


def test_a_piece_of_the_sheet_shows_the_picture_it_names(inputs):
    gallery, files = gallery_of(inputs)
    pixels = np.asarray(Image.open(io.BytesIO(files[PICTURES])))
    assert pixels.shape == (gallery.sheet.height, gallery.sheet.width, 3)
    confusion = gallery.arms[0].confusions[0]
    assert confusion.truth == "square"
    # Squares lie at positions 1, 11, 21, ...: all seeds are wrong where the position is divisible by 3.
    for tile, position in zip(confusion.tiles, (21, 51, 1, 31, 11, 41), strict=True):
        piece = pixels[tile.y : tile.y + tile.height, tile.x : tile.x + tile.width]
        assert np.abs(piece.astype(int) - 4 * position).max() <= 4


def test_the_same_inputs_give_the_same_picture_file(inputs):
    assert gallery_of(inputs)[1] == gallery_of(inputs)[1]


def test_a_comparison_says_which_mistakes_one_arm_makes_more_often(inputs):
    answers = inputs.load_answers

    def load_answers(key: str):
        given = answers(key)
        is_cnn = given is not None and "cnn" in key
        return Answers(given.positions, given.positions % 10) if is_cnn else given

    gallery, _ = gallery_of(replace(inputs, load_answers=load_answers))
    table = gallery.differences[0]
    assert table.caption == "CNN 16-32-64 (the arm) against MLP 1 × 512 (the baseline)"
    assert (table.rows[0].head, table.rows[0].values) == ("square", ("triangle", 0.0, 12 / 18, "0 of 3 seeds"))


def test_a_page_without_the_test_images_says_how_to_get_them(inputs):
    files = build_files(replace(inputs, load_images=lambda content: None))
    assert "The test images are not on this machine" in files[PAGE]
    assert "python pipeline.py --data embedded report" in files[PAGE]
    assert PICTURES not in files
    assert "error-sheet" not in files[PAGE]


def test_answers_that_the_store_lost_are_missing_and_not_guessed(inputs):
    answers = inputs.load_answers
    gallery, _ = gallery_of(replace(inputs, load_answers=lambda key: None if "mlp2" in key else answers(key)))
    assert gallery.missing == ("MLP 1 × 512: the store does not have the answers of 1 seed.",)
    assert next(arm for arm in gallery.arms if arm.label == "MLP 1 × 512").seeds == 2
    nothing, files = gallery_of(replace(inputs, load_answers=lambda key: None))
    assert (nothing.arms, nothing.sheet, len(nothing.missing), files) == ((), None, 3, {})


def test_an_experiment_without_trained_arms_has_no_such_section(sample):
    assert "Where it goes wrong" not in (sample[1] / "02_convolution_by_hand.html").read_text(encoding="utf-8")
    assert "Where it goes wrong" in (sample[1] / PAGE).read_text(encoding="utf-8")


def test_many_classes_are_shown_in_pictures_only(inputs):
    names = tuple(f"class {number}" for number in range(30))
    gallery, _ = gallery_of(replace(inputs, load_images={CONTENT: make_images(names)}.get))
    assert all(arm.rows == () and arm.confusions for arm in gallery.arms)


@pytest.mark.parametrize("names", GROUPS)
def test_hostile_class_names_are_shown_as_text(inputs, names):
    entry = inputs.entries[0]
    plain = replace(entry, published=changed(entry.published, searches=()))  # they have a page of their own
    page = page_of(replace(inputs, entries=(plain,), load_images={CONTENT: make_images(names)}.get))
    assert_harmless(page)
    text = "".join(page_tree(page).itertext())
    for name in names:
        assert clean_text(name) in text


def test_every_matrix_has_headings_and_every_picture_words(sample):
    page = parsed(sample[1] / PAGE)
    matrices = [table for table in page.iter("table") if table.get("class") == "matrix"]
    assert len(matrices) == 3
    for table in matrices:
        assert table.find("caption") is not None
        assert {heading.get("scope") for heading in table.iter("th")} == {"col", "row"}
        assert [len(row) for row in table.iter("tr")] == [11] * 11
    pieces = [element for element in page.iter() if [child.get("href") for child in element] == ["#error-sheet"]]
    assert pieces
    assert all(" taken for " in piece.get("aria-label") and piece.get("role") == "img" for piece in pieces)


def test_pictures_that_are_nothing_but_noise_can_be_put_on_a_sheet():
    noise, sheet = make_images(), PictureSheet("pictures/x.jpg", 32)
    rng = np.random.default_rng(1)
    noise = replace(noise, images=rng.integers(0, 256, (600, 32, 32, 3), np.uint8))
    for position in range(600):
        sheet.tile("noise", noise, position, "noise")
    with Image.open(io.BytesIO(sheet.to_jpeg())) as picture:
        assert picture.size == (512, 1216)


@pytest.mark.parametrize(("share", "shade"), [(0.0, 0), (0.019, 0), (0.02, 1), (0.1, 3), (0.4, 5), (1.0, 5)])
def test_a_darker_cell_is_a_more_frequent_answer(share, shade):
    assert shade_of(share) == f"shade-{shade}"


def test_grey_pictures_stay_grey_and_large_ones_are_brought_down():
    grey = np.arange(28 * 28, dtype=np.uint8).reshape(28, 28, 1)
    assert np.array_equal(small_picture(grey), np.repeat(grey, 3, axis=2))
    assert small_picture(np.zeros((96, 192, 3), np.uint8)).shape == (32, 64, 3)
    assert (tile_side(28, 28), tile_side(32, 32), tile_side(96, 192)) == (32, 32, 64)


def test_a_picture_wanted_twice_is_on_the_sheet_once():
    images, sheet = make_images(), PictureSheet("pictures/x.jpg", 32)
    first = [sheet.tile("c", images, position, "words") for position in (5, 6, 5)]
    assert [(tile.x, tile.y) for tile in first] == [(0, 0), (32, 0), (0, 0)]
    assert (sheet.sheet().width, sheet.sheet().height) == (512, 32)


def test_the_sample_counts_what_its_answers_say(inputs):
    keys = inputs.entries[0].published.runs["mlp"]
    labels = make_images().labels
    for seed, wrong in {1: 10, 2: 20, 3: 30}.items():
        given = inputs.load_answers(keys[seed])
        assert TEST_IMAGES - confusion_matrix(labels, given.classes, 10).trace() == wrong


def test_only_arms_that_a_claim_names_are_shown(inputs):
    entry = inputs.entries[0]
    study = changed(entry.published.study, claims=entry.published.study.claims[:1])
    entry = replace(entry, published=changed(entry.published, study=study))
    gallery, _ = gallery_of(replace(inputs, entries=(entry,)))
    assert {arm.label for arm in gallery.arms} == {"CNN 16-32-64", "MLP 1 × 512"}
