"""A finished report as others read it: the files its manifest lists, and nothing that lies beside them."""

from __future__ import annotations

import errno
from pathlib import Path, PurePosixPath

from kerascnn.errors import StoreError
from kerascnn.ownership.without_links import read_file as _read_without_links
from kerascnn.report.folder.writer import Manifest

INDEX = "index.html"


def load_report(folder: Path) -> Manifest:
    """The manifest of the report in `folder`. Raises: StoreError when there is none."""
    manifest = Manifest.load(folder)
    if INDEX not in manifest.files:
        raise StoreError(
            f"There is no report in {folder}. Make one with `python pipeline.py all`, or from stored runs with "
            "`python pipeline.py report`. KERASCNN_REPORTS chooses the folder."
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
        return _read_without_links(folder, name)
    except OSError as err:
        if err.errno == errno.EACCES:
            return None
        raise
