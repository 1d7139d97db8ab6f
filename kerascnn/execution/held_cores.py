"""How many runs are trained at once on one machine, whatever number of pipelines was started."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import filelock

from kerascnn.errors import StoreError
from kerascnn.ownership.locks import process_lock
from kerascnn.ownership.scratch import StrangersFolder, user_folder
from kerascnn.surroundings.holders import Holder, holder_of
from kerascnn.surroundings.notices import say

POLL_SECONDS = 0.1
LONGEST_TURN_SECONDS = 60.0
"""A run that has waited this long for its turn goes on without it."""
SILENT_SECONDS = 2.0
"""After this long the user is told who has the cores."""
LONGEST_WAIT_SECONDS = 1800.0
"""A run that has waited this long for a core goes on without one: its holder may hang."""


@contextlib.contextmanager
def hold_core(cores: int) -> Iterator[None]:
    """Hold one of `cores` while the block runs; the system frees it when its holder dies.

    Only cores that this process may use count, so pipelines on different cores never wait for each other. If `cores` is more
    than the machine has, runs share cores. A suspended process uses no core, so another run takes its core. If the folder of
    the locks cannot be written, the block runs at once.
    """
    lock = _acquire(cores)
    try:
        yield
    finally:
        if lock is not None:
            lock.release()


def _acquire(cores: int) -> filelock.BaseFileLock | None:
    names = _core_names(cores)
    try:
        # Not the cache folder: a home may be shared by many machines.
        folder = user_folder(tempfile.gettempdir()) / "slots"
        folder.mkdir(mode=0o700, exist_ok=True)
        # One at a time waits for a core: who has just freed one stands behind who waits already.
        with _turn(folder / f"turn-{names[0]}-{len(names)}.lock"):
            return _wait_for_one(folder, names)
    except (OSError, StrangersFolder, StoreError):
        return None


@contextlib.contextmanager
def _turn(path: Path) -> Iterator[None]:
    """Hold the turn. Go on without it if its holder is suspended or keeps it for too long."""
    lock = process_lock(path, poll_interval=POLL_SECONDS / 10)
    try:
        lock.acquire(timeout=SILENT_SECONDS)
    except filelock.Timeout:
        if not _is_suspended(holder_of(path)):
            with contextlib.suppress(filelock.Timeout):
                lock.acquire(timeout=LONGEST_TURN_SECONDS)
    try:
        yield
    finally:
        lock.release()


def _wait_for_one(folder: Path, names: list[str]) -> filelock.BaseFileLock | None:
    started = looked = time.monotonic()
    wanted = names
    while time.monotonic() - started < LONGEST_WAIT_SECONDS:
        for name in wanted:
            lock = process_lock(folder / f"{name}.lock", timeout=0)
            with contextlib.suppress(filelock.Timeout):
                lock.acquire()
                return lock
        if time.monotonic() - looked > SILENT_SECONDS:
            holders = {name: holder_of(folder / f"{name}.lock") for name in names}
            wanted = [*names, *(f"{name}-instead" for name, holder in holders.items() if _is_suspended(holder))]
            if wanted == names:
                say(f"Waiting for a core of this machine. Now training there: {' and '.join(_spell(holders))}.")
            looked = time.monotonic()
        time.sleep(POLL_SECONDS)
    return None


def _is_suspended(holder: Holder | None) -> bool:
    return holder is not None and holder.is_suspended


def _spell(holders: dict[str, Holder | None]) -> list[str]:
    return list(dict.fromkeys(str(holder or "another process") for holder in holders.values()))


def _core_names(count: int) -> list[str]:
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    named = [f"core-{core}" for core in cores]
    return [*named, *(f"more-{number}" for number in range(count - len(named)))][:count]
