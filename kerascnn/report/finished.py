"""A finished report as others read it: the files its manifest lists, and nothing that lies beside them."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

from kerascnn.errors import StoreError
from kerascnn.report.writer import Manifest

INDEX = "index.html"
_NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EACCES)


def load_report(folder: Path) -> Manifest:
    """The manifest of the report in `folder`. Raises: StoreError when there is none."""
    manifest = Manifest.load(folder)
    if INDEX not in manifest.files:
        raise StoreError(
            f"There is no report in {folder}. Make one with `python pipeline.py all`, or with "
            "`python pipeline.py report` from what is stored; KERASCNN_REPORTS names the folder."
        )
    return manifest


def read_listed(folder: Path, manifest: Manifest, name: str) -> bytes | None:
    """The file `name` of a report, or None where the manifest does not list it or no plain file is there.

    Hidden files do not count, and no link is followed: what is read lies in `folder` itself.
    Raises: OSError when the file is there and the disk does not give it.
    """
    parts = PurePosixPath(name).parts
    if name not in manifest.files or not name.isprintable() or any(part.startswith(".") for part in parts):
        return None
    try:
        return _read_without_links(folder, parts)
    except OSError as err:
        if err.errno in _NOT_THERE:
            return None
        raise


def _read_without_links(folder: Path, parts: tuple[str, ...]) -> bytes | None:
    """The plain file below `folder`, opened step by step, so that no link can be put in the way meanwhile."""
    steps: list[tuple[str | Path, int]] = [(folder, os.O_DIRECTORY)]
    steps += [(part, os.O_DIRECTORY | os.O_NOFOLLOW) for part in parts[:-1]]
    steps.append((parts[-1], os.O_NOFOLLOW | os.O_NONBLOCK))  # a named pipe must not hold us up
    with ExitStack() as opened:
        here = None
        for path, flags in steps:
            here = os.open(path, os.O_RDONLY | flags, dir_fd=here)
            opened.callback(os.close, here)
        if here is None or not stat.S_ISREG(os.fstat(here).st_mode):
            return None
        with open(here, "rb", closefd=False) as file:
            return file.read()
