"""Runs as one file: handed out by one machine, taken in by another.

A pack is a zip file without compression: `<key>/<file>` for every file of every entry. What is taken in is checked
down to the bits of the weights, and nothing in it is ever executed.
"""

from __future__ import annotations

import io
import re
import secrets
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kerascnn.errors import KerascnnError, StoreError, UsageError
from kerascnn.identity import KEY_LENGTH, Origin, RunIdentity
from kerascnn.records import RunRecord, hash_weights
from kerascnn.store import ENTRY_FILES, MANIFEST, Store, check_files, read_arrays

LARGEST_FILE_BYTES = 2_000_000_000
MEMBER = re.compile(rf"([0-9a-f]{{{KEY_LENGTH}}})/({'|'.join(map(re.escape, (*ENTRY_FILES, MANIFEST)))})")


@dataclass(frozen=True)
class TakenIn:
    """What became of a pack: keys added, keys that were there, and key -> what is wrong with it."""

    added: tuple[str, ...]
    known: tuple[str, ...]
    refused: dict[str, str]


def pack(store: Store, keys: Iterable[str], target: Path) -> int:
    """Write the sound entries of `keys` to a new file; how many. Raises: StoreError when it cannot be written."""
    sound = [key for key in sorted(keys) if store.load(key) is not None]
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with zipfile.ZipFile(temporary, "x", zipfile.ZIP_STORED) as archive:
            for key in sound:
                for name in (*ENTRY_FILES, MANIFEST):
                    archive.write(store.root / key / name, f"{key}/{name}")
        temporary.replace(target)
    except OSError as err:
        raise StoreError(f"{target} cannot be written: {err.strerror or err}. Choose another place.") from err
    finally:
        temporary.unlink(missing_ok=True)
    return len(sound)


def add(store: Store, source: Path) -> TakenIn:
    """Take in the entries of a pack. One that fails its checks is refused, and the others are taken.

    Raises: UsageError when `source` is not a pack, StoreError when the store cannot be written.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            entries = _list_entries(archive)
            return _add_entries(store, archive, entries)
    except (OSError, zipfile.BadZipFile, NotImplementedError) as err:
        raise UsageError(f"{source} cannot be read as a pack of runs: {err}. Make one with `store pack`.") from err


def _list_entries(archive: zipfile.ZipFile) -> dict[str, dict[str, zipfile.ZipInfo]]:
    entries: dict[str, dict[str, zipfile.ZipInfo]] = {}
    for info in archive.infolist():
        found = MEMBER.fullmatch(info.filename)
        if found is None or info.compress_type != zipfile.ZIP_STORED or info.file_size > LARGEST_FILE_BYTES:
            raise UsageError(f"This is not a pack of runs: it holds {info.filename!r}. Nothing was taken in.")
        entries.setdefault(found[1], {})[found[2]] = info
    return entries


def _add_entries(store: Store, archive: zipfile.ZipFile, entries: dict[str, dict[str, zipfile.ZipInfo]]) -> TakenIn:
    added, known, refused = [], [], {}
    for key, members in entries.items():
        try:
            files = {name: archive.read(info) for name, info in members.items()}
            identity, record = _check(key, files)
        except (KerascnnError, zipfile.BadZipFile, ValueError, KeyError, EOFError) as err:
            refused[key] = str(err)
            continue
        mine = store.load(key)
        if mine is None:
            store.take_in(key, files)
            store.add_origin(
                Origin(platform=identity.platform, versions=identity.versions, precision=identity.spec.precision)
            )
            added.append(key)
        elif mine.weights_sha256 == record.weights_sha256:
            known.append(key)
        else:
            refused[key] = "the store has this run with other weights; yours is kept"
    return TakenIn(tuple(added), tuple(known), refused)


def _check(key: str, files: dict[str, bytes]) -> tuple[RunIdentity, RunRecord]:
    """The identity and record of an entry whose every part agrees with every other.

    Raises: KerascnnError, ValueError or KeyError saying what does not.
    """
    check_files(key, files)
    identity = RunIdentity.from_json(files["identity.json"])
    record = RunRecord.from_json(files["record.json"])
    if identity.validated().key != key or record.key != key:
        raise StoreError("its key is not the one of its content")
    if record.spec != identity.spec or record.environment.platform != identity.platform:
        raise StoreError("its record is about another run than its identity")
    weights = read_arrays(io.BytesIO(files["weights.npz"]))
    if hash_weights(weights) != record.weights_sha256:
        raise StoreError("its weights are not those of its record")
    predictions = read_arrays(io.BytesIO(files["predictions.npz"]))
    if len(predictions["classes"]) != len(predictions["positions"]):
        raise StoreError("its predictions and their positions do not pair")
    return identity, record
