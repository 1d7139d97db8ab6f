"""Which format is at a path, and the key under which its decoded set is remembered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from kerascnn.data.decoded import Found, Options, means_cifar10
from kerascnn.data.formats import cifar_release, hub, idx, keras_npz, parquet
from kerascnn.data.formats.pictures import class_folders, image_folders
from kerascnn.data.formats.pictures.images import kind_of_other, kind_of_picture
from kerascnn.data.naming import legible
from kerascnn.errors import DataError, near_match
from kerascnn.foreign.litter import is_litter
from kerascnn.foreign.reading import first_bytes, open_regular

READERS_VERSION = 3
"""To be raised when a reader decodes the same bytes to other pixels, labels or names than before."""

LARGEST_HASHED_BYTES = 10**9
"""A larger file is told apart by its size and times: planning is not to wait for its bytes, which may be nothing but nulls."""


@dataclass(frozen=True)
class Format:
    """One form in which a whole set lies on the disk.

    `called`: in messages. `find`: the set at a path, told by names and first bytes, nothing decoded; None where there is
    none. `find_complete`: the same, but only with all its parts; for formats whose files may lie beside class folders.
    """

    called: str
    find: Callable[[Path], Found | None]
    find_complete: Callable[[Path], Found | None] | None = None


FORMATS = (
    Format("a CIFAR release", cifar_release.find, cifar_release.find_complete),
    Format("Hugging Face parquet", parquet.find, parquet.find_complete),
    Format("a Keras .npz", keras_npz.find),
    Format("idx files", idx.find, idx.find_complete),
)
"""Tried in this order; then a folder of such sets by name; last, one folder of pictures for each class. Where the folders
of a folder are classes themselves, pictures come first: archives and feature files often lie beside them."""
WHAT_TO_DO = {
    ".zip": "Unpack it, and give the folder",
    ".7z": "Unpack it, and give the folder",
    ".rar": "Unpack it, and give the folder",
    ".gz": "Unpack it, and give the folder",
    ".tm": "In Teachable Machine, download the samples of each class. Unpack them into one folder, and give that folder",
    ".h5": "Save its arrays with numpy.savez as x_train, y_train, x_test, y_test",
    ".hdf5": "Save its arrays with numpy.savez as x_train, y_train, x_test, y_test",
    ".mat": "Save its arrays with numpy.savez as x_train, y_train, x_test, y_test",
    ".npy": "Save the arrays with numpy.savez as x_train, y_train, x_test, y_test",
    ".csv": "Make a folder for each class, move its pictures there, and give the folder around them",
    ".arrow": "Save the set with `to_parquet`, one file for each part, and give the folder",
    ".tfrecord": "Save its arrays with numpy.savez as x_train, y_train, x_test, y_test",
}
"""By the ending of a file that somebody has instead."""


def recognise(path: Path, member: str | None = None) -> Found:
    """The data set at `path`, or in a folder of sets the one called `member`.

    Raises: DataError when there is nothing, nothing that is known, or several sets and none is chosen.
    """
    if not path.exists():
        raise DataError(f"the path of a data set must exist. Received: {path}. Give a file or folder with images.")
    try:
        if member is not None:
            return _recognise_member(path, member)
        inner = hub.in_cache(path)
        if class_folders.has_classes(inner) and not cifar_release.is_complete(inner):
            _refuse_two_sets(inner)
            return _recognise_pictures(inner)
        return _recognise_set(inner) or _recognise_main(inner) or _recognise_pictures(inner)
    except OSError as err:
        raise DataError(f"{err.filename or path} must be readable. Received: {err.strerror or err}.") from err


def source_key(found: Found, options: Options) -> str:
    """SHA-256 over all that decides what `found` decodes to: reader, bytes, options, and the names that titles come from."""
    image_size = options.image_size if found.resized else None
    identity = [READERS_VERSION, found.format, image_size, found.set_name]
    files = [(_name_in(found, file), _stamp(hub.behind(file), found.by_stat)) for file in found.files]
    return hashlib.sha256(json.dumps([identity, files]).encode()).hexdigest()


def file_sha256(file: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal. Raises: DataError when it cannot be read."""
    try:
        with open_regular(file) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as err:
        raise DataError(f"{file} must be a readable file. Received: {err.strerror or err}.") from err


def _recognise_set(path: Path) -> Found | None:
    return next((found for form in FORMATS if (found := form.find(path)) is not None), None)


def _refuse_two_sets(path: Path) -> None:
    """Raises: DataError when a complete set of arrays lies beside class folders: nobody can tell which of them is the set.
    A `.npz` can be given by itself, so it is not asked about."""
    finders = (form.find_complete for form in FORMATS if form.find_complete is not None)
    if (other := next((found for find in finders if (found := find(path)) is not None), None)) is not None:
        folder = other.files[0].parent
        remedy = "Move one of them to a folder of its own" if folder == path else f"Give {folder}, or move it elsewhere"
        raise DataError(
            f"a folder must hold one data set. Received: folders of pictures, and a set of {len(other.files)} files, "
            f"such as {legible(other.files[0].name)} ({other.format}, in {folder}). {remedy}."
        )


def _members(path: Path) -> dict[str, Path]:
    """The sets in a folder of sets, by name: its folders, archives and .npz files that hold a known format."""
    if not path.is_dir():
        return {}
    entries = [entry for entry in sorted(path.iterdir()) if not (entry.name.startswith(".") or is_litter(entry.name))]
    sets = [
        entry for entry in entries if entry.suffix != ".parquet" and _recognise_set(hub.in_cache(entry)) is not None
    ]
    return {_member_name(entry): entry for entry in sets}


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
    return _recognise_set(hub.in_cache(members[chosen[0]]))


def _recognise_member(path: Path, member: str) -> Found:
    members = _members(path)
    if member in members:
        found = _recognise_set(hub.in_cache(members[member]))
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
    raise DataError(
        f"a data set must be {', '.join(form.called for form in FORMATS)}, a folder of such sets, or one folder of pictures for each class. Received: {_what_is_there(path)} (at {path}). {_what_to_do(path)}."
    )


def _what_is_there(path: Path) -> str:
    if not path.is_dir():
        head = first_bytes(path, 64)
        return "a picture" if kind_of_picture(head) else kind_of_other(head) or "a file"
    contents = sorted(legible(entry.name) for entry in path.iterdir() if not is_litter(entry.name))[:5]
    without = class_folders.why_none(path)
    return without or (f"a folder with {', '.join(contents)}" if contents else "an empty folder")


def _what_to_do(path: Path) -> str:
    """By the ending of the file, or of a file in the folder; else where to read on."""
    if class_folders.why_none(path):
        return "Make a folder for each class, and move its pictures there"
    files = [path, *sorted(islice(path.rglob("*"), 1_000))]
    known = next((WHAT_TO_DO[file.suffix.lower()] for file in files if file.suffix.lower() in WHAT_TO_DO), None)
    return known or "docs/data-layouts.md lists what can be read, and what to do with everything else"


def _name_in(found: Found, file: Path) -> str:
    return file.relative_to(found.path).as_posix() if file.is_relative_to(found.path) else file.name


def _stamp(file: Path, by_stat: bool) -> str | list[int]:
    """The file's bytes as a SHA-256, or what changes whenever they do: size and both times. Of many files, those that
    are not there are told by who reads them, all at once."""
    try:
        stat = file.stat()
    except OSError as err:
        if by_stat:
            return "not there"
        raise DataError(f"{file} must be a readable file. Received: {err.strerror or err}.") from err
    if not by_stat and stat.st_size <= LARGEST_HASHED_BYTES:
        return file_sha256(file)
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]
