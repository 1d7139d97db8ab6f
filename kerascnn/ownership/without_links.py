"""Files below a folder, reached step by step: no link below it is ever followed, not even one put there meanwhile."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Literal

Kind = Literal["nothing", "file", "folder", "other"]
"""What lies at a name; a link is "other", and so is everything beyond one."""

_NO_FOLDER = (errno.ENOTDIR, errno.ELOOP)
"""What systems answer where a step is no folder: a file, a link, a pipe."""
_STEP = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


@contextmanager
def parent_of(folder: Path, name: str, *, create: bool = False) -> Iterator[tuple[int, str]]:
    """(handle of the folder that `name` lies in, its last part); with `create`, missing folders are made.

    The folder itself may be reached through a link: whoever named it chose that.
    """
    *steps, last = PurePosixPath(name).parts
    with ExitStack() as opened:
        here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        opened.callback(os.close, here)
        for step in steps:
            if create:
                with suppress(FileExistsError):
                    os.mkdir(step, dir_fd=here)
            here = os.open(step, _STEP, dir_fd=here)
            opened.callback(os.close, here)
        yield here, last


def kind_of(folder: Path, name: str) -> Kind:
    """What lies at `name` below `folder`. Raises: OSError when `folder` is no folder or the system does not say."""
    try:
        with parent_of(folder, name) as (parent, last):
            mode = os.stat(last, dir_fd=parent, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return "nothing"
    except OSError as err:
        if err.errno in _NO_FOLDER and folder.is_dir():
            return "other"
        raise
    return "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "other"


def read_file(folder: Path, name: str) -> bytes | None:
    """The plain file `name`; None where none is there. Raises: OSError when the disk does not give it."""
    try:
        with parent_of(folder, name) as (parent, last):
            # A named pipe must not hold us up.
            handle = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=parent)
        return _read_handle(handle)
    except OSError as err:
        if isinstance(err, FileNotFoundError) or err.errno in (*_NO_FOLDER, errno.ENXIO):
            return None
        raise


def _read_handle(handle: int) -> bytes | None:
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        with open(handle, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(handle)


def write_new(folder: Path, name: str, content: bytes) -> None:
    """A file that was not there, and is on the disk afterwards. Raises: OSError, FileExistsError among them."""
    with parent_of(folder, name) as (parent, last):
        handle = os.open(last, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666, dir_fd=parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(handle)


def move(folder: Path, source: str, target: str) -> None:
    """Put the file `source` at `target` in one step, replacing the name there and never what another name also has."""
    with parent_of(folder, source) as (here, old), parent_of(folder, target, create=True) as (there, new):
        os.replace(old, new, src_dir_fd=here, dst_dir_fd=there)


def remove_file(folder: Path, name: str) -> None:
    """Take the name of a file away."""
    with parent_of(folder, name) as (parent, last):
        os.unlink(last, dir_fd=parent)


def remove_if_empty(folder: Path, name: str) -> bool:
    """Whether the folder `name` was empty, and is gone."""
    if kind_of(folder, name) != "folder":
        return False
    try:
        with parent_of(folder, name) as (parent, last):
            os.rmdir(last, dir_fd=parent)
    except OSError as err:
        if err.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    return True


def list_folder(folder: Path, name: str = "") -> list[str]:
    """The names in `folder`, or in `name` below it, sorted; none where that is no folder."""
    if name and kind_of(folder, name) != "folder":
        return []
    with parent_of(folder, f"{name}/x" if name else "x") as (here, _):
        return sorted(os.listdir(here))  # noqa: PTH208 - by its handle, not by its path
