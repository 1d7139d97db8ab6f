"""The traced steps: what they depend on, and that cutting a run into pieces changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tiny_runs import CLASSES, SHAPE, make_spec

from kerascnn.data import Dataset
from kerascnn.training.initialise import named_weights
from kerascnn.training.inputs import Affine
from kerascnn.training.loop import EVALUATION_BATCH, Images, Program

AFFINE = Affine(np.full(3, 127.5, np.float32), np.full(3, 1 / 127.5, np.float32))
ORDER = np.arange(64, dtype=np.int32).reshape(4, 16)
STILL, MOVING = (np.full(4, rate, np.float32) for rate in (0.0, 0.01))


@pytest.fixture(scope="module")
def program() -> Program:
    """A small network under augmentation."""
    return Program(make_spec(augmentation=("flip", "shift")), SHAPE, CLASSES, Path())


@pytest.fixture
def images(dataset: Dataset) -> Images:
    """All training images."""
    return Images(tf.constant(dataset.train_images), tf.constant(dataset.train_labels))


def loss_of(program: Program, images: Images, seed: int, step: int, rows: Any = ORDER[:1]) -> float:
    """The summed loss of steps that change no weight: what is left is the augmentation."""
    return program.train(images, rows, STILL[: len(rows)], AFFINE, seed, step).loss_sum


def test_augmentation_is_another_in_every_step_and_with_every_seed(program: Program, images: Images) -> None:
    program.reset(1)
    losses = [loss_of(program, images, *moment) for moment in ((7, 0), (7, 1), (7, 2), (8, 0))]
    assert len(set(losses)) == 4
    assert loss_of(program, images, 7, 1) == losses[1]


def test_augmentation_goes_on_from_step_to_step_inside_a_call(program: Program, images: Images) -> None:
    program.reset(1)
    rows = ORDER[[0, 0, 0]]
    apart = sum(loss_of(program, images, 7, step) for step in (5, 6, 7))
    assert loss_of(program, images, 7, 5, rows) == pytest.approx(apart, rel=1e-6)


def test_a_run_cut_into_calls_gives_the_same_bits(program: Program, images: Images) -> None:
    ends = []
    for cuts in ([4], [1, 2, 1]):
        program.reset(3)
        start = 0
        for length in cuts:
            part = slice(start, start + length)
            program.train(images, ORDER[part], MOVING[part], AFFINE, 7, start)
            start += length
        ends.append(named_weights(program.model))
    for name, values in ends[0].items():
        np.testing.assert_array_equal(values, ends[1][name])


def test_a_reset_forgets_weights_and_optimiser(program: Program, images: Images) -> None:
    ends = []
    for _ in range(2):
        program.reset(3)
        program.train(images, ORDER, MOVING, AFFINE, 7, 0)
        ends.append(named_weights(program.model))
    for name, values in ends[0].items():
        np.testing.assert_array_equal(values, ends[1][name])


def test_a_step_counts_the_images_that_were_right(program: Program, images: Images) -> None:
    program.reset(1)
    for weights in program.model.trainable_variables:
        weights.assign(tf.zeros_like(weights))
    program.model.get_layer("logits").bias.assign([0.0, 5.0, 0.0, 0.0])
    labels = np.asarray(images.labels)[ORDER[0]]
    steps = program.train(images, ORDER[:1], STILL[:1], AFFINE, 1, 0)
    assert steps.correct == np.sum(labels == 1)
    loss = np.log(np.exp(5) + 3) - 5 * (labels == 1)
    assert steps.loss_sum == pytest.approx(loss.sum(), rel=1e-5)


@pytest.mark.parametrize("count", [1, EVALUATION_BATCH, EVALUATION_BATCH + 1])
def test_evaluation_gives_one_answer_for_every_image_in_order(program: Program, dataset: Dataset, count: int) -> None:
    program.reset(1)
    images = Images(tf.constant(dataset.test_images[:count]), tf.constant(dataset.test_labels[:count]))
    found = program.evaluate(images, AFFINE)
    pixels = (dataset.test_images[:count].astype(np.float32) - 127.5) / 127.5
    logits = program.model.predict_on_batch(pixels)
    assert found.predictions.tolist() == logits.argmax(axis=1).tolist()
    expected = tf.nn.sparse_softmax_cross_entropy_with_logits(images.labels, logits)
    np.testing.assert_allclose(found.losses, expected, rtol=1e-4, atol=1e-6)
