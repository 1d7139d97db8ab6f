"""Whole runs: what they learn, that they repeat to the bit, how they end, and what they leave behind."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from tiny_runs import CLASSES, SHAPE, SMALL_VGG, TEST_IMAGES, make_spec, train, without_costs

import kerascnn.training.run
from kerascnn.data import Dataset
from kerascnn.records import RunRecord, hash_weights
from kerascnn.specs import OptimiserSpec, ScheduleSpec, TrainSpec, model
from kerascnn.training.build import build_model
from kerascnn.training.initialise import initialise, named_weights
from kerascnn.training.inputs import Affine, channel_statistics
from kerascnn.training.run import RunResult, TrainingError, Workshop
from kerascnn.training.splits import split_images
from kerascnn.training.streams import stream_seed

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("train-run")]  # each loads what it needs once

SGD = OptimiserSpec(name="sgd", learning_rate=0.1)


@pytest.fixture(scope="module")
def plain(dataset: Dataset) -> RunResult:
    """The run of the plain spec, alone in its workshop."""
    return train(make_spec(), dataset)


def split_of(spec: TrainSpec, dataset: Dataset) -> Any:
    """The images of the run."""
    return split_images(dataset.train_labels, dataset.test_labels, spec.data, spec.seed)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Of float64 (n, classes)."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_small_network_learns_sixteen_images_by_heart(dataset: Dataset, warm: Workshop, precision: Any) -> None:
    optimiser = OptimiserSpec(learning_rate=0.01)
    record = train(
        make_spec(train_images=16, epochs=60, optimiser=optimiser, precision=precision), dataset, warm
    ).record
    assert record.train.accuracy == record.epochs[-1].train_accuracy == 1.0
    assert record.train.images == 16
    assert record.train.loss is not None
    assert record.train.loss < 0.05 < record.epochs[0].train_loss


def test_learning_lowers_the_loss_on_images_never_seen(dataset: Dataset, warm: Workshop) -> None:
    record = train(make_spec(epochs=15, optimiser=OptimiserSpec(learning_rate=0.003)), dataset, warm).record
    assert record.outcome == "finished"
    assert record.test.loss < np.log(CLASSES) - 0.1
    assert record.test.accuracy > 0.35


VARIANTS = {
    "adam, batch normalisation, dropout": make_spec(
        model("models.vgg", blocks=[[4], [8]], normalisation="batch", dropout=0.4)
    ),
    "momentum, augmentation, per image, warm-up": make_spec(
        optimiser=msgspec.structs.replace(SGD, momentum=0.9),
        augmentation=("flip", "shift"),
        normalisation="per-image",
        schedule=ScheduleSpec(kind="cosine", warmup_epochs=1),
    ),
    "bfloat16, adamw, clipping, dropout": make_spec(
        model("models.vgg", blocks=[[4]], dropout=0.4),
        precision="bfloat16",
        optimiser=OptimiserSpec(name="adamw", weight_decay=0.01, clip_norm=1.0),
    ),
    "bfloat16, batch normalisation, augmentation, dropout, sigmoid": make_spec(
        model("models.vgg", blocks=[[4], [8]], normalisation="batch", activation="sigmoid", dropout=0.2),
        precision="bfloat16",
        augmentation=("flip", "shift"),
    ),
    "keras' batch normalisation after the activation, strides": make_spec(
        model("models.vgg", blocks=[[4], [8]], normalisation="keras-batch", norm_position="after", pooling="stride")
    ),
    "layer normalisation, average pooling, dense head": make_spec(
        model("models.vgg", blocks=[[4], [8]], normalisation="layer", pooling="average", head="dense")
    ),
    "group normalisation, global average, bfloat16": make_spec(
        model("models.vgg", blocks=[[8], [8]], normalisation="group", head="gap"), precision="bfloat16"
    ),
    "mlp": make_spec(model("models.mlp"), precision="bfloat16"),
    "layers that Keras numbers": make_spec(model("own_networks:automatic_names"), precision="bfloat16"),
    "a variable from Python's generator": make_spec(model("own_networks:projection")),
}


@pytest.mark.slow
@pytest.mark.parametrize("spec", VARIANTS.values(), ids=VARIANTS)
def test_the_same_spec_gives_the_same_bits_whatever_the_process_did_before(
    spec: TrainSpec, dataset: Dataset, warm: Workshop
) -> None:
    other_rate = msgspec.structs.replace(spec.optimiser, learning_rate=0.05)
    train(msgspec.structs.replace(spec, seed=5, epochs=1, optimiser=other_rate), dataset, warm)
    first = train(spec, dataset, warm)
    other = train(msgspec.structs.replace(spec, seed=2), dataset, warm)
    again = train(spec, dataset, warm)
    fresh = train(spec, dataset, Workshop())
    assert without_costs(first.record) == without_costs(again.record) == without_costs(fresh.record)
    for result in (again, fresh):
        np.testing.assert_array_equal(result.test_predictions, first.test_predictions)
        for name, values in first.weights.items():
            np.testing.assert_array_equal(result.weights[name], values)
    assert other.record.weights_sha256 != first.record.weights_sha256


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 2},
        {"epochs": 3},
        {"batch_size": 15},
        {"normalisation": "unit"},
        {"augmentation": ("flip",)},
        {"train_images": 64},
        {"precision": "bfloat16"},
        {"network": model("models.vgg", blocks=[[4], [8]], activation="tanh")},
        {"network": model("models.vgg", blocks=[[4], [8]], dropout=0.5)},
        {"optimiser": OptimiserSpec(learning_rate=0.002)},
        {"optimiser": OptimiserSpec(weight_decay=0.5)},
        {"optimiser": OptimiserSpec(clip_norm=1e-6)},
        {"schedule": ScheduleSpec(kind="cosine")},
        {"schedule": ScheduleSpec(warmup_epochs=1)},
    ],
    ids=str,
)
def test_everything_in_a_spec_reaches_the_weights(
    dataset: Dataset, warm: Workshop, plain: RunResult, change: dict[str, Any]
) -> None:
    assert train(make_spec(**change), dataset, warm).record.weights_sha256 != plain.record.weights_sha256


@pytest.mark.slow
def test_a_fresh_process_gives_the_same_bits(dataset: Dataset, warm: Workshop) -> None:
    name = "adam, batch normalisation, dropout"
    code = (
        "from tiny_runs import make_dataset\nfrom test_train_run import VARIANTS, train\n"
        f"print(train(VARIANTS[{name!r}], make_dataset()).record.weights_sha256)"
    )
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.stdout.split()[-1] == train(VARIANTS[name], dataset, warm).record.weights_sha256


def test_one_step_of_a_linear_network_is_the_step_of_the_textbook(dataset: Dataset, warm: Workshop) -> None:
    spec = make_spec(
        model("models.linear"), train_images=60, batch_size=60, epochs=1, optimiser=SGD, normalisation="symmetric"
    )
    result = train(spec, dataset, warm)
    network = build_model(spec.model, SHAPE, CLASSES, precision="float32", search_path=Path())
    initialise(network, spec.seed)
    kernel = named_weights(network)["logits/kernel"].astype(np.float64)
    rows = split_of(spec, dataset).train
    pixels = dataset.train_images[rows].reshape(60, -1) / 127.5 - 1
    error = (np.exp(log_softmax(pixels @ kernel)) - np.eye(CLASSES)[dataset.train_labels[rows]]) / 60
    np.testing.assert_allclose(result.weights["logits/kernel"], kernel - 0.1 * pixels.T @ error, atol=1e-6)
    np.testing.assert_allclose(result.weights["logits/bias"], -0.1 * error.sum(axis=0), atol=1e-6)
    loss = -log_softmax(pixels @ kernel)[np.arange(60), dataset.train_labels[rows]].mean()
    assert result.record.epochs[0].train_loss == pytest.approx(loss, rel=1e-5)
    update = result.record.probes[0].layers[0]
    expected = 0.1 * np.linalg.norm(pixels.T @ error)
    assert update.gradient_norm == pytest.approx(expected / 0.1, rel=1e-4)
    assert update.update_ratio == pytest.approx(expected / np.linalg.norm(kernel), rel=1e-3)


def test_scores_are_those_of_the_saved_weights_on_clean_images(dataset: Dataset, warm: Workshop) -> None:
    network_spec = model("models.vgg", blocks=[[4], [8]], normalisation="batch", dropout=0.5)
    spec = make_spec(network_spec, augmentation=("flip", "shift"), train_images=70)
    result = train(spec, dataset, warm)
    network = build_model(spec.model, SHAPE, CLASSES, precision="float32", search_path=Path())
    for variable in network.variables:
        if variable.path in result.weights:
            variable.assign(result.weights[variable.path])
    assert (result.weights["norm1/moving_mean"] != 0).any(), "training must move the averages"
    split = split_of(spec, dataset)
    pool = dataset.train_images[split.pool].astype(np.float64)
    mean, std = pool.mean((0, 1, 2)), pool.std((0, 1, 2))
    parts = {
        "train": (dataset.train_images[split.train], dataset.train_labels[split.train]),
        "val": (dataset.train_images[split.val], dataset.train_labels[split.val]),
        "test": (dataset.test_images[split.test], dataset.test_labels[split.test]),
    }
    for name, (images, labels) in parts.items():
        score = getattr(result.record, name)
        logits = network.predict_on_batch(((images - mean) / std).astype(np.float32)).astype(np.float64)
        assert score.images == len(labels)
        assert score.accuracy == np.mean(logits.argmax(axis=1) == labels)
        assert score.loss == pytest.approx(-log_softmax(logits)[np.arange(len(labels)), labels].mean(), rel=1e-4)


def test_predictions_and_positions_agree_with_the_record(dataset: Dataset, warm: Workshop) -> None:
    for spec, images in ((make_spec(), TEST_IMAGES), (make_spec(test_images=80, val_images=8), 80)):
        result = train(spec, dataset, warm)
        assert len(result.test_predictions) == len(result.test_positions) == result.record.test.images == images
        hits = result.test_predictions == dataset.test_labels[result.test_positions]
        assert result.record.test.accuracy == hits.mean()
        last = result.record.epochs[-1]
        assert (last.val_loss, last.val_accuracy) == (result.record.val.loss, result.record.val.accuracy)


def test_neither_validation_nor_test_images_reach_the_weights(dataset: Dataset, warm: Workshop) -> None:
    spec = make_spec(optimiser=SGD)
    images = dataset.train_images.copy()
    images[split_of(spec, dataset).val] = 255
    changed = dataclasses.replace(
        dataset,
        info=msgspec.structs.replace(dataset.info, content="other"),
        train_images=images,
        test_images=255 - dataset.test_images,
    )
    other = msgspec.structs.replace(spec, data=msgspec.structs.replace(spec.data, content="d" * 64))
    plain, blind = train(spec, dataset, warm).record, train(other, changed, warm).record
    assert blind.weights_sha256 == plain.weights_sha256
    assert blind.val.loss != plain.val.loss


def test_statistics_for_normalisation_are_those_of_the_whole_pool_for_every_seed(dataset: Dataset) -> None:
    workshop = Workshop()
    for seed in (1, 2):
        train(make_spec(seed=seed, train_images=20, epochs=1), dataset, workshop)
    expected = channel_statistics(dataset.train_images[split_of(make_spec(), dataset).pool])
    assert len(workshop.statistics) == 1
    for one, other in zip(next(iter(workshop.statistics.values())), expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_every_epoch_shows_other_images_first_and_all_of_them_once(
    dataset: Dataset, warm: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[np.ndarray] = []
    rates: list[float] = []
    original = kerascnn.training.run.Program.train

    def watch(self: Any, data: Any, order: Any, rate: Any, affine: Affine, seed: int, step: int) -> Any:
        assert step == sum(map(len, seen)), "the number of steps taken before"
        assert seed == stream_seed(1, "augmentation")
        seen.append(order)
        rates.extend(rate.tolist())
        return original(self, data, order, rate, affine, seed, step)

    monkeypatch.setattr(kerascnn.training.run.Program, "train", watch)
    spec = make_spec(train_images=96, epochs=3, schedule=ScheduleSpec(kind="cosine"))
    record = train(spec, dataset, warm).record
    epochs = np.concatenate(seen).reshape(3, 96)
    assert all(sorted(epoch) == list(range(96)) for epoch in epochs.tolist())
    assert (epochs[0] != epochs[1]).any()
    assert rates == sorted(rates, reverse=True)
    assert [epoch.learning_rate for epoch in record.epochs] == [rates[5], rates[11], rates[17]]


@pytest.mark.parametrize(("epochs", "steps"), [(1, 2), (2, 1), (2, 2), (3, 4)])
def test_the_first_and_the_last_step_are_looked_at(dataset: Dataset, warm: Workshop, epochs: int, steps: int) -> None:
    spec = make_spec(epochs=epochs, train_images=16 * steps, schedule=ScheduleSpec(kind="cosine"))
    initial, final = train(spec, dataset, warm).record.probes
    assert (initial.moment, final.moment) == ("initial", "final")
    for first, last in zip(initial.layers, final.layers, strict=True):
        assert None not in (first.update_ratio, last.update_ratio)
        assert last.update_ratio < first.update_ratio, "the learning rate has fallen"


def test_a_run_of_a_single_step_has_no_last_step_beside_its_first(dataset: Dataset, warm: Workshop) -> None:
    initial, final = train(make_spec(epochs=1, train_images=16), dataset, warm).record.probes
    assert initial.layers[0].update_ratio is not None
    assert final.layers[0].update_ratio is None


def test_probes_are_float32_in_a_bfloat16_run(dataset: Dataset, warm: Workshop) -> None:
    probes = [
        train(make_spec(precision=precision), dataset, warm).record.probes[0] for precision in ("float32", "bfloat16")
    ]
    for layers in zip(*(one.layers for one in probes), strict=True):
        narrow, wide = (msgspec.structs.replace(layer, update_ratio=None) for layer in layers)
        assert narrow == wide


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_probing_leaves_no_trace_in_the_run(
    dataset: Dataset, warm: Workshop, monkeypatch: pytest.MonkeyPatch, precision: Any
) -> None:
    spec = make_spec(
        model("models.vgg", blocks=[[4]], normalisation="batch", dropout=0.5), precision=precision, epochs=1
    )
    probed = train(spec, dataset, warm).record.weights_sha256
    monkeypatch.setattr(kerascnn.training.run, "probe", lambda *_, moment, **__: _no_probe(moment))
    assert train(spec, dataset, warm).record.weights_sha256 == probed


def _no_probe(moment: Any) -> Any:
    from kerascnn.records import Probe

    return Probe(moment=moment, loss=None, layers=())


def test_a_run_whose_loss_explodes_is_a_result_that_says_so(dataset: Dataset, warm: Workshop, plain: RunResult) -> None:
    spec = make_spec(epochs=5, optimiser=OptimiserSpec(name="sgd", learning_rate=1e30))
    result = train(spec, dataset, warm)
    record = result.record
    assert record.outcome == "diverged"
    assert len(record.epochs) == 1, "the run ends with the epoch that diverged"
    assert record.epochs[0].train_loss is record.test.loss is record.val.loss is record.train.loss is None
    assert record.probes[1].loss is None
    assert 0 <= record.test.accuracy <= 1
    assert RunRecord.from_json(record.canonical_json()) == record
    assert train(spec, dataset).record.weights_sha256 == record.weights_sha256
    after = train(make_spec(), dataset, warm).record
    assert after.outcome == "finished", "the next run in the same process must not notice"
    assert after.weights_sha256 == plain.record.weights_sha256


def test_a_run_that_explodes_in_its_very_last_step_has_diverged(dataset: Dataset, warm: Workshop) -> None:
    spec = make_spec(epochs=1, train_images=16, optimiser=OptimiserSpec(name="sgd", learning_rate=1e38))
    record = train(spec, dataset, warm).record
    assert record.epochs[0].train_loss is not None
    assert record.val.loss is None
    assert record.outcome == "diverged"


def test_a_net_that_learned_nothing_is_asked_to_learn_twenty_images_by_heart(dataset: Dataset, warm: Workshop) -> None:
    hopeless = make_spec(epochs=20, optimiser=OptimiserSpec(name="sgd", learning_rate=1e-9))
    result = train(hopeless, dataset, warm)
    assert result.record.small_set_accuracy is not None
    assert result.record.small_set_accuracy < 0.6
    assert hash_weights(result.weights) == result.record.weights_sha256
    able = make_spec(epochs=20, optimiser=OptimiserSpec(learning_rate=0.01), schedule=ScheduleSpec(warmup_epochs=1e9))
    assert train(able, dataset, warm).record.small_set_accuracy >= 0.9, "its schedule alone kept it from learning"


def test_a_net_that_learned_or_had_no_time_to_is_not_asked(dataset: Dataset, warm: Workshop) -> None:
    learned = train(make_spec(epochs=20, optimiser=OptimiserSpec(learning_rate=0.003)), dataset, warm).record
    short = train(make_spec(optimiser=OptimiserSpec(name="sgd", learning_rate=1e-9)), dataset, warm).record
    augmented = make_spec(epochs=20, augmentation=("flip",), optimiser=OptimiserSpec(name="sgd", learning_rate=1e-9))
    assert learned.small_set_accuracy is short.small_set_accuracy is None
    assert train(augmented, dataset, warm).record.small_set_accuracy is None, "20 images become many"


def test_the_record_survives_its_way_through_json(plain: RunResult) -> None:
    record = plain.record
    back = RunRecord.from_json(record.canonical_json())
    assert back == record
    assert back.spec.canonical_json() == make_spec().canonical_json()


def test_the_record_counts_what_the_run_took(plain: RunResult) -> None:
    cost = plain.record.cost
    assert cost.parameters == (27 + 1) * 4 + (36 + 1) * 8 + (2 * 2 * 8 + 1) * CLASSES
    assert cost.multiply_adds == 27 * 4 * 64 + 36 * 8 * 16 + 32 * CLASSES
    assert 0 < cost.training_seconds < cost.duration_seconds
    assert cost.images_per_second == pytest.approx(2 * 6 * 16 / cost.training_seconds)


def test_a_batch_larger_than_the_training_set_is_refused(dataset: Dataset, warm: Workshop) -> None:
    with pytest.raises(ValueError, match=r"`batch_size` must not exceed the training images. Received: 33 > 32"):
        train(make_spec(batch_size=33, train_images=32), dataset, warm)


def test_a_set_too_small_to_be_validated_on_is_refused(dataset: Dataset, warm: Workshop) -> None:
    with pytest.raises(ValueError, match=r"Validation and test need at least one image. Received: 0 and 300"):
        train(make_spec(validation_share=0.001), dataset, warm)


def test_an_error_under_way_carries_the_curve_up_to_there(
    dataset: Dataset, warm: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, calls = kerascnn.training.run.Program.train, []

    def fail_in_the_third_epoch(self: Any, *arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 4:
            raise MemoryError("no memory left")
        return original(self, *arguments)

    monkeypatch.setattr(kerascnn.training.run.Program, "train", fail_in_the_third_epoch)
    with pytest.raises(TrainingError, match="no memory left") as caught:
        train(make_spec(epochs=4), dataset, warm)
    assert [epoch.epoch for epoch in caught.value.epochs] == [1, 2]
    assert isinstance(caught.value.__cause__, MemoryError)


@pytest.mark.parametrize("builder", ["own_networks:sequential", "models.mlp", "models.linear"])
def test_networks_of_every_make_train(dataset: Dataset, warm: Workshop, builder: str) -> None:
    record = train(make_spec(model(builder)), dataset, warm).record
    assert record.outcome == "finished"
    assert record.probes[0].layers[-1].gradient_norm > 0


def test_the_hash_of_weights_covers_names_shapes_and_values() -> None:
    weights = {"a": np.arange(6, dtype=np.float32), "b": np.ones(2, np.float32)}
    changes: list[dict[str, np.ndarray]] = [
        {"a": weights["a"].reshape(2, 3), "b": weights["b"]},
        {"a": weights["a"], "c": weights["b"]},
        {"a": weights["a"], "b": -weights["b"]},
        {"a": weights["a"].astype(np.float64), "b": weights["b"]},
    ]
    assert hash_weights(dict(reversed(weights.items()))) == hash_weights(weights)
    assert len({hash_weights(changed) for changed in [weights, *changes]}) == 5


def test_arms_of_a_pair_start_from_the_same_noise_and_images(dataset: Dataset, warm: Workshop) -> None:
    first, second = (make_spec(SMALL_VGG, seed=3, train_images=40, optimiser=one) for one in (OptimiserSpec(), SGD))
    np.testing.assert_array_equal(split_of(first, dataset).train, split_of(second, dataset).train)
    probes = [train(spec, dataset, warm).record.probes[0] for spec in (first, second)]
    assert probes[0].loss == probes[1].loss
