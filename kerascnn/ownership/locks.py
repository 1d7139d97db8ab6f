"""Locks between processes: the system frees them when their holder dies, however it dies.

A holder may be suspended as well (Ctrl-Z), or never end. So nobody waits for ever, and whoever waits says for whom.
"""

from __future__ import annotations

import errno
import time
from pathlib import Path
from typing import Any

import filelock

from kerascnn.errors import StoreError
from kerascnn.surroundings.holders import holder_of
from kerascnn.surroundings.notices import say

NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)
"""What file systems answer that have no such locks: Lustre mounted with noflock, some NFS."""
PATIENCE_SECONDS = 120.0
SILENT_SECONDS = 2.0
"""Who waits longer says so, and again after each `AGAIN_SECONDS`."""
AGAIN_SECONDS = 60.0


class Held(filelock.Timeout):
    """Another process held the lock for too long; `holder` says which."""

    def __init__(self, lock_file: str, seconds: float) -> None:
        super().__init__(lock_file)
        self.holder = _describe_holder(lock_file)
        self._seconds = seconds

    def __str__(self) -> str:
        return f"{self.holder} has held {self.lock_file} for more than {self._seconds:.0f} s"


def process_lock(
    path: Path, timeout: float = PATIENCE_SECONDS, waits_for: str = "", **options: Any
) -> filelock.BaseFileLock:
    """An exclusive lock on a file, `timeout` seconds waited for (0: not at all).

    `waits_for` says in the words of the user what a process waits for that cannot have it; nothing: it waits silently.
    filelock would otherwise fall back to a file that merely exists, which a killed holder leaves behind for ever.
    `acquire` raises: filelock.Timeout when another process holds it (`Held` where it was waited for), StoreError where the
    file system has no such locks, OSError when the file cannot be written.
    """
    if timeout < 0:
        raise ValueError("A process must not wait for another for ever: give `timeout` in seconds.")
    lock = _ProcessLock(path, timeout=timeout, fallback_to_soft=False, **options)
    lock.waits_for = waits_for
    return lock


class _ProcessLock(filelock.FileLock):
    waits_for = ""

    def acquire(self, timeout: float | None = None, *arguments: Any, **options: Any) -> filelock.AcquireReturnProxy:
        patience = self.timeout if timeout is None else timeout
        ends, pause = time.monotonic() + patience, min(patience, SILENT_SECONDS)
        while True:
            try:
                return super().acquire(pause, *arguments, **options)
            except filelock.Timeout as err:
                left = ends - time.monotonic()
                if not patience:
                    raise
                if left <= 0:
                    raise Held(self.lock_file, patience) from err
                if self.waits_for:
                    say(f"Waiting for {self.waits_for}: {_describe_holder(self.lock_file)} has it.")
                pause = min(left, AGAIN_SECONDS)

    def _acquire(self) -> None:
        try:
            super()._acquire()
        except OSError as err:
            if err.errno not in NO_LOCKS:
                raise
            raise StoreError(
                f"The file system must offer locks that end with their process (flock). {Path(self.lock_file).parent} is "
                "on one that does not. Choose a folder on another disk, or have it mounted with locks."
            ) from err


def _describe_holder(lock_file: str) -> str:
    return str(holder_of(Path(lock_file)) or "another process")
