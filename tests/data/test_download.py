from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kerascnn.data import download
from kerascnn.data.download import Patience, UnreachableError, ensure_archive
from kerascnn.errors import DataError

OFFICIAL_URLS = download.ARCHIVE_URLS
ARCHIVE = bytes(range(256)) * 4_000
IMPATIENT = Patience(
    answer_seconds=1.5, silence_seconds=0.8, window_seconds=0.3, least_bytes_per_second=2e5, total_seconds=5.0
)


class Source(BaseHTTPRequestHandler):
    """Misbehaves as the path says."""

    def do_GET(self) -> None:
        kind = self.path.strip("/")
        if kind == "missing":
            self.send_error(404)
            return
        if kind == "mute":
            time.sleep(1.5)
            return
        if kind == "moved":
            self.send_response(302)
            self.send_header("Location", "/good")
            self.end_headers()
            return
        self.send_response(200)
        if kind != "unannounced":
            self.send_header("Content-Length", str(len(ARCHIVE)))
        self.end_headers()
        self.send_body(kind)

    def send_body(self, kind: str) -> None:
        if kind == "truncated":
            self.wfile.write(ARCHIVE[:-1])
        elif kind == "wrong":
            self.wfile.write(ARCHIVE[::-1])
        elif kind == "silent":
            self.wfile.write(ARCHIVE[:1000])
            time.sleep(1.6)
        elif kind == "slow":
            for start in range(0, 20_000, 1_000):
                self.wfile.write(ARCHIVE[start : start + 1_000])
                time.sleep(0.05)
        else:
            self.wfile.write(ARCHIVE)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


class QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what these tests are about."""


@pytest.fixture
def origin(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server on this machine; what it serves as good is what is expected."""
    monkeypatch.setattr(download, "ARCHIVE_SHA256", hashlib.sha256(ARCHIVE).hexdigest())
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = QuietServer(("127.0.0.1", 0), Source)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def offer(monkeypatch: pytest.MonkeyPatch, origin: str, *kinds: str) -> None:
    monkeypatch.setattr(download, "ARCHIVE_URLS", tuple(f"{origin}/{kind}" for kind in kinds))


@pytest.mark.parametrize("kind", ["good", "moved", "unannounced"])
def test_an_archive_with_the_right_checksum_is_kept(
    kind: str, origin: str, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, origin, kind)
    path = ensure_archive(messages.append, IMPATIENT)
    assert path.read_bytes() == ARCHIVE
    assert sorted(path.parent.iterdir()) == [path]
    assert (messages[-1] == "CIFAR-10: 1 of 1 MB") == (kind != "unannounced")


def test_what_was_fetched_once_is_not_fetched_again(
    origin: str, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, origin, "good")
    path = ensure_archive(messages.append, IMPATIENT)
    offer(monkeypatch, origin, "missing")
    assert ensure_archive(messages.append, IMPATIENT) == path


FAULTS = {
    "missing": "HTTP 404",
    "truncated": "broken off after 1,023,999 of 1,024,000 bytes",
    "wrong": "other bytes than CIFAR-10's, by their SHA-256",
    "silent": "silent for 1 s",
    "slow": r"too slow, \d+ kB/s",
    "mute": "timed out|no answer within 2 s",
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_source_with_a_fault_gives_way_to_the_second(
    kind: str, origin: str, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, origin, kind, "good")
    assert ensure_archive(messages.append, IMPATIENT).read_bytes() == ARCHIVE
    assert download.recent_failure() is None


@pytest.mark.parametrize(("kind", "reason"), FAULTS.items())
def test_when_no_source_delivers_the_error_gives_each_reason(
    kind: str, reason: str, origin: str, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, origin, kind, "missing")
    with pytest.raises(UnreachableError, match=rf"{origin[7:]}: ({reason}); {origin[7:]}: HTTP 404") as caught:
        ensure_archive(messages.append, IMPATIENT)
    assert download.recent_failure() == caught.value.reason
    assert [file.name for file in download.archive_path().parent.iterdir()] == ["failure.json"]


def test_a_name_that_does_not_resolve_in_time_is_given_up(monkeypatch: pytest.MonkeyPatch, messages: list[str]) -> None:
    released = threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *arguments, **named: released.wait(30) and [])
    monkeypatch.setattr(download, "ARCHIVE_URLS", ("http://nowhere.invalid/a", "http://nowhere.invalid/b"))
    start_seconds = time.monotonic()
    with pytest.raises(UnreachableError, match=r"nowhere.invalid: no answer within 0 s"):
        ensure_archive(messages.append, Patience(answer_seconds=0.2))
    assert time.monotonic() - start_seconds < 10
    released.set()


def test_without_a_network_everything_takes_less_than_fifteen_seconds() -> None:
    assert len(OFFICIAL_URLS) * Patience().answer_seconds < 15


def test_a_disk_that_is_full_is_not_blamed_on_the_source(
    origin: str, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, origin, "good")
    monkeypatch.setattr("os.fsync", lambda handle: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(DataError, match=r"the cache must be writable. Received: No space left on device"):
        ensure_archive(messages.append, IMPATIENT)
    assert not list(download.archive_path().parent.iterdir())


def test_what_lies_where_a_download_is_written_is_not_written_through(
    origin: str, messages: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    offer(monkeypatch, origin, "good")
    partial, theirs = download.archive_path().with_name(f"{download.ARCHIVE_NAME}.partial"), tmp_path / "theirs"
    partial.parent.mkdir(parents=True)
    theirs.write_text("kept")
    partial.symlink_to(theirs)
    ensure_archive(messages.append, IMPATIENT)
    assert theirs.read_text() == "kept"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"at": "x", "reason": 1}', '{"at": 1e300, "reason": "later"}'])
def test_a_damaged_note_of_a_failure_is_no_failure(text: str) -> None:
    note = download.archive_path().with_name("failure.json")
    note.parent.mkdir(parents=True)
    note.write_text(text)
    assert download.recent_failure() is None
