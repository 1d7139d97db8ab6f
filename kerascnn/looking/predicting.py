"""What trained networks answer to images they were not scored on: changed ones, or of another size.

Runs in the notebook's own process, which loads TensorFlow when the first of these functions is called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from kerascnn.data import open_dataset
from kerascnn.errors import UsageError
from kerascnn.framework import load_keras
from kerascnn.looking.inputs import Inputs
from kerascnn.records import RunRecord
from kerascnn.specs import Precision

if TYPE_CHECKING:
    from kerascnn.looking.asked import TrainedRuns

Shape = tuple[int, int, int]

BATCH = 250
DIRECTIONS = ((0, 1), (0, -1), (1, 0), (-1, 0))


def shift_stability(
    results: TrainedRuns, *arms: str, pixels: int = 3, images: int = 500
) -> dict[str, dict[int, float]]:
    """Arm -> seed -> the share of predictions that stay when a test image is shifted.

    Over the first `images` test images and shifts of 1 to `pixels` pixels up, down, left and right; what is
    shifted in at the border repeats the border. To be handed to `Results.measure("stability", ...)`.
    """
    steps = [(rows * step, columns * step) for step in range(1, pixels + 1) for rows, columns in DIRECTIONS]
    shifts = [partial(shift_images, rows=rows, columns=columns) for rows, columns in steps]
    return stability(results, *arms, changes=shifts, images=images)


def stability(
    results: TrainedRuns, *arms: str, changes: Sequence[Callable[[np.ndarray], np.ndarray]], images: int = 500
) -> dict[str, dict[int, float]]:
    """Arm -> seed -> the share of predictions on changed test images that are those on the images as they are.

    A change maps uint8 images (n, height, width, channels) to such images.
    """
    pictures = _test_images(results, images)
    changed = np.concatenate([change(pictures) for change in changes])

    def share(predict: Callable[[np.ndarray], np.ndarray]) -> float:
        before, after = predict(pictures), predict(changed)
        return float(np.mean(after == np.tile(before, len(changes))))

    return _by_run(results, arms, share)


def cropped_accuracy(
    results: TrainedRuns, *arms: str, margin: int = 4, images: int = 500
) -> dict[str, dict[int, float]]:
    """Arm -> seed -> accuracy on test images without the outer `margin` pixels: smaller images, the same weights.

    To be handed to `Results.measure("other_size_accuracy", ...)`.

    Raises: UsageError when a network's weights do not fit the smaller images.
    """
    smaller = _test_images(results, images)[:, margin:-margin, margin:-margin]
    labels = open_dataset(results.dataset.content).test_labels[: len(smaller)]
    return _by_run(results, arms, lambda predict: float(np.mean(predict(smaller) == labels)))


def batch_statistics(results: TrainedRuns, *arms: str, images: int = 500) -> dict[str, dict[str, dict[int, float]]]:
    """What changes when trained nets normalise by the batch at hand, as in training, and not by their moving averages.

    "changed_by_batch" and "batch_statistics_gain" -> arm -> seed -> value over the first `images` test images, in batches
    of the run's size. To be handed to `Results.measure`. Source: Ioffe and Szegedy 2015, section 3.1.
    """
    pictures = _test_images(results, images)
    labels = open_dataset(results.dataset.content).test_labels[: len(pictures)]
    predictor = Predictor(results)
    changed: dict[str, dict[int, float]] = {}
    gains: dict[str, dict[int, float]] = {}
    for runs in results.select(*arms):
        name = runs.arm.name
        changed[name], gains[name] = {}, {}
        for seed, record in runs.finished.items():
            by_batch = predictor.predict_by_batch(name, record, pictures)
            by_averages = predictor.predict(name, record, pictures)[: len(by_batch)]
            right = labels[: len(by_batch)]
            changed[name][seed] = float(np.mean(by_batch != by_averages))
            gains[name][seed] = float(np.mean(by_batch == right) - np.mean(by_averages == right))
    return {"changed_by_batch": changed, "batch_statistics_gain": gains}


def shift_images(images: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Images (n, height, width, channels) moved down by `rows` and right by `columns`; the border is repeated."""
    height, width = images.shape[1:3]
    from_rows = np.clip(np.arange(height) - rows, 0, height - 1)
    from_columns = np.clip(np.arange(width) - columns, 0, width - 1)
    return images[:, from_rows][:, :, from_columns]


class Predictor:
    """The networks of a study's runs, to be asked again; networks of one structure are built once.

    `precision` None computes as the runs did.
    """

    def __init__(self, results: TrainedRuns, precision: Precision | None = None) -> None:
        self._results, self._precision = results, precision
        self._networks: dict[tuple[bytes, Shape], tuple[Any, Any]] = {}
        self.inputs = Inputs(results.dataset.content)

    def predict(self, arm: str, record: RunRecord, images: np.ndarray) -> np.ndarray:
        """The class that the run gives each of `images`, (n, height, width, channels), uint8 or grey levels as float32:
        int32 (n,).

        Raises: UsageError when the network's weights do not fit images of this size.
        """
        return self.logits(arm, record, images).argmax(axis=-1).astype(np.int32)

    def predict_by_batch(self, arm: str, record: RunRecord, images: np.ndarray) -> np.ndarray:
        """As `predict`, but every batch of the run's size is normalised by its own statistics: int32 (n,) less what fills no batch."""
        network, pixels = self.network(arm, record, images.shape[1:]), self.pixels(record, images)
        size = min(record.spec.batch_size, len(images))
        starts = range(0, len(images) - size + 1, size)
        answers = [np.asarray(network(pixels[n : n + size], training=True)).argmax(axis=-1) for n in starts]
        return np.concatenate(answers).astype(np.int32)

    def logits(self, arm: str, record: RunRecord, images: np.ndarray) -> np.ndarray:
        """What the run answers each of `images` before the softmax: float32 (n, classes)."""
        network, answer = self._network(record, images.shape[1:])
        self._load_weights(network, self._results.weights(arm, record.spec.seed))
        affine = self.inputs.affine(record.spec.normalisation)
        return np.concatenate([answer(images[n : n + BATCH], *affine).numpy() for n in range(0, len(images), BATCH)])

    def network(self, arm: str, record: RunRecord, shape: Shape) -> Any:
        """The run's Keras network for images of this shape, with its trained weights until the next run is asked."""
        network, _ = self._network(record, shape)
        self._load_weights(network, self._results.weights(arm, record.spec.seed))
        return network

    def pixels(self, record: RunRecord, images: np.ndarray) -> np.ndarray:
        """`images`, uint8 (n, height, width, channels), as the run's network gets them: float32 of the same shape."""
        return self.inputs.normalised(images, record.spec.normalisation)

    def _network(self, record: RunRecord, shape: Shape) -> tuple[Any, Any]:
        """The run's network for images of this shape, with any weights, and its traced answer in logits."""
        self._check(record)
        key = record.spec.model.canonical_json() + record.spec.normalisation.encode(), shape
        if key not in self._networks:
            self._networks[key] = _build(record, shape, self._results, self._precision or record.spec.precision)
        return self._networks[key]

    def _check(self, record: RunRecord) -> None:
        if record.spec.task != "classification" or record.spec.data.content != self._results.dataset.content:
            raise UsageError(
                "Only classifications of the study's own data set can be asked again. Received: a run of "
                f"{record.spec.task} on the data {record.spec.data.content[:12]}."
            )

    def _load_weights(self, network: Any, weights: Mapping[str, np.ndarray]) -> None:
        for variable in network.variables:
            if variable.name == "seed_generator_state":
                continue
            if tuple(variable.shape) != weights[variable.path].shape:
                raise UsageError(
                    f"A network with a dense layer on flattened maps takes images of one size. Received: weights of "
                    f"shape {weights[variable.path].shape} for {variable.path!r} of shape {tuple(variable.shape)}."
                )
            variable.assign(weights[variable.path])


def _build(record: RunRecord, shape: Shape, results: TrainedRuns, precision: Precision) -> tuple[Any, Any]:
    keras = load_keras()
    import tensorflow as tf

    from kerascnn.training.build import build_model
    from kerascnn.training.inputs import normalise

    classes = len(results.dataset.class_names)
    keras.utils.clear_session(free_memory=False)  # a user's unnamed layers are numbered as they were in training
    network = build_model(record.spec.model, shape, classes, precision=precision, search_path=results.search_path)
    per_image = record.spec.normalisation == "per-image"

    @tf.function(reduce_retracing=True)
    def answer(images: Any, shift: Any, scale: Any) -> Any:
        pixels = normalise(images, shift, scale, per_image=per_image)
        return tf.cast(network(pixels, training=False), tf.float32)

    return network, answer


def _by_run(
    results: TrainedRuns, arms: Sequence[str], measure: Callable[[Callable[[np.ndarray], np.ndarray]], float]
) -> dict[str, dict[int, float]]:
    """What `measure` makes of each finished run's prediction function; arms that the profile lacks are empty."""
    predictor = Predictor(results)
    return {
        runs.arm.name: {
            seed: measure(partial(predictor.predict, runs.arm.name, record)) for seed, record in runs.finished.items()
        }
        for runs in results.select(*arms)
    }


def _test_images(results: TrainedRuns, count: int) -> np.ndarray:
    """The first `count` test images, uint8 (n, height, width, channels)."""
    return np.asarray(open_dataset(results.dataset.content).test_images[:count])
