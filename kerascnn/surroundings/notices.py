"""What a process has to say to the user while it waits, from wherever it runs.

The standard error of workers goes to a log that nobody reads meanwhile: what they have to say, they append to a file
that the process in the terminal looks at.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "KERASCNN_NOTICES"


def say(text: str) -> None:
    """Tell the user: on standard error, or in a worker through the process that started it."""
    file = os.environ.get(VARIABLE)
    if file is None:
        print(text, file=sys.stderr, flush=True)
        return
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, f"{text}\n".encode("utf-8", "backslashreplace"))
    finally:
        os.close(handle)


class Notices:
    """What workers said in the file `file`, each text once."""

    def __init__(self, file: Path) -> None:
        self._file, self._read_bytes = file, 0
        self._told: set[str] = set()

    @property
    def variables(self) -> dict[str, str]:
        """What workers must have in their environment."""
        return {VARIABLE: str(self._file)}

    def fresh(self) -> list[str]:
        """What was said since the last look and never before."""
        try:
            with self._file.open("rb") as stream:
                stream.seek(self._read_bytes)
                whole, _, _unfinished = stream.read().rpartition(b"\n")
        except FileNotFoundError:
            return []
        self._read_bytes += len(whole) + (1 if whole else 0)
        texts = dict.fromkeys(whole.decode(errors="replace").splitlines())
        new = [text for text in texts if text not in self._told]
        self._told.update(new)
        return new
