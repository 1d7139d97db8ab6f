"""Runs as one file: handed out by one machine, taken in by another.

A pack is a zip file without compression: `<key>/<file>` for every file of every entry, and what searches' oracles
proposed. What is taken in is checked down to the bits of the weights, and nothing in it is ever executed.
"""

from __future__ import annotations

import io
import re
import secrets
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kerascnn.errors import StoreError, UsageError
from kerascnn.identity import KEY_LENGTH, Origin, RunIdentity
from kerascnn.records import RunRecord, hash_weights
from kerascnn.search import SearchProgress
from kerascnn.store import ENTRY_FILES, MANIFEST, Store, check_files, read_arrays

LARGEST_FILE_BYTES = 2_000_000_000
FILES = (*ENTRY_FILES, MANIFEST)
MEMBER = re.compile(rf"([0-9a-f]{{{KEY_LENGTH}}})/({'|'.join(map(re.escape, FILES))})")
PROPOSALS = re.compile(r"_proposals/([0-9a-f]{32}\.json)")


@dataclass(frozen=True)
class Accepted:
    """What became of a pack: keys added, keys that were there, and name -> what is wrong with what was refused."""

    added: tuple[str, ...]
    known: tuple[str, ...]
    refused: dict[str, str]


def pack(store: Store, keys: Iterable[str], target: Path) -> int:
    """Write the sound entries of `keys`, and all proposals, to a new file; how many entries.

    Raises: UsageError when there is something at `target`, StoreError when it cannot be written.
    """
    if target.exists():
        raise UsageError(f"{target} is there already. Choose another name, or delete it first.")
    sound = [key for key in sorted(keys) if store.load(key) is not None]
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with zipfile.ZipFile(temporary, "x", zipfile.ZIP_STORED) as archive:
            for key in sound:
                for name in FILES:
                    archive.write(store.root / key / name, f"{key}/{name}")
            for name, content in store.proposals().items():
                archive.writestr(f"_proposals/{name}", content)
        temporary.replace(target)
    except OSError as err:
        raise StoreError(
            f"The pack {target} cannot be made: {err.strerror or err} ({err.filename or target}). "
            "Mend that or choose another place."
        ) from err
    finally:
        temporary.unlink(missing_ok=True)
    return len(sound)


def add(store: Store, source: Path) -> Accepted:
    """Take in the entries of a pack. One that fails its checks is refused, and the others are taken.

    Raises: UsageError when `source` is not a pack, StoreError when the store cannot be written.
    """
    try:
        archive = zipfile.ZipFile(source)
    except (OSError, zipfile.BadZipFile) as err:
        raise UsageError(f"{source} cannot be read as a pack of runs: {err}. Make one with `store pack`.") from err
    with archive:
        entries, proposals = _list_members(archive)
        accepted = _add_entries(store, archive, entries)
        for name, member in proposals.items():
            try:
                content = _read(archive, member)
                SearchProgress.from_json(content).validated()
            except Exception as err:
                accepted.refused[f"proposals {name}"] = str(err)
            else:
                store.take_in_proposals(name, content)
    return accepted


def _list_members(
    archive: zipfile.ZipFile,
) -> tuple[dict[str, dict[str, zipfile.ZipInfo]], dict[str, zipfile.ZipInfo]]:
    """The entries' files and the proposals. Raises: UsageError for anything else, before anything is taken in."""
    entries: dict[str, dict[str, zipfile.ZipInfo]] = {}
    proposals: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        entry, proposal = MEMBER.fullmatch(member.filename), PROPOSALS.fullmatch(member.filename)
        if entry:
            entries.setdefault(entry[1], {})[entry[2]] = member
        elif proposal:
            proposals[proposal[1]] = member
        else:
            raise UsageError(f"This is not a pack of runs: it holds {member.filename!r}. Nothing was taken in.")
    return entries, proposals


def _add_entries(store: Store, archive: zipfile.ZipFile, entries: dict[str, dict[str, zipfile.ZipInfo]]) -> Accepted:
    added, known, refused = [], [], {}
    for key, members in entries.items():
        try:
            files = {name: _read(archive, member) for name, member in members.items()}
            identity, record = _check(key, files)
        except Exception as err:  # whatever a made-up file provokes, it is refused and the others are looked at
            refused[key] = f"{err}" or type(err).__name__
            continue
        mine = store.load(key)
        if mine is not None and mine.weights_sha256 != record.weights_sha256:
            refused[key] = "the store has this run with other weights; yours is kept"
            continue
        store.add_origin(
            Origin(platform=identity.platform, versions=identity.versions, precision=identity.spec.precision)
        )
        if mine is not None:
            known.append(key)
        elif store.take_in(key, files):
            added.append(key)
        else:
            refused[key] = "it is being trained here at this moment; add the pack again later"
    return Accepted(tuple(added), tuple(known), refused)


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """A member's content, which takes no more memory than it does in the pack."""
    if member.compress_type != zipfile.ZIP_STORED or member.file_size > LARGEST_FILE_BYTES:
        raise StoreError(f"{member.filename} is compressed or too large")
    return archive.read(member)


def _check(key: str, files: dict[str, bytes]) -> tuple[RunIdentity, RunRecord]:
    """The identity and record of an entry whose every part agrees with every other.

    Raises: StoreError, or what the parsers raise, saying what does not.
    """
    check_files(key, files)
    identity = RunIdentity.from_json(files["identity.json"])
    record = RunRecord.from_json(files["record.json"])
    if identity.validated().key != key or record.key != key:
        raise StoreError("its key is not the one of its content")
    if record.spec != identity.spec or record.environment.platform != identity.platform:
        raise StoreError("its record is about another run than its identity")
    weights = read_arrays(_bounded(files["weights.npz"]))
    if hash_weights(weights) != record.weights_sha256:
        raise StoreError("its weights are not those of its record")
    predictions = read_arrays(_bounded(files["predictions.npz"]))
    answers = predictions["masks" if record.spec.task == "segmentation" else "classes"]
    if answers.shape[:1] != predictions["positions"].shape:
        raise StoreError("its predictions and their positions do not pair")
    return identity, record


def _bounded(content: bytes) -> io.BytesIO:
    """An .npz file whose arrays are no larger than what is there of them."""
    import numpy as np

    with zipfile.ZipFile(io.BytesIO(content)) as arrays:
        for member in arrays.infolist():
            if member.compress_type != zipfile.ZIP_STORED or not member.filename.endswith(".npy"):
                raise StoreError(f"{member.filename} is no plain array")
            with arrays.open(member) as stream:
                version = np.lib.format.read_magic(stream)
                read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
                shape, _, dtype = read[version](stream)
            if dtype.hasobject or int(np.prod(shape, dtype=object)) * dtype.itemsize > member.file_size:
                raise StoreError(f"{member.filename} claims more than it holds")
    return io.BytesIO(content)
