"""What workers print, and which runs they began and committed. No log grows past a megabyte or two."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from kerascnn.store.files import writing_to

LONGEST_BYTES = 1_000_000


class Logs:
    """The folder `_logs` of the store at `root`."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "_logs"
        self._printed, self._training = self._folder / "workers.log", self._folder / "training.log"

    def worker_log(self) -> Path:
        """The file that workers print to, in a folder that is there."""
        with writing_to(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._shorten()
        return self._printed

    def note(self, event: str, key: str, detail: str = "") -> None:
        """Add a line: who began and who committed which run, and when."""
        line = f"{time.time():.3f} {event} {key} {os.getpid()} {detail}".rstrip() + "\n"
        with contextlib.suppress(OSError):  # no run fails for want of its line in a log
            self._folder.mkdir(parents=True, exist_ok=True)
            self._shorten()
            handle = os.open(self._training, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                os.write(handle, line.encode())  # one write: lines of several processes never mix
            finally:
                os.close(handle)

    def _shorten(self) -> None:
        """Begin long logs anew. The one that workers hold open is emptied: what they append goes on from there."""
        if _size(self._printed) > LONGEST_BYTES:
            os.truncate(self._printed, 0)
        if _size(self._training) > LONGEST_BYTES:
            self._training.replace(self._training.with_suffix(".old"))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
