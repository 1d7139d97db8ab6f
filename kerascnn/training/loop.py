"""The traced part of training: whole epochs and whole evaluations in one graph call each.

A `Program` is built once for every structure (all of a spec but its seed, learning rate and data) and kept
by the worker: the next run with the same structure sets weights, seeds and rates anew and traces nothing.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from kerascnn.specs import OptimiserSpec, TrainSpec
from kerascnn.training.build import build_model
from kerascnn.training.heads import refuse_probabilities
from kerascnn.training.initialise import initialise, noting_assignments, weights_set_by_builder
from kerascnn.training.inputs import Affine, augment, normalise
from kerascnn.training.streams import stream_seed
from kerascnn.training.tasks import Answers, answers_of

EVALUATION_BATCH = 250


class Images(NamedTuple):
    """uint8 images (n, height, width, channels) and int32 labels (n,) or (n, height, width), as tensors."""

    images: Any
    labels: Any


class Steps(NamedTuple):
    """What some training steps gave: summed loss of the images in nats and number of labels that were right."""

    loss_sum: float
    correct: int


class Evaluation(NamedTuple):
    """Per label: cross-entropy in nats, float32, and the predicted class, int32; both (n,) or (n, height, width)."""

    losses: np.ndarray
    predictions: np.ndarray


class Program:
    """A network with its optimiser and its traced steps.

    `probe_model` is the same network in float32 (`model` itself where that already is). Weights that the builder set
    are kept; such a program is not `reusable`, for another seed's builder may set others.
    """

    def __init__(self, spec: TrainSpec, image_shape: tuple[int, int, int], classes: int, search_path: Path) -> None:
        self.answers = answers_of(spec.task, image_shape, classes)
        build = partial(_build_afresh, spec, image_shape, self.answers, search_path)
        with noting_assignments() as assigned:
            self.model = build(spec.precision)
        self._kept = weights_set_by_builder(self.model, assigned)
        self.probe_model = self.model if spec.precision == "float32" else build("float32")
        refuse_probabilities(self.probe_model, spec.model.builder)
        self.optimiser = _build_optimiser(spec.optimiser)
        self.optimiser.build(self.model.trainable_variables)
        self._fresh_slots = [np.asarray(v) for v in self.optimiser.variables]
        self.reusable = initialise(self.model, spec.seed, self._kept)
        self._per_image = spec.normalisation == "per-image"
        self._augmentation = spec.augmentation
        self._batch = spec.batch_size
        labels = tf.TensorSpec([None, *self.answers.label_shape], tf.int32)
        data = Images(tf.TensorSpec([None, *image_shape], tf.uint8), labels)
        channels = tf.TensorSpec([image_shape[-1]], tf.float32)
        affine = Affine(channels, channels)
        order = tf.TensorSpec([None, spec.batch_size], tf.int32)
        rates, start = tf.TensorSpec([None], tf.float32), tf.TensorSpec([2], tf.int32)
        rows = tf.TensorSpec([None, EVALUATION_BATCH], tf.int32)
        self._train = tf.function(self._train_steps, [data, order, rates, affine, start], autograph=False)
        self._evaluate = tf.function(self._evaluate_batches, [data, rows, affine], autograph=False)
        self._trace(image_shape)

    def reset(self, seed: int) -> None:
        """Weights and optimiser as at the start of a run with `seed`."""
        initialise(self.model, seed, self._kept)
        for variable, value in zip(self.optimiser.variables, self._fresh_slots, strict=True):
            variable.assign(value)

    def train(self, data: Images, order: np.ndarray, rates: np.ndarray, affine: Affine, seed: int, step: int) -> Steps:
        """One optimiser step for every row of `order`, int32 (steps, batch), at `rates`, float32 (steps,).

        `step` is the number of steps taken before; with `seed` it fixes the random augmentation.
        """
        start = tf.constant([seed, 2 * step], tf.int32)
        loss_sum, correct = self._train(data, tf.constant(order), tf.constant(rates), affine, start)
        return Steps(float(loss_sum), int(correct))

    def evaluate(self, data: Images, affine: Affine) -> Evaluation:
        """Inference on every image, in order."""
        count = int(data.labels.shape[0])
        padded = np.zeros(-(-count // EVALUATION_BATCH) * EVALUATION_BATCH, np.int32)
        padded[:count] = np.arange(count)
        losses, predictions = self._evaluate(data, tf.constant(padded.reshape(-1, EVALUATION_BATCH)), affine)
        shape = (-1, *self.answers.label_shape)
        return Evaluation(losses.numpy().reshape(shape)[:count], predictions.numpy().reshape(shape)[:count])

    def _trace(self, image_shape: tuple[int, int, int]) -> None:
        """Trace and optimise both graphs now, by no step and no batch, so that no step is timed with it."""
        data = Images(tf.zeros([0, *image_shape], tf.uint8), tf.zeros([0, *self.answers.label_shape], tf.int32))
        affine = Affine(*np.ones((2, image_shape[-1]), np.float32))
        self.train(data, np.zeros((0, self._batch), np.int32), np.zeros(0, np.float32), affine, seed=0, step=0)
        self._evaluate(data, tf.zeros([0, EVALUATION_BATCH], tf.int32), affine)

    def _train_steps(self, data: Images, order: Any, rates: Any, affine: Affine, start: Any) -> Any:
        variables = self.model.trainable_variables

        def body(step: Any, loss_sum: Any, correct: Any) -> Any:
            rows = tf.ensure_shape(order[step], [self._batch])
            images = augment(tf.gather(data.images, rows), self._augmentation, start + tf.stack([0, 2 * step]))
            pixels = normalise(images, *affine, per_image=self._per_image)
            labels = tf.gather(data.labels, rows)
            with tf.GradientTape() as tape:
                logits = tf.cast(self.model(pixels, training=True), tf.float32)
                loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
            gradients = tape.gradient(loss, variables)
            self.optimiser.learning_rate.assign(rates[step])
            self.optimiser.apply(gradients, variables)
            hits = tf.reduce_sum(tf.cast(tf.equal(tf.argmax(logits, -1, tf.int32), labels), tf.int32))
            return step + 1, loss_sum + loss * self._batch, correct + hits

        start_values = (tf.constant(0), tf.constant(0.0), tf.constant(0))
        count = tf.shape(order)[0]
        _, loss_sum, correct = tf.while_loop(lambda step, *_: step < count, body, start_values, parallel_iterations=1)
        return loss_sum, correct

    def _evaluate_batches(self, data: Images, order: Any, affine: Affine) -> Any:
        def batch(rows: Any) -> Any:
            rows = tf.ensure_shape(rows, [EVALUATION_BATCH])
            pixels = normalise(tf.gather(data.images, rows), *affine, per_image=self._per_image)
            logits = tf.cast(self.model(pixels, training=False), tf.float32)
            labels = tf.gather(data.labels, rows)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            return losses, tf.argmax(logits, -1, tf.int32)

        return tf.map_fn(batch, order, fn_output_signature=(tf.float32, tf.int32), parallel_iterations=1)


def _build_afresh(
    spec: TrainSpec, image_shape: tuple[int, int, int], answers: Answers, search_path: Path, precision: str
) -> keras.Model:
    """The network, the same whatever the process built before: Keras' numbers in automatic names start at
    the beginning, and variables without an initialiser of their own are drawn from the run's seed."""
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(stream_seed(spec.seed, "build"))
    return build_model(
        spec.model,
        image_shape,
        answers.classes,
        precision=precision,
        search_path=search_path,
        label_shape=answers.label_shape,
        afresh=True,
    )


def _build_optimiser(spec: OptimiserSpec) -> keras.optimizers.Optimizer:
    options: dict[str, Any] = {"learning_rate": spec.learning_rate, "global_clipnorm": spec.clip_norm}
    match spec.name:
        case "sgd":
            return keras.optimizers.SGD(momentum=spec.momentum, weight_decay=spec.weight_decay or None, **options)
        case "adam":
            return keras.optimizers.Adam(weight_decay=spec.weight_decay or None, **options)
        case "adamw":
            return keras.optimizers.AdamW(weight_decay=spec.weight_decay, **options)
