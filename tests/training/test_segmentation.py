"""Runs whose labels are masks: what they learn, how they are scored, and what they refuse."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tiny_runs import INFO, make_dataset, make_spec, train, without_costs

from kerascnn.data import Dataset
from kerascnn.errors import DataError, UsageError
from kerascnn.specs import OptimiserSpec, model
from kerascnn.training.run import Workshop

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("segmentation")]  # each loads what it needs once

UNET = model("models.unet", width=4, levels=1)
SPEC = make_spec(UNET, task="segmentation", optimiser=OptimiserSpec(learning_rate=0.01))


@pytest.fixture(scope="module")
def masked(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The tiny set with a bright rectangle in every image, whose mask is known."""
    plain, folder, random = make_dataset(), tmp_path_factory.mktemp("masked"), np.random.default_rng(5)
    images = {"train": np.array(plain.train_images), "test": np.array(plain.test_images)}
    for part, pictures in images.items():
        masks = np.zeros(pictures.shape[:3], np.uint8)
        for mask, (top, left) in zip(masks, random.integers(0, 5, (len(masks), 2)), strict=True):
            mask[top : top + 3, left : left + 4] = 1
        pictures[masks == 1] = 255
        np.save(folder / f"{part}_masks.npy", masks)
    return Dataset(INFO, images["train"], plain.train_labels, images["test"], plain.test_labels, Path(folder))


@pytest.fixture(scope="module")
def workshop() -> Workshop:
    """One of this module alone: the masked set has other pixels than the tiny one under the same content hash."""
    return Workshop()


def test_a_small_u_net_learns_to_find_a_bright_rectangle(masked: Dataset, workshop: Workshop) -> None:
    result = train(msgspec.structs.replace(SPEC, epochs=12), masked, workshop)
    truth = masked.masks()[1][result.test_positions]
    assert result.test_predictions.shape == truth.shape == (300, 8, 8)
    assert result.record.test.accuracy == pytest.approx(np.mean(result.test_predictions == truth))
    assert result.record.test.accuracy > 0.97 > 1 - truth.mean(), "better than calling all of it background"
    assert result.record.epochs[-1].train_accuracy > 0.95
    assert result.record.test.images == 300


def test_losses_and_hits_are_means_over_pixels(masked: Dataset, workshop: Workshop) -> None:
    still = msgspec.structs.replace(SPEC, epochs=1, optimiser=OptimiserSpec(name="sgd", learning_rate=1e-12))
    record = train(still, masked, workshop).record
    assert record.val.loss is not None
    assert 0.2 < record.val.loss < 2.0
    assert 0 < record.epochs[0].train_accuracy < 1


def test_the_same_spec_gives_the_same_bits(masked: Dataset, workshop: Workshop) -> None:
    first, fresh = train(SPEC, masked, workshop), train(SPEC, masked, Workshop())
    assert without_costs(first.record) == without_costs(fresh.record)
    np.testing.assert_array_equal(first.test_predictions, fresh.test_predictions)


def test_a_set_without_masks_is_refused(dataset: Dataset) -> None:
    with pytest.raises(DataError, match="masks"):
        train(SPEC, dataset)


def test_augmentation_is_refused(masked: Dataset) -> None:
    with pytest.raises(ValueError, match="the masks would not follow"):
        train(msgspec.structs.replace(SPEC, augmentation=("flip",)), masked)


def test_a_network_that_answers_about_images_is_no_segmentation(masked: Dataset) -> None:
    with pytest.raises(UsageError, match=r"must give logits \(n, 8, 8, 2\)"):
        train(msgspec.structs.replace(SPEC, model=model("models.vgg", blocks=[[4]])), masked)


def test_a_network_that_answers_about_pixels_is_no_classification(dataset: Dataset) -> None:
    with pytest.raises(UsageError, match=r"must give logits \(n, 4\)"):
        train(make_spec(UNET), dataset)


def test_two_tasks_with_one_network_do_not_share_a_program(masked: Dataset) -> None:
    binary = dataclasses.replace(masked, info=msgspec.structs.replace(INFO, class_names=("a", "b")))
    workshop = Workshop()
    train(SPEC, binary, workshop)
    with pytest.raises(UsageError, match="must give logits"):
        train(make_spec(UNET, optimiser=SPEC.optimiser), binary, workshop)
