"""The rule for a folder that we share: we write and delete what our manifest lists, and nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from kerascnn.errors import StoreError, UsageError
from kerascnn.ownership import owned
from kerascnn.ownership.manifests import Manifest, is_possible
from kerascnn.ownership.owned import Ours, SharedFolder, spell_names

OURS = Ours("report", beside=(".kerascnn-history.json",))


@pytest.fixture
def shared(tmp_path: Path) -> SharedFolder:
    return SharedFolder(tmp_path / "shared", OURS, "The folder", 0.2)


def write(shared: SharedFolder, **names: str) -> None:
    """Write these files; `data_a` stands for data/a."""
    with shared.writer():
        shared.write({name.replace("_", "/"): text.encode() for name, text in names.items()})


def files_in(shared: SharedFolder) -> dict[str, str]:
    paths = [path for path in shared.path.rglob("*") if path.is_file()]
    found = {path.relative_to(shared.path).as_posix(): path.read_text() for path in paths}
    return {name: text for name, text in found.items() if not name.startswith(".kerascnn-")}


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# --- writing ------------------------------------------------------------------------------------------------


def test_what_is_written_is_listed_and_replaced_by_the_next_write(shared: SharedFolder) -> None:
    write(shared, a="1", data_b="2")
    write(shared, a="3", c="4")
    assert files_in(shared) == {"a": "3", "c": "4"}
    manifest = shared.manifest()
    assert manifest is not None
    assert manifest.files == {"a": sha("3"), "c": sha("4")}
    assert not (shared.path / "data").exists()


def test_a_foreign_name_is_refused_before_anything_is_written(shared: SharedFolder) -> None:
    write(shared, a="1")
    (shared.path / "c").write_text("mine")
    before = (shared.path / OURS.manifest).read_bytes()
    with pytest.raises(UsageError, match=r"where c is not of a report that was written there\. Nothing was"):
        write(shared, a="2", b="2", c="2")
    assert files_in(shared) == {"a": "1", "c": "mine"}
    assert (shared.path / OURS.manifest).read_bytes() == before


def test_a_file_that_shares_its_bytes_with_another_name_is_replaced_and_the_other_keeps_them(
    shared: SharedFolder, tmp_path: Path
) -> None:
    write(shared, a="1")
    os.link(shared.path / "a", tmp_path / "mine")
    write(shared, a="2")
    assert (files_in(shared), (tmp_path / "mine").read_text()) == ({"a": "2"}, "1")


def test_an_obsolete_file_that_somebody_edited_stays(shared: SharedFolder) -> None:
    write(shared, a="1", b="2", data_c="3")
    (shared.path / "b").write_text("mine")
    (shared.path / "data" / "c").write_text("mine")
    write(shared, a="1")
    assert files_in(shared) == {"a": "1", "b": "mine", "data/c": "mine"}
    assert shared.others() == ["b", "data/c"]
    with pytest.raises(UsageError, match="where b is not of a report"):
        write(shared, b="2")


def test_a_folder_that_was_there_before_stays_when_it_is_empty(shared: SharedFolder) -> None:
    (shared.path / "data").mkdir(parents=True)
    write(shared, data_a="1", more_b="2")
    write(shared)
    assert [path.name for path in shared.path.iterdir() if path.is_dir()] == ["data"]


def test_a_folder_in_a_folder_of_ours_that_a_link_replaced_is_not_entered(shared: SharedFolder, tmp_path: Path) -> None:
    write(shared, data_a="1")
    (shared.path / "data").rename(tmp_path / "mine")
    (shared.path / "data").symlink_to(tmp_path / "mine")
    write(shared, b="2")  # data/a is obsolete, and where it was written it is no more
    assert (tmp_path / "mine" / "a").read_text() == "1"
    with pytest.raises(UsageError, match="data/a"):
        write(shared, data_a="1")


def test_the_folder_itself_may_be_reached_through_a_link(shared: SharedFolder, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    shared.path.symlink_to(tmp_path / "real")
    write(shared, a="1")
    assert (tmp_path / "real" / "a").read_text() == "1"
    assert shared.clear().removed == 1
    assert shared.path.is_symlink()


@pytest.mark.parametrize("broken", range(6))
def test_a_write_that_breaks_off_anywhere_knows_its_own_files_and_no_others(
    shared: SharedFolder, monkeypatch: pytest.MonkeyPatch, broken: int
) -> None:
    write(shared, a="1", b="1", old="1")
    (shared.path / "mine").write_text("mine")
    moving, count = owned.move, iter(range(100))

    def move(folder: Path, source: str, target: str) -> None:
        if next(count) == broken:
            raise OSError(28, "No space left on device")
        moving(folder, source, target)

    monkeypatch.setattr(owned, "move", move)
    if broken < 5:  # two manifests, a, b, c
        with pytest.raises(StoreError, match="No space left on device"):
            write(shared, a="2", b="2", c="2")
    else:
        write(shared, a="2", b="2", c="2")
    monkeypatch.undo()
    assert not (shared.path / OURS.staging).exists()
    cleared = shared.clear()
    assert (files_in(shared), cleared.left) == ({"mine": "mine"}, ("mine",))


def test_no_file_is_put_in_its_place_before_all_are_on_the_disk(
    shared: SharedFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(shared, a="1", b="1")
    before = {path.name: path.read_bytes() for path in shared.path.iterdir()}
    syncing, count = os.fsync, iter(range(100))

    def fsync(handle: int) -> None:
        if next(count) == 1:
            raise OSError(28, "No space left on device")
        syncing(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(StoreError):
        write(shared, a="2", b="2")
    assert {path.name: path.read_bytes() for path in shared.path.iterdir()} == before


# --- manifests ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["../a", "/a", "a/../b", "a/b/c", "a\\b", "", ".", "./a", "a/", "a//b", OURS.lock, "a/.kerascnn-x", "a\nb", 1],
)
def test_no_manifest_lists_what_no_file_of_ours_is_called(name: object) -> None:
    assert not is_possible(name)


def test_a_manifest_of_a_later_version_is_not_ours_to_replace(shared: SharedFolder) -> None:
    write(shared, a="1")
    path = shared.path / OURS.manifest
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "schema": 2}))
    with pytest.raises(UsageError, match="not of a report"):
        write(shared, a="2")
    assert files_in(shared) == {"a": "1"}


def test_the_manifest_of_an_earlier_version_goes_on(shared: SharedFolder) -> None:
    (shared.path / "data").mkdir(parents=True)
    for name in ("a", "data/b", "half"):
        (shared.path / name).write_text("1")
    (shared.path / ".kerascnn-history.json").write_text("{}")
    old = {"schema": 1, "digest": "x", "files": {"a": sha("1"), "data/b": sha("1"), "half": ""}, "pieces": {}}
    (shared.path / OURS.manifest).write_text(json.dumps(old))
    (shared.path / OURS.staging).mkdir()
    for name in ("file", "history", "manifest"):
        (shared.path / OURS.staging / name).write_text("half")
    write(shared, a="2")
    assert files_in(shared) == {"a": "2", "half": "1"}, "of `half` nobody knows what we wrote"
    assert not (shared.path / "data").exists()
    assert not (shared.path / OURS.staging).exists()
    assert shared.clear().left == ("half",)


def test_hidden_files_are_never_deleted_whatever_a_manifest_says(shared: SharedFolder) -> None:
    (shared.path / ".git").mkdir(parents=True)
    (shared.path / ".git" / "HEAD").write_text("1")
    (shared.path / OURS.manifest).write_bytes(Manifest("", {".git/HEAD": sha("1")}, folders=(".git",)).to_bytes())
    assert shared.clear().removed == 0
    assert files_in(shared) == {".git/HEAD": "1"}


# --- deleting -----------------------------------------------------------------------------------------------


def test_clearing_removes_what_was_written_and_says_what_stays(shared: SharedFolder) -> None:
    with shared.writer():
        shared.write({"a": b"1", "data/b": b"1", "data/c": b"1"}, beside={".kerascnn-history.json": b"{}"})
    (shared.path / "data" / "notes").write_text("mine")
    (shared.path / "data" / "c").write_text("mine")
    (shared.path / "photos").mkdir()
    cleared = shared.clear()
    assert (cleared.removed, cleared.left) == (2, ("data/c", "data/notes", "photos/"))
    assert sorted(path.name for path in shared.path.iterdir()) == ["data", "photos"]


def test_clearing_a_folder_that_was_never_ours_leaves_not_even_a_lock(shared: SharedFolder) -> None:
    assert (shared.clear().left, shared.path.exists()) == ((), False)
    shared.path.mkdir()
    (shared.path / "a").write_text("mine")
    assert shared.clear().left == ("a",)
    assert [path.name for path in shared.path.iterdir()] == ["a"]


def test_a_history_that_somebody_replaced_stays(shared: SharedFolder) -> None:
    with shared.writer():
        shared.write({}, beside={".kerascnn-history.json": b"{}"})
    (shared.path / ".kerascnn-history.json").write_text("mine")
    assert shared.clear().left == (".kerascnn-history.json",)


def test_a_lock_with_something_in_it_is_no_lock_of_ours(shared: SharedFolder) -> None:
    write(shared, a="1")
    (shared.path / OURS.lock).write_text("mine")
    assert shared.clear().left == (OURS.lock,)


def test_clearing_keeps_what_lies_in_a_place_that_is_kept(shared: SharedFolder) -> None:
    write(shared, a="1", store_b="1")
    assert shared.clear([shared.path / "store"]).left == ("store/b",)
    assert files_in(shared) == {"store/b": "1"}


def test_clearing_waits_for_who_writes_and_gives_up_in_the_end(shared: SharedFolder) -> None:
    write(shared, a="1")
    problems: list[str] = []

    def clear() -> None:
        try:
            shared.clear()
        except StoreError as err:
            problems.append(str(err))

    with shared.writer():
        other = threading.Thread(target=clear)
        other.start()
        other.join()
    assert "another report is being written there" in problems[0]
    assert files_in(shared) == {"a": "1"}


WRITE_AGAIN = """
import sys
from pathlib import Path
from kerascnn.ownership.owned import Ours, SharedFolder
shared = SharedFolder(Path(sys.argv[1]), Ours("report"), "The folder", 30)
for number in range(40):
    with shared.writer():
        shared.write({name: f"{sys.argv[2]} {number}".encode() for name in ("a", "b", "data/c")})
        texts = {(shared.path / name).read_text() for name in ("a", "b", "data/c")}
        assert texts == {f"{sys.argv[2]} {number}"}, texts
"""


def test_who_waits_for_the_lock_that_is_removed_has_the_folder_alone_afterwards(shared: SharedFolder) -> None:
    shared = SharedFolder(shared.path, Ours("report"), "The folder", 30)
    command = [sys.executable, "-c", WRITE_AGAIN, str(shared.path)]
    writers = [subprocess.Popen([*command, name], stderr=subprocess.PIPE, text=True) for name in ("one", "two")]
    while any(writer.poll() is None for writer in writers):
        assert shared.clear().left == ()
        time.sleep(0.005)
    for writer in writers:
        _, errors = writer.communicate()
        assert (writer.returncode, errors) == (0, "")
    assert shared.clear().left == ()
    assert list(shared.path.iterdir()) == []


def test_names_in_a_message_are_few_and_harmless() -> None:
    assert spell_names(["a", "b\x1b[2J"]) == "a, 'b\\x1b[2J'"
    assert spell_names([str(number) for number in range(12)]).endswith("8, 9 and 2 more")


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "desktop.ini", "@eaDir", "._index.html"])
def test_what_a_file_manager_leaves_makes_no_folder_somebody_elses(shared: SharedFolder, name: str) -> None:
    shared.path.mkdir(parents=True, exist_ok=True)
    (shared.path / name).write_text("x")
    shared.check_place()
    (shared.path / "thesis.txt").write_text("x")
    with pytest.raises(UsageError, match=r"thesis\.txt"):
        shared.check_place()
