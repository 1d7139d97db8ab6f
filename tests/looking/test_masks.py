"""Predicted masks against true ones: every number here is counted by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kerascnn.looking import masks as looking
from kerascnn.specs import Arm, DataSpec, TrainSpec, model


def masks(*pictures: str) -> np.ndarray:
    """Masks from rows of dots and crosses, uint8 (n, height, width)."""
    return np.array([[[mark == "x" for mark in row] for row in picture.split()] for picture in pictures], np.uint8)


SQUARE = "...... .xxxx. .xxxx. .xxxx. .xxxx. ......"
NOTHING = "...... ...... ...... ...... ...... ......"
SHIFTED = "...... ..xxxx ..xxxx ..xxxx ..xxxx ......"
LEFT_HALF = "...... .xx... .xx... .xx... .xx... ......"
CORNER = "xx.... xx.... ...... ...... ...... ......"


@pytest.mark.parametrize(
    ("predicted", "overlap"),
    [(SQUARE, 1.0), (NOTHING, 0.0), (SHIFTED, 12 / 20), (LEFT_HALF, 8 / 16)],
)
def test_the_overlap_is_the_shared_area_over_the_joint_one(predicted: str, overlap: float) -> None:
    assert looking.overlaps(masks(predicted), masks(SQUARE)) == pytest.approx([overlap])


def test_two_empty_masks_fit_and_an_empty_one_fits_nothing_else() -> None:
    predicted, truth = masks(NOTHING, NOTHING, SQUARE), masks(NOTHING, SQUARE, NOTHING)
    assert looking.overlaps(predicted, truth).tolist() == [1, 0, 0]
    assert looking.border_scores(predicted, truth).tolist() == [1, 0, 0]


def test_the_border_is_the_objects_outermost_pixels() -> None:
    ring = masks("...... .xxxx. .x..x. .x..x. .xxxx. ......")
    np.testing.assert_array_equal(looking.borders(masks(SQUARE)), ring.astype(bool))


def test_an_object_has_no_border_where_the_image_cuts_it_off() -> None:
    expected = masks(".x.... xx.... ...... ...... ...... ......")
    np.testing.assert_array_equal(looking.borders(masks(CORNER)), expected.astype(bool))


def test_a_border_one_pixel_off_is_right_and_one_two_pixels_off_is_not() -> None:
    assert looking.border_scores(masks(SHIFTED), masks(SQUARE)) == pytest.approx([1.0])
    # Of the two columns all eight pixels are on the true border or beside it; of its twelve those in the columns
    # themselves, six, and the two that continue its upper and lower edge are within reach.
    assert looking.border_scores(masks(LEFT_HALF), masks(SQUARE)) == pytest.approx([2 * 8 / 12 / (1 + 8 / 12)])
    assert looking.border_scores(masks(CORNER), masks(SQUARE)) == pytest.approx([2 * 1 * (3 / 12) / (1 + 3 / 12)])


def test_each_image_is_scored_on_its_own() -> None:
    predicted, truth = masks(SQUARE, NOTHING, SHIFTED), masks(SQUARE, SQUARE, SQUARE)
    assert looking.overlaps(predicted, truth) == pytest.approx([1, 0, 0.6])


def test_errors_have_colours_of_their_own() -> None:
    colours = looking.colour_errors(masks("xx.."), masks("x.x."))
    expected = [looking.OBJECT, looking.EXTRA, looking.MISSED, looking.BACKGROUND]
    assert [tuple(map(int, pixel)) for pixel in colours[0, 0]] == expected


class Stored:
    """One run that said SHIFTED about test image 1 and SQUARE about test image 0, as `Results` shows it."""

    arm = Arm(name="unet", label="U-Net", model=model("models.unet"), task="segmentation")
    spec = TrainSpec(data=DataSpec(content="c"), model=arm.model, epochs=1, seed=3, task="segmentation")

    def select(self, *names: str) -> list[Any]:
        return [SimpleNamespace(arm=self.arm, records={3: SimpleNamespace(spec=self.spec)}) for _ in names]

    def predictions(self, arm: str, seed: int) -> dict[str, np.ndarray]:
        assert (arm, seed) == ("unet", 3)
        return {"masks": np.packbits(masks(SHIFTED, SQUARE), axis=-1), "positions": np.array([1, 0], np.int32)}


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Any:
    truth = masks(SQUARE, SQUARE, CORNER)
    opened = SimpleNamespace(masks=lambda: (truth, truth), test_images=np.zeros((3, 6, 6, 3), np.uint8))
    monkeypatch.setattr(looking, "open_dataset", lambda _: opened)
    return Stored()


def test_a_runs_stored_masks_are_compared_with_those_of_its_own_images(stored: Any) -> None:
    assert looking.mask_overlap(stored, "unet") == {"unet": {3: pytest.approx(0.8)}}
    assert looking.border_f(stored, "unet") == {"unet": {3: pytest.approx(1.0)}}
    assert looking.object_share(stored, "unet") == pytest.approx(16 / 36)


def test_a_strip_shows_images_masks_and_answers_with_their_scores(stored: Any) -> None:
    strip = looking.mask_strip(stored, "unet", images=2)
    assert {row: len(images) for row, images in strip.pictures.items()} == {"test image": 2, "its mask": 2, "U-Net": 2}
    assert strip.captions == {"U-Net": ["overlap 60 %\nborder 100 %", "overlap 100 %\nborder 100 %"]}
