"""Which format lies at a path, and the key under which what it decodes to is remembered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from kerascnn.data import cifar_release, idx, image_folders, keras_npz, parquet
from kerascnn.data.decoded import Found, Options, means_cifar10
from kerascnn.errors import DataError, near_match

READERS_VERSION = 1
"""To be raised when a reader decodes the same bytes to other pixels, labels or names than before."""

FORMATS: tuple[Callable[[Path], Found | None], ...] = (
    cifar_release.find,
    parquet.find,
    keras_npz.find,
    idx.find,
)
"""Tried in this order; then a folder of such sets by name; last, one folder of pictures for each class."""


def recognise(path: Path, member: str | None = None) -> Found:
    """The data set at `path`, or in a folder of sets the one called `member`.

    Raises: DataError when there is nothing, nothing that is known, or several sets and none is chosen.
    """
    if not path.exists():
        raise DataError(f"the path of a data set must exist. Received: {path}. Give a file or folder with images.")
    try:
        if member is not None:
            return _recognise_member(path, member)
        return _recognise_set(path) or _recognise_main(path) or _recognise_pictures(path)
    except OSError as err:
        raise DataError(f"{err.filename or path} must be readable. Received: {err.strerror or err}.") from err


def source_key(found: Found, options: Options) -> str:
    """SHA-256 over all that decides what `found` decodes to: reader, bytes, options, and the names that titles come from."""
    image_size = options.image_size if found.resized else None
    identity = [READERS_VERSION, found.format, image_size, found.set_name]
    files = [(_name_in(found, file), _stamp(file, found.by_stat)) for file in found.files]
    return hashlib.sha256(json.dumps([identity, files]).encode()).hexdigest()


def file_sha256(file: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal. Raises: DataError when it cannot be read."""
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as err:
        raise DataError(f"{file} must be a readable file. Received: {err.strerror or err}.") from err


def _recognise_set(path: Path) -> Found | None:
    return next((found for find in FORMATS if (found := find(path)) is not None), None)


def _members(path: Path) -> dict[str, Path]:
    """The sets in a folder of sets, by name: its folders, archives and .npz files that hold a known format."""
    if not path.is_dir():
        return {}
    entries = [entry for entry in sorted(path.iterdir()) if not entry.name.startswith(".")]
    return {_member_name(entry): entry for entry in entries if _recognise_set(entry) is not None}


def _member_name(entry: Path) -> str:
    return entry.name if entry.is_dir() else entry.name.split(".", 1)[0]


def _recognise_main(path: Path) -> Found | None:
    members = _members(path)
    if not members:
        return None
    chosen = [name for name in members if means_cifar10(name)][:1] or list(members)
    if len(chosen) > 1:
        raise DataError(
            f"a folder of several data sets must have one called cifar10. Received: {', '.join(members)} (in {path}). "
            f"Give the path of the set, {path / chosen[0]} for example."
        )
    return _recognise_set(members[chosen[0]])


def _recognise_member(path: Path, member: str) -> Found:
    members = _members(path)
    if member in members:
        found = _recognise_set(members[member])
        assert found is not None
        return found
    folder = path / member
    if Path(member).name == member and folder.is_dir():
        return _recognise_pictures(folder)
    raise DataError(f"`member` must be a data set in {path}. Received: {member!r}. {near_match(member, members)}")


def _recognise_pictures(path: Path) -> Found:
    found = image_folders.find(path)
    if found is not None:
        return found
    contents = sorted(entry.name for entry in path.iterdir())[:5] if path.is_dir() else []
    received = f"a folder with {', '.join(contents)}" if contents else "an empty folder" if path.is_dir() else "a file"
    raise DataError(
        f"a data set must be a CIFAR release, Hugging Face parquet, a Keras .npz, idx files, a folder of such sets, or one "
        f"folder of pictures for each class. Received: {received} (at {path})."
    )


def _name_in(found: Found, file: Path) -> str:
    return file.relative_to(found.path).as_posix() if file.is_relative_to(found.path) else file.name


def _stamp(file: Path, by_stat: bool) -> str | list[int]:
    """The file's bytes as a SHA-256, or what changes whenever they do: size and both times."""
    if not by_stat:
        return file_sha256(file)
    try:
        stat = file.stat()
    except OSError as err:
        raise DataError(f"{file} must be a readable file. Received: {err.strerror or err}.") from err
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]
