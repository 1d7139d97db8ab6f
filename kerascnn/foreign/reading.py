"""Reading files that may be anything: a pipe that nobody writes to, an endless device, a file larger than memory."""

from __future__ import annotations

import os
import stat
from io import BufferedReader
from pathlib import Path


def open_regular(path: Path) -> BufferedReader:
    """The plain file at `path`, or behind the link there, opened for reading.

    Raises: OSError when it cannot be read or is a folder, a pipe, a device: those would be waited for.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0))
    stream = os.fdopen(handle, "rb", closefd=True) if stat.S_ISREG(os.fstat(handle).st_mode) else None
    if stream is None:
        os.close(handle)
        raise OSError(None, "Not a plain file", str(path))
    return stream


def read_regular(path: Path, most_bytes: int) -> bytes:
    """The bytes of the plain file at `path`. Raises: OSError as `open_regular`, or when there are more than `most_bytes`."""
    with open_regular(path) as stream:
        size_bytes = os.fstat(stream.fileno()).st_size
        content = stream.read(most_bytes + 1) if size_bytes <= most_bytes else b""
    if max(len(content), size_bytes) > most_bytes:
        raise OSError(None, f"More than {most_bytes / 1e6:.0f} MB", str(path))
    return content


def first_bytes(path: Path, count: int) -> bytes:
    """The beginning of the plain file at `path`; nothing where that cannot be read."""
    try:
        with open_regular(path) as stream:
            return stream.read(count)
    except OSError:
        return b""
