"""Parts of a report that need not be built again, because the last report made them from the same inputs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from kerascnn.report.folder.finished import read_listed
from kerascnn.report.folder.writer import Content, Manifest


class Pieces:
    """Builds parts of a report, or takes them from the last report in `folder` where they are whole.

    `made` maps the digest of what a part was made from to the names of its files, for the next report.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._earlier = Manifest.load(folder) if folder else Manifest("", {})
        self.made: dict[str, tuple[str, ...]] = {}

    def build(self, digest: str, build: Callable[[], Mapping[str, Content]]) -> Mapping[str, Content]:
        """The files (name -> content) of the part made from what has this digest."""
        files = self._kept(digest)
        if files is None:
            files = build()
        self.made[digest] = tuple(files)
        return files

    def _kept(self, digest: str) -> Mapping[str, Content] | None:
        names = self._earlier.pieces.get(digest)
        if not names or self._folder is None:
            return None
        files: dict[str, Content] = {}
        for name in names:
            try:
                content = read_listed(self._folder, self._earlier, name)
            except OSError:  # the disk does not give it back: it is built and written again
                return None
            if content is None or hashlib.sha256(content).hexdigest() != self._earlier.files[name]:
                return None
            files[name] = content
        return files
