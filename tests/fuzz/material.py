"""What is mutated: the files of real entries, taken apart so that a lie can be told in one place and fitted in all others."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tokenize
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from place import Place

from kerascnn.errors import KerascnnError
from kerascnn.identity import RunIdentity

ENTRY_FILES = ("identity.json", "record.json", "predictions.npz", "weights.npz")
MANIFEST = "manifest.json"
Arrays = dict[str, "np.ndarray | bytes"]
"""Name -> array, or the bytes of an .npy file that numpy would not write."""


def quietly() -> warnings.catch_warnings:
    """What numpy and zipfile warn of while something crooked is made is what it is made for."""
    return warnings.catch_warnings(action="ignore")


@dataclass
class Entry:
    """A run as it stands in a pack or in a store, to be changed.

    `fixed`: fields of the record that are not to follow from the rest. `raw`: file -> what becomes of its bytes; the
    manifest is made after these, and its own change last.
    """

    identity: dict[str, Any]
    record: dict[str, Any]
    predictions: Arrays
    weights: Arrays
    fixed: set[str] = field(default_factory=set)
    raw: dict[str, Callable[[bytes], bytes]] = field(default_factory=dict)
    folder: str = ""

    @property
    def task(self) -> str:
        return "segmentation" if "masks" in self.predictions else "classification"

    def key(self) -> str:
        """The digest of its identity, as the product would form it; of its text, where it is none to the product."""
        text = json.dumps(self.identity, sort_keys=True, separators=(",", ":")).encode()
        try:
            return RunIdentity.from_json(text).key
        except (KerascnnError, RecursionError):
            return hashlib.sha256(text).hexdigest()[:32]

    def files(self) -> dict[str, bytes]:
        """File -> content, everything that can follow from the rest made to."""
        key = self.key()
        place = {name: self.identity.get(name) for name in ("platform", "versions")}
        follows = {"key": key, "spec": self.identity.get("spec"), "weights_sha256": hash_arrays(self.weights)}
        self.record |= {name: value for name, value in follows.items() if name not in self.fixed}
        if "environment" not in self.fixed and isinstance(self.record.get("environment"), dict):
            self.record["environment"] |= place
        files = {
            "identity.json": json.dumps(self.identity, sort_keys=True, separators=(",", ":")).encode(),
            "record.json": json.dumps(self.record, sort_keys=True, separators=(",", ":")).encode(),
            "predictions.npz": pack_arrays(self.predictions),
            "weights.npz": pack_arrays(self.weights),
        }
        files |= {name: self.raw[name](files[name]) for name in ENTRY_FILES if name in self.raw}
        digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        files[MANIFEST] = json.dumps({"schema": 1, "key": self.folder or key, "files": digests}, indent=1).encode()
        if MANIFEST in self.raw:
            files[MANIFEST] = self.raw[MANIFEST](files[MANIFEST])
        return files


def read_entry(folder: Path) -> Entry:
    """The entry in a folder of a sound store."""
    arrays = []
    for name in ("predictions.npz", "weights.npz"):
        with np.load(folder / name) as archive:
            arrays.append(dict(archive))
    identity, record = (json.loads((folder / name).read_bytes()) for name in ("identity.json", "record.json"))
    return Entry(identity, record, *arrays)


def hash_arrays(arrays: Arrays) -> str:
    """The digest that a record has of its weights, of as much as numpy reads."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        value = _read(arrays[name])
        if value is not None:
            array = np.ascontiguousarray(value)
            digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
            digest.update(array.tobytes())
    return digest.hexdigest()


def _read(value: np.ndarray | bytes) -> np.ndarray | None:
    if isinstance(value, np.ndarray):
        return value
    try:
        return np.lib.format.read_array(io.BytesIO(value), allow_pickle=False)
    except (ValueError, TypeError, SyntaxError, EOFError, MemoryError, OverflowError, tokenize.TokenError):
        return None


def pack_arrays(arrays: Arrays) -> bytes:
    """An .npz file without compression."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, value in arrays.items():
            archive.writestr(f"{name}.npy", value if isinstance(value, bytes) else pack_array(value))
    return stream.getvalue()


def pack_array(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, allow_pickle=True)
    return stream.getvalue()


def npy(header: str, content: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    """An .npy file with any text for its header."""
    text = header.encode() + b"\n"
    size = len(text).to_bytes(2 if version == (1, 0) else 4, "little")
    return b"\x93NUMPY" + bytes(version) + size + text + content


@dataclass(frozen=True)
class Base:
    """A finished place: a store of runs that several experiments show, published results, and their report."""

    place: Place

    @cached_property
    def keys(self) -> tuple[str, ...]:
        return tuple(sorted(path.name for path in self.place.store.iterdir() if len(path.name) == 32))

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """The keys that pages are made from."""
        text = "".join(path.read_text() for path in (self.place.store / "_published").glob("*/*.json"))
        return tuple(key for key in self.keys if key in text)

    def entry(self, key: str) -> Entry:
        return read_entry(self.place.store / key)

    @cached_property
    def tasks(self) -> dict[str, str]:
        return {key: self.entry(key).task for key in self.keys}

    @cached_property
    def proposals(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted((self.place.store / "_proposals").glob("*.json"))}

    def copy(self, root: Path, without: tuple[str, ...] = (), *, with_proposals: bool = True) -> Place:
        """The same place once more, below `root`, less some of its runs."""
        place = Place(root, self.place.data, {"KERASCNN_EXPERIMENTS": str(self.place.experiments)})
        left_out = {*without, "_locks", "_tmp", *(() if with_proposals else ("_proposals",))}
        shutil.copytree(self.place.store, place.store, ignore=lambda _, names: left_out & set(names))
        shutil.copytree(self.place.reports, place.reports)
        return place
