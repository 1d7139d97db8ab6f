"""Files read and written whole. What the disk refuses is a StoreError, never damage: the file may well be sound."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from kerascnn.errors import StoreError, UsageError
from kerascnn.ownership import writing
from kerascnn.specs import Spec

T = TypeVar("T", bound=Spec)
MOST_TEXT_BYTES = 64_000_000
"""No file of ours but arrays comes near it."""
ABSENT = (FileNotFoundError, NotADirectoryError)
"""What the disk says of a file that is not there."""


@contextlib.contextmanager
def reading_from(path: Path) -> Iterator[None]:
    """Turns what goes wrong in reading `path`, or below it, into a StoreError, except that something is not there."""
    try:
        yield
    except ABSENT:
        raise
    except OSError as err:
        raise StoreError(
            f"The store cannot be read: {err.strerror or err} (in {err.filename or path}). Nothing was changed. Fix that "
            "(permissions, the disk, the limit of open files), or set KERASCNN_STORE."
        ) from err


@contextlib.contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Turns what goes wrong in writing below `folder` into a StoreError that says what to do."""
    try:
        yield
    except OSError as err:
        raise StoreError(
            f"The store cannot be written: {err.strerror or err} (in {folder}). "
            "Free space or set KERASCNN_STORE to a folder you may write to."
        ) from err


def names_in(folder: Path) -> list[str]:
    """The names of what lies in `folder`, sorted; none where there is no such folder.

    Not `glob`, which takes a folder that may not be read for an empty one. Raises: StoreError.
    """
    try:
        with reading_from(folder):
            return sorted(os.listdir(folder))  # noqa: PTH208
    except ABSENT:
        return []


def is_folder(path: Path) -> bool:
    """Whether there is a folder at `path`. Raises: StoreError when that cannot be told."""
    with reading_from(path):
        return path.is_dir()


def read_file(path: Path, most_bytes: int = MOST_TEXT_BYTES) -> bytes:
    """The content of a regular file of `most_bytes` at most.

    Anything else counts as not there: reading a pipe or a device might never end, and a huge file take all memory.

    Raises: FileNotFoundError or NotADirectoryError when it is not there, StoreError when it may not be read.
    """
    with reading_from(path):
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode) or status.st_size > most_bytes:
                raise FileNotFoundError(errno.ENOENT, "Not a regular file, or too large", str(path))
            with open(handle, "rb", closefd=False) as stream:
                return stream.read()
        finally:
            os.close(handle)


def size_of(folder: Path) -> int:
    """Bytes of the files in a folder; a file that is removed meanwhile takes none."""
    total = 0
    for name in names_in(folder):
        with contextlib.suppress(*ABSENT), reading_from(folder / name):
            total += (folder / name).lstat().st_size
    return total


def load_spec(path: Path, kind: type[T]) -> T | None:
    """The spec in a small JSON file; None when it is not there or its content is damaged.

    Raises: StoreError when it is there and may not be read.
    """
    try:
        return kind.from_json(read_file(path))
    except (*ABSENT, UsageError):
        return None


def write_replacing(path: Path, data: bytes) -> None:
    """Replace a file in one step: readers see the old content or the new, never a part.

    Raises: StoreError when it cannot be written; the old content stays.
    """
    with writing_to(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        writing.write_replacing(path, data)
