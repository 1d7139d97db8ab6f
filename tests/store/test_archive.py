"""Packs of runs: what is handed out comes back whole, and nothing crooked is taken in."""

from __future__ import annotations

import io
import json
import os
import time
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np
import pytest
from factories import make_identity, make_result

from kerascnn.errors import StoreError, UsageError
from kerascnn.identity import RunIdentity
from kerascnn.records import DatasetInfo
from kerascnn.store import MANIFEST, Store
from kerascnn.store.archive import add, pack


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


@pytest.mark.parametrize(
    "seconds", [0, -86_400, 5_000_000_000, time.time() + 1e6], ids=["1970", "1969", "2128", "soon"]
)
def test_a_file_of_any_date_is_packed(
    teacher: Store, laptop: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    teacher.take_in_proposals(f"{'a' * 32}.json", b"{}")
    for path in teacher.root.glob("*/*"):
        os.utime(path, (seconds, seconds))
    monkeypatch.setattr("time.time", lambda: seconds)  # a machine without a clock of its own
    assert pack(teacher, teacher.keys(), tmp_path / "old.zip") == len(teacher.keys()) > 0
    assert sorted(add(laptop, tmp_path / "old.zip").added) == sorted(teacher.keys())


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


# --- what people do to a pack -------------------------------------------------------------------------------


def zipped_again(path: Path, write: Callable[[zipfile.ZipFile, dict[str, bytes]], None], compression: int) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", compression) as archive:
        write(archive, members)


def below_a_folder(archive: zipfile.ZipFile, members: dict[str, bytes]) -> None:
    """As macOS does it."""
    archive.writestr("runs/", b"")
    archive.writestr("runs/.DS_Store", b"x")
    for folder in sorted({name.split("/")[0] for name in members}):
        archive.writestr(f"runs/{folder}/", b"")
    for name, content in members.items():
        archive.writestr(f"runs/{name}", content)
        archive.writestr(f"__MACOSX/runs/{name.replace('/', '/._')}", b"x")


def with_folders(archive: zipfile.ZipFile, members: dict[str, bytes]) -> None:
    for name, content in members.items():
        archive.mkdir(name.split("/")[0]) if f"{name.split('/')[0]}/" not in archive.namelist() else None
        archive.writestr(name, content)
    archive.writestr("Thumbs.db", b"x")


@pytest.mark.parametrize("write", [below_a_folder, with_folders])
@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_pack_that_a_file_manager_has_zipped_again_is_taken(
    laptop: Store, packed: Path, write: Callable[[zipfile.ZipFile, dict[str, bytes]], None], compression: int
) -> None:
    zipped_again(packed, write, compression)
    accepted = add(laptop, packed)
    assert (len(accepted.added), accepted.refused) == (3, {})


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_unusual_compression_is_refused_with_what_to_do(laptop: Store, packed: Path, compression: int) -> None:
    zipped_again(packed, below_a_folder, compression)
    accepted = add(laptop, packed)
    assert len(accepted.refused) == 3
    assert all("zip it again with the usual one" in reason for reason in accepted.refused.values())


def test_an_encrypted_pack_is_refused(laptop: Store, packed: Path) -> None:
    content = bytearray(packed.read_bytes())
    with zipfile.ZipFile(packed) as archive:
        places = [member.header_offset for member in archive.infolist()]
        start = archive.start_dir
    for place in places:
        content[place + 6] |= 1
    while content[start : start + 4] == b"PK\x01\x02":
        content[start + 8] |= 1
        name, extra, comment = (int.from_bytes(content[start + at : start + at + 2], "little") for at in (28, 30, 32))
        start += 46 + name + extra + comment
    packed.write_bytes(content)
    accepted = add(laptop, packed)
    assert len(accepted.refused) == 3
    assert all("encrypted" in reason for reason in accepted.refused.values())


def test_a_file_that_stands_twice_is_refused(laptop: Store, teacher: Store, packed: Path) -> None:
    key = teacher.keys()[0]
    with zipfile.ZipFile(packed, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr(f"{key}/record.json", b"{}")
    assert add(laptop, packed).refused == {key: "it has a file twice"}


def test_a_bomb_is_refused_before_it_is_unpacked(laptop: Store, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0" * 32 + "/weights.npz", bytes(300_000_000))
    with pytest.raises(UsageError, match=r"bomb\.zip is not a pack of runs: it would grow too much"):
        add(laptop, tmp_path / "bomb.zip")


def test_a_member_that_is_longer_than_it_says_is_refused(laptop: Store, packed: Path, teacher: Store) -> None:
    key = teacher.keys()[0]
    with zipfile.ZipFile(packed) as archive:
        start = archive.start_dir
        first = archive.infolist()[0]
    content = bytearray(packed.read_bytes())
    content[start + 24 : start + 28] = (3).to_bytes(4, "little")  # the size that the directory gives the first file
    packed.write_bytes(content)
    accepted = add(laptop, packed)
    assert first.filename.startswith(key)
    assert list(accepted.refused) == [key]


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_no_pack(laptop: Store, tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "x")
    with pytest.raises(UsageError, match=r"x (must be a file|cannot be read)"):
        add(laptop, tmp_path / "x")


def test_a_list_of_members_too_long_for_memory_is_not_read(
    laptop: Store, packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kerascnn.store.archive.LARGEST_DIRECTORY_BYTES", 100)
    with pytest.raises(UsageError, match="more files than a pack"):
        add(laptop, packed)


def test_a_link_at_the_target_is_not_followed(teacher: Store, tmp_path: Path) -> None:
    (tmp_path / "link.zip").symlink_to(tmp_path / "elsewhere.zip")
    with pytest.raises(UsageError, match="is there already"):
        pack(teacher, teacher.keys(), tmp_path / "link.zip")
    assert not (tmp_path / "elsewhere.zip").exists()


# --- against the data set and the model ---------------------------------------------------------------------


def test_answers_about_images_that_the_data_set_lacks_are_refused(laptop: Store, teacher: Store, packed: Path) -> None:
    content = make_identity().spec.data.content
    few = DatasetInfo(
        name="x", title="x", content=content, image_shape=(4, 4, 3), class_names=("a", "b"), train_images=100,
        test_images=10, source="x",
    )  # fmt: skip
    accepted = add(laptop, packed, {content: few})
    assert accepted.refused.keys() == set(teacher.keys())
    assert all("its answers are not classes" in reason for reason in accepted.refused.values())


@pytest.mark.parametrize(
    ("shapes", "is_taken"),
    [
        ({"conv/kernel": (2, 3), "conv/bias": (2,)}, True),
        ({"conv/kernel": (3, 2), "conv/bias": (2,)}, False),
        ({"conv/kernel": (2, 3), "other/bias": (2,)}, False),
        (None, True),
    ],
)
def test_weights_must_be_those_of_the_model(
    laptop: Store, packed: Path, shapes: dict[str, tuple[int, ...]] | None, is_taken: bool
) -> None:
    content = make_identity().spec.data.content
    info = DatasetInfo(
        name="x", title="x", content=content, image_shape=(4, 4, 3), class_names=tuple("abcd"), train_images=100,
        test_images=10, source="x",
    )  # fmt: skip
    accepted = add(laptop, packed, {content: info}, lambda identity, dataset: shapes)
    assert bool(accepted.added) == is_taken
    assert all("not those of its model" in reason for reason in accepted.refused.values())


def test_a_store_that_cannot_be_read_is_no_fault_of_the_pack(
    laptop: Store, packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(key: str) -> None:
        raise StoreError("The store cannot be read: Input/output error.")

    monkeypatch.setattr(laptop, "load", broken)
    with pytest.raises(StoreError, match="Input/output error"):
        add(laptop, packed)
