"""What an entry says must be possible for the run that it claims to be: a checksum alone proves nothing."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from factories import make_identity, make_result

from kerascnn.identity import RunIdentity
from kerascnn.records import DatasetInfo, hash_weights
from kerascnn.specs import ModelSpec, Spec
from kerascnn.store import DamagedEntry, check_entry, check_finite, check_shapes, soundness
from kerascnn.store.entry import pack_arrays, read_arrays, result_files

IMAGES = DatasetInfo(
    name="x", title="x", content="c" * 64, image_shape=(4, 12, 3), class_names=("a", "b", "c", "d"),
    train_images=100, test_images=10, source="x",
)  # fmt: skip
Files = dict[str, bytes]


def files_of(identity: RunIdentity, **options: Any) -> Files:
    return result_files(identity, make_result(identity, **options))


def edit(files: Files, name: str, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change the JSON in one of the files."""
    values = json.loads(files[name])
    change(values)
    files[name] = json.dumps(values).encode()


def setting(*path: str | int, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(values: Any) -> None:
        for part in path[:-1]:
            values = values[part]
        values[path[-1]] = value

    return change


def test_what_a_run_gives_is_sound() -> None:
    identity = make_identity()
    found, record = check_entry(identity.key, files_of(identity), IMAGES)
    assert (found, record.key) == (identity, identity.key)


def test_masks_of_a_segmentation_are_sound() -> None:
    identity = make_identity(task="segmentation")
    check_entry(identity.key, files_of(identity, answers=np.ones((3, 4, 12), int)), IMAGES)


@pytest.mark.parametrize(
    "change",
    [
        setting("key", value="0" * 32),
        setting("test", "accuracy", value=57.0),
        setting("val", "accuracy", value=-1e308),
        setting("train", "accuracy", value="0.5"),
        setting("test", "accuracy", value=None),
        setting("test", "loss", value=-0.1),
        setting("test", "images", value=0),
        setting("test", "images", value=4),
        setting("test", "images", value=2**63),
        setting("test", "images", value=10**300),
        setting("train", "images", value=7),
        setting("train", "images", value=1001),
        setting("val", "images", value=7),
        setting("val", "images", value=11),
        setting("outcome", value="diverged"),
        setting("epochs", value=[]),
        setting("epochs", 0, "epoch", value=2),
        setting("epochs", 1, "val_accuracy", value=1.001),
        setting("epochs", 1, "train_loss", value=None),
        setting("epochs", 1, "train_loss", value=1e300),
        setting("epochs", 2, "learning_rate", value=0.5),
        setting("epochs", 2, "duration_seconds", value=-1.0),
        lambda record: record["epochs"].pop(),
        lambda record: record["epochs"].append(record["epochs"][0]),
        setting("probes", 0, "layers", 0, "dead_share", value=-1.0),
        setting("probes", 0, "layers", 0, "gradient_norm", value=-1.0),
        setting("probes", 0, "loss", value=-1e308),
        setting("cost", "parameters", value=9),
        setting("cost", "parameters", value=-8),
        setting("cost", "duration_seconds", value=-1e308),
        setting("environment", "platform", value="\x1b]0;evil\x07"),
        setting("environment", "platform", value="other-platform"),
        setting("environment", "versions", value={"keras": "4"}),
        setting("environment", "precision", value="bfloat16"),
        setting("environment", "finished_at", value="=HYPERLINK(1)"),
        setting("small_set_accuracy", value=2.0),
        setting("weights_sha256", value="0" * 64),
        setting("spec", "epochs", value=4),
        setting("schema", value=2),
        setting("unknown", value=1),
    ],
)
def test_a_record_that_cannot_be_is_refused_and_its_file_named(change: Callable[[dict[str, Any]], Any]) -> None:
    identity = make_identity()
    files = files_of(identity)
    edit(files, "record.json", change)
    with pytest.raises(DamagedEntry, match=r"^(record\.json|weights\.npz|predictions\.npz): "):
        check_entry(identity.key, files, IMAGES)


def test_the_training_score_is_on_as_many_images_as_training_takes() -> None:
    from kerascnn.training import run

    assert run.TRAIN_SCORE_IMAGES == soundness.TRAIN_SCORE_IMAGES


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 5000, "NaN", "", "\xff", '{"test": {"accuracy": NaN}}'])
def test_a_record_that_is_no_record_is_refused(text: str) -> None:
    identity = make_identity()
    files = files_of(identity) | {"record.json": text.encode("latin-1")}
    with pytest.raises(DamagedEntry, match=r"^record\.json: "):
        check_entry(identity.key, files)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("platform", "\x1b[31mred"),
        ("platform", "a\nb"),
        ("platform", ""),
        ("versions", {"keras": "\u202e3"}),
        ("versions", {"=HYPERLINK(1)": "3"}),
        ("versions", {str(n): "3" for n in range(1000)}),
    ],
)
def test_names_that_are_none_are_refused_whatever_the_key_says(field: str, value: Any) -> None:
    identity = RunIdentity.from_dict(make_identity().to_dict() | {field: value})
    with pytest.raises(DamagedEntry, match=r"^identity\.json: "):
        check_entry(identity.key, files_of(identity))


def arrays(**named: Any) -> bytes:
    return pack_arrays({name: np.asarray(array) for name, array in named.items()})


CLASSES, PLACES = np.array([3, 1, 2], np.int32), np.array([7, 8, 9], np.int32)


@pytest.mark.parametrize(
    "predictions",
    [
        arrays(classes=CLASSES),
        arrays(classes=CLASSES, positions=PLACES, more=PLACES),
        arrays(classes=CLASSES, positions=[7, 8, 8]),
        arrays(classes=CLASSES, positions=np.array([7, 8, 8], np.int32)),
        arrays(classes=CLASSES, positions=np.array([-1, 8, 9], np.int32)),
        arrays(classes=CLASSES, positions=np.array([8, 9, 10], np.int32)),
        arrays(classes=CLASSES, positions=PLACES.astype(float)),
        arrays(classes=CLASSES[:2], positions=PLACES),
        arrays(classes=CLASSES[:2], positions=PLACES[:2]),
        arrays(classes=CLASSES[:0], positions=PLACES[:0]),
        arrays(classes=CLASSES[:, None], positions=PLACES),
        arrays(classes=np.array([3, 1, 4], np.int32), positions=PLACES),
        arrays(classes=np.array([3, 1, -1], np.int32), positions=PLACES),
        arrays(classes=np.array([3, 1, np.nan], np.float32), positions=PLACES),
        arrays(classes=np.array(["3", "1", "2"]), positions=PLACES),
        arrays(masks=np.ones((3, 4, 2), np.uint8), positions=PLACES),
        b"PK\x05\x06" + bytes(18),
        b"no arrays",
    ],
)
def test_answers_that_cannot_be_are_refused(predictions: bytes) -> None:
    identity = make_identity()
    files = files_of(identity) | {"predictions.npz": predictions}
    with pytest.raises(DamagedEntry, match=r"^predictions\.npz: "):
        check_entry(identity.key, files, IMAGES)


@pytest.mark.parametrize(
    "masks", [np.ones((3, 4, 3), np.uint8), np.ones((2, 4, 2), np.uint8), np.ones((3, 4, 2), bool), CLASSES]
)
def test_masks_of_another_size_are_refused(masks: np.ndarray) -> None:
    identity = make_identity(task="segmentation")
    files = files_of(identity, answers=np.ones((3, 4, 12), int))
    files["predictions.npz"] = arrays(masks=masks, positions=PLACES)
    with pytest.raises(DamagedEntry, match=r"^predictions\.npz: "):
        check_entry(identity.key, files, IMAGES)


def huge_claim(shape: tuple[int, ...], descr: str = "<f4") -> bytes:
    """An array whose header speaks of far more than follows."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": descr, "fortran_order": False, "shape": shape})
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("kernel.npy", stream.getvalue())
    return target.getvalue()


def overlapping() -> bytes:
    """A thousand members that all lie on the same bytes."""
    content = bytearray(arrays(a=np.zeros(1000, np.float32)))
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        start = archive.start_dir
    directory, end = content[start:-22], content[-22:]
    many = bytes(directory) * 1000
    end[8:12] = (1000).to_bytes(2, "little") * 2
    end[12:16] = len(many).to_bytes(4, "little")
    return bytes(content[:start]) + many + bytes(end)


@pytest.mark.parametrize(
    "weights",
    [
        huge_claim((10**12,)),
        huge_claim((2**62, 2**62, 4)),
        huge_claim((-1, 3)),
        huge_claim((3,), "|O"),
        huge_claim((3,), "<U9"),
        overlapping(),
        b"",
    ],
)
def test_weights_that_claim_more_than_they_hold_are_refused_without_taking_memory(weights: bytes) -> None:
    identity = make_identity()
    files = files_of(identity) | {"weights.npz": weights}
    with pytest.raises(DamagedEntry, match=r"^weights\.npz: "):
        check_entry(identity.key, files)


@pytest.mark.parametrize(
    "array",
    [
        np.float32(1.5),
        np.zeros(0, np.float32),
        np.zeros((3, 0, 2), np.float32),
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.asfortranarray(np.arange(24.0).reshape(2, 3, 4)),
        np.array([True, False]),
        np.arange(5, dtype=">i4"),
        np.arange(7, dtype=np.uint8),
        np.zeros((1,) * 30, np.float32),
    ],
)
def test_arrays_of_numbers_come_back_as_numpy_wrote_them(array: np.ndarray) -> None:
    found = read_arrays(pack_arrays({"a": array}))["a"]
    assert found.dtype == np.asarray(array).dtype
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize(
    "header",
    ["(" * 900, "-" * 900 + "1", "{'descr': " + "[" * 500, "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
     "{'descr': '<f4', 'fortran_order': False, 'shape': (1, , 2), }", "", "{}"],
)  # fmt: skip
def test_a_header_that_numpy_does_not_write_is_not_read_as_source(header: str) -> None:
    text = header.encode() + b"\n"
    content = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(4)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.npy", content)
    with pytest.raises(DamagedEntry, match="not a file of arrays"):
        read_arrays(stream.getvalue())


@pytest.mark.parametrize(
    "builder", ["os:system", "../evil:build", "a:b:c", "kerascnn.training.run:train_run", "models.no_such", "x" * 9999]
)
def test_a_model_that_is_no_builder_among_the_runs_sources_is_refused(builder: str) -> None:
    identity = make_identity(model=ModelSpec(builder=builder))
    identity = RunIdentity.from_dict(
        identity.to_dict() | {"sources": {**identity.sources, "kerascnn.training.run": "0" * 64}}
    )
    with pytest.raises(DamagedEntry, match=r"^identity\.json: "):
        check_entry(identity.key, files_of(identity))


def test_a_finished_run_has_finite_weights() -> None:
    identity = make_identity()
    record = make_result(identity).record
    check_finite(record, {"kernel": np.zeros(3, np.float32)})
    with pytest.raises(DamagedEntry, match="not finite: kernel"):
        check_finite(record, {"kernel": np.array([0, np.nan], np.float32)})
    check_finite(msgspec.structs.replace(record, outcome="diverged"), {"kernel": np.array([np.inf], np.float32)})


def test_weights_of_another_number_are_refused_though_their_hash_is_right() -> None:
    identity = make_identity()
    files, more = files_of(identity), {"conv/kernel": np.zeros((3, 3), np.float32)}
    files["weights.npz"] = pack_arrays(more)
    edit(files, "record.json", setting("weights_sha256", value=hash_weights(more)))
    with pytest.raises(DamagedEntry, match="it has 9 weights, its record 8"):
        check_entry(identity.key, files)


@pytest.mark.parametrize(
    "weights",
    [
        {"kernel": np.zeros((2, 3), np.float32)},
        {"kernel": np.zeros((3, 2))},
        {"other": np.zeros((3, 2), np.float32)},
        {"kernel": np.zeros((3, 2), np.float32), "more": np.zeros(1, np.float32)},
        {},
    ],
)
def test_weights_of_another_model_are_refused(weights: dict[str, np.ndarray]) -> None:
    check_shapes({"kernel": np.zeros((3, 2), np.float32)}, {"kernel": (3, 2)})
    with pytest.raises(DamagedEntry, match=r"^weights\.npz: not those of its model"):
        check_shapes(weights, {"kernel": (3, 2)})


def test_every_field_of_a_record_is_looked_at() -> None:
    """A number that is added to the records later must be finite too, without anybody thinking of it."""
    from kerascnn.store.soundness import _check_numbers

    class Later(Spec, frozen=True, kw_only=True):
        values: dict[str, tuple[float, ...]]

    with pytest.raises(DamagedEntry, match="values is"):
        _check_numbers("", Later(values={"a": (0.0, float("nan"))}))
