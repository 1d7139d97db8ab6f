"""The store: committed runs come back whole or not at all, whoever was killed in between."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from factories import make_epochs, make_failure, make_identity, make_record, make_result
from weather import ERRORS, read_only

from kerascnn.errors import StoreError
from kerascnn.records import RunFailure
from kerascnn.store import ENTRY_FILES, MANIFEST, Store, load_spec, write_replacing
from kerascnn.store.logs import LONGEST_BYTES

FILES = (*ENTRY_FILES, MANIFEST)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


@pytest.fixture
def key(store: Store) -> str:
    """The key of a run that is in the store."""
    identity = make_identity()
    store.commit(identity, make_result(identity))
    return identity.key


@pytest.fixture
def unusable(tmp_path: Path) -> Store:
    """A store that nobody can write, root included: it lies below a regular file."""
    (tmp_path / "file").write_text("")
    return Store(tmp_path / "file" / "runs")


def children(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


# --- commit and load ----------------------------------------------------------------------------------------


def test_a_committed_run_comes_back_as_it_was(store: Store, key: str) -> None:
    result, fresh = make_result(make_identity()), Store(store.root)
    assert fresh.load(key) == result.record
    assert fresh.load_identity(key) == make_identity()
    predictions, weights = fresh.load_predictions(key), fresh.load_weights(key)
    assert predictions["classes"].tolist() == [3, 1, 2]
    assert predictions["positions"].tolist() == [7, 8, 9]
    assert {name: (w.dtype, w.tolist()) for name, w in weights.items()} == {
        name: (w.dtype, w.tolist()) for name, w in result.weights.items()
    }
    assert fresh.keys() == [key]
    assert children(store.root / key) == sorted(FILES)
    assert children(store.root / "_tmp") == []


def test_predicted_masks_are_kept_a_bit_for_each_pixel(store: Store) -> None:
    identity, masks = make_identity(), np.random.default_rng(2).integers(0, 2, (3, 5, 12), np.int32)
    result = make_result(identity)
    result.test_predictions = masks
    store.commit(identity, result)
    predictions = store.load_predictions(identity.key)
    assert set(predictions) == {"masks", "positions"}
    assert predictions["masks"].shape == (3, 5, 2)
    np.testing.assert_array_equal(np.unpackbits(predictions["masks"], axis=-1, count=12), masks)


def test_a_run_that_is_not_there_is_none(store: Store, key: str) -> None:
    assert store.load("0" * 32) is None
    assert store.load_identity("0" * 32) is None
    assert Store(store.root / "nowhere").keys() == []


def test_a_loss_that_is_not_finite_survives_as_none(store: Store) -> None:
    identity = make_identity()
    result = make_result(identity)
    result.record = msgspec.structs.replace(
        result.record, outcome="diverged", epochs=make_epochs((0.2, 0.1), [2.3, None])
    )
    store.commit(identity, result)
    loaded = Store(store.root).load(identity.key)
    assert loaded is not None
    assert (loaded.outcome, loaded.epochs[1].train_loss) == ("diverged", None)


def test_a_second_commit_keeps_the_first(store: Store, key: str) -> None:
    store.commit(make_identity(), make_result(make_identity(), make_record(test_accuracy=0.9)))
    loaded = store.load(key)
    assert loaded is not None
    assert loaded.test.accuracy == 0.5
    assert children(store.root / "_damaged") == []
    assert children(store.root / "_tmp") == []


def test_a_commit_that_replaces_sets_the_first_aside(store: Store, key: str) -> None:
    assert store.load(key) is not None
    store.commit(make_identity(), make_result(make_identity(), make_record(test_accuracy=0.9)), replace=True)
    for reader in (store, Store(store.root)):
        loaded = reader.load(key)
        assert loaded is not None
        assert loaded.test.accuracy == 0.9
    (aside,) = children(store.root / "_damaged")
    assert aside.startswith(key)


def test_a_commit_forgets_the_failure_before_it(store: Store) -> None:
    identity = make_identity()
    store.save_failure(msgspec.structs.replace(make_failure(), key=identity.key))
    store.commit(identity, make_result(identity))
    assert store.load_failure(identity.key) is None


def test_a_commit_that_fails_half_way_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    import kerascnn.store.store

    written: list[Path] = []

    def full_disk(path: Path, data: bytes) -> None:
        if len(written) == 2:
            raise OSError(28, "No space left on device")
        written.append(path)
        path.write_bytes(data)

    monkeypatch.setattr(kerascnn.store.store, "write_durably", full_disk)
    with pytest.raises(StoreError, match=r"No space left on device.*Free space"):
        store.commit(make_identity(), make_result(make_identity()))
    assert len(written) == 2
    assert store.keys() == []
    assert children(store.root / "_tmp") == []


# --- damage -------------------------------------------------------------------------------------------------


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"x")


@pytest.mark.parametrize("damage", [flip, truncate, empty, lengthen, Path.unlink])
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_found_and_its_entry_set_aside(
    store: Store, key: str, name: str, damage: Callable[[Path], None]
) -> None:
    damage(store.root / key / name)
    fresh = Store(store.root)
    assert fresh.load(key) is None
    assert fresh.load(key) is None
    assert fresh.keys() == []
    (aside,) = children(store.root / "_damaged")
    assert aside.startswith(key)


def test_whatever_byte_of_the_manifest_is_flipped_it_is_found(store: Store, key: str) -> None:
    manifest = store.root / key / MANIFEST
    sound = manifest.read_bytes()
    for place in range(len(sound)):
        data = bytearray(sound)
        data[place] ^= 1 << (place % 8)
        manifest.write_bytes(data)
        assert Store(store.root).load(key) is None, f"byte {place}"
        (aside,) = (store.root / "_damaged").iterdir()
        aside.rename(store.root / key)
    manifest.write_bytes(sound)
    assert Store(store.root).load(key) is not None


def test_an_entry_under_another_key_is_damaged(store: Store, key: str) -> None:
    (store.root / key).rename(store.root / ("0" * 32))
    assert store.load("0" * 32) is None
    assert children(store.root / "_damaged")


@pytest.mark.parametrize("manifest", [b"[]", b"null", b'"text"', b"{}", b'{"schema": 1, "key": 3, "files": 4}'])
def test_a_manifest_of_another_shape_is_damage(store: Store, key: str, manifest: bytes) -> None:
    (store.root / key / MANIFEST).write_bytes(manifest)
    assert Store(store.root).load(key) is None


def test_a_run_can_be_committed_again_after_damage(store: Store, key: str) -> None:
    flip(store.root / key / "weights.npz")
    fresh = Store(store.root)
    assert fresh.load(key) is None
    fresh.commit(make_identity(), make_result(make_identity()))
    assert fresh.load(key) is not None


def test_why_an_entry_was_damaged_is_kept_until_it_is_trained_again(store: Store, key: str) -> None:
    flip(store.root / key / "weights.npz")
    fresh = Store(store.root)
    assert fresh.load(key) is None
    failure = fresh.load_failure(key)
    assert failure is not None
    assert failure.spec == make_identity().spec
    assert "set aside: weights.npz does not have the checksum" in failure.reason
    assert fresh.damage[key] in failure.reason
    fresh.commit(make_identity(), make_result(make_identity()))
    assert (fresh.load_failure(key), fresh.damage) == (None, {})


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
@pytest.mark.parametrize("name", FILES)
def test_what_stands_in_a_files_place_and_never_ends_is_damage(
    store: Store, key: str, name: str, make: Callable[[Path], None]
) -> None:
    (store.root / key / name).unlink()
    make(store.root / key / name)
    assert Store(store.root).load(key) is None


def test_a_file_that_would_take_all_memory_is_not_read(store: Store, key: str) -> None:
    os.truncate(store.root / key / "weights.npz", 3 * 10**9)  # a hole: it takes no disk
    fresh = Store(store.root)
    assert fresh.load(key) is None
    assert fresh.damage[key] == "weights.npz is missing, not a regular file, or too large"


def test_a_record_with_the_right_checksum_that_cannot_be_is_damage(store: Store) -> None:
    identity = make_identity()
    result = make_result(identity)
    result.record = msgspec.structs.replace(
        result.record, test=msgspec.structs.replace(result.record.test, accuracy=57.0)
    )
    store.commit(identity, result)
    assert store.load(identity.key) is None
    assert store.damage[identity.key] == "record.json: test.accuracy is 57.0, not a share from 0 to 1"


def test_verify_looks_at_the_weights_which_load_leaves_to_their_checksum(store: Store) -> None:
    identity = make_identity()
    result = make_result(identity)
    result.weights = {"conv/kernel": np.zeros(8, np.float32)}
    store.commit(identity, result)
    assert Store(store.root).load(identity.key) is not None
    assert not store.verify(identity.key)
    assert store.damage[identity.key] == "weights.npz: its weights are not those of its record"


@pytest.mark.parametrize("number", ERRORS, ids=os.strerror)
@pytest.mark.parametrize("name", FILES)
def test_what_the_disk_does_not_give_back_is_an_error_and_no_damage(
    store: Store, key: str, name: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = os.open

    def failing(path: Any, *options: Any, **more: Any) -> int:
        if str(path).endswith(f"{key}/{name}"):
            raise OSError(number, os.strerror(number), str(path))
        return opened(path, *options, **more)

    monkeypatch.setattr(os, "open", failing)
    fresh = Store(store.root)
    with pytest.raises(StoreError, match=f"cannot be read: {os.strerror(number)}.*{name}.*Nothing was changed"):
        fresh.load(key)
    monkeypatch.undo()
    assert fresh.load(key) is not None
    assert not (store.root / "_damaged").exists()


def test_a_process_without_free_descriptors_loses_nothing(store: Store, key: str) -> None:
    script = (
        "import os, sys; from pathlib import Path; from kerascnn.store import Store\n"
        "from kerascnn.errors import StoreError\n"
        "import numpy, resource; resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))\n"
        "Store(Path(sys.argv[1])).load(sys.argv[2])\n"
        "taken = []\n"
        "try:\n    while True: taken.append(os.open(os.devnull, os.O_RDONLY))\nexcept OSError: pass\n"
        "try: print('read', Store(Path(sys.argv[1])).load(sys.argv[2]))\n"
        "except StoreError as err: message = str(err)\n"
        "for handle in taken: os.close(handle)\nprint(message)"
    )
    command = [sys.executable, "-c", script, str(store.root), key]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert "Too many open files" in done.stdout, done.stdout + done.stderr
    assert Store(store.root).load(key) is not None


def test_a_damaged_entry_of_a_read_only_store_stays_and_counts_as_missing(
    store: Store, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    flip(store.root / key / "record.json")
    before = sorted(store.root.rglob("*"))
    read_only(store.root, monkeypatch)
    fresh = Store(store.root)
    assert (fresh.load(key), fresh.load(key), fresh.verify(key)) == (None, None, False)
    assert "record.json does not have the checksum" in fresh.damage[key]
    assert sorted(store.root.rglob("*")) == before
    monkeypatch.undo()
    fresh.commit(make_identity(), make_result(make_identity()))
    assert fresh.load(key) is not None
    assert len(children(store.root / "_damaged")) == 1


# --- replacing ----------------------------------------------------------------------------------------------

KILLED_BEFORE_THE_LAST_STEP = """
import os, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from factories import make_identity, make_record, make_result
from kerascnn.store import store as module
module._rename_unless_there = lambda folder, target: os.kill(os.getpid(), 9)
result = make_result(make_identity(), make_record(test_accuracy=0.9))
module.Store(Path(sys.argv[1])).commit(make_identity(), result, replace=True)
"""


def test_a_kill_between_old_and_new_loses_neither(store: Store, key: str) -> None:
    tests = str(Path(__file__).parents[1])
    killed = subprocess.run([sys.executable, "-c", KILLED_BEFORE_THE_LAST_STEP, str(store.root), tests], timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert len(children(store.root / "_damaged")) == len(children(store.root / "_tmp")) == 1
    store.remove_temporaries()
    loaded = store.load(key)
    assert loaded is not None
    assert loaded.test.accuracy == 0.9
    assert children(store.root / "_tmp") == []


def test_the_old_entry_comes_back_where_the_new_one_cannot_be_put_in_its_place(
    store: Store, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("kerascnn.store.store._rename_unless_there", full)
    with pytest.raises(StoreError, match="No space left"):
        store.commit(make_identity(), make_result(make_identity(), make_record(test_accuracy=0.9)), replace=True)
    loaded = Store(store.root).load(key)
    assert loaded is not None
    assert loaded.test.accuracy == 0.5
    assert children(store.root / "_damaged") == []


def test_only_what_is_whole_and_sound_is_rescued(store: Store, key: str) -> None:
    left = store.root / "_tmp" / f"{key}-0123abcd"
    shutil.copytree(store.root / key, left)
    store.remove(key)
    flip(left / "weights.npz")
    store.remove_temporaries()
    assert (store.keys(), children(store.root / "_tmp")) == ([], [])


def test_a_run_that_was_removed_does_not_come_back(store: Store, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "rmtree", lambda path, ignore_errors: None)
    store.remove(key)
    monkeypatch.undo()
    store.remove_temporaries()
    assert (store.keys(), children(store.root / "_tmp")) == ([], [])


# --- what would grow without end ----------------------------------------------------------------------------


def test_of_the_entries_set_aside_only_the_latest_are_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kerascnn.store.store.KEPT_ASIDE", 3)
    for _ in range(5):
        store.commit(make_identity(), make_result(make_identity()))
        store.commit(make_identity(), make_result(make_identity()), replace=True)
        last = {path.name for path in (store.root / "_damaged").iterdir()}
    assert len(last) == 5
    store.remove_temporaries()
    assert len(children(store.root / "_damaged")) == 3


def test_locks_that_nobody_holds_are_removed_and_held_ones_stay(store: Store, key: str) -> None:
    with holding(store, "k" * 32):
        with store.claim("j" * 32):
            pass
        store.remove_temporaries()
        assert children(store.root / "_locks") == [f"{'k' * 32}.lock"]
        with store.claim("k" * 32) as mine:
            assert not mine
    store.remove_temporaries()
    assert children(store.root / "_locks") == []


@pytest.mark.parametrize("name", ["_tmp", "_locks", "_damaged"])
def test_nothing_is_removed_through_a_link_nor_what_is_not_called_as_ours_is(
    store: Store, key: str, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kerascnn.store.store.KEPT_ASIDE", 0)
    thesis = tmp_path / "thesis"
    for folder in (thesis, store.root / "_tmp", store.root / "_locks", store.root / "_damaged"):
        (folder / "chapter-1").mkdir(parents=True)
        (folder / "chapter-1" / "text").write_text("by hand")
        (folder / f"{'k' * 32}-0123abcd").mkdir() if folder == thesis else None
        (folder / "notes.lock").write_text("by hand")
    shutil.rmtree(store.root / name)
    (store.root / name).symlink_to(thesis)
    before = sorted(path for path in [*thesis.rglob("*"), *store.root.rglob("*/*")])
    store.remove_temporaries()
    assert sorted(path for path in [*thesis.rglob("*"), *store.root.rglob("*/*")]) == before


def test_no_log_grows_without_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kerascnn.store.logs.LONGEST_BYTES", 500)
    with store.worker_log().open("a") as printed:
        for number in range(100):
            printed.write("x" * 100)
            printed.flush()
            store.note_training("began", f"{number:032}")
    assert store.worker_log().stat().st_size <= 600
    logs = [path.stat().st_size for path in (store.root / "_logs").iterdir()]
    assert max(logs) <= 700
    assert f"{99:032}" in (store.root / "_logs" / "training.log").read_text()


# --- failures and small files -------------------------------------------------------------------------------


def test_a_failure_is_kept_until_it_is_forgotten(store: Store) -> None:
    failure = make_failure(epochs=make_epochs())
    assert store.load_failure(failure.key) is None
    store.save_failure(failure)
    assert Store(store.root).load_failure(failure.key) == failure
    store.forget_failure(failure.key)
    store.forget_failure(failure.key)
    assert store.load_failure(failure.key) is None


def test_a_later_failure_replaces_the_earlier(store: Store) -> None:
    failure = make_failure()
    store.save_failure(failure)
    store.save_failure(msgspec.structs.replace(failure, reason="another"))
    assert store.load_failure(failure.key) == msgspec.structs.replace(failure, reason="another")
    assert children(store.root / "_failures") == [f"{failure.key}.json"]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b'{"key": 1}', b'{"reason": "\xff"}'])
def test_a_small_file_that_is_damaged_counts_as_missing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.json").write_bytes(content)
    assert load_spec(tmp_path / "x.json", RunFailure) is None


def forbidden(path: object, *options: object, **more: object) -> int:
    raise PermissionError(errno.EACCES, "Permission denied", str(path))


def test_a_small_file_that_may_not_be_read_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.json").write_text("{}")
    monkeypatch.setattr(os, "open", forbidden)
    with pytest.raises(StoreError, match=r"cannot be read: Permission denied.*Nothing was changed"):
        load_spec(tmp_path / "x.json", RunFailure)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_regular_file_is_not_read(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "x.json")
    assert load_spec(tmp_path / "x.json", RunFailure) is None


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.json"
    write_replacing(path, b"old")
    with monkeypatch.context() as patch:
        patch.setattr(
            "kerascnn.ownership.writing.os.fsync", lambda handle: (_ for _ in ()).throw(OSError(28, "No space left"))
        )
        with pytest.raises(StoreError, match="No space left"):
            write_replacing(path, b"new")
    assert (path.read_bytes(), children(tmp_path)) == (b"old", ["x.json"])
    write_replacing(path, b"new")
    assert (path.read_bytes(), children(tmp_path)) == (b"new", ["x.json"])


# --- claims and temporaries ---------------------------------------------------------------------------------

HOLD = """
import sys
from pathlib import Path
from kerascnn.store import Store
store = Store(Path(sys.argv[1]))
with store.claim(sys.argv[2]) as mine, store._workspace.new_folder(sys.argv[2]) as folder:
    (folder / "record.json").write_text("half")
    print("held" if mine else "refused", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holding(store: Store, key: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that has claimed `key` and is writing its entry."""
    command = [sys.executable, "-c", HOLD, str(store.root), key]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        if process.poll() is None:
            process.communicate("", timeout=20)


def test_a_key_is_claimed_by_one_process_until_it_lets_go(store: Store) -> None:
    with holding(store, "k" * 32):
        with store.claim("k" * 32) as mine:
            assert not mine
        with store.claim("j" * 32) as other:
            assert other
    with store.claim("k" * 32) as mine:
        assert mine


def test_a_claim_is_exclusive_inside_one_process_too_and_free_after_an_error(store: Store) -> None:
    def fail() -> None:
        with store.claim("k") as first, store.claim("k") as second:
            assert (first, second) == (True, False)
            raise RuntimeError("training failed")

    with pytest.raises(RuntimeError):
        fail()
    with store.claim("k") as mine:
        assert mine


def test_a_killed_process_frees_its_claim_and_what_it_left_half_written_is_removed(store: Store) -> None:
    key = "k" * 32
    with holding(store, key) as process:
        (half_written,) = children(store.root / "_tmp")
        store.remove_temporaries()
        assert children(store.root / "_tmp") == [half_written], "a living process is still writing it"
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=20)
    assert children(store.root / "_tmp") == [half_written]
    store.remove_temporaries()
    assert children(store.root / "_tmp") == []
    with store.claim(key) as mine:
        assert mine
    assert store.keys() == []


def test_removing_temporaries_leaves_runs_and_failures_alone(store: Store, key: str) -> None:
    store.save_failure(make_failure())
    store.remove_temporaries()
    assert Store(store.root).load(key) is not None
    assert store.load_failure(make_failure().key) is not None


# --- stores that cannot be written --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.check_writable(),
        lambda store: store.commit(make_identity(), make_result(make_identity())),
        lambda store: store.save_failure(make_failure()),
        lambda store: store.worker_log(),
        lambda store: store.claim("k").__enter__(),
    ],
    ids=["check", "commit", "failure", "log", "claim"],
)
def test_a_store_that_cannot_be_written_says_so_and_what_to_do(unusable: Store, write: Callable[[Store], Any]) -> None:
    with pytest.raises(StoreError, match=r"cannot be written: Not a directory.*set KERASCNN_STORE") as caught:
        write(unusable)
    assert caught.value.exit_code == 5
    assert str(unusable.root) in str(caught.value)


def test_a_store_that_cannot_be_written_reads_as_empty(unusable: Store) -> None:
    assert (unusable.keys(), unusable.load("k" * 32), unusable.load_failure("k")) == ([], None, None)
    unusable.forget_failure("k")
    unusable.remove_temporaries()


def test_a_writable_store_passes_the_check_and_keeps_nothing_of_it(store: Store) -> None:
    store.check_writable()
    assert children(store.root / "_tmp") == []


def test_the_worker_log_begins_anew_once_it_is_long(store: Store) -> None:
    store.worker_log().write_text("short")
    assert store.worker_log().read_text() == "short"
    store.worker_log().write_text("x" * (LONGEST_BYTES + 1))
    assert store.worker_log().read_text() == ""


def test_reading_a_store_does_not_change_it(store: Store, key: str) -> None:
    before = sorted(path for path in store.root.rglob("*"))
    reader = Store(store.root)
    reader.load(key)
    reader.load_failure(key)
    reader.load_weights(key)
    assert sorted(path for path in store.root.rglob("*")) == before
    shutil.rmtree(store.root)
    assert Store(store.root).load(key) is None
    assert not store.root.exists()
