"""Files written whole: a reader sees the old content or the new, never a part, whatever is killed meanwhile."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def replacing(path: Path, temporary: Path | None = None) -> Iterator[BinaryIO]:
    """A new file that takes the place of `path` once the block is left, on the disk by then. Raises: OSError.

    Where the block fails the old content stays. `temporary`: what the new file is called meanwhile, where one left by a killed process
    must not stay beside the next.
    """
    if temporary is None:
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    else:
        temporary.unlink(missing_ok=True)
    try:
        with temporary.open("xb") as stream:
            yield stream
            _flush(stream)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_replacing(path: Path, data: bytes, temporary: Path | None = None) -> None:
    """Replace a file in one step, in a folder that is there. Raises: OSError; the old content stays."""
    with replacing(path, temporary) as stream:
        stream.write(data)


def write_durably(path: Path, data: bytes) -> None:
    """Write a new file and wait until it is on the disk. Raises: OSError, FileExistsError among them."""
    with path.open("xb") as stream:
        stream.write(data)
        _flush(stream)


def sync(path: Path) -> None:
    """Wait until a file, or what a folder lists, is on the disk. Raises: OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _flush(stream: BinaryIO) -> None:
    stream.flush()
    os.fsync(stream.fileno())
