"""The store: every finished run under its key, checked, never half-written.

    <root>/<key>/            identity.json, record.json, predictions.npz, weights.npz, manifest.json
    <root>/_failures/        why a run failed; removed when it succeeds
    <root>/_proposals/       what a search's oracle proposed for given scores
    <root>/_published/       what the notebooks published
    <root>/_damaged/         entries whose checksums did not hold, and those that `--force` replaced
    <root>/_logs/            what the workers printed; which runs they began and committed
    <root>/_taken_in.json    where the runs were made that came from other machines
    <root>/_locks/, _tmp/    of runs being trained; freed by the system when their process dies

An entry is written to `_tmp`, flushed, and renamed: it is there completely or not at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

import filelock

from kerascnn.errors import KerascnnError, StoreError, UsageError
from kerascnn.identity import KEY_LENGTH, Origin, RunIdentity
from kerascnn.locks import process_lock
from kerascnn.records import RunFailure, RunRecord
from kerascnn.specs import Spec

if TYPE_CHECKING:
    import numpy as np

    from kerascnn.training.run import RunResult

T = TypeVar("T", bound=Spec)
LOG_SIZE_BYTES = 1_000_000
GUESSED_SIZE_BYTES = 600_000
SAMPLED_ENTRIES = 50
MANIFEST = "manifest.json"
SCHEMA = 1
ENTRY_FILES = ("identity.json", "record.json", "predictions.npz", "weights.npz")


class TakenIn(Spec, frozen=True, kw_only=True):
    """The file that names the origins of runs from other machines."""

    origins: tuple[Origin, ...]


class DamagedEntry(StoreError):
    """An entry whose files do not agree with its manifest."""


class Store:
    """The runs below `root`. Reading never changes it, save that a damaged entry is set aside."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._records: dict[str, RunRecord] = {}

    def keys(self) -> list[str]:
        """The keys of all entries, sorted; nothing is opened."""
        if not self.root.is_dir():
            return []
        return sorted(path.name for path in self.root.iterdir() if len(path.name) == KEY_LENGTH and path.is_dir())

    def load(self, key: str) -> RunRecord | None:
        """The record of `key`, or None. A damaged entry is set aside and counts as missing."""
        if key not in self._records:
            folder = self.root / key
            if not folder.is_dir():
                return None
            try:
                self._records[key] = _read_record(folder)
            except DamagedEntry:
                self._set_aside(folder)
                return None
        return self._records[key]

    def identities(self) -> dict[str, RunIdentity]:
        """Key -> what the run was made from, for all entries whose identity can be read; nothing is checked."""
        found = {key: load_spec(self.root / key / "identity.json", RunIdentity) for key in self.keys()}
        return {key: identity for key, identity in found.items() if identity is not None}

    def size_bytes(self, key: str) -> int:
        """What the entry takes on the disk."""
        return sum(path.stat().st_size for path in (self.root / key).glob("*"))

    def typical_size_bytes(self) -> int:
        """What one run takes on the disk, from a few of those there are."""
        keys = self.keys()
        sample = keys[:: max(1, len(keys) // SAMPLED_ENTRIES)]
        return sum(map(self.size_bytes, sample)) // len(sample) if sample else GUESSED_SIZE_BYTES

    def set_aside_count(self, key: str) -> int:
        """How often an entry of this key was found damaged, or was replaced by `--force`."""
        return len(list((self.root / "_damaged").glob(f"{key}-*")))

    def remove(self, key: str) -> None:
        """Delete an entry. It disappears in one step: a reader finds all of it or nothing."""
        with self.claim(key), self._writing():
            (self.root / "_tmp").mkdir(exist_ok=True)
            gone = self.root / "_tmp" / f"{key}-{secrets.token_hex(4)}"
            with contextlib.suppress(FileNotFoundError):  # somebody else was first
                (self.root / key).rename(gone)
            shutil.rmtree(gone, ignore_errors=True)
        self._records.pop(key, None)

    def load_identity(self, key: str) -> RunIdentity | None:
        """What the run under `key` was made from, or None."""
        if self.load(key) is None:
            return None
        return RunIdentity.from_json((self.root / key / "identity.json").read_bytes())

    def load_predictions(self, key: str) -> dict[str, np.ndarray]:
        """`classes` and `positions`, int32 (n,): the predicted class of each test image.

        Of a segmentation `masks` instead of `classes`: uint8 (n, height, ceil(width / 8)), each row's pixels as bits
        (`numpy.unpackbits`), 1 on the object.
        """
        return read_arrays(self.root / key / "predictions.npz")

    def load_weights(self, key: str) -> dict[str, np.ndarray]:
        """Variable path -> float32 array."""
        return read_arrays(self.root / key / "weights.npz")

    def take_in(self, key: str, files: dict[str, bytes]) -> bool:
        """Add an entry made elsewhere, unless it is there already. Its content must have been checked.

        False when the run is being trained here at this moment.
        """
        with self.claim(key) as mine:
            if not mine:
                return False
            with self._writing(), self._new_folder(key) as folder:
                for name, data in files.items():
                    write_durably(folder / name, data)
                _rename_unless_there(folder, self.root / key)
                _sync_folder(self.root)
        self.forget_failure(key)
        return True

    def proposals(self) -> dict[str, bytes]:
        """File name -> content of everything that oracles have proposed."""
        return {path.name: path.read_bytes() for path in sorted((self.root / "_proposals").glob("*.json"))}

    def take_in_proposals(self, name: str, content: bytes) -> None:
        """Keep what an oracle proposed elsewhere, unless it is known. It must have been checked."""
        path = self.root / "_proposals" / name
        if not path.exists():
            write_replacing(path, content)

    def origins(self) -> tuple[Origin, ...]:
        """Where the runs were made that were taken in from other machines."""
        taken = load_spec(self.root / "_taken_in.json", TakenIn)
        return taken.origins if taken else ()

    def add_origin(self, origin: Origin) -> None:
        """Remember that the store has runs made at `origin`."""
        if origin in self.origins():
            return
        with self._writing():
            (self.root / "_locks").mkdir(parents=True, exist_ok=True)
            with process_lock(self.root / "_locks" / "taken_in.lock"):
                taken = TakenIn(origins=(*self.origins(), origin))
                write_replacing(self.root / "_taken_in.json", taken.canonical_json())

    def commit(self, identity: RunIdentity, result: RunResult, *, replace: bool = False) -> None:
        """Add a finished run. An entry that is already there stays, unless `replace` sets it aside.

        Raises: StoreError when the store cannot be written; nothing half-written remains visible.
        """
        key = identity.key
        files = {
            "identity.json": identity.canonical_json(),
            "record.json": result.record.canonical_json(),
            "predictions.npz": _pack(_predictions(result)),
            "weights.npz": _pack(result.weights),
        }
        manifest = {"schema": SCHEMA, "key": key, "files": {name: _sha256(data) for name, data in files.items()}}
        files[MANIFEST] = json.dumps(manifest, indent=1).encode()
        with self._writing(), self._new_folder(key) as folder:
            for name, data in files.items():
                write_durably(folder / name, data)
            if replace and (self.root / key).exists():
                self._set_aside(self.root / key)
            _rename_unless_there(folder, self.root / key)
            _sync_folder(self.root)
        self._records.pop(key, None)
        self.forget_failure(key)

    def save_failure(self, failure: RunFailure) -> None:
        """Keep why a run failed, for the report and for the next attempt."""
        write_replacing(self.root / "_failures" / f"{failure.key}.json", failure.canonical_json())

    def load_failure(self, key: str) -> RunFailure | None:
        """Why the last attempt at `key` failed, or None."""
        return load_spec(self.root / "_failures" / f"{key}.json", RunFailure)

    def forget_failure(self, key: str) -> None:
        """The run succeeded, or is about to be tried again."""
        path = self.root / "_failures" / f"{key}.json"
        if path.exists():
            with self._writing():
                path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def claim(self, key: str) -> Iterator[bool]:
        """Hold `key` for training while the block runs; False when another process holds it.

        The system frees the lock when its holder dies, however it dies.
        """
        lock = process_lock(self.root / "_locks" / f"{key}.lock", timeout=0)
        if not self._acquire(lock):
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def note_training(self, event: str, key: str, detail: str = "") -> None:
        """Add a line to the log that trainers keep: who began and who committed which run, and when."""
        line = f"{time.time():.3f} {event} {key} {os.getpid()} {detail}".rstrip() + "\n"
        with contextlib.suppress(OSError):  # no run fails for want of its line in a log
            (self.root / "_logs").mkdir(parents=True, exist_ok=True)
            handle = os.open(self.root / "_logs" / "training.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                os.write(handle, line.encode())  # one write: lines of several processes never mix
            finally:
                os.close(handle)

    def worker_log(self) -> Path:
        """The file that workers print to; begun anew once it has grown past a megabyte."""
        path = self.root / "_logs" / "workers.log"
        with self._writing():
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and path.stat().st_size > LOG_SIZE_BYTES:
                path.unlink()
        return path

    def check_writable(self) -> None:
        """Raises: StoreError when nothing can be written to the store."""
        with self._writing():
            (self.root / "_tmp").mkdir(parents=True, exist_ok=True)
            probe = self.root / "_tmp" / f"probe-{secrets.token_hex(4)}"
            probe.write_bytes(b"")
            probe.unlink()

    def remove_temporaries(self) -> None:
        """Delete what killed processes left half-written; what a living one writes is left alone."""
        for folder in sorted((self.root / "_tmp").glob("*-*")):
            with self.claim(folder.name.partition("-")[0]) as mine:
                if mine:
                    shutil.rmtree(folder, ignore_errors=True)

    @contextlib.contextmanager
    def temporary_folder(self, purpose: str) -> Iterator[Path]:
        """A folder in the store to make something in. When this process dies, `remove_temporaries` deletes it."""
        name = f"{purpose} {secrets.token_hex(4)}".replace("-", "_")
        try:
            with self.claim(name), self._new_folder(name) as folder:
                yield folder
        finally:
            (self.root / "_locks" / f"{name}.lock").unlink(missing_ok=True)

    @contextlib.contextmanager
    def _new_folder(self, key: str) -> Iterator[Path]:
        folder = self.root / "_tmp" / f"{key}-{secrets.token_hex(4)}"
        with self._writing():
            folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _acquire(self, lock: filelock.BaseFileLock) -> bool:
        with self._writing():
            (self.root / "_locks").mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire()
            except filelock.Timeout:
                return False
        return True

    def _writing(self) -> contextlib.AbstractContextManager[None]:
        return writing_to(self.root)

    def _set_aside(self, folder: Path) -> None:
        with self._writing():
            (self.root / "_damaged").mkdir(exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # another process was first
                folder.rename(self.root / "_damaged" / f"{folder.name}-{secrets.token_hex(4)}")
        self._records.pop(folder.name, None)


def write_durably(path: Path, data: bytes) -> None:
    """Write a new file and wait until it is on the disk."""
    with path.open("xb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def write_replacing(path: Path, data: bytes) -> None:
    """Replace a file in one step: readers see the old content or the new, never a part.

    Raises: StoreError when it cannot be written; the old content stays.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with writing_to(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_durably(temporary, data)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def load_spec(path: Path, kind: type[T]) -> T | None:
    """The spec in a small JSON file; None when it is not there or its content is damaged.

    Raises: StoreError when it is there and may not be read.
    """
    try:
        return kind.from_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, UsageError):
        return None
    except OSError as err:
        raise StoreError(
            f"The store cannot be read: {err.strerror or err} (in {path}). Mend its permissions or set KERASCNN_STORE."
        ) from err


@contextlib.contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Turns what goes wrong in writing below `folder` into a StoreError that says what to do."""
    try:
        yield
    except OSError as err:
        raise StoreError(
            f"The store cannot be written: {err.strerror or err} (in {folder}). "
            "Free space or set KERASCNN_STORE to a folder you may write to."
        ) from err


def _rename_unless_there(folder: Path, target: Path) -> None:
    try:
        folder.rename(target)
    except OSError:
        if not target.is_dir():  # else another process committed the same bits first
            raise


def _read_record(folder: Path) -> RunRecord:
    try:
        files = {name: (folder / name).read_bytes() for name in (*ENTRY_FILES, MANIFEST)}
        check_files(folder.name, files)
        return RunRecord.from_json(files["record.json"])
    except (OSError, KerascnnError) as err:
        raise DamagedEntry(f"The entry {folder} is damaged: {err}.") from err


def check_files(key: str, files: dict[str, bytes]) -> None:
    """Raises: DamagedEntry when the files of an entry (name -> content) do not agree with its manifest."""
    try:
        manifest = json.loads(files[MANIFEST])
        is_own = manifest["schema"] == SCHEMA and manifest["key"] == key
        expected = dict(manifest["files"])
        missing = set(ENTRY_FILES) - files.keys()
    except (ValueError, TypeError, KeyError) as err:
        raise DamagedEntry(f"its manifest cannot be read ({err})") from err
    if not is_own or set(expected) != set(ENTRY_FILES) or missing:
        raise DamagedEntry("its manifest is of another entry")
    for name in ENTRY_FILES:
        if _sha256(files[name]) != expected[name]:
            raise DamagedEntry(f"{name} does not have the checksum in its manifest")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _predictions(result: RunResult) -> dict[str, np.ndarray]:
    """What `Store.load_predictions` gives back."""
    import numpy as np

    answers = result.test_predictions
    said = {"classes": answers} if answers.ndim == 1 else {"masks": np.packbits(answers.astype(np.uint8), axis=-1)}
    return {**said, "positions": result.test_positions}


def _pack(arrays: dict[str, np.ndarray]) -> bytes:
    import numpy as np

    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def read_arrays(source: Path | BinaryIO) -> dict[str, np.ndarray]:
    """The arrays of an .npz file by name; nothing in it is executed."""
    import numpy as np

    with np.load(source, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
