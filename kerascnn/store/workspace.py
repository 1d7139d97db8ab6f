"""Claims and temporaries: who works on which run, and what a killed process left half-written."""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock

from kerascnn.ownership.locks import process_lock
from kerascnn.store.files import names_in, writing_to
from kerascnn.surroundings.holders import Holder, holder_of

OWN_FOLDER = re.compile(r".+-[0-9a-f]{8}")


def own_folders(folder: Path) -> list[str]:
    """The names of the folders in `folder` that are called as ours are; none where a link leads there."""
    if folder.is_symlink():
        return []
    found = [name for name in names_in(folder) if OWN_FOLDER.fullmatch(name)]
    return [name for name in found if (folder / name).is_dir() and not (folder / name).is_symlink()]


class Workspace:
    """The folders `_locks` and `_tmp` of the store at `root`."""

    def __init__(self, root: Path) -> None:
        self._root, self._locks, self._temporaries = root, root / "_locks", root / "_tmp"

    @contextlib.contextmanager
    def claim(self, name: str) -> Iterator[bool]:
        """Hold `name` while the block runs; False when another process holds it.

        The system frees the lock when its holder dies, however it dies.
        """
        lock = process_lock(self._locks / f"{name}.lock", timeout=0)
        if not self._acquire(lock):
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def holder(self, name: str) -> Holder | None:
        """Who holds `name`; None where nobody does, or that cannot be told here."""
        return holder_of(self._locks / f"{name}.lock")

    @contextlib.contextmanager
    def new_folder(self, name: str) -> Iterator[Path]:
        """A folder to write in, gone at the end unless it was renamed."""
        folder = self._temporaries / f"{name}-{secrets.token_hex(4)}"
        with writing_to(self._root):
            folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextlib.contextmanager
    def claimed_folder(self, purpose: str) -> Iterator[Path]:
        """A folder to make something in. When this process dies, `sweep` deletes it."""
        # No file system takes a name of more than 255 bytes, and a letter may have four.
        name = f"{purpose[:50]} {secrets.token_hex(4)}".replace("-", "_")
        try:
            with self.claim(name), self.new_folder(name) as folder:
                yield folder
        finally:
            (self._locks / f"{name}.lock").unlink(missing_ok=True)

    def sweep(self, rescue: Callable[[Path, str], bool]) -> None:
        """Delete what killed processes left, and locks that nobody holds; what a living process writes stays.

        `rescue` (folder, name it was written for) says whether it has put a folder where it belongs.
        """
        for entry in own_folders(self._temporaries):
            name = entry.rpartition("-")[0]
            with self.claim(name) as mine:
                if mine and not rescue(self._temporaries / entry, name):
                    shutil.rmtree(self._temporaries / entry, ignore_errors=True)
        if not self._locks.is_symlink():
            for entry in (name for name in names_in(self._locks) if name.endswith(".lock")):
                self._remove_free(self._locks / entry)

    def _remove_free(self, path: Path) -> None:
        """Delete a lock that nobody holds. Who has opened it meanwhile sees that its file is gone and starts over."""
        if path.is_symlink() or not path.is_file() or path.stat().st_size > 0:
            return  # no lock of ours
        lock = process_lock(path, timeout=0)
        if self._acquire(lock):
            path.unlink(missing_ok=True)
            lock.release()

    def _acquire(self, lock: filelock.BaseFileLock) -> bool:
        with writing_to(self._root):
            self._locks.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire()
            except filelock.Timeout:
                return False
        return True
