"""The official CIFAR-10 and CIFAR-100 releases, python and binary, as a folder or as the archive they come in.

The python release is pickled, and people pickle pictures of their own in the same way: `pickles` reads both without
trusting them. Archives are read in memory, by `archives`; nothing in them can name a place on the disk.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerascnn.data.decoded import (
    CIFAR10_CLASSES,
    MAX_DECODED_BYTES,
    Decoded,
    Found,
    Options,
    blamed_on,
    means_cifar10,
    titled,
)
from kerascnn.data.formats import pickles
from kerascnn.data.formats.archives import is_archive, wanted_members
from kerascnn.data.formats.pictures.images import read_bytes
from kerascnn.errors import DataError
from kerascnn.foreign.reading import first_bytes

FORMAT = "CIFAR release"
SIDE, CHANNELS = 32, 3
IMAGE_BYTES = SIDE * SIDE * CHANNELS

PUBLISHED_MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
"""Of the six files of the python release that hold images. Source: torchvision, `datasets/cifar.py`."""

PUBLISHED_SHA1 = {
    "data_batch_1.bin": "aadd24acce27caa71bf4b10992e9e7b2d74c2540",
    "data_batch_2.bin": "c0ba65cce70568cd57b4e03e9ac8d2a5367c1795",
    "data_batch_3.bin": "1dd00a74ab1d17a6e7d73e185b69dbf31242f295",
    "data_batch_4.bin": "aab85764eb3584312d3c7f65fd2fd016e36a258e",
    "data_batch_5.bin": "26e2849e66a845b7f1e4614ae70f4889ae604628",
    "test_batch.bin": "67eb016db431130d61cd03c7ad570b013799c88c",
}
"""Of the six files of the binary release, which are labels and pixels and nothing else. Source: MXNet,
`gluon/data/vision/datasets.py`."""


@dataclass(frozen=True)
class _Release:
    """The files of one release, and how one of them is read. `names_file` may be absent."""

    name: str
    title: str
    folder: str
    train_files: tuple[str, ...]
    test_file: str
    names_file: str
    names_key: str
    parse: Callable[[bytes], tuple[np.ndarray, np.ndarray]]
    parse_names: Callable[[bytes, str], tuple[str, ...]]
    could_be: Callable[[Path], bool] | None = None
    """Where the names are anybody's, `train` and `test`: whether a file of this kind can be the release's."""

    def files(self) -> tuple[str, ...]:
        return (*self.train_files, self.test_file)

    def batches(self, names: Iterable[str]) -> list[str]:
        """Those of the names that are training files, by number; people's own batches may be more than are published."""
        pattern = re.compile(re.escape(self.train_files[0]).replace("1", "[0-9]+"))
        return sorted(filter(pattern.fullmatch, names), key=lambda name: (len(name), name))

    def first_batches(self, count: int) -> tuple[str, ...]:
        """What so many training files are called."""
        return tuple(self.train_files[0].replace("1", str(number)) for number in range(1, count + 1))

    def is_meant_by(self, there: tuple[Path, ...]) -> bool:
        """Whether these files, of those that the release has, are not there by chance."""
        if not any(file.name in self.files() for file in there):
            return False
        return self.could_be is None or (len(there) > 1 and any(map(self.could_be, there)))

    def is_named(self, names: tuple[str, ...], path: Path) -> bool:
        """Whether files with these class names at this path pass for the release: people's own batches have its format."""
        if self.name == "cifar10":
            return names == CIFAR10_CLASSES or (not names and any(map(means_cifar10, path.parts[-3:])))
        return any(re.search(r"cifar[-_ ]?100", part, re.IGNORECASE) for part in path.parts[-3:])

    def default_names(self, official: bool, classes: int) -> tuple[str, ...]:
        if official and self.name == "cifar10":
            return CIFAR10_CLASSES
        return tuple(f"class {label}" for label in range(100 if official else min(classes, 1_000)))


def find(path: Path) -> Found | None:
    """The release in the folder `path`, in its folder of the official name, or in the archive `path`."""
    if path.is_file():
        return Found(FORMAT, path, (path,), read) if is_archive(path) else None
    for release in _RELEASES:
        for folder in (path, path / release.folder):
            there = _files_there(release, folder)
            if release.is_meant_by(there):
                return Found(FORMAT, path, there, read)
    return None


def is_complete(path: Path) -> bool:
    """Whether the folder has every file of a release: then nothing that lies beside them matters."""
    return any(
        release.is_meant_by(there) and {file.name for file in there} >= set(release.files())
        for release in _RELEASES
        if (there := _files_there(release, path))
    )


def _files_there(release: _Release, folder: Path) -> tuple[Path, ...]:
    """The files of the release, and further batches that are numbered like its own."""
    names = (*release.files(), release.names_file)
    there = [folder / name for name in names if (folder / name).is_file()]
    if there:
        more = set(release.batches(file.name for file in folder.iterdir())) - set(names)
        there += [folder / name for name in release.batches(more) if (folder / name).is_file()]
    return tuple(there)


def find_complete(path: Path) -> Found | None:
    """As `find`, where every file of the release is there."""
    found = find(path)
    return found if found is not None and is_complete(found.files[0].parent) else None


def read(found: Found, options: Options) -> Decoded:
    """The decoded set. Raises: DataError naming file and cause."""
    options.report(f"Reading {found.path.name}")
    files = _files(found)
    release = next((release for release in _RELEASES if set(release.files()) & set(files)), None)
    if release is None:
        raise DataError(
            f"an archive must hold a CIFAR-10 or CIFAR-100 release. Received: {', '.join(sorted(files)[:5]) or 'no files'} "
            f"(in {found.path}). Give the official archive, or unpack it and give the folder."
        )
    return _decode(release, files, found)


def _files(found: Found) -> dict[str, bytes]:
    """The bytes of the release's files by name, no more of them than fit in memory."""
    if found.path.is_file():
        return wanted_members(found.path, _is_of_a_release)
    files: dict[str, bytes] = {}
    for file in found.files:
        files[file.name] = read_bytes(file, MAX_DECODED_BYTES - sum(map(len, files.values())))
    return files


def _is_of_a_release(name: str) -> bool:
    return any(name in (each.test_file, each.names_file) or each.batches([name]) for each in _RELEASES)


def is_published(files: dict[str, bytes]) -> bool:
    """Whether these are, byte for byte, the six batches that the official python or binary release has."""
    return any(
        all(
            name in files and hashlib.new(kind, files[name], usedforsecurity=False).hexdigest() == published
            for name, published in sums.items()
        )
        for kind, sums in (("md5", PUBLISHED_MD5), ("sha1", PUBLISHED_SHA1))
    )


def as_binary_release(decoded: Decoded) -> dict[str, bytes] | None:
    """The six files of the official binary release, if the images and labels are its own; else None.

    Another copy may have the batches in another order (the Hub's has that of the archive): the checksums say which is which.
    """
    if decoded.class_names != CIFAR10_CLASSES or decoded.train_images.shape[1:] != (SIDE, SIDE, CHANNELS):
        return None
    parts = {
        len(PUBLISHED_SHA1) - 1: (decoded.train_images, decoded.train_labels),
        1: (decoded.test_images, decoded.test_labels),
    }
    by_sum = {}
    for count, (images, labels) in parts.items():
        for rows in np.array_split(np.arange(len(labels)), count):
            planes = images[rows].transpose(0, 3, 1, 2).reshape(len(rows), -1)
            batch = np.hstack([labels[rows].astype(np.uint8)[:, None], planes]).tobytes()
            by_sum[hashlib.sha1(batch, usedforsecurity=False).hexdigest()] = batch
    if set(by_sum) != set(PUBLISHED_SHA1.values()):
        return None
    return {name: by_sum[published] for name, published in PUBLISHED_SHA1.items()}


def _decode(release: _Release, files: dict[str, bytes], found: Found) -> Decoded:
    verified = is_published(files)
    names = _names_in(release, files, found.path)
    official = verified or release.is_named(names, found.path)
    train_files = _train_files(release, files, official, found.path)
    parts = {}
    for name in (*train_files, release.test_file):
        parts[name] = _parse_batch(release, name, files.pop(name), found.path)
    train_images, train_labels = _joined(parts[name] for name in train_files)
    test_images, test_labels = _joined([parts[release.test_file]])
    counts = len(train_labels), len(test_labels)
    own_name = found.set_name if not re.match("cifar-", found.set_name) else f"own {found.set_name}"
    return Decoded(
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
        class_names=names or release.default_names(official, 1 + max(train_labels.max(), test_labels.max(), 1)),
        name=release.name if official else own_name,
        title=titled(release.title, *counts, (50_000, 10_000)) if official else own_name,
        verified=verified,
    )


def _parse_batch(release: _Release, name: str, data: bytes, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Planes uint8 `(n, 3072)` and labels `(n,)` of one file."""
    with blamed_on(path, f"{name} of the {release.title} release"):
        planes, labels = release.parse(data)
        if len(planes) != len(labels):
            raise ValueError(f"{len(planes)} images and {len(labels)} labels")
    return planes, labels


def _joined(parts: Iterable[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 `(n, 32, 32, 3)` and labels `(n,)` of some files; no image is held more than twice."""
    parts = list(parts)
    images = np.empty((sum(len(planes) for planes, _ in parts), SIDE, SIDE, CHANNELS), np.uint8)
    done = 0
    for planes, _ in parts:
        images[done : done + len(planes)] = planes.reshape(-1, CHANNELS, SIDE, SIDE).transpose(0, 2, 3, 1)
        done += len(planes)
    return images, np.concatenate([labels for _, labels in parts])


def _names_in(release: _Release, files: dict[str, bytes], path: Path) -> tuple[str, ...]:
    """The names of the classes that the release brings along; none where it brings none."""
    if release.names_file not in files:
        return ()
    with blamed_on(path, f"{release.names_file} of the {release.title} release"):
        names = release.parse_names(files[release.names_file], release.names_key)
        if not names:
            raise ValueError("no names")
    return names


def _train_files(release: _Release, files: dict[str, bytes], official: bool, path: Path) -> tuple[str, ...]:
    """The training files: of an official release those that are published, of one's own batches all that are there.

    Raises: DataError when one is missing, or another is numbered like them and would be left out.
    """
    there = release.batches(files)
    wanted = release.train_files if official else release.first_batches(max(1, len(there)))
    missing = [name for name in (*wanted, release.test_file) if name not in files]
    if missing:
        needed = wanted if len(wanted) <= len(release.train_files) else (f"{wanted[0]} to {wanted[-1]}",)
        raise DataError(
            f"a set in the layout of {release.title} must have {', '.join((*needed, release.test_file))}. "
            f"Received: no {', '.join(missing[:6])} (in {path}). Fetch or make it again."
        )
    if more := [name for name in there if name not in wanted]:
        raise DataError(
            f"{release.title} must have {len(wanted)} training files. Received: {', '.join(more[:5])} as well (in {path}). "
            f"Move them elsewhere, or name a set of your own in {release.names_file}."
        )
    return wanted


# ------------------------------------------------------------------------------------------------ the binary release


def _parse_binary(data: bytes, label_bytes: int) -> tuple[np.ndarray, np.ndarray]:
    """Records of `label_bytes` label bytes, the last of which counts, and 3072 pixels in three planes."""
    record = label_bytes + IMAGE_BYTES
    if not data or len(data) % record:
        raise ValueError(f"{len(data):,} bytes, not a multiple of {record:,}")
    records = np.frombuffer(data, np.uint8).reshape(-1, record)
    return records[:, label_bytes:], records[:, label_bytes - 1].astype(np.int32)


def _parse_text_names(data: bytes, key: str) -> tuple[str, ...]:
    return tuple(data.decode("utf-8").split())


def _is_of_records(file: Path) -> bool:
    size_bytes = file.stat().st_size
    return size_bytes > 0 and size_bytes % (2 + IMAGE_BYTES) == 0


_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))

_RELEASES = (
    _Release(
        name="cifar10",
        title="CIFAR-10",
        folder="cifar-10-batches-py",
        train_files=_BATCHES,
        test_file="test_batch",
        names_file="batches.meta",
        names_key="label_names",
        parse=pickles.images_and_labels,
        parse_names=pickles.texts,
    ),
    _Release(
        name="cifar10",
        title="CIFAR-10",
        folder="cifar-10-batches-bin",
        train_files=tuple(f"{name}.bin" for name in _BATCHES),
        test_file="test_batch.bin",
        names_file="batches.meta.txt",
        names_key="",
        parse=lambda data: _parse_binary(data, 1),
        parse_names=_parse_text_names,
    ),
    _Release(
        name="cifar100",
        title="CIFAR-100",
        folder="cifar-100-python",
        train_files=("train",),
        test_file="test",
        names_file="meta",
        names_key="fine_label_names",
        parse=pickles.images_and_labels,
        parse_names=pickles.texts,
        could_be=lambda file: first_bytes(file, 2).startswith(pickles.BEGINNINGS),
    ),
    _Release(
        name="cifar100",
        title="CIFAR-100",
        folder="cifar-100-binary",
        train_files=("train.bin",),
        test_file="test.bin",
        names_file="fine_label_names.txt",
        names_key="",
        parse=lambda data: _parse_binary(data, 2),
        parse_names=_parse_text_names,
        could_be=_is_of_records,
    ),
)
