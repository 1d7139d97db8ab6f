"""Trained networks asked again: about the images they were scored on, changed ones, and smaller ones."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from asked_runs import Runs
from tiny_runs import INFO, make_spec, train

from kerascnn.data import Dataset
from kerascnn.errors import UsageError
from kerascnn.looking import inputs, predicting
from kerascnn.specs import model

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("predicting")]  # each loads what it needs once

MODELS = {
    "flatten": model("models.vgg", blocks=[[4], [8]]),
    "gap": model("models.vgg", blocks=[[4], [8]], head="gap", normalisation="batch", convolution="separable"),
}


@pytest.fixture(scope="module")
def runs(dataset: Dataset) -> Runs:
    return Runs(dataset, MODELS)


@pytest.fixture(autouse=True)
def opened(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny set is the one that every content hash opens."""
    monkeypatch.setattr(predicting, "open_dataset", lambda _: dataset)
    monkeypatch.setattr(inputs, "open_dataset", lambda _: dataset)


@pytest.mark.parametrize("name", MODELS)
def test_a_run_predicts_again_what_it_predicted_when_it_was_scored(runs: Any, dataset: Dataset, name: str) -> None:
    result = runs.trained[name]
    images = np.asarray(dataset.test_images)[result.test_positions]
    again = predicting.Predictor(runs).predict(name, result.record, images)
    np.testing.assert_array_equal(again, result.test_predictions)
    assert len(set(again.tolist())) > 1


def test_one_predictor_tells_runs_of_one_structure_apart(runs: Any, dataset: Dataset) -> None:
    other = train(make_spec(MODELS["gap"], seed=2), dataset)
    both = SimpleNamespace(
        dataset=INFO, search_path=None, weights=lambda arm, _: (other if arm == "b" else runs.trained["gap"]).weights
    )
    predictor = predicting.Predictor(both)
    images = np.asarray(dataset.test_images)[other.test_positions]
    predictor.predict("a", runs.trained["gap"].record, images)
    np.testing.assert_array_equal(predictor.predict("b", other.record, images), other.test_predictions)


def test_a_change_that_changes_nothing_leaves_every_prediction(runs: Any) -> None:
    assert predicting.stability(runs, "gap", changes=[lambda images: images]) == {"gap": {1: 1.0}}


def test_stability_is_the_share_of_predictions_that_stay(runs: Any, dataset: Dataset) -> None:
    found = predicting.shift_stability(runs, "flatten", pixels=2, images=40)["flatten"][1]
    predictor, record = predicting.Predictor(runs), runs.trained["flatten"].record
    images = np.asarray(dataset.test_images[:40])
    before = predictor.predict("flatten", record, images)
    kept = [
        predictor.predict("flatten", record, predicting.shift_images(images, *shift)) == before
        for shift in [(0, 1), (0, -1), (1, 0), (-1, 0), (0, 2), (0, -2), (2, 0), (-2, 0)]
    ]
    assert found == pytest.approx(np.mean(kept))
    assert 0.25 < found < 1


def test_a_network_with_global_pooling_takes_smaller_images(runs: Any, dataset: Dataset) -> None:
    found = predicting.cropped_accuracy(runs, "gap", margin=2, images=100)
    smaller = np.asarray(dataset.test_images[:100, 2:-2, 2:-2])
    answers = predicting.Predictor(runs).predict("gap", runs.trained["gap"].record, smaller)
    assert found == {"gap": {1: pytest.approx(np.mean(answers == dataset.test_labels[:100]))}}


def test_a_network_with_flattened_maps_refuses_smaller_images(runs: Any) -> None:
    with pytest.raises(UsageError, match=r"takes images of one size. Received: weights of shape .*'logits/kernel'"):
        predicting.cropped_accuracy(runs, "flatten", margin=2)


@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (1, 0), (-2, 0), (0, 3), (0, -1), (2, -2)])
def test_a_shifted_image_is_moved_and_repeats_its_border(rows: int, columns: int) -> None:
    images = np.arange(2 * 5 * 6 * 3).reshape(2, 5, 6, 3)
    shifted = predicting.shift_images(images, rows, columns)
    assert shifted.shape == images.shape
    for row in range(5):
        for column in range(6):
            source = min(max(row - rows, 0), 4), min(max(column - columns, 0), 5)
            np.testing.assert_array_equal(shifted[:, row, column], images[:, source[0], source[1]])


def test_a_net_asked_by_batches_normalises_each_by_its_own_statistics(runs: Any, dataset: Dataset) -> None:
    record = runs.trained["gap"].record
    images, size = np.asarray(dataset.test_images[:40]), record.spec.batch_size
    predictor = predicting.Predictor(runs)
    found = predictor.predict_by_batch("gap", record, images)
    assert len(found) == 40 // size * size
    network, pixels = predictor.network("gap", record, images.shape[1:]), predictor.pixels(record, images)
    np.testing.assert_array_equal(found[:size], np.argmax(network(pixels[:size], training=True), axis=-1))
    by_averages = predictor.predict("gap", record, images)[: len(found)]
    np.testing.assert_array_equal(by_averages, runs.trained["gap"].test_predictions[: len(found)])


def test_what_the_statistics_of_the_batch_change_is_counted_on_the_same_images(runs: Any, dataset: Dataset) -> None:
    found = predicting.batch_statistics(runs, "gap", "flatten", images=40)
    predictor, record = predicting.Predictor(runs), runs.trained["gap"].record
    images = np.asarray(dataset.test_images[:40])
    by_batch = predictor.predict_by_batch("gap", record, images)
    by_averages, right = (
        each[: len(by_batch)] for each in (predictor.predict("gap", record, images), dataset.test_labels)
    )
    assert found["changed_by_batch"]["gap"][1] == pytest.approx(np.mean(by_batch != by_averages))
    gain = np.mean(by_batch == right) - np.mean(by_averages == right)
    assert found["batch_statistics_gain"]["gap"][1] == pytest.approx(gain)
    assert found["changed_by_batch"]["flatten"] == {1: 0.0}, "a net without Batch Normalization has one mode"
