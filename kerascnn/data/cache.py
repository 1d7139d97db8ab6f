"""Decoded sets in the user's cache folder: written once, never changed, mapped by any number of processes.

    <cache>/data/<content>/    train_images.npy ..., info.json
    <cache>/data/sources/      <key>.json: which content the source with this key decodes to
    <cache>/data/locks/        one writer for each source
    <cache>/downloads/         archives as they were fetched

`<content>` is the SHA-256 of what is in the folder; `<key>` that of the source's bytes and of how they are decoded.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np

from kerascnn.data.dataset import Dataset
from kerascnn.data.decoded import Decoded, content_of
from kerascnn.errors import DataError, UsageError
from kerascnn.ownership.writing import write_replacing
from kerascnn.places import cache_folder
from kerascnn.records import DatasetInfo
from kerascnn.specs import Spec

_PARTIAL_PREFIX = ".partial-"
_PARTIAL_LIFETIME_SECONDS = 24 * 3600.0
_LONGEST_WAIT_SECONDS = 3600.0
"""For a set that another process decodes or fetches."""


class CacheError(DataError):
    """The cache cannot be written: no other source would help."""


class CacheEntry(Spec, frozen=True, kw_only=True):
    """What `info.json` and the files in `sources/` hold."""

    info: DatasetInfo
    verified: bool = False
    schema: Literal[1] = 1


def open_dataset(content: str) -> Dataset:
    """The decoded set whose SHA-256 is `content`, from the cache.

    Raises: DataError when it is not there or damaged, with the command that brings it back.
    """
    folder = content_folder(content)
    try:
        info = CacheEntry.from_json((folder / "info.json").read_bytes()).info
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _array_names()}
        _check_shapes(info, content, arrays)
    except FileNotFoundError as err:
        raise DataError(
            f"data set {content[:12]} must be in the cache. Received: {_absence(folder)}. {_REMEDY}"
        ) from err
    except (OSError, ValueError, EOFError, UsageError) as err:
        raise DataError(f"data set {content[:12]} must be whole. Received: {err} (in {folder}). {_REMEDY}") from err
    return Dataset(info=info, folder=folder, **arrays)


_REMEDY = "Bring it back with `python pipeline.py data --data ...` and the choice or path it came from."


def content_folder(content: str) -> Path:
    """The folder of one decoded set. Raises: DataError when `content` is no SHA-256 in hexadecimal."""
    if len(content) != 64 or not set(content) <= set("0123456789abcdef"):
        raise DataError(f"`content` must be a SHA-256 in hexadecimal. Received: {content!r}.")
    return cache_folder() / "data" / content


def cached_entries() -> list[CacheEntry]:
    """What is known about every decoded set in the cache, by title."""
    files = (cache_folder() / "data").glob("*/info.json")
    found = [
        entry for file in files if (entry := _read_entry(file)) is not None and entry.info.content == file.parent.name
    ]
    return sorted(found, key=lambda entry: (entry.info.title, entry.info.content))


def save(decoded: Decoded, source: str, notice: str | None = None) -> DatasetInfo:
    """Writes a checked set to the cache, unless its content is there already, and says what is known about it.

    Raises: DataError when the cache cannot be written.
    """
    content = content_of(decoded.arrays(), decoded.class_names)
    info = DatasetInfo(
        name=decoded.name,
        title=decoded.title,
        content=content,
        image_shape=decoded.train_images.shape[1:],
        class_names=decoded.class_names,
        train_images=len(decoded.train_images),
        test_images=len(decoded.test_images),
        source=source,
        notice=notice,
    )
    try:
        open_dataset(content)
    except DataError:
        _write_content(CacheEntry(info=info, verified=decoded.verified), decoded.arrays())
    return info


def recall(key: str) -> CacheEntry | None:
    """What the source with this key decoded to, or None when it has not been decoded or its content is gone."""
    entry = _read_entry(_index_file(key))
    return entry if entry is not None and (content_folder(entry.info.content) / "info.json").is_file() else None


def remember(key: str, entry: CacheEntry) -> None:
    """Notes what the source with this key decodes to. Raises: DataError when the cache cannot be written."""
    file = _index_file(key)
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_replacing(file, entry.canonical_json())


@contextmanager
def only_writer(name: str) -> Iterator[None]:
    """Holds a lock of this name in the cache; it ends with the process, however that ends.

    Raises: DataError when the cache cannot be written.
    """
    from kerascnn.ownership.locks import process_lock

    file = cache_folder() / "data" / "locks" / f"{name}.lock"
    lock = process_lock(file, _LONGEST_WAIT_SECONDS, waits_for="data that are being prepared")
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def verify(content: str) -> None:
    """Compares the cached set with its SHA-256.

    Raises: DataError when it differs; the damaged set is then removed, so that the next load decodes it anew.
    """
    dataset = open_dataset(content)
    names = [*_array_names(), *(f"{part}_masks" for part in ("train", "test"))]
    files = {name: dataset.folder / f"{name}.npy" for name in names}
    with contextlib.suppress(OSError, ValueError, EOFError):
        arrays = {name: np.load(file, mmap_mode="r") for name, file in files.items() if file.is_file()}
        if content_of(arrays, dataset.info.class_names) == content:
            return
    folder = dataset.folder
    discard(content)
    raise DataError(
        f"data set {content[:12]} must match its SHA-256. Received: other bytes (in {folder}). It was removed. {_REMEDY}"
    )


def discard(content: str) -> None:
    """Removes one decoded set, at once for others; processes that have it open keep what they have."""
    folder = content_folder(content)
    aside = folder.with_name(f"{_PARTIAL_PREFIX}discarded-{os.getpid()}-{time.monotonic_ns()}")
    with writing(folder), contextlib.suppress(FileNotFoundError):
        folder.rename(aside)
    shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns a full disk or a forbidden folder into a CacheError that names `path`."""
    try:
        yield
    except OSError as err:
        raise CacheError(
            f"the cache must be writable. Received: {err.strerror or err} (in {path.parent}). "
            "Free space or permit writing there, or set KERASCNN_CACHE to another folder."
        ) from err


def _array_names() -> tuple[str, ...]:
    return ("train_images", "train_labels", "test_images", "test_labels")


def _absence(folder: Path) -> str:
    return f"an incomplete folder {folder}" if folder.is_dir() else f"no folder {folder}"


def _check_shapes(info: DatasetInfo, content: str, arrays: dict[str, np.ndarray]) -> None:
    if info.content != content:
        raise ValueError(f"info.json belongs to {info.content[:12]}")
    for part, count in (("train", info.train_images), ("test", info.test_images)):
        images, labels = arrays[f"{part}_images"], arrays[f"{part}_labels"]
        if images.dtype != np.uint8 or images.shape != (count, *info.image_shape):
            raise ValueError(f"{part}_images.npy holds {images.dtype} {images.shape}")
        if labels.dtype != np.int32 or labels.shape != (count,):
            raise ValueError(f"{part}_labels.npy holds {labels.dtype} {labels.shape}")


def _index_file(key: str) -> Path:
    return cache_folder() / "data" / "sources" / f"{key}.json"


def _read_entry(file: Path) -> CacheEntry | None:
    try:
        return CacheEntry.from_json(file.read_bytes())
    except (OSError, UsageError):
        return None


def _write_content(entry: CacheEntry, arrays: dict[str, np.ndarray]) -> None:
    folder = content_folder(entry.info.content)
    with writing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        _sweep_partials(folder.parent)
        partial = Path(tempfile.mkdtemp(prefix=_PARTIAL_PREFIX, dir=folder.parent))
        try:
            for name, array in arrays.items():
                _write_array(partial / f"{name}.npy", array)
            (partial / "info.json").write_bytes(entry.canonical_json())
            partial.chmod(0o755)
            _put_in_place(partial, entry.info.content)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def _write_array(file: Path, array: np.ndarray) -> None:
    with file.open("wb") as stream:
        np.save(stream, array, allow_pickle=False)
        stream.flush()
        os.fsync(stream.fileno())
    file.chmod(0o444)


def _put_in_place(partial: Path, content: str) -> None:
    """Another process may have written the same content in the meantime: if it is whole, theirs stays."""
    try:
        partial.rename(content_folder(content))
    except OSError:
        try:
            open_dataset(content)
        except DataError:
            discard(content)
            partial.rename(content_folder(content))


def _sweep_partials(folder: Path) -> None:
    """Removes what processes that were killed left behind."""
    for partial in folder.glob(f"{_PARTIAL_PREFIX}*"):
        with contextlib.suppress(OSError):
            if time.time() - partial.stat().st_mtime > _PARTIAL_LIFETIME_SECONDS:
                shutil.rmtree(partial, ignore_errors=True)
