"""Locks between processes: the system frees them when their holder dies, however it dies."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import filelock

from kerascnn.errors import StoreError

NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)
"""What file systems answer that have no such locks: Lustre mounted with noflock, some NFS."""


def process_lock(path: Path, timeout: float = -1, **options: Any) -> filelock.BaseFileLock:
    """An exclusive lock on a file, `timeout` seconds waited for (-1: for ever, 0: not at all).

    filelock would otherwise fall back to a file that merely exists, which a killed holder leaves behind for ever.
    `acquire` raises: filelock.Timeout when another process holds it, StoreError where the file system has no such
    locks, OSError when the file cannot be written.
    """
    return _ProcessLock(path, timeout=timeout, fallback_to_soft=False, **options)


class _ProcessLock(filelock.FileLock):
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
