"""Whether an entry is possible: whether its record, answers and weights fit its own spec.

A checksum proves that a file is as it was written. The checks here prove that what was written can be the result of the
run. Every entry that is read, or that somebody sent, must pass both.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from math import prod
from typing import TYPE_CHECKING

from kerascnn.errors import UsageError
from kerascnn.identity import RunIdentity
from kerascnn.models import BUILDERS, locate_builder
from kerascnn.records import Epoch, LayerProbe, RunRecord, Score, hash_weights
from kerascnn.specs import Spec
from kerascnn.store.entry import DamagedEntry, read_arrays

if TYPE_CHECKING:
    import numpy as np

    from kerascnn.records import DatasetInfo

LARGEST_FLOAT = 3.5e38
"""No loss, norm or time is larger: they come out of float32, or are seconds."""
LARGEST_INTEGER = 2**53
LONGEST_NAME = 200
MOST_CLASSES = 1000
MOST_IMAGES = 10_000_000
NAME = re.compile(r"[A-Za-z0-9_.:+()/-]{1,200}")
"""What a class of machines, a library or a version is called. Anything else could speak to a terminal."""
LONGEST_TIME = 40
TRAIN_SCORE_IMAGES = 1000
"""As `training.run`, which loads TensorFlow: the training score is taken on at most so many images."""


def check_entry(key: str, files: dict[str, bytes], dataset: DatasetInfo | None = None) -> tuple[RunIdentity, RunRecord]:
    """Identity and record of an entry (name -> content) whose every part agrees with every other.

    With `dataset`, the data set that it was trained on, answers are checked against that too.
    Raises: DamagedEntry saying which file says what cannot be.
    """
    identity, record = check_answers(key, files, dataset)
    with _about("weights.npz"):
        check_weights(record, read_arrays(files["weights.npz"]))
    return identity, record


def check_answers(
    key: str, files: dict[str, bytes], dataset: DatasetInfo | None = None
) -> tuple[RunIdentity, RunRecord]:
    """As `check_entry`, without the weights, which take longest and which no page shows."""
    with _about("identity.json"):
        identity = RunIdentity.from_json(files["identity.json"])
        _require(identity.validated().key == key, "its key is not the one in its name")
        check_identity(identity)
    with _about("record.json"):
        record = RunRecord.from_json(files["record.json"])
        check_record(record, key)
        environment = record.environment
        same = record.spec == identity.spec and environment.platform == identity.platform
        _require(same, "its record and its identity are of different runs")
        _require(
            environment.versions == identity.versions, "its record and its identity have different library versions"
        )
        if dataset is not None:
            check_counts(record, dataset)
    with _about("predictions.npz"):
        check_predictions(record, read_arrays(files["predictions.npz"]), dataset)
    return identity, record


@contextmanager
def _about(name: str) -> Iterator[None]:
    try:
        yield
    except (DamagedEntry, UsageError, RecursionError) as err:
        raise DamagedEntry(f"{name}: {err}") from err


def check_identity(identity: RunIdentity) -> None:
    """Raises: DamagedEntry when a name in it is not valid, UsageError when that of its model is not."""
    _require(bool(NAME.fullmatch(identity.platform)), "the name of its machine class is not valid")
    _check_builder(identity)
    for name, version in identity.versions.items():
        _require(bool(NAME.fullmatch(name) and NAME.fullmatch(version)), "the names of its versions are not valid")
    _require(len(identity.versions) <= 100 and len(identity.sources) <= 10_000, "it names too many sources")


def _check_builder(identity: RunIdentity) -> None:
    """The builder is one of ours, or a function of a user's module, and its module is among the sources."""
    builder = identity.spec.model.builder
    _require(len(builder) <= LONGEST_NAME, "the name of its model is not valid")
    module, function = locate_builder(builder)
    names = [*module.split("."), function]
    _require(all(name.isidentifier() for name in names), f"its model {builder!r} does not have a valid name")
    is_ours = names[0] == "kerascnn"
    _require(is_ours == (builder in BUILDERS), f"its model {builder!r} is not a builder of a network")
    _require(module in identity.sources, f"its sources lack the module of its model, {module}")


def check_record(record: RunRecord, key: str) -> None:
    """Raises: DamagedEntry when the run `key` cannot have this record."""
    _require(record.key == key, "its record belongs to another run")
    _check_numbers("", record)
    _check_epochs(record)
    for name in ("train", "val", "test"):
        score: Score = getattr(record, name)
        _require(1 <= score.images <= MOST_IMAGES, f"{name}.images is {score.images}")
        _check_share(f"{name}.accuracy", score.accuracy)
        _require(score.loss is None or score.loss >= 0, f"{name}.loss is {score.loss}")
    _check_counts(record)
    for layer in (layer for probe in record.probes for layer in probe.layers):
        _check_layer(layer)
    cost = record.cost
    _require(min(cost.to_dict().values()) >= 0, "its cost has a negative number")
    _require(record.environment.precision == record.spec.precision, "its precision differs from its spec")
    _require(_is_time(record.environment.finished_at), "the time at which it ended is missing")
    if record.small_set_accuracy is not None:
        _check_share("small_set_accuracy", record.small_set_accuracy)


def _check_counts(record: RunRecord) -> None:
    """As far as can be told without the data set: no score is on more images than the spec allows."""
    data = record.spec.data
    for name, asked in (("train", data.train_images), ("val", data.val_images), ("test", data.test_images)):
        images = getattr(record, name).images
        _require(asked is None or images <= asked, f"{name}.images is {images}, its spec allows {asked}")
    _require(record.train.images <= TRAIN_SCORE_IMAGES, f"train.images is {record.train.images}")


def check_counts(record: RunRecord, dataset: DatasetInfo) -> None:
    """Raises: DamagedEntry when a score is not on as many images as the run had of this data set."""
    data = record.spec.data
    val = round(dataset.train_images * data.validation_share)
    train = min(TRAIN_SCORE_IMAGES, _at_most(data.train_images, dataset.train_images - val))
    there = {
        "train": train,
        "val": _at_most(data.val_images, val),
        "test": _at_most(data.test_images, dataset.test_images),
    }
    for name, count in there.items():
        images = getattr(record, name).images
        _require(images == count, f"{name}.images is {images}, but it had {count} images of this data set")


def _at_most(wanted: int | None, available: int) -> int:
    return available if wanted is None else min(wanted, available)


def _is_time(text: str) -> bool:
    try:
        return len(text) <= LONGEST_TIME and datetime.datetime.fromisoformat(text) is not None
    except ValueError:
        return False


def _check_epochs(record: RunRecord) -> None:
    epochs, wanted = record.epochs, record.spec.epochs
    _require([epoch.epoch for epoch in epochs] == [*range(1, len(epochs) + 1)], "its epochs are not in order")
    ended = len(epochs) == wanted if record.outcome == "finished" else 1 <= len(epochs) <= wanted
    _require(ended, f"it has {len(epochs)} epochs, its spec {wanted}")
    broken = [epoch.epoch for epoch in epochs if epoch.train_loss is None or epoch.val_loss is None]
    _require(broken == ([] if record.outcome == "finished" else [len(epochs)]), f"it cannot have {record.outcome}")
    peak = record.spec.optimiser.learning_rate * 1.001  # it was stored from float32
    for epoch in epochs:
        _check_epoch(epoch, peak)


def _check_epoch(epoch: Epoch, peak: float) -> None:
    where = f"epoch {epoch.epoch}"
    _check_share(f"train_accuracy of {where}", epoch.train_accuracy)
    _check_share(f"val_accuracy of {where}", epoch.val_accuracy)
    for loss in (epoch.train_loss, epoch.val_loss):
        _require(loss is None or loss >= 0, f"a loss of {where} is {loss}")
    _require(0 <= epoch.learning_rate <= peak, f"the learning rate of {where} is {epoch.learning_rate}")
    _require(epoch.duration_seconds >= 0, f"{where} took {epoch.duration_seconds} s")


def _check_layer(layer: LayerProbe) -> None:
    for name in ("dead_share", "saturated_share"):
        share = getattr(layer, name)
        if share is not None:
            _check_share(f"{name} of a layer", share)
    for name in ("activation_std", "activation_std_across_examples", "gradient_norm", "update_ratio"):
        value = getattr(layer, name)
        _require(value is None or value >= 0, f"{name} of a layer is {value}")


def check_predictions(record: RunRecord, arrays: dict[str, np.ndarray], dataset: DatasetInfo | None = None) -> None:
    """Raises: DamagedEntry when the run cannot have given these answers (as `Store.load_predictions` gives them)."""
    import numpy as np

    said = "masks" if record.spec.task == "segmentation" else "classes"
    _require(set(arrays) == {said, "positions"}, f"its predictions are {', '.join(sorted(arrays)) or 'empty'}")
    positions, answers = arrays["positions"], arrays[said]
    count = record.test.images
    _require(positions.dtype == np.int32 and positions.shape == (count,), "its positions are not one for each image")
    most = dataset.test_images if dataset else MOST_IMAGES
    _require(positions.min() >= 0 and positions.max() < most, "its positions are outside the test images")
    _require(len(np.unique(positions)) == count, "it has two answers to the same image")
    if said == "classes":
        classes = len(dataset.class_names) if dataset else MOST_CLASSES
        _require(
            answers.dtype == np.int32 and answers.shape == (count,), "it does not have one answer for each position"
        )
        _require(answers.min() >= 0 and answers.max() < classes, "its answers are not classes of the data set")
        return
    _require(answers.dtype == np.uint8 and answers.ndim == 3, "its masks are not valid masks")
    _require(answers.shape[0] == count, "it does not have one answer for each position")
    if dataset is not None:
        height, width, _ = dataset.image_shape
        _require(answers.shape[1:] == (height, -(-width // 8)), "its masks do not have the size of the images")


def check_weights(record: RunRecord, weights: dict[str, np.ndarray]) -> None:
    """Raises: DamagedEntry when these are not the weights that the record speaks of."""
    _require(hash_weights(weights) == record.weights_sha256, "its weights are not those of its record")
    count = sum(prod(array.shape) for array in weights.values())
    _require(count == record.cost.parameters, f"it has {count} weights, its record {record.cost.parameters}")


def check_finite(record: RunRecord, weights: dict[str, np.ndarray]) -> None:
    """Raises: DamagedEntry when a run whose losses are finite has weights that are not."""
    import numpy as np

    odd = sorted(name for name, array in weights.items() if not np.isfinite(array).all())
    _require(record.outcome == "diverged" or not odd, f"weights.npz: not finite: {', '.join(odd[:3])}")


def check_shapes(weights: dict[str, np.ndarray], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raises: DamagedEntry when the weights are not those of a network with these (variable path -> shape), in float32."""
    mine = {name: array.shape for name, array in weights.items() if array.dtype == "float32"}
    differ = sorted(name for name in {*mine, *shapes} if mine.get(name) != shapes.get(name))
    _require(not differ, f"weights.npz: not those of its model: {', '.join(differ[:3])}")


def _check_numbers(path: str, value: object) -> None:
    """Every number in it is finite and of a size that the rest of the program can add up."""
    if isinstance(value, Spec):
        for name in value.__struct_fields__:
            _check_numbers(f"{path}.{name}" if path else name, getattr(value, name))
    elif isinstance(value, dict | list | tuple):
        parts: Iterable[object] = value.values() if isinstance(value, dict) else value
        for part in parts:
            _check_numbers(path, part)
    elif isinstance(value, float):
        _require(math.isfinite(value) and abs(value) <= LARGEST_FLOAT, f"{path} is {value}")
    elif isinstance(value, int):
        _require(abs(value) <= LARGEST_INTEGER, f"{path} is larger than any count")


def _check_share(name: str, value: float) -> None:
    _require(0.0 <= value <= 1.0, f"{name} is {value}, not a share from 0 to 1")


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise DamagedEntry(otherwise)
