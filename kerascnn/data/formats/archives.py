"""Tar archives, compressed or not, read as a stream: only the wanted files are ever held, and nothing is written."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from kerascnn.data.decoded import FREE_GROWTH_BYTES, MOST_GROWTH, blamed_on
from kerascnn.data.naming import legible
from kerascnn.errors import DataError
from kerascnn.foreign.reading import open_regular

LARGEST_BYTES = 500_000_000
"""Of all that is in an archive; CIFAR's have 190 MB."""
MOST_MEMBERS = 10_000
_CHUNK_BYTES = 1 << 20


def is_archive(path: Path) -> bool:
    """By name: Keras calls its download `cifar-10-batches-py-target_archive`."""
    if path.name.endswith((".tar", ".tar.gz", ".tgz")):
        return True
    return path.name.endswith("_archive") and path.name.startswith("cifar-")


def wanted_members(path: Path, wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """The plain files in the archive, by the last part of their name. Those of names that are not `wanted` have no bytes.

    Raises: DataError when it is damaged, holds more than its size can, or has a wanted file in two folders.
    """
    with blamed_on(path, "an archive"), open_regular(path) as file:
        stream = _Bounded(file)
        members: dict[str, bytes] = {}
        folders: dict[str, PurePosixPath] = {}
        with tarfile.open(fileobj=cast(BinaryIO, stream), mode="r|", tarinfo=_Whole) as archive:
            for number, member in enumerate(archive):
                if number >= MOST_MEMBERS:
                    raise ValueError(f"more than {MOST_MEMBERS:,} files")
                name = PurePosixPath(member.name).name
                if member.isfile():
                    if wanted(name):
                        _check_folder(PurePosixPath(member.name), folders, path)
                    members[name] = _content(archive, member) if wanted(name) else b""
                archive.members.clear()  # type: ignore[attr-defined]
        while stream.read(_CHUNK_BYTES):  # to the end, where the checksum is
            pass
        return members


def _check_folder(member: PurePosixPath, folders: dict[str, PurePosixPath], path: Path) -> None:
    """Notes in which folder the member lies. Raises: DataError when one of its name was in another: which is meant?"""
    before = folders.setdefault(member.name, member.parent)
    if before != member.parent:
        raise DataError(
            f"an archive must hold one data set. Received: {legible(member.name)} in {legible(str(before))} and in "
            f"{legible(str(member.parent))} (in {path}). Unpack it, and give the folder of the set that you want."
        )


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    if member.size > LARGEST_BYTES:
        raise ValueError(f"{member.name} is larger than {LARGEST_BYTES / 1e6:.0f} MB")
    stream = archive.extractfile(member)
    data = stream.read() if stream is not None else b""
    if len(data) != member.size:
        raise ValueError(f"{member.name} ends after {len(data):,} of {member.size:,} bytes")
    return data


class _Whole(tarfile.TarInfo):
    """A member that is not sparse. The list of a sparse member's holes may be as long as the file, and is read at once."""

    def _refuse_holes(self, member: tarfile.TarInfo, *_: object) -> None:
        raise ValueError(f"{member.name} is a sparse file, which no data set contains")

    def _proc_sparse(self, _: tarfile.TarFile) -> None:
        self._refuse_holes(self)

    _proc_gnusparse_00 = _proc_gnusparse_01 = _proc_gnusparse_10 = _refuse_holes


class _Bounded:
    """The unpacked bytes of a file, gzip or plain; no more of them than its size allows."""

    def __init__(self, file: BinaryIO) -> None:
        import gzip

        packed = file.read(2) == b"\x1f\x8b"
        size_bytes = file.seek(0, 2)
        file.seek(0)
        self._stream = cast(BinaryIO, gzip.GzipFile(fileobj=file)) if packed else file
        self._left = min(LARGEST_BYTES, MOST_GROWTH * size_bytes + FREE_GROWTH_BYTES) if packed else LARGEST_BYTES

    def read(self, size: int) -> bytes:
        """Raises: ValueError when there are more bytes than there may be."""
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise ValueError("more unpacked bytes than pictures can have")
        return data
