"""Who holds a lock, for whoever waits for it: a process, since when, and whether it is suspended.

Nothing is written into the file of a lock for that: the system knows who holds it, and forgets it with its holder.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kerascnn.surroundings.kernel_files import read_kernel_file

if TYPE_CHECKING:
    import psutil

SUSPENDED = ("stopped", "tracing-stop")
"""As psutil calls what Ctrl-Z and a debugger do."""
LONGEST_COMMAND = 60
WORKER = "multiprocessing"
"""What stands in the command line of a worker: whoever started it is the one to be named."""


@dataclass(frozen=True)
class Holder:
    """A process that holds a lock. `command` is what the user typed to start it; `group` is that of its job."""

    pid: int
    group: int
    command: str
    started: float
    is_suspended: bool

    def __str__(self) -> str:
        since = time.strftime("%d %b %H:%M", time.localtime(self.started))
        words = f"process {self.pid} ({self.command}, since {since})"
        if self.is_suspended:
            words += (
                f", which is suspended (`fg` in its terminal or `kill -CONT -- -{self.group}` lets it go on, "
                f"`kill -9 -- -{self.group}` ends it)"
            )
        return words


def holder_of(lock: Path) -> Holder | None:
    """Who holds the lock on a file; None where nobody does, or it cannot be told here (another machine, other rights)."""
    import psutil  # only where somebody waits: nothing else here takes time to be loaded

    for pid in _pids_holding(lock):
        try:
            return _describe(psutil.Process(pid))
        except psutil.Error:
            continue  # gone meanwhile, or not ours to look at
    return None


def _pids_holding(lock: Path) -> Iterator[int]:
    try:
        found = lock.stat()
    except OSError:
        return
    place = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    for line in read_kernel_file(Path("/proc/locks")).splitlines():
        words = line.split()
        if len(words) > 5 and words[1] == "FLOCK" and words[5] == place and words[4].isdecimal():
            yield int(words[4])
    for pid in _others():  # not every system lists its locks, nor those of every file system
        if _has_open(pid, lock):
            yield pid


def _others() -> list[int]:
    import psutil

    try:
        return [pid for pid in psutil.pids() if pid != os.getpid()]
    except OSError:  # a sandbox without /proc
        return []


def _has_open(pid: int, lock: Path) -> bool:
    import psutil

    try:
        return any(file.path == str(lock) for file in psutil.Process(pid).open_files())
    except (psutil.Error, OSError):
        return False


def _describe(process: psutil.Process) -> Holder:
    suspended = process.status() in SUSPENDED
    parent = process.parent()
    if parent is not None and WORKER in " ".join(process.cmdline()):
        process, suspended = parent, suspended or parent.status() in SUSPENDED
    command = " ".join([Path(word).name if word.startswith("/") else word for word in process.cmdline()])
    shown = "".join(sign if sign.isprintable() else "?" for sign in command[:LONGEST_COMMAND])
    return Holder(process.pid, os.getpgid(process.pid), shown or process.name(), process.create_time(), suspended)
