"""One file over the network: little patience, a broken download is resumed, and who waits is told for how long."""

from __future__ import annotations

import hashlib
import os
import socket
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from kerascnn.data.cache import writing
from kerascnn.data.decoded import Report
from kerascnn.errors import DataError

_CHUNK_BYTES = 1 << 18
_MAX_BYTES = 2**30
_RANGE_NOT_SATISFIABLE = 416
_PARTIAL_CONTENT = 206
_REPORT_SECONDS = 60.0
_LEAST_REPORTED_BYTES = 1_000_000


class GivenUp(Exception):
    """One source did not deliver; the message says why."""


class BrokenOff(GivenUp):
    """The bytes stopped coming. What came is kept, and the next request goes on behind it."""


class TooSlow(GivenUp):
    """The bytes come more slowly than a source may send them while another one could be faster."""

    def __init__(self, bytes_per_second: float) -> None:
        self.bytes_per_second = bytes_per_second
        super().__init__(f"too slow, {bytes_per_second / 1000:.0f} kB/s")


class Stopped(DataError):
    """Somebody stopped the download: no other source is asked."""


@dataclass(frozen=True)
class Patience:
    """When a source is given up: no answer, silence, too many breaks, or a speed below the least one in a window."""

    answer_seconds: float = 6.0
    silence_seconds: float = 6.0
    window_seconds: float = 8.0
    least_bytes_per_second: float = 300_000.0
    resumptions: int = 10

    def without_hurry(self) -> Patience:
        """The patience with a source that is the fastest there is."""
        return replace(self, least_bytes_per_second=0.0, silence_seconds=2 * self.silence_seconds)


@dataclass(frozen=True)
class RemoteFile:
    """A file of `title`. `sha256` is None where no published sum is known: what the file holds is checked then."""

    title: str
    url: str
    sha256: str | None

    @property
    def host(self) -> str:
        return self.url.split("/")[2]


_stopped = threading.Event()


def stop_transfers() -> None:
    """Ends the transfers of all threads of this process: Ctrl-C reaches the main thread alone."""
    _stopped.set()


def fetch(file: RemoteFile, path: Path, report: Report, patience: Patience) -> None:
    """Brings the file to `path`. What has come stays in a partial file beside it, for the next time and for other sources.

    Raises: GivenUp when this source does not deliver the right bytes; DataError when they cannot be written; Stopped.
    """
    partial = path.with_name(f"{path.name}.partial")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_unless_plain(partial)
    is_resumed = _size_bytes(partial) > 0
    _fetch_all(file, partial, report, patience)
    while not _is_right(file, partial):
        partial.unlink(missing_ok=True)
        if not is_resumed:
            raise GivenUp(f"other bytes than {file.title}'s, by their SHA-256")
        is_resumed = False  # its first part may have been another file's
        _fetch_all(file, partial, report, patience)
    with writing(path):
        partial.replace(path)


def _fetch_all(file: RemoteFile, partial: Path, report: Report, patience: Patience) -> None:
    """Fetches what is missing, and goes on after breaks as long as each attempt brings more than all before it."""
    furthest_bytes, breaks = _size_bytes(partial), 0
    while True:
        try:
            _fetch_rest(file, partial, report, patience)
            break
        except BrokenOff as err:
            size_bytes, breaks = _size_bytes(partial), breaks + 1
            if size_bytes <= furthest_bytes or breaks > patience.resumptions:
                raise
            report(f"{file.host}: {err}. The download goes on after {size_bytes / 1e6:.0f} MB")
            furthest_bytes = size_bytes


def _fetch_rest(file: RemoteFile, partial: Path, report: Report, patience: Patience) -> None:
    start_bytes = _size_bytes(partial)
    response = _open_within(file.url, start_bytes, patience)
    if response is None:
        return
    with response, writing(partial), _appending(partial) as target:
        start_bytes = _check_range(response, start_bytes)
        target.truncate(start_bytes)
        target.seek(start_bytes)
        _copy(response, target, _Pace(file.title, start_bytes, response.length, report, patience))
        target.flush()
        os.fsync(target.fileno())


def _open_within(url: str, start_bytes: int, patience: Patience) -> Any:
    """The open response, to bytes from `start_bytes` on if the server can do that; None where none are left.

    Why a thread: resolving a name, and trying one address after another, obey no time-out. Raises: GivenUp.
    """
    import urllib.error
    import urllib.request
    from http.client import HTTPException

    outcome: list[Any] = []
    abandoned = threading.Event()

    def open_url() -> None:
        try:
            request = urllib.request.Request(url, headers={"Range": f"bytes={start_bytes}-"} if start_bytes else {})
            response = urllib.request.urlopen(request, timeout=patience.silence_seconds)
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
        raise GivenUp(f"no answer within {patience.answer_seconds:.0f} s")
    if isinstance(outcome[0], Exception):
        if start_bytes and getattr(outcome[0], "code", None) == _RANGE_NOT_SATISFIABLE:
            return None
        raise GivenUp(_in_words(outcome[0])) from outcome[0]
    return outcome[0]


def _check_range(response: Any, start_bytes: int) -> int:
    """Where the answer begins: a server that knows no ranges starts over. Raises: GivenUp for a range nobody asked for."""
    if response.status != _PARTIAL_CONTENT:
        return 0
    if not str(response.headers.get("Content-Range", "")).startswith(f"bytes {start_bytes}-"):
        raise GivenUp("other bytes than were asked for")
    return start_bytes


def _in_words(err: BaseException) -> str:
    reason = getattr(err, "reason", None)
    if isinstance(reason, socket.gaierror):
        return "no such name, or no network"
    code = getattr(err, "code", None)
    return f"HTTP {code}" if code else str(reason or err) or type(err).__name__


def _copy(response: Any, target: IO[bytes], pace: _Pace) -> None:
    """Copies the body. Raises: GivenUp when it is cut short, too slow or too long."""
    while chunk := _read_chunk(response, pace.patience):
        target.write(chunk)
        pace.advance(len(chunk))
    pace.finish()


def _read_chunk(response: Any, patience: Patience) -> bytes:
    from http.client import HTTPException

    try:
        return response.read1(_CHUNK_BYTES)
    except TimeoutError as err:
        raise BrokenOff(f"silent for {patience.silence_seconds:.0f} s") from err
    except (OSError, HTTPException) as err:
        raise BrokenOff(f"broken off, {_in_words(err)}") from err


class _Pace:
    """Watches how fast a body arrives, and reports every tenth of it; where there is no hurry, the time left as well."""

    def __init__(self, title: str, start_bytes: int, length: int | None, report: Report, patience: Patience) -> None:
        self._title, self._report, self.patience = title, report, patience
        self._start_bytes = self._done_bytes = start_bytes
        self._total_bytes = start_bytes + length if length else 0
        self._window_bytes, self._tenths = 0, self._tenths_of(start_bytes)
        self._start = self._window_start = self._reported = time.monotonic()

    def advance(self, size_bytes: int) -> None:
        """Counts bytes that arrived. Raises: GivenUp when they are too slow or too many; Stopped."""
        if _stopped.is_set():
            raise Stopped(f"The download of {self._title} was stopped. What has come is kept.")
        self._done_bytes += size_bytes
        self._window_bytes += size_bytes
        if self._done_bytes > _MAX_BYTES:
            raise GivenUp(f"more bytes than {self._title} has")
        now = time.monotonic()
        self._check_speed(now)
        tenths = self._tenths_of(self._done_bytes)
        if tenths > self._tenths or (self._is_slow() and now - self._reported > _REPORT_SECONDS):
            self._tenths, self._reported = tenths, now
            self._report(self._progress(now))

    def finish(self) -> None:
        """Raises: BrokenOff when fewer bytes came than were promised."""
        if self._done_bytes < self._total_bytes:
            raise BrokenOff(f"broken off after {self._done_bytes:,} of {self._total_bytes:,} bytes")

    def _check_speed(self, now: float) -> None:
        elapsed_seconds = now - self._window_start
        if elapsed_seconds < self.patience.window_seconds:
            return
        if self._window_bytes < elapsed_seconds * self.patience.least_bytes_per_second:
            raise TooSlow(self._window_bytes / elapsed_seconds)
        self._window_start, self._window_bytes = now, 0

    def _progress(self, now: float) -> str:
        done = f"{self._title}: {self._done_bytes / 1e6:.0f} of {self._total_bytes / 1e6:.0f} MB"
        speed = (self._done_bytes - self._start_bytes) / max(1e-3, now - self._start)
        left_bytes = self._total_bytes - self._done_bytes
        return f"{done}, {in_minutes(left_bytes / speed)} left" if self._is_slow() and left_bytes > 0 else done

    def _is_slow(self) -> bool:
        return self.patience.least_bytes_per_second == 0

    def _tenths_of(self, done_bytes: int) -> int:
        return 10 * done_bytes // self._total_bytes if self._total_bytes >= _LEAST_REPORTED_BYTES else 0


def in_minutes(seconds: float) -> str:
    """A span of waiting in words."""
    minutes = max(1, round(seconds / 60))
    return f"about {minutes} minute{'s' if minutes > 1 else ''}"


def _is_right(file: RemoteFile, partial: Path) -> bool:
    if file.sha256 is None:
        return _size_bytes(partial) > 0
    with writing(partial), partial.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256


def _size_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _remove_unless_plain(path: Path) -> None:
    """Removes what is no file of our own: a link, or a name of somebody's file. Raises: OSError."""
    with suppress(FileNotFoundError):
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            path.unlink()


@contextmanager
def _appending(path: Path) -> Iterator[IO[bytes]]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    with os.fdopen(handle, "r+b") as stream:
        yield stream
