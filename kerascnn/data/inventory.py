"""What the command `data` shows and does: which sources and decoded sets are there, fetching, verifying."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kerascnn.data import cache, download, load
from kerascnn.data.decoded import Report


@dataclass(frozen=True)
class DataSource:
    """One place that data come from, or one decoded set in the cache.

    `choice` is what to give to `--data` to get it, None where no single choice does. `size_bytes` is None where there is
    nothing yet. `content` is the SHA-256 of the decoded set, None as long as it is not decoded. `verified`: compared with
    published checksums.
    """

    title: str
    where: str
    choice: str | None
    size_bytes: int | None
    content: str | None
    verified: bool


def describe_sources() -> list[DataSource]:
    """Keras' caches, the downloads, the embedded set, then every decoded set; nothing is fetched or decoded."""
    keras = [
        DataSource(f"CIFAR-10 kept by Keras ({path.name})", str(path), "cifar10", _size_bytes(path), None, False)
        for path in load.keras_cache_paths()
    ]
    downloads = [_describe_cifar10(), _describe_mnist()]
    return [*keras, *downloads, _describe_embedded(), *map(_describe_decoded, cache.cached_entries())]


FETCHED: dict[str, Callable[[Report], Path]] = {
    "CIFAR-10": download.ensure_cifar10,
    "MNIST": download.ensure_mnist,
}
"""Title -> what brings the set into the cache."""


def fetch(title: str, report: Report = load.print_to_stderr) -> Path:
    """Downloads a set of FETCHED into the cache, unless it is there, and gives back where it is.

    Raises: DataError when no source delivers it, or the cache cannot be written.
    """
    return FETCHED[title](report)


def _describe_cifar10() -> DataSource:
    path = download.fetched_cifar10()
    if path is not None:
        return DataSource("CIFAR-10 as fetched", str(path), "cifar10", _size_bytes(path), None, True)
    state = _state(download.recent_failure())
    return DataSource(f"CIFAR-10 ({state})", download.ARCHIVE_URLS[0], "cifar10", None, None, False)


def _describe_mnist() -> DataSource:
    path = download.fetched_mnist()
    if path is not None:
        return DataSource("MNIST as fetched", str(path), None, _size_bytes(path), None, True)
    state = _state(download.recent_failure_of_mnist())
    return DataSource(f"MNIST ({state})", download.MNIST_URLS[0], None, None, None, False)


def _state(failure: str | None) -> str:
    return f"not fetched: {failure}" if failure else "not fetched yet"


def _describe_embedded() -> DataSource:
    entry = cache.recall(load.embedded_key())
    content = entry.info.content if entry else None
    return DataSource("Generated shapes", load.EMBEDDED_SOURCE, "embedded", None, content, False)


def _describe_decoded(entry: cache.CacheEntry) -> DataSource:
    info = entry.info
    folder = cache.content_folder(info.content)
    return DataSource(f"{info.title}, decoded", str(folder), None, _size_bytes(folder), info.content, entry.verified)


def _size_bytes(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
