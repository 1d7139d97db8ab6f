"""How many runs are trained at once on one machine, whatever number of pipelines was started."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator

import filelock

from kerascnn.errors import StoreError
from kerascnn.locks import process_lock
from kerascnn.scratch import StrangersFolder, user_folder

POLL_SECONDS = 0.1
LONGEST_TURN_SECONDS = 60.0
"""Who has waited so long for its turn goes on without: the one before it may have been suspended."""


@contextlib.contextmanager
def training_slot(slots: int) -> Iterator[None]:
    """Hold one of this machine's `slots` while the block runs; the system frees it when its holder dies.

    Slots are those of the cores that this process may use, so that pipelines on cores of their own never wait
    for each other. Where the folder of the locks cannot be written nobody can be waited for: the block runs at once.
    """
    lock = _acquire(slots)
    try:
        yield
    finally:
        if lock is not None:
            lock.release()


def _acquire(slots: int) -> filelock.BaseFileLock | None:
    names = _slot_names(slots)
    try:
        # Not the cache folder: a home may be shared by many machines.
        folder = user_folder(tempfile.gettempdir()) / "slots"
        folder.mkdir(mode=0o700, exist_ok=True)
    except (OSError, StrangersFolder):
        return None
    turn = process_lock(folder / f"turn-{names[0]}-{len(names)}.lock", poll_interval=POLL_SECONDS / 10)
    try:
        # One at a time waits for a slot: who has just freed one stands behind who waits already. A waiter that
        # was suspended does not keep the others from going on.
        with contextlib.suppress(filelock.Timeout):
            turn.acquire(timeout=LONGEST_TURN_SECONDS)
        while True:
            for name in names:
                lock = process_lock(folder / f"{name}.lock", timeout=0)
                with contextlib.suppress(filelock.Timeout):
                    lock.acquire()
                    return lock
            time.sleep(POLL_SECONDS)
    except (OSError, StoreError):
        return None
    finally:
        turn.release()


def _slot_names(slots: int) -> list[str]:
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    named = [f"core-{core}" for core in cores]
    return [*named, *(f"more-{number}" for number in range(slots - len(named)))][:slots]
