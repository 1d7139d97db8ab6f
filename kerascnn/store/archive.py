"""Runs as one file: handed out by one machine, taken in by another.

A pack is a zip file: `<key>/<file>` for every file of every entry, and what searches' oracles proposed. One that a file
manager has unpacked and zipped again is a pack too. What is taken in is checked down to the shapes and bits of the
weights, in bounded memory, and nothing in it is ever executed.
"""

from __future__ import annotations

import os
import re
import stat
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from kerascnn.errors import StoreError, UsageError
from kerascnn.foreign.litter import is_litter
from kerascnn.identity import KEY_LENGTH, RunIdentity, origin_of
from kerascnn.ownership.writing import replacing
from kerascnn.records import DatasetInfo
from kerascnn.specs import Proposals
from kerascnn.store import (
    ENTRY_FILES,
    MANIFEST,
    DamagedEntry,
    Store,
    check_entry,
    check_files,
    check_finite,
    check_shapes,
    read_arrays,
)

FILES = (*ENTRY_FILES, MANIFEST)
IN_A_FOLDER = r"(?:[^/]+/)?"
"""A file manager puts what it zips below the name of the folder."""
MEMBER = re.compile(rf"{IN_A_FOLDER}([0-9a-f]{{{KEY_LENGTH}}})/({'|'.join(map(re.escape, FILES))})")
PROPOSALS = re.compile(rf"{IN_A_FOLDER}_proposals/([0-9a-f]{{32}}\.json)")
LARGEST_FILE_BYTES = 400_000_000
LARGEST_TEXT_BYTES = 16_000_000
LARGEST_DIRECTORY_BYTES = 32_000_000
"""Of the list of members: some 50,000 runs."""
MOST_GROWTH, GROWTH_BYTES = 20, 200_000_000
"""Runs hardly compress: a pack does not grow by more than this factor and these bytes."""
READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

Shapes = Callable[[RunIdentity, DatasetInfo], Mapping[str, tuple[int, ...]] | None]
"""Gives the shapes of the weights (variable path -> shape) of a run's model; None where that cannot be told here."""


@dataclass
class Accepted:
    """What became of a pack: keys added, keys that were there, and name -> what is wrong with what was refused."""

    added: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def pack(store: Store, keys: Iterable[str], target: Path) -> int:
    """Write the sound entries of `keys`, and all proposals, to a new file; how many entries.

    Raises: UsageError when there is something at `target`, StoreError when it cannot be written.
    """
    if os.path.lexists(target):
        raise UsageError(f"{target} is there already. Choose another name, or delete it first.")
    sound = [key for key in sorted(keys) if store.load(key) is not None]
    try:
        with (
            replacing(target) as stream,
            zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive,
        ):
            for key in sound:
                for name in FILES:
                    archive.write(store.root / key / name, f"{key}/{name}")
            for name, content in store.proposals().items():
                # Without the time of day: the clock of a small machine may stand before 1980.
                member = zipfile.ZipInfo(f"_proposals/{name}")
                member.external_attr = 0o644 << 16
                archive.writestr(member, content)
    except OSError as err:
        raise StoreError(
            f"The pack {target} cannot be made: {err.strerror or err} ({err.filename or target}). "
            "Fix that, or choose another place."
        ) from err
    return len(sound)


def add(
    store: Store, source: Path, datasets: Mapping[str, DatasetInfo] | None = None, shapes: Shapes | None = None
) -> Accepted:
    """Take in the entries of a pack. One that fails its checks is refused, and the others are taken.

    `datasets` (by content) are those at hand: answers must be about their images; `shapes` tells what weights a model has.
    Raises: UsageError when `source` is not a pack, StoreError when the store cannot be read or written.
    """
    taker = _Taker(store, datasets or {}, shapes or (lambda identity, dataset: None))
    with _opened(source) as archive:
        entries, proposals = _list_members(source, archive)
        for key, members in entries.items():
            taker.take_entry(archive, key, members)
        for name, member in proposals.items():
            taker.take_proposals(archive, name, member)
    return taker.accepted


@dataclass
class _Taker:
    """One pack being taken in."""

    store: Store
    datasets: Mapping[str, DatasetInfo]
    shapes: Shapes
    accepted: Accepted = field(default_factory=Accepted)
    origins: set[str] = field(default_factory=set)

    def take_entry(self, archive: zipfile.ZipFile, key: str, members: list[tuple[str, zipfile.ZipInfo]]) -> None:
        try:
            files = {name: _read(archive, member) for name, member in members}
            if len(files) < len(members):
                raise DamagedEntry("it has a file twice")
            identity = self._check(key, files)
        except (DamagedEntry, UsageError, *_ODD_ZIPS) as err:
            self.accepted.refused[key] = str(err) or type(err).__name__
            return
        self._take(key, files, identity)

    def _check(self, key: str, files: dict[str, bytes]) -> RunIdentity:
        """Raises: DamagedEntry or UsageError when the entry is not what a run of its spec gives, or other than the one that is here."""
        check_files(key, files)
        dataset = self._dataset(files)
        identity, record = check_entry(key, files, dataset)
        mine = self.store.load(key)
        if mine is not None and mine.weights_sha256 != record.weights_sha256:
            raise DamagedEntry("the store already has this run with other weights, and keeps them")
        weights = read_arrays(files["weights.npz"])
        check_finite(record, weights)
        expected = self.shapes(identity, dataset) if dataset is not None and mine is None else None
        if expected is not None:
            check_shapes(weights, expected)
        return identity

    def _dataset(self, files: dict[str, bytes]) -> DatasetInfo | None:
        return self.datasets.get(RunIdentity.from_json(files["identity.json"]).spec.data.content)

    def _take(self, key: str, files: dict[str, bytes], identity: RunIdentity) -> None:
        origin = origin_of(identity)
        if origin.name not in self.origins:
            self.store.add_origin(origin)
            self.origins.add(origin.name)
        if self.store.load(key) is not None:
            self.accepted.known.append(key)
        elif self.store.take_in(key, files):
            self.accepted.added.append(key)
        else:
            self.accepted.refused[key] = "this machine is training it now; add the pack again later"

    def take_proposals(self, archive: zipfile.ZipFile, name: str, member: zipfile.ZipInfo) -> None:
        try:
            content = Proposals.from_json(_read(archive, member)).canonical_json()
        except (DamagedEntry, UsageError, *_ODD_ZIPS) as err:
            self.accepted.refused[f"_proposals/{name}"] = str(err) or type(err).__name__
        else:
            self.store.take_in_proposals(name, content)


_ODD_ZIPS = (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError)
"""What zipfile raises for members that are encrypted, cut off, or compressed in ways that it does not know; texts nested
too deep are a RuntimeError too. A StoreError is none of these: it is about this machine's store, not about the pack."""


@contextmanager
def _opened(source: Path) -> Iterator[zipfile.ZipFile]:
    """The zip file, once it is known that its list of members fits into memory."""
    with ExitStack() as closing:
        try:
            file = closing.enter_context(os.fdopen(os.open(source, os.O_RDONLY | os.O_NONBLOCK), "rb"))
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # a pipe would be waited for
                raise UsageError(f"{source} must be a file. Make one with `store pack`.")
            _check_directory(source, file)
            archive = closing.enter_context(zipfile.ZipFile(file))
        except (*_ODD_ZIPS, struct.error) as err:
            raise UsageError(f"{source} cannot be read as a pack of runs: {err}. Make one with `store pack`.") from err
        yield archive


def _check_directory(source: Path, file: BinaryIO) -> None:
    """Raises: UsageError when the list of members is too long to be read."""
    file.seek(0, os.SEEK_END)
    file.seek(-min(file.tell(), 66_000), os.SEEK_CUR)
    _, mark, end = file.read().rpartition(b"PK\x05\x06")
    if mark and struct.unpack_from("<L", end, 8)[0] > LARGEST_DIRECTORY_BYTES:
        raise UsageError(f"{source} has more files than a pack of runs can have. Make several packs with `store pack`.")


def _list_members(
    source: Path, archive: zipfile.ZipFile
) -> tuple[dict[str, list[tuple[str, zipfile.ZipInfo]]], dict[str, zipfile.ZipInfo]]:
    """The entries' files and the proposals. Raises: UsageError for anything else, before anything is taken in."""
    entries: dict[str, list[tuple[str, zipfile.ZipInfo]]] = {}
    proposals: dict[str, zipfile.ZipInfo] = {}
    packed = sum(member.compress_size for member in archive.infolist())
    if sum(member.file_size for member in archive.infolist()) > MOST_GROWTH * packed + GROWTH_BYTES:
        raise UsageError(f"{source} is not a pack of runs: it would grow too much when unpacked. Nothing was added.")
    for member in archive.infolist():
        name = member.filename.replace("\\", "/")
        if _is_nothing(name):
            continue
        entry, proposal = MEMBER.fullmatch(name), PROPOSALS.fullmatch(name)
        if entry:
            entries.setdefault(entry[1], []).append((entry[2], member))
        elif proposal:
            proposals[proposal[1]] = member
        else:
            raise UsageError(f"{source} is not a pack of runs: it contains {name[:200]!r}. Nothing was added.")
    return entries, proposals


def _is_nothing(name: str) -> bool:
    """Whether a member is a folder, whose name ends in a slash, or what file managers add."""
    return name.endswith("/") or not name or any(map(is_litter, name.split("/")))


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """A member's content, no longer than it says and than anything of that kind is."""
    largest = LARGEST_FILE_BYTES if member.filename.endswith(".npz") else LARGEST_TEXT_BYTES
    if member.compress_type not in READABLE:
        raise DamagedEntry(f"{member.filename} is compressed in an unusual way: zip it again with the usual one")
    if member.file_size > largest:
        raise DamagedEntry(f"{member.filename} is larger than {largest / 1e6:.0f} MB")
    with archive.open(member) as stream:
        content = stream.read(member.file_size + 1)
    if len(content) != member.file_size:
        raise DamagedEntry(f"{member.filename} is longer than it says")
    return content
