"""The official CIFAR-10 and CIFAR-100 releases, python and binary, as a folder or as the archive they come in.

The python release is pickled. It is read without trusting it: the unpickler admits plain containers and the one way in which
NumPy writes an array, and even that reaches stand-ins here, never NumPy's own constructors. Archives are read in memory;
nothing in them can name a place on the disk.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from kerascnn.data.decoded import CIFAR10_CLASSES, Decoded, Found, Options, blamed_on, titled
from kerascnn.data.images import read_bytes
from kerascnn.errors import DataError

if TYPE_CHECKING:
    import tarfile

FORMAT = "CIFAR release"
MAX_ARCHIVE_BYTES = 2**30
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

    def files(self) -> tuple[str, ...]:
        return (*self.train_files, self.test_file)


def find(path: Path) -> Found | None:
    """The release in the folder `path`, in its folder of the official name, or in the archive `path`."""
    if path.is_file():
        return Found(FORMAT, path, (path,), read) if _is_archive(path) else None
    for release in _RELEASES:
        for folder in (path, path / release.folder):
            files = [folder / name for name in (*release.files(), release.names_file)]
            there = tuple(file for file in files if file.is_file())
            if any(file.name in release.files() for file in there):
                return Found(FORMAT, path, there, read)
    return None


def read(found: Found, options: Options) -> Decoded:
    """The decoded set. Raises: DataError naming file and cause."""
    options.report(f"Reading {found.path.name}")
    files = (
        _archive_members(found.path) if found.path.is_file() else {file.name: read_bytes(file) for file in found.files}
    )
    release = next((release for release in _RELEASES if set(release.files()) & set(files)), None)
    if release is None:
        raise DataError(
            f"an archive must hold a CIFAR-10 or CIFAR-100 release. Received: {', '.join(sorted(files)[:5]) or 'no files'} "
            f"(in {found.path}). Give the official archive, or unpack it and give the folder."
        )
    _check_complete(release, files, found.path)
    return _decode(release, files, found.path)


def is_published(files: dict[str, bytes]) -> bool:
    """Whether these are, byte for byte, the six batches that the official python release has."""
    return all(
        name in files and hashlib.md5(files[name], usedforsecurity=False).hexdigest() == md5
        for name, md5 in PUBLISHED_MD5.items()
    )


def _decode(release: _Release, files: dict[str, bytes], path: Path) -> Decoded:
    parts = {name: _parse_batch(release, name, files[name], path) for name in release.files()}
    train_images = np.concatenate([parts[name][0] for name in release.train_files])
    train_labels = np.concatenate([parts[name][1] for name in release.train_files])
    test_images, test_labels = parts[release.test_file]
    return Decoded(
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
        class_names=_class_names(release, files, path),
        name=release.name,
        title=titled(release.title, len(train_labels), len(test_labels), (50_000, 10_000)),
        verified=is_published(files),
    )


def _parse_batch(release: _Release, name: str, data: bytes, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 `(n, 32, 32, 3)` and labels `(n,)` of one file."""
    with blamed_on(path, f"{name} of the {release.title} release"):
        planes, labels = release.parse(data)
        if len(planes) != len(labels):
            raise ValueError(f"{len(planes)} images and {len(labels)} labels")
    images = planes.reshape(-1, CHANNELS, SIDE, SIDE).transpose(0, 2, 3, 1)
    return images, labels


def _class_names(release: _Release, files: dict[str, bytes], path: Path) -> tuple[str, ...]:
    if release.names_file in files:
        with blamed_on(path, f"{release.names_file} of the {release.title} release"):
            return release.parse_names(files[release.names_file], release.names_key)
    return CIFAR10_CLASSES if release.name == "cifar10" else tuple(f"class {label}" for label in range(100))


def _check_complete(release: _Release, files: dict[str, bytes], path: Path) -> None:
    missing = [name for name in release.files() if name not in files]
    if missing:
        raise DataError(
            f"the {release.title} release must have {', '.join(release.files())}. Received: no {', '.join(missing)} "
            f"(in {path}). Fetch it again."
        )


def _is_archive(path: Path) -> bool:
    """By name, or by the first bytes: Keras calls its download `cifar-10-batches-py-target_archive`."""
    if path.name.endswith((".tar", ".tar.gz", ".tgz")):
        return True
    return path.name.endswith("_archive") and path.name.startswith("cifar-")


def _archive_members(path: Path) -> dict[str, bytes]:
    """The plain files of a tar archive, compressed or not, by the last part of their name."""
    import tarfile

    data = read_bytes(path)
    with blamed_on(path, "an archive"):
        if data[:2] == b"\x1f\x8b":
            data = _unzipped(data)
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            return {Path(member.name).name: _member_bytes(archive, member) for member in archive if member.isfile()}


def _unzipped(data: bytes) -> bytes:
    """The whole stream, so that its checksum at the end is compared too."""
    import gzip

    with gzip.open(io.BytesIO(data)) as stream:
        unzipped = stream.read(MAX_ARCHIVE_BYTES + 1)
    if len(unzipped) > MAX_ARCHIVE_BYTES:
        raise ValueError(f"more than {MAX_ARCHIVE_BYTES >> 20} MiB unpacked")
    return unzipped


def _member_bytes(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    if member.size > MAX_ARCHIVE_BYTES:
        raise ValueError(f"{member.name} has more than {MAX_ARCHIVE_BYTES >> 20} MiB")
    stream = archive.extractfile(member)
    data = stream.read() if stream is not None else b""
    if len(data) != member.size:
        raise ValueError(f"{member.name} ends after {len(data):,} of {member.size:,} bytes")
    return data


# ------------------------------------------------------------------------------------------------ the python release


class _PickledArray:
    """Stands for an array while it is unpickled: NumPy's state is kept as plain values."""

    state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def to_planes(self) -> np.ndarray:
        """uint8 `(n, 3072)`. Raises: ValueError when the pickled array is anything else."""
        _, shape, dtype, fortran, data = self.state
        if (
            not isinstance(dtype, _PickledDtype)
            or dtype.code not in ("u1", b"u1")
            or fortran
            or not isinstance(data, bytes)
        ):
            raise ValueError("`data` is not an array of bytes in C order")
        if len(shape) != 2 or shape[1] != IMAGE_BYTES or shape[0] * shape[1] != len(data):
            raise ValueError(f"`data` has shape {shape} and {len(data):,} bytes, not (n, {IMAGE_BYTES})")
        return np.frombuffer(data, np.uint8).reshape(shape)


class _PickledDtype:
    """Stands for `numpy.dtype`."""

    def __init__(self, code: Any = None, *rest: Any) -> None:
        self.code = code

    def __setstate__(self, state: Any) -> None:
        pass


class _PickledType:
    """Stands for `numpy.ndarray` where it is named; it is never called."""


def _reconstruct(*arguments: Any) -> _PickledArray:
    return _PickledArray()


def _encode_latin1(text: str, encoding: str) -> bytes:
    """How a Python 3 pickle of the old protocol spells bytes."""
    if encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"the pickle asks for the encoding {encoding!r}")
    return text.encode("latin-1")


_ADMITTED: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _PickledType,
    ("numpy", "dtype"): _PickledDtype,
    ("_codecs", "encode"): _encode_latin1,
}


class _RestrictedUnpickler(pickle._Unpickler):
    """Why the one written in Python: the one in C takes the size of its memo from the file, and one flipped bit fills memory."""

    dispatch: ClassVar[dict[int, Callable[..., None]]] = dict(pickle._Unpickler.dispatch)

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ADMITTED:
            raise pickle.UnpicklingError(f"the pickle asks for {module}.{name}, which no CIFAR release does")
        return _ADMITTED[module, name]

    def load_build(self) -> None:
        if not isinstance(self.stack[-2], _PickledArray | _PickledDtype):  # type: ignore[attr-defined]
            raise pickle.UnpicklingError("the pickle sets the state of something that is no array")
        super().load_build()  # type: ignore[misc]

    dispatch[pickle.BUILD[0]] = load_build


def _unpickle(data: bytes) -> dict[str, Any]:
    """The pickled dictionary with its keys as text."""
    values = _RestrictedUnpickler(io.BytesIO(data), encoding="bytes").load()
    if not isinstance(values, dict):
        raise ValueError(f"a pickled {type(values).__name__}, not a dictionary")
    return {key.decode("latin-1") if isinstance(key, bytes) else str(key): value for key, value in values.items()}


def _parse_python(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    values = _unpickle(data)
    labels = values.get("fine_labels", values.get("labels"))
    if not isinstance(values.get("data"), _PickledArray) or not isinstance(labels, list):
        raise ValueError(f"no images and labels, only {', '.join(sorted(values)) or 'nothing'}")
    if not all(type(label) is int and 0 <= label < 2**31 for label in labels):
        raise ValueError("labels that are not small integers")
    return values["data"].to_planes(), np.array(labels, np.int32)


def _parse_python_names(data: bytes, key: str) -> tuple[str, ...]:
    names = _unpickle(data)[key]
    return tuple(name.decode("utf-8") if isinstance(name, bytes) else str(name) for name in names)


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
        parse=_parse_python,
        parse_names=_parse_python_names,
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
        parse=_parse_python,
        parse_names=_parse_python_names,
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
    ),
)
