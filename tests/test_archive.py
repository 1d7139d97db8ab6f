"""Packs of runs: what is handed out comes back whole, and nothing crooked is taken in."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np
import pytest
from factories import make_identity, make_result

from kerascnn.archive import add, pack
from kerascnn.errors import UsageError
from kerascnn.identity import RunIdentity
from kerascnn.store import MANIFEST, Store


def commit(store: Store, seed: int, masks: np.ndarray | None = None) -> str:
    """A run in the store; a segmentation that answered `masks` where they are given."""
    identity = make_identity(seed)
    if masks is not None:
        identity = msgspec.structs.replace(identity, spec=msgspec.structs.replace(identity.spec, task="segmentation"))
    result = make_result(identity, answers=(3, 1, 2) if masks is None else masks)
    result.test_positions = np.array([7, 8, 9], np.int32)
    store.commit(identity, result)
    return identity.key


@pytest.fixture
def teacher(tmp_path: Path) -> Store:
    """A store with three runs."""
    store = Store(tmp_path / "teacher")
    for seed in (1, 2, 3):
        commit(store, seed)
    return store


@pytest.fixture
def laptop(tmp_path: Path) -> Store:
    return Store(tmp_path / "laptop")


@pytest.fixture
def packed(teacher: Store, tmp_path: Path) -> Path:
    path = tmp_path / "runs.zip"
    assert pack(teacher, teacher.keys(), path) == 3
    return path


def rewrite(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """The pack with its members changed, manifests made to fit: what somebody with bad intent would send."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    for name in [name for name in members if name.endswith(MANIFEST)]:
        key = name.split("/")[0]
        manifest = json.loads(members[name])
        manifest["files"] = {file: sha256(members[f"{key}/{file}"]).hexdigest() for file in manifest["files"]}
        members[name] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def arrays(**named: np.ndarray) -> bytes:
    """An .npz file."""
    stream = io.BytesIO()
    np.savez(stream, **named)
    return stream.getvalue()


def test_runs_come_back_to_the_byte(teacher: Store, laptop: Store, packed: Path) -> None:
    accepted = add(laptop, packed)
    assert sorted(accepted.added) == teacher.keys() == laptop.keys()
    assert not accepted.refused
    for key in teacher.keys():  # noqa: SIM118
        assert laptop.load(key) == teacher.load(key)
        np.testing.assert_array_equal(laptop.load_weights(key)["conv/kernel"], teacher.load_weights(key)["conv/kernel"])


def test_taking_in_twice_changes_nothing_and_remembers_where_the_runs_are_from(laptop: Store, packed: Path) -> None:
    add(laptop, packed)
    again = add(laptop, packed)
    assert len(again.known) == 3
    assert not again.added
    assert [origin.platform for origin in laptop.origins()] == ["test-platform"]


def test_what_oracles_proposed_travels_with_the_runs(teacher: Store, laptop: Store, tmp_path: Path) -> None:
    name = "0" * 32 + ".json"
    teacher.take_in_proposals(name, b'{"complete":true,"trials":[]}')
    pack(teacher, teacher.keys(), tmp_path / "all.zip")
    add(laptop, tmp_path / "all.zip")
    assert laptop.proposals() == teacher.proposals()


def test_a_damaged_run_is_not_handed_out(teacher: Store, tmp_path: Path) -> None:
    (teacher.root / teacher.keys()[0] / "record.json").write_text("{}")
    assert pack(Store(teacher.root), teacher.keys(), tmp_path / "two.zip") == 2


def test_an_existing_file_is_not_overwritten(teacher: Store, packed: Path) -> None:
    before = packed.read_bytes()
    with pytest.raises(UsageError, match="is there already"):
        pack(teacher, teacher.keys(), packed)
    assert packed.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04 cut off"])
def test_a_file_that_is_no_pack_is_one_clear_error(laptop: Store, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "odd.zip").write_bytes(content)
    with pytest.raises(UsageError, match="cannot be read as a pack"):
        add(laptop, tmp_path / "odd.zip")


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "0" * 32 + "/code.py", "_proposals/../x.json"])
def test_a_pack_with_anything_else_in_it_is_refused_whole(laptop: Store, packed: Path, name: str) -> None:
    rewrite(packed, lambda members: members.update({name: b"x"}))
    with pytest.raises(UsageError, match="not a pack of runs"):
        add(laptop, packed)
    assert laptop.keys() == []


def other_accuracy(record: bytes) -> bytes:
    values = json.loads(record)
    values["test"]["accuracy"] = 0.99
    values["weights_sha256"] = "0" * 64
    return json.dumps(values).encode()


def pickled(content: bytes) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=True, evil=np.array([{"a": 1}], dtype=object))
    return stream.getvalue()


def claiming(content: bytes) -> bytes:
    """An array whose header speaks of a terabyte."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (10**12,)})
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as arrays:
        arrays.writestr("evil.npy", header.getvalue())
    return stream.getvalue()


def compressed(content: bytes) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, zeros=np.zeros(10**6))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("record.json", other_accuracy),
        ("record.json", lambda content: b"[" * 100_000),
        ("identity.json", lambda content: content.replace(b"test-platform", b"best-platform")),
        ("weights.npz", pickled),
        ("weights.npz", claiming),
        ("weights.npz", compressed),
        ("weights.npz", lambda content: b""),
        ("predictions.npz", claiming),
    ],
)
def test_an_entry_that_does_not_agree_with_itself_is_refused_and_the_others_are_taken(
    laptop: Store, teacher: Store, packed: Path, file: str, change: Callable[[bytes], bytes]
) -> None:
    key = teacher.keys()[1]
    name = f"{key}/{file}"
    rewrite(packed, lambda members: members.update({name: change(members[name])}))
    accepted = add(laptop, packed)
    assert accepted.refused.keys() == {key}
    assert len(accepted.added) == 2
    assert laptop.load(key) is None


@pytest.mark.parametrize("answered", [3, 2])
def test_predicted_masks_are_taken_where_there_is_one_for_each_position(
    tmp_path: Path, laptop: Store, answered: int
) -> None:
    source = Store(tmp_path / "masks")
    key = commit(source, 1, np.ones((3, 4, 4), np.int32))
    pack(source, [key], tmp_path / "masks.zip")
    masks = arrays(masks=np.ones((answered, 4, 1), np.uint8), positions=np.array([7, 8, 9], np.int32))
    rewrite(tmp_path / "masks.zip", lambda members: members.update({f"{key}/predictions.npz": masks}))
    accepted = add(laptop, tmp_path / "masks.zip")
    assert (accepted.added, list(accepted.refused)) == (([key], []) if answered == 3 else ([], [key]))


def test_an_entry_without_one_of_its_files_is_refused(laptop: Store, teacher: Store, packed: Path) -> None:
    with zipfile.ZipFile(packed) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            if name != f"{teacher.keys()[0]}/weights.npz":
                archive.writestr(name, content)
    assert add(laptop, packed).refused.keys() == {teacher.keys()[0]}


def test_the_key_of_what_is_taken_in_is_that_of_its_content(laptop: Store, packed: Path) -> None:
    add(laptop, packed)
    for key, identity in laptop.identities().items():
        assert isinstance(identity, RunIdentity)
        assert identity.key == key
