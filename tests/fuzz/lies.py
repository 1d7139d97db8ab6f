"""Lies about a run: one figure, array or text is changed, and all that can follow from it is made to fit."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
from drafts import Draft, register
from material import Arrays, Entry, npy

HUGE = 10**400
"""Written out in JSON this is an integer that no number type holds."""
ABSENT = object()


def put(tree: Any, path: str, value: Any) -> None:
    """Set the value at a dotted path; ABSENT takes the field away."""
    *above, last = path.split(".")
    for step in above:
        tree = tree[int(step)] if isinstance(tree, list) else tree.setdefault(step, {})
    if value is ABSENT:
        tree.pop(last)
    elif isinstance(tree, list):
        tree[int(last)] = value
    else:
        tree[last] = value


def spell(value: Any) -> str:
    if value is ABSENT:
        return "left out"
    text = repr(value)
    return text if len(text) < 30 else f"{text[:20]}... ({len(text)})"


def tell_in_record(path: str, value: Any, *, lie: bool = True) -> None:
    def change(draft: Draft, choose: random.Random) -> None:
        draft.victim.fixed |= {path.partition(".")[0]} & {"key", "spec", "weights_sha256", "environment"}
        put(draft.victim.record, path, value)

    register(f"record.{path} = {spell(value)}", f"record {path.partition('.')[0]}", change, lie=lie)


def tell_in_identity(path: str, value: Any, *, lie: bool = True) -> None:
    def change(draft: Draft, choose: random.Random) -> None:
        put(draft.victim.identity, path, value)

    register(f"identity.{path} = {spell(value)}", f"identity {path.partition('.')[0]}", change, lie=lie)


NOT_A_SHARE = (57, -1e308, -0.01, 1.000001, None, "0.5", "text", True, float("nan"), float("inf"), HUGE, [0.5], ABSENT)
NOT_A_LOSS = (-1.0, -1e308, "2.3", True, float("nan"), float("-inf"), HUGE, {})
NOT_A_COUNT = (0, -1, 2**63, 2**64, 1.5, "7", None, True, HUGE, ABSENT)

for where in ("train.accuracy", "val.accuracy", "test.accuracy", "epochs.0.train_accuracy", "epochs.0.val_accuracy"):
    for value in NOT_A_SHARE:
        tell_in_record(where, value)
for value in (57, -1e308, -0.5, "text", True, float("nan")):
    tell_in_record("small_set_accuracy", value)
for where in ("train.loss", "val.loss", "test.loss", "epochs.0.train_loss", "epochs.0.val_loss"):
    for value in NOT_A_LOSS:
        tell_in_record(where, value)
for where in ("train.images", "val.images", "test.images"):
    for value in (*NOT_A_COUNT, 7):
        tell_in_record(where, value)
for value in (0, -1, 2, 2**70, 1.5, "1", None, True, ABSENT):
    tell_in_record("epochs.0.epoch", value)
for value in (-1.0, float("nan"), -1e308, "x", HUGE, None):
    tell_in_record("epochs.0.learning_rate", value)
    tell_in_record("epochs.0.duration_seconds", value)
    tell_in_record("cost.duration_seconds", value)
    tell_in_record("cost.training_seconds", value)
    tell_in_record("cost.images_per_second", value)
for where in ("cost.parameters", "cost.multiply_adds", "cost.peak_memory_bytes"):
    for value in (-1, 2**63, 2**64, 1.5, "7", None, True, HUGE):
        tell_in_record(where, value)
for value in (0, 1, 10**12):
    tell_in_record("cost.parameters", value)
for value in ("done", "", None, 1, True, ABSENT):
    tell_in_record("outcome", value)
for value in ("", "0" * 64, "0" * 63, "X" * 64, None, 7, "../" * 30):
    tell_in_record("weights_sha256", value)
for value in (2, 0, "1", None, 1.5):
    tell_in_record("schema", value)
for value in ([], {}, None, "text", [None], ABSENT):
    tell_in_record("epochs", value)
for value in (None, "text", {}, ABSENT, [{"moment": "half-way", "loss": 1.0, "layers": []}]):
    tell_in_record("probes", value)
tell_in_record("probes", [], lie=False)
for field, values in {
    "dead_share": (2.0, -1.0, float("nan"), "x"),
    "saturated_share": (2.0, -1.0),
    "activation_std": (-1.0, HUGE, "x", float("inf")),
    "activation_std_across_examples": (-1.0, -1e308),
    "gradient_norm": (-1.0, -1e308, float("nan")),
    "update_ratio": (-1.0, "x"),
}.items():
    for value in values:
        tell_in_record(f"probes.0.layers.0.{field}", value)
for value in ("float16", "", None, 8):
    tell_in_record("environment.precision", value)
for value in ("another", "", None):
    tell_in_record("environment.platform", value)
for value in ("not a date", "", None, 7, "9999999-01-01T00:00:00+00:00"):
    tell_in_record("environment.finished_at", value)
for value in ("0" * 32, "", "../../evil", None):
    tell_in_record("key", value)
tell_in_record("not_a_field", 1)
tell_in_record("spec", {})
tell_in_record("spec.seed", 99)

for value in (0, -1, 2**63, 2**64, HUGE, 1.5, None, "3", True):
    tell_in_identity("spec.epochs", value)
    tell_in_identity("spec.data.train_images", value)
    tell_in_identity("spec.batch_size", value)
for value in (0, -5, 2**63, 7, 1.5):
    tell_in_identity("spec.data.test_images", value)
for value in (2**63, -(2**63), 2**64, HUGE, 1.5, "1", None):
    tell_in_identity("spec.seed", value, lie=value not in (2**63, -(2**63)))
for value in (0.0, -1.0, 1e308, float("nan"), "x", HUGE):
    tell_in_identity("spec.optimiser.learning_rate", value)
for value in (2.0, -1.0, "x"):
    tell_in_identity("spec.optimiser.momentum", value)
for field, values in {
    "spec.task": ("detection", "segmentation", None),
    "spec.normalisation": ("none", "", 3),
    "spec.augmentation": (["flip", "rotate"], "flip", None),
    "spec.precision": ("float16", None),
    "spec.threads": (0, 2**63, "all"),
    "spec.unknown": (1,),
    "unknown": (1,),
    "spec.data.content": (None, 7),
    "spec.data.validation_share": (2.0, -1.0, "x"),
    "spec.model.arguments": (None, [], "x"),
    "spec.model.arguments.depth": (10**6, -1, 2**63, HUGE, "deep", None, [[[]]], {"a": 1}, True),
    "spec.model.arguments.no_such_argument": (1,),
    "spec.model.builder": (
        "os:system", "../evil:build", "models.../evil", "models.no_such", "models.load_builder", "subprocess:run",
        "models", "", ":", "a:b:c", "m" * 100_000, "models.cheap\n", "kerascnn.training.run:train_run", None, 7,
    ),
    "sources": ({}, None, [], {"os": "0" * 64}, {"kerascnn.training.run": 7}),
    "versions": (None, [], {"keras": 3}),
}.items():  # fmt: skip
    for value in values:
        tell_in_identity(field, value, lie=field != "sources")


def on_epochs(name: str, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    def tell(draft: Draft, choose: random.Random) -> None:
        draft.victim.record["epochs"] = change(draft.victim.record["epochs"])

    register(f"epochs: {name}", "record epochs", tell, lie=True)


on_epochs("one too many", lambda epochs: [*epochs, {**epochs[-1], "epoch": len(epochs) + 1}])
on_epochs("one doubled", lambda epochs: [*epochs, epochs[-1]])
on_epochs("100,000", lambda epochs: [{**epochs[0], "epoch": n} for n in range(1, 100_001)])
on_epochs("begins at two", lambda epochs: [{**epoch, "epoch": epoch["epoch"] + 1} for epoch in epochs])


def on_arrays(
    part: str, name: str, change: Callable[[Arrays, random.Random], None], *, lie: bool = True, task: str | None = None
) -> None:
    def tell(draft: Draft, choose: random.Random) -> None:
        change(draft.victim.predictions if part == "predictions" else draft.victim.weights, choose)

    register(f"{part}: {name}", part, tell, lie=lie, task=task)


def on_array(part: str, array: str, name: str, change: Callable[[Any], Any], *, lie: bool = True) -> None:
    """A change of one array; of weights a random one."""

    def tell(arrays: Arrays, choose: random.Random) -> None:
        chosen = array or choose.choice(sorted(arrays))
        arrays[chosen] = change(arrays[chosen])

    task = {"classes": "classification", "masks": "segmentation"}.get(array)
    on_arrays(part, f"{array} {name}".strip(), tell, lie=lie, task=task)


def with_first(value: Any) -> Callable[[np.ndarray], np.ndarray]:
    def change(array: np.ndarray) -> np.ndarray:
        flat = array.copy().reshape(-1)
        flat[0] = value
        return flat.reshape(array.shape)

    return change


NOT_THAT_ARRAY: dict[str, Callable[[np.ndarray], Any]] = {
    "of no length": lambda array: array[:0],
    "one short": lambda array: array[:-1] if array.ndim else array,
    "one too long": lambda array: np.concatenate([array, array[:1]]),
    "with an axis more": lambda array: array[..., None],
    "a scalar": lambda array: np.zeros((), array.dtype),
    "float64": lambda array: array.astype(np.float64),
    "complex": lambda array: array.astype(np.complex64),
    "text": lambda array: array.astype("U8"),
    "bytes": lambda array: array.astype("S8"),
    "objects": lambda array: array.astype(object),
    "dates": lambda array: np.zeros(array.shape, "datetime64[s]"),
    "records": lambda array: np.zeros(array.shape, [("a", "<i4"), ("b", "<f4")]),
    "other byte order": lambda array: array.astype(array.dtype.newbyteorder(">")) if array.itemsize > 1 else array[:-1],
    "a terabyte claimed": lambda array: npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }"),
    "a petabyte claimed in turns": lambda array: npy(
        "{'descr': '<f4', 'fortran_order': False, 'shape': (100000, 100000, 100000), }"
    ),
    "so many that it wraps to nothing": lambda array: npy(
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }"
    ),
    "negative shape": lambda array: npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }"),
    "a shape of truth": lambda array: npy("{'descr': '<f4', 'fortran_order': False, 'shape': (True,), }", b"\0" * 4),
    "65 axes": lambda array: npy(f"{{'descr': '<f4', 'fortran_order': False, 'shape': {(1,) * 65}, }}", b"\0" * 4),
    "an expression for a header": lambda array: npy("__import__('os').system('echo evil > /tmp/evil')"),
    "parentheses for a header": lambda array: npy("(" * 9000),
    "parentheses for a long header": lambda array: npy("(" * 200_000, version=(2, 0)),
    "minus signs for a header": lambda array: npy("-" * 9000 + "1"),
    "a large void type": lambda array: npy("{'descr': '|V2000000000', 'fortran_order': False, 'shape': (1,), }"),
    "a type of no size": lambda array: npy("{'descr': '|V0', 'fortran_order': False, 'shape': (1000000000000,), }"),
    "an unknown type": lambda array: npy("{'descr': 'evil', 'fortran_order': False, 'shape': (1,), }"),
    "a nested type": lambda array: npy(f"{{'descr': {'[(' * 40}, 'fortran_order': False, 'shape': (1,), }}"),
    "version 9 of the format": lambda array: npy("{}", version=(9, 0)),
    "a pickle": lambda array: npy(
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", b"cos\nsystem\n(S'echo evil > /tmp/evil'\ntR."
    ),
    "no content": lambda array: b"",
    "no header": lambda array: b"\x93NUMPY\x01\x00",
    "noise": lambda array: random.Random(len(array)).randbytes(500),
}

for name, spoil in NOT_THAT_ARRAY.items():
    for part, array in (
        ("predictions", "positions"),
        ("predictions", "classes"),
        ("predictions", "masks"),
        ("weights", ""),
    ):
        if not (array == "" and name in ("one short", "one too long")):
            on_array(part, array, name, spoil)

for value in (-1, -(2**31)):
    on_array("predictions", "positions", f"with {value}", with_first(value))
    on_array("predictions", "classes", f"with {value}", with_first(value))
on_array("predictions", "positions", "with 2**31 - 1", with_first(2**31 - 1), lie=False)
on_array("predictions", "positions", "with 999", with_first(999), lie=False)
on_array("predictions", "classes", "with 10", with_first(10))
on_array("predictions", "classes", "with 2**31 - 1", with_first(2**31 - 1))
on_array("predictions", "positions", "all one", lambda array: np.ones_like(array))
on_array("predictions", "positions", "doubled", lambda array: np.where(array == array[1], array[0], array))
on_array("predictions", "positions", "int64", lambda array: array.astype(np.int64))
on_array("predictions", "positions", "uint64 past all bounds", lambda array: np.full(array.shape, 2**64 - 1, np.uint64))
on_array("predictions", "positions", "truths", lambda array: array.astype(bool))
on_array("predictions", "classes", "NaN", lambda array: np.full(array.shape, np.nan, np.float32))
on_array("predictions", "classes", "2-D", lambda array: np.stack([array, array], 1))
on_array("predictions", "masks", "of another height", lambda array: array[:, :-1])
on_array("predictions", "masks", "of another width", lambda array: array[:, :, :-1])
on_array("predictions", "masks", "not packed", lambda array: np.unpackbits(array, axis=-1))
on_array("predictions", "masks", "flat", lambda array: array.reshape(len(array), -1))
on_array("predictions", "masks", "truths", lambda array: array.astype(bool))
on_arrays("predictions", "empty", lambda arrays, choose: arrays.clear())
on_arrays("predictions", "without positions", lambda arrays, choose: arrays.pop("positions") is None)
on_arrays("predictions", "one array too many", lambda arrays, choose: arrays.update(more=np.zeros(3)))
on_arrays(
    "predictions", "shifted together", lambda arrays, choose: arrays.update({n: a[:-7] for n, a in arrays.items()})
)
on_arrays(
    "predictions",
    "masks for classes",
    lambda arrays, choose: arrays.update(masks=np.zeros((len(arrays.pop("classes")), 32, 4), np.uint8)),
    task="classification",
)
on_arrays(
    "predictions",
    "classes for masks",
    lambda arrays, choose: arrays.update(classes=np.zeros(len(arrays.pop("masks")), np.int32)),
    task="segmentation",
)

for value in (float("nan"), float("inf"), float("-inf")):
    on_array("weights", "", f"with {value}", with_first(value))
on_array("weights", "", "float16", lambda array: array.astype(np.float16))
on_array("weights", "", "int32", lambda array: array.astype(np.int32))
on_array("weights", "", "flat with one more", lambda array: np.append(array.reshape(-1), 0).astype(np.float32))
on_arrays("weights", "none", lambda arrays, choose: arrays.clear())
on_arrays("weights", "one missing", lambda arrays, choose: arrays.pop(choose.choice(sorted(arrays))) is None)
on_arrays(
    "weights", "one too many", lambda arrays, choose: arrays.update({"more/kernel": np.zeros((3, 3), np.float32)})
)
on_arrays(
    "weights",
    "one renamed",
    lambda arrays, choose: arrays.update({"other/kernel": arrays.pop(choose.choice(sorted(arrays)))}),
)
for evil in ("../../evil", "/tmp/evil", "a" * 5000, "\x1b[2J", "", "a\nb"):
    on_arrays(
        "weights",
        f"one named {spell(evil)}",
        lambda arrays, choose, evil=evil: arrays.update({evil: arrays.pop(sorted(arrays)[0])}),
    )
on_arrays(
    "weights",
    "20,000 arrays",
    lambda arrays, choose: arrays.update({f"w{n}": np.zeros(1, np.float32) for n in range(20_000)}),
)


def transpose(arrays: Arrays, choose: random.Random) -> None:
    name = choose.choice([n for n, a in arrays.items() if isinstance(a, np.ndarray) and a.ndim == 4 and a.shape[2] > 3])
    arrays[name] = np.ascontiguousarray(np.moveaxis(arrays[name], 2, 0))


on_arrays("weights", "one transposed", transpose)


def entry_of_another(draft: Draft, choose: random.Random) -> None:
    """Weights and answers of another run under this run's name, all digests made to fit."""
    victim: Entry = draft.victim
    other = draft.others[0]
    victim.weights, victim.predictions = other.weights, other.predictions


register("weights and predictions of another run", "weights", entry_of_another)
