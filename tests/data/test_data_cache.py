from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import tiny_sets as tiny

from kerascnn import data
from kerascnn.data import cache as data_cache
from kerascnn.errors import DataError
from kerascnn.places import cache_folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tiny.write_npz(tmp_path / "things.npz")


@pytest.fixture
def content(source: Path) -> str:
    """The content of a set that is in the cache."""
    return data.load_dataset(str(source)).info.content


def flip_bit(file: Path, position: int) -> None:
    damaged = bytearray(file.read_bytes())
    damaged[position] ^= 1
    file.chmod(0o644)
    file.write_bytes(damaged)


def test_a_cached_set_is_opened_by_its_content(content: str) -> None:
    dataset = data.open_dataset(content)
    np.testing.assert_array_equal(dataset.train_images, tiny.TRAIN_PIXELS)
    assert dataset.info.content == content
    assert isinstance(dataset.train_images, np.memmap)


def test_a_set_that_is_not_in_the_cache_is_an_error_that_names_the_command() -> None:
    with pytest.raises(
        DataError, match=r"must be in the cache. Received: no folder .* `python pipeline.py data --data"
    ):
        data.open_dataset("0" * 64)


@pytest.mark.parametrize("content", ["", "../../etc", "A" * 64])
def test_a_content_that_is_no_hash_is_refused(content: str) -> None:
    with pytest.raises(DataError, match="`content` must be a SHA-256"):
        data.open_dataset(content)


@pytest.mark.parametrize("name", ["train_images.npy", "train_labels.npy", "test_images.npy", "info.json"])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "overwritten"])
def test_a_damaged_set_is_an_error_and_the_next_load_decodes_it_anew(
    name: str, damage: str, content: str, source: Path, cache: Path
) -> None:
    file = cache / "data" / content / name
    whole = file.read_bytes()
    file.unlink()
    if damage != "missing":
        file.write_bytes({"empty": b"", "cut": whole[:-5], "overwritten": b"?" * len(whole)}[damage])
    with pytest.raises(DataError, match=rf"data set {content[:12]} must be .*Bring it back with"):
        data.open_dataset(content)
    dataset = data.load_dataset(str(source))
    np.testing.assert_array_equal(dataset.train_images, tiny.TRAIN_PIXELS)
    data.verify(content)


def test_verifying_a_whole_set_is_silent(content: str) -> None:
    data.verify(content)


@pytest.mark.parametrize("name", ["train_images.npy", "test_labels.npy"])
def test_verifying_finds_a_flipped_bit_and_removes_the_set(name: str, content: str, source: Path, cache: Path) -> None:
    flip_bit(cache / "data" / content / name, -1)
    with pytest.raises(DataError, match=r"must match its SHA-256. Received: other bytes .* It was removed"):
        data.verify(content)
    assert not (cache / "data" / content).exists()
    assert data.load_dataset(str(source)).info.content == content
    data.verify(content)


def test_a_damaged_index_is_made_anew(content: str, source: Path, cache: Path) -> None:
    [index] = (cache / "data" / "sources").iterdir()
    index.write_text("{")
    assert data.load_dataset(str(source)).info.content == content
    assert index.read_text() != "{"


def test_files_in_the_cache_cannot_be_written_by_mistake(content: str, cache: Path) -> None:
    assert all(file.stat().st_mode & 0o222 == 0 for file in (cache / "data" / content).glob("*.npy"))


def test_nothing_partial_is_left_behind(content: str, cache: Path) -> None:
    assert not list(cache.rglob(".partial-*"))


def test_what_a_killed_process_left_is_swept_after_a_day(source: Path, cache: Path) -> None:
    old, young = cache / "data" / ".partial-old", cache / "data" / ".partial-young"
    for folder in (old, young):
        folder.mkdir(parents=True)
    os.utime(old, (time.time() - 90_000,) * 2)
    data.load_dataset(str(source))
    assert not old.exists()
    assert young.exists()


def test_a_full_disk_is_an_error_that_leaves_nothing(
    source: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object, **named: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "save", fail)
        with pytest.raises(
            DataError, match=r"the cache must be writable. Received: No space left .* set KERASCNN_CACHE"
        ):
            data.load_dataset(str(source))
    assert not list(cache.rglob("*.npy"))
    assert data.load_dataset(str(source)).info.title == "things"


def test_a_cache_that_cannot_be_a_folder_is_an_error(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("KERASCNN_CACHE", str(tmp_path / "file"))
    with pytest.raises(DataError, match=r"the cache must be writable. Received: .* \(in .*file"):
        data.load_dataset(str(source))


def test_the_users_cache_folder_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KERASCNN_CACHE")
    assert cache_folder().name == "kerascnn"


def test_a_copy_that_another_process_wrote_meanwhile_stays(content: str, cache: Path) -> None:
    theirs = cache / "data" / content
    ours = Path(shutil.copytree(theirs, cache / "data" / ".partial-ours"))
    before = (theirs / "info.json").stat().st_ino
    data_cache._put_in_place(ours, content)
    assert (theirs / "info.json").stat().st_ino == before


def hold_the_lock(cache_folder: str, held: multiprocessing.synchronize.Event) -> None:
    os.environ["KERASCNN_CACHE"] = cache_folder
    with data_cache.only_writer("name"):
        held.set()
        time.sleep(60)


def test_a_lock_ends_with_the_process_that_holds_it(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    process = context.Process(target=hold_the_lock, args=(str(cache), held))
    process.start()
    assert held.wait(30)
    process.kill()
    process.join()
    with data_cache.only_writer("name"):
        assert capsys.readouterr().err == ""
