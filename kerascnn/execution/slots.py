"""How many runs are trained at once on one machine, whatever number of pipelines was started."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import filelock

from kerascnn.data.cache import cache_folder

POLL_SECONDS = 0.1


@contextlib.contextmanager
def training_slot(slots: int) -> Iterator[None]:
    """Hold one of the machine's `slots` while the block runs; the system frees it when its holder dies.

    Where the cache folder cannot be written nobody can be waited for: the block runs at once.
    """
    lock = _acquire(slots)
    try:
        yield
    finally:
        if lock is not None:
            lock.release()


def _acquire(slots: int) -> filelock.BaseFileLock | None:
    folder = cache_folder() / "slots"
    while True:
        for number in range(slots):
            lock = filelock.FileLock(folder / f"{number}.lock", timeout=0)
            try:
                folder.mkdir(parents=True, exist_ok=True)
                lock.acquire()
            except filelock.Timeout:
                continue
            except OSError:
                return None
            return lock
        time.sleep(POLL_SECONDS)
