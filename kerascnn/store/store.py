"""Every finished run under its key.

    <root>/<key>/            identity.json, record.json, predictions.npz, weights.npz, manifest.json
    <root>/_failures/        why a run failed; removed when it succeeds
    <root>/_proposals/       what a search's oracle proposed for given scores
    <root>/_published/       what the notebooks published
    <root>/_damaged/         entries that were not what they claimed to be, and those that `--force` replaced; the latest
    <root>/_logs/            what the workers printed; which runs they began and committed
    <root>/_taken_in.json    where the runs were made that came from other machines
    <root>/_locks/, _tmp/    of runs being trained; freed by the system when their process dies

An entry is written to `_tmp`, flushed, and renamed: it is there completely or not at all.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kerascnn.errors import StoreError
from kerascnn.identity import KEY_LENGTH, Origin, RunIdentity
from kerascnn.ownership.writing import sync, write_durably
from kerascnn.records import RunFailure, RunRecord, utc_now
from kerascnn.store.entry import MANIFEST, DamagedEntry, Trained, most_bytes_of, read_arrays, read_entry, result_files
from kerascnn.store.files import (
    ABSENT,
    is_folder,
    load_spec,
    names_in,
    read_file,
    reading_from,
    size_of,
    write_replacing,
    writing_to,
)
from kerascnn.store.logs import Logs
from kerascnn.store.origins import Origins
from kerascnn.store.soundness import check_answers, check_entry
from kerascnn.store.workspace import Workspace, own_folders
from kerascnn.surroundings.holders import Holder

if TYPE_CHECKING:
    import numpy as np

GUESSED_SIZE_BYTES = 600_000
SAMPLED_ENTRIES = 50
KEPT_ASIDE, KEPT_ASIDE_BYTES = 50, 500_000_000
"""Of the entries that were set aside only the latest are kept: so many, and so much of them."""


class Store:
    """The runs below `root`. Reading never changes it, save that a damaged entry is set aside.

    An entry is damaged when a file of it is missing, is not as it was written, or cannot be the result of its run.
    A file that the disk does not give back is not damaged: every method that reads raises a StoreError for it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._records: dict[str, RunRecord] = {}
        self._left_in_place: set[str] = set()
        self._workspace, self._logs, self._origins = Workspace(root), Logs(root), Origins(root)
        self.damage: dict[str, str] = {}
        """Key -> what was wrong, for every entry that was found damaged."""

    def keys(self) -> list[str]:
        """The keys of all entries, sorted; nothing is opened."""
        return [name for name in names_in(self.root) if len(name) == KEY_LENGTH and is_folder(self.root / name)]

    def load(self, key: str) -> RunRecord | None:
        """The record of `key`, or None. A damaged entry is set aside and counts as missing.

        It is set aside where the store can be written; elsewhere it stays, and counts as missing all the same.
        """
        if key in self._left_in_place:
            return None
        if key not in self._records:
            read = self._read(key, check_answers)
            if read is None:
                return None
            self._records[key] = read[1]
        return self._records[key]

    def verify(self, key: str) -> bool:
        """Whether the entry is sound to the last bit of its weights; one that is not is set aside, as by `load`."""
        return self._read(key, check_entry) is not None

    def _read(
        self, key: str, check: Callable[[str, dict[str, bytes]], tuple[RunIdentity, RunRecord]]
    ) -> tuple[RunIdentity, RunRecord] | None:
        if not is_folder(self.root / key):
            return None
        try:
            return check(key, read_entry(self.root / key, key))
        except ABSENT:  # another process has set it aside meanwhile
            return None
        except DamagedEntry as err:
            self.condemn(key, str(err))
            return None

    def identities(self) -> dict[str, RunIdentity]:
        """Key -> what the run was made from, for all entries whose identity can be read; nothing is checked."""
        found = {key: load_spec(self.root / key / "identity.json", RunIdentity) for key in self.keys()}
        return {key: identity for key, identity in found.items() if identity is not None}

    def size_bytes(self, key: str) -> int:
        """What the entry takes on the disk."""
        return size_of(self.root / key)

    def typical_size_bytes(self) -> int:
        """What one run takes on the disk, from a few of those there are."""
        keys = self.keys()
        sample = keys[:: max(1, len(keys) // SAMPLED_ENTRIES)]
        return sum(map(self.size_bytes, sample)) // len(sample) if sample else GUESSED_SIZE_BYTES

    def set_aside_count(self, key: str) -> int:
        """How often an entry of this key was found damaged, or was replaced by `--force`, as far as that was kept."""
        return sum(name.startswith(f"{key}-") for name in names_in(self.root / "_damaged"))

    def remove(self, key: str) -> None:
        """Delete an entry. It disappears in one step: a reader finds all of it or nothing."""
        with self.claim(key), self._writing():
            (self.root / "_tmp").mkdir(exist_ok=True)
            gone = self.root / "_tmp" / f"{key}-{secrets.token_hex(4)}"
            with contextlib.suppress(FileNotFoundError):  # somebody else was first
                (self.root / key).rename(gone)
            (gone / MANIFEST).unlink(missing_ok=True)  # else it would be taken for one that was about to be committed
            shutil.rmtree(gone, ignore_errors=True)
        self._records.pop(key, None)

    def load_identity(self, key: str) -> RunIdentity | None:
        """What the run under `key` was made from, or None."""
        return None if self.load(key) is None else load_spec(self.root / key / "identity.json", RunIdentity)

    def load_predictions(self, key: str) -> dict[str, np.ndarray]:
        """`classes` and `positions`, int32 (n,): the predicted class of each test image.

        Of a segmentation `masks` instead of `classes`: uint8 (n, height, ceil(width / 8)), each row's pixels as bits
        (`numpy.unpackbits`), 1 on the object. Raises: StoreError when they cannot be read.
        """
        return self._arrays(key, "predictions.npz")

    def load_weights(self, key: str) -> dict[str, np.ndarray]:
        """Variable path -> float32 array. Raises: StoreError when they cannot be read."""
        return self._arrays(key, "weights.npz")

    def _arrays(self, key: str, name: str) -> dict[str, np.ndarray]:
        path = self.root / key / name
        try:
            return read_arrays(read_file(path, most_bytes_of(name)))
        except DamagedEntry as err:
            raise DamagedEntry(f"{path}: {err}. `store verify` sets it aside.") from err
        except ABSENT as err:
            raise StoreError(f"{path} is gone: somebody removed the run. The same command trains it again.") from err

    def take_in(self, key: str, files: dict[str, bytes]) -> bool:
        """Add an entry made elsewhere, unless it is there already. Its content must have been checked.

        False when the run is being trained here at this moment.
        """
        with self.claim(key) as mine:
            if mine:
                self._add(key, files)
        return mine

    def proposals(self) -> dict[str, bytes]:
        """File name -> content of everything that oracles have proposed."""
        folder = self.root / "_proposals"
        names = [name for name in names_in(folder) if name.endswith(".json") and not name.startswith(".")]
        return {name: read_file(folder / name) for name in names}

    def take_in_proposals(self, name: str, content: bytes) -> None:
        """Keep what an oracle proposed elsewhere, unless it is known. Whoever uses it checks it against the search."""
        path = self.root / "_proposals" / name
        with reading_from(path):
            is_known = path.exists()
        if not is_known:
            write_replacing(path, content)

    def origins(self) -> tuple[Origin, ...]:
        """Where the runs were made that were taken in from other machines."""
        return self._origins.known()

    def add_origin(self, origin: Origin) -> None:
        """Remember that the store has runs made at `origin`."""
        self._origins.add(origin)

    def forget_origin(self, origin: Origin) -> None:
        """No longer look for runs made at `origin`; the runs themselves stay."""
        self._origins.forget(origin)

    def commit(self, identity: RunIdentity, result: Trained, *, replace: bool = False) -> None:
        """Add a finished run. A sound entry that is already there stays, unless `replace` sets it aside.

        Raises: StoreError when the store cannot be written; nothing half-written remains visible.
        """
        self._add(identity.key, result_files(identity, result), replace=replace)

    def _add(self, key: str, files: dict[str, bytes], *, replace: bool = False) -> None:
        with self._writing(), self._workspace.new_folder(key) as folder:
            for name, data in files.items():  # the manifest last: with it the folder is a whole entry
                write_durably(folder / name, data)
            self._put_in_place(folder, key, replace)
        self.damage.pop(key, None)
        self._left_in_place.discard(key)
        self._records.pop(key, None)
        self.forget_failure(key)

    def _put_in_place(self, folder: Path, key: str, replace: bool) -> None:
        """Rename a whole entry to its key. The one it replaces goes aside first, and comes back if that fails.

        Killed in between, `remove_temporaries` finds the whole new entry and puts it in place.
        """
        target, aside = self.root / key, None
        if target.exists() and (replace or not self.verify(key)):
            aside = self._set_aside(key)
        try:
            _rename_unless_there(folder, target)
            sync(self.root)
        except BaseException:
            if aside is not None and not target.exists():
                aside.rename(target)
            raise

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

    def claim(self, key: str) -> contextlib.AbstractContextManager[bool]:
        """Hold `key` for training while the block runs; False when another process holds it.

        The system frees the lock when its holder dies, however it dies.
        """
        return self._workspace.claim(key)

    def claimed_by(self, key: str) -> Holder | None:
        """The process that holds `key`; None where none does, or it cannot be told here."""
        return self._workspace.holder(key)

    def note_training(self, event: str, key: str, detail: str = "") -> None:
        """Add a line to the log that trainers keep: who began and who committed which run, and when."""
        self._logs.note(event, key, detail)

    def worker_log(self) -> Path:
        """The file that workers print to; begun anew once it has grown past a megabyte."""
        return self._logs.worker_log()

    def check_writable(self) -> None:
        """Raises: StoreError when nothing can be written to the store."""
        with self._writing():
            (self.root / "_tmp").mkdir(parents=True, exist_ok=True)
            probe = self.root / "_tmp" / f"probe-{secrets.token_hex(4)}"
            probe.write_bytes(b"")
            probe.unlink()

    def remove_temporaries(self) -> None:
        """Delete what killed processes left half-written, free locks, and all but the latest entries set aside.

        What a living process writes is left alone; an entry that was whole when its process was killed is kept.
        """
        self._workspace.sweep(self._rescue)
        self._thin_out_damaged()

    def temporary_folder(self, purpose: str) -> contextlib.AbstractContextManager[Path]:
        """A folder in the store to make something in. When this process dies, `remove_temporaries` deletes it."""
        return self._workspace.claimed_folder(purpose)

    def _rescue(self, folder: Path, key: str) -> bool:
        """Put a whole entry in place whose process was killed just before it did so itself."""
        if (self.root / key).exists() or not (folder / MANIFEST).is_file():
            return False
        try:
            check_entry(key, read_entry(folder, key))
        except (DamagedEntry, *ABSENT):
            return False
        with self._writing():
            _rename_unless_there(folder, self.root / key)
            sync(self.root)
        return True

    def _thin_out_damaged(self) -> None:
        folder = self.root / "_damaged"
        with self._writing():
            aside = {folder / name: (folder / name).lstat().st_ctime_ns for name in own_folders(folder)}
            left_bytes = KEPT_ASIDE_BYTES
            for place, path in enumerate(sorted(aside, key=aside.__getitem__, reverse=True)):
                left_bytes -= size_of(path)
                if place >= KEPT_ASIDE or (left_bytes < 0 and place > 0):
                    shutil.rmtree(path, ignore_errors=True)

    def _writing(self) -> contextlib.AbstractContextManager[None]:
        return writing_to(self.root)

    def condemn(self, key: str, reason: str) -> None:
        """Set a damaged entry aside and keep why, for the pages that show its run. A store that cannot be written keeps it."""
        self._records.pop(key, None)
        self.damage[key] = reason
        identity = load_spec(self.root / key / "identity.json", RunIdentity)
        try:
            self._set_aside(key)
            if identity is not None and identity.key == key:
                self.save_failure(_failure_of(identity, reason))
        except StoreError:
            self._left_in_place.add(key)

    def _set_aside(self, key: str) -> Path | None:
        """Move an entry to the damaged ones; where it is now, None when another process was first."""
        aside = self.root / "_damaged" / f"{key}-{secrets.token_hex(4)}"
        with self._writing():
            aside.parent.mkdir(exist_ok=True)
            try:
                (self.root / key).rename(aside)
            except FileNotFoundError:
                return None
        self._records.pop(key, None)
        return aside


def _failure_of(identity: RunIdentity, reason: str) -> RunFailure:
    said = f"The stored run was damaged and set aside: {reason}"
    return RunFailure(key=identity.key, spec=identity.spec, reason=said, traceback=said, failed_at=utc_now())


def _rename_unless_there(folder: Path, target: Path) -> None:
    try:
        folder.rename(target)
    except OSError:
        if not target.is_dir():  # else another process committed the same bits first
            raise
