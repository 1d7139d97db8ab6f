"""Manifests of folders that we share: which files we wrote there, and with which bytes. They are not simply believed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Self

from kerascnn.ownership.without_links import read_file

SCHEMA = 1
HIDDEN = ".kerascnn-"
"""How every name begins that no page links to and that we use beside the files of a manifest."""


@dataclass(frozen=True)
class Manifest:
    """What was written into a folder last: the digest of its inputs, and the SHA-256 of each file.

    `pieces` maps the digest of what a part was made from to the names of that part's files. `either` is for the time of
    writing, when `digest` is empty: name -> the SHA-256 of what may be there. `folders` are those that we made.
    `beside` are our hidden files, as `either`; None in a manifest of an earlier version.
    """

    digest: str
    files: Mapping[str, str]
    pieces: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    either: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    beside: Mapping[str, tuple[str, ...]] | None = None

    @classmethod
    def read(cls, folder: Path, name: str) -> Self | None:
        """The manifest of this name; None where no plain file is there that is one."""
        try:
            values = json.loads(read_file(folder, name) or b"")
            return cls.from_values(values) if values.get("schema", SCHEMA) == SCHEMA else None
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    @classmethod
    def from_values(cls, values: Any) -> Self:
        """The manifest that these JSON values describe. Names that no file of ours can have are not believed."""
        files = {name: str(digest) for name, digest in values["files"].items() if is_possible(name)}
        made = values.get("folders")
        if made is None:  # earlier versions made every folder they wrote to
            made = sorted({str(PurePosixPath(name).parent) for name in files} - {"."})
        return cls(
            str(values["digest"]),
            files,
            {str(digest): tuple(map(str, names)) for digest, names in values.get("pieces", {}).items()},
            _digests(values.get("either", {})),
            tuple(name for name in map(str, made) if is_possible(name) and "/" not in name),
            _digests(values["beside"]) if "beside" in values else None,
        )

    def to_bytes(self) -> bytes:
        """The manifest as it is written."""
        values: dict[str, Any] = {"schema": SCHEMA, "digest": self.digest, "files": dict(sorted(self.files.items()))}
        values["pieces"] = {digest: sorted(names) for digest, names in sorted(self.pieces.items())}
        values["folders"] = sorted(self.folders)
        for key, digests in (("either", self.either), ("beside", self.beside)):
            if digests:
                values[key] = {name: sorted(digests[name]) for name in sorted(digests)}
        return (json.dumps(values, indent=1) + "\n").encode()

    def holds(self, folder: Path) -> bool:
        """Whether every file is there as it was written."""
        return all(sha256_of(folder, name) == digest for name, digest in self.files.items())

    def wrote(self, folder: Path, name: str) -> bool:
        """Whether `name` is listed and has the bytes that we gave it. Hidden files are never ours: think of `.git/`."""
        if name not in self.files or any(part.startswith(".") for part in name.split("/")):
            return False
        known = {self.files[name], *self.either.get(name, ())} - {""}
        return sha256_of(folder, name) in known


def _digests(values: Any) -> dict[str, tuple[str, ...]]:
    return {str(name): tuple(map(str, digests)) for name, digests in values.items()}


def is_possible(name: Any) -> bool:
    """Whether a manifest may list that: at most one folder deep, nothing outside, none of our hidden names."""
    if not isinstance(name, str) or not name.isprintable() or "\\" in name:
        return False
    parts = name.split("/")
    return len(parts) in (1, 2) and not any(part in ("", ".", "..") or part.startswith(HIDDEN) for part in parts)


def sha256_of(folder: Path, name: str) -> str:
    """Of the plain file there; empty where there is none or the disk does not give it."""
    try:
        content = read_file(folder, name)
    except OSError:
        return ""
    return "" if content is None else hashlib.sha256(content).hexdigest()


def tops_of(names: Iterable[str]) -> set[str]:
    """The folders that lie in these names."""
    return {name.partition("/")[0] for name in names if "/" in name}


def half_way(earlier: Manifest, whole: Manifest) -> Manifest:
    """The manifest while files are being replaced: of each, what it was and what it will be."""
    either = {
        name: tuple({digest, earlier.files.get(name, ""), *earlier.either.get(name, ())} - {""})
        for name, digest in whole.files.items()
    }
    files = {**earlier.files, **dict.fromkeys(whole.files, "")}
    kept = {name: digests for name, digests in earlier.either.items() if name in files}
    hidden = {name: (*digests, *(earlier.beside or {}).get(name, ())) for name, digests in (whole.beside or {}).items()}
    return Manifest("", files, either={**kept, **either}, folders=whole.folders, beside=hidden)
