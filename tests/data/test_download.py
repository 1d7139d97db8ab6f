from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import tiny_sets as tiny

from kerascnn import data
from kerascnn.data import download, transfer
from kerascnn.data.download import UnreachableError, ensure_cifar10, ensure_mnist
from kerascnn.data.formats import cifar_release
from kerascnn.data.transfer import Patience, Stopped
from kerascnn.errors import DataError

OFFICIAL_URLS = download.ARCHIVE_URLS
ARCHIVE = np.random.default_rng(5).bytes(1_024_000)
HALF = len(ARCHIVE) // 2
IMPATIENT = Patience(answer_seconds=1.5, silence_seconds=0.8, window_seconds=0.3, least_bytes_per_second=2e5)


class Source(BaseHTTPRequestHandler):
    """Misbehaves as the path says."""

    def do_GET(self) -> None:
        folder, _, kind = self.path.strip("/").rpartition("/")
        self.server.asked.append((self.path, self.headers.get("Range")))
        if kind == "missing":
            self.send_error(404)
        elif kind == "mute":
            time.sleep(1.5)
        elif kind == "moved":
            self.send_response(302)
            self.send_header("Location", "/good")
            self.end_headers()
        elif folder:
            self.send_file(folder, kind)
        else:
            self.send_archive(kind)

    def send_file(self, folder: str, name: str) -> None:
        files = self.server.files.get(folder, {})
        if name not in files:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(files[name])))
        self.end_headers()
        self.wfile.write(files[name])

    def send_archive(self, kind: str) -> None:
        knows_ranges = kind in ("good", "slow", "slower", "breaking", "wrong-range") and self.headers.get("Range")
        start = int(self.headers["Range"][6:-1]) if knows_ranges else 0
        if knows_ranges and start >= len(ARCHIVE):
            self.send_error(416)
            return
        self.send_response(206 if knows_ranges else 200)
        if knows_ranges:
            first = start if kind != "wrong-range" else start - 1
            self.send_header("Content-Range", f"bytes {first}-{len(ARCHIVE) - 1}/{len(ARCHIVE)}")
        if kind != "unannounced":
            self.send_header("Content-Length", str(len(ARCHIVE) - start))
        self.end_headers()
        self.send_body(kind, start)

    def send_body(self, kind: str, start: int) -> None:
        if kind == "truncated":
            self.wfile.write(ARCHIVE[:-1])
        elif kind == "breaking":
            self.wfile.write(ARCHIVE[start : start + 300_000])
        elif kind == "wrong":
            self.wfile.write(ARCHIVE[::-1])
        elif kind == "silent":
            self.wfile.write(ARCHIVE[:1000])
            time.sleep(1.6)
        elif kind in ("slow", "slower"):
            self.trickle(start, {"slow": 6_000, "slower": 2_000}[kind])
        else:
            self.wfile.write(ARCHIVE[start:])

    def trickle(self, start: int, size: int) -> None:
        for place in range(start, len(ARCHIVE), size):
            self.wfile.write(ARCHIVE[place : place + size])
            time.sleep(0.05)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


class QuietServer(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Source)
        self.asked = list[tuple[str, str | None]]()
        self.files = dict[str, dict[str, bytes]]()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what these tests are about."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[QuietServer]:
    """A server on this machine. What it serves as good is what is expected, and it has not the Hub's files."""
    monkeypatch.setattr(download, "ARCHIVE_SHA256", hashlib.sha256(ARCHIVE).hexdigest())
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = QuietServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def origin(server: QuietServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """The server's address."""
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(download, "HUB_URL", f"{address}/hub")
    return address


def offer(monkeypatch: pytest.MonkeyPatch, origin: str, *kinds: str) -> None:
    monkeypatch.setattr(download, "ARCHIVE_URLS", tuple(f"{origin}/{kind}" for kind in kinds))


def partial_path() -> Path:
    return download.archive_path().with_name(f"{download.ARCHIVE_NAME}.partial")


def leave_partial(content: bytes) -> None:
    partial_path().parent.mkdir(parents=True, exist_ok=True)
    partial_path().write_bytes(content)


@pytest.mark.parametrize("kind", ["good", "moved", "unannounced"])
def test_an_archive_with_the_right_checksum_is_kept(
    kind: str, origin: str, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, origin, kind)
    path = ensure_cifar10(messages.append, IMPATIENT)
    assert path.read_bytes() == ARCHIVE
    assert sorted(path.parent.iterdir()) == [path]
    assert (messages[-1] == "CIFAR-10: 1 of 1 MB") == (kind != "unannounced")


def test_what_was_fetched_once_is_not_fetched_again(
    origin: str, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, origin, "good")
    path = ensure_cifar10(messages.append, IMPATIENT)
    offer(monkeypatch, origin, "missing")
    assert ensure_cifar10(messages.append, IMPATIENT) == path


FAULTS = {
    "missing": "HTTP 404",
    "truncated": "broken off after 1,023,999 of 1,024,000 bytes",
    "wrong": "other bytes than CIFAR-10's, by their SHA-256",
    "silent": "silent for 1 s",
    "mute": "timed out|no answer within 2 s",
}


@pytest.mark.parametrize("kind", [*FAULTS, "slow"])
def test_a_source_with_a_fault_gives_way_to_the_second(
    kind: str, origin: str, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, origin, kind, "good")
    path = ensure_cifar10(messages.append, IMPATIENT)
    assert path.read_bytes() == ARCHIVE
    assert sorted(path.parent.iterdir()) == [path]
    assert download.recent_failure() is None


@pytest.mark.parametrize(("kind", "reason"), FAULTS.items())
def test_when_no_source_delivers_the_error_gives_each_reason(
    kind: str, reason: str, origin: str, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, origin, kind, "missing")
    with pytest.raises(UnreachableError, match=rf"{origin[7:]}: ({reason}); {origin[7:]}: HTTP 404") as caught:
        ensure_cifar10(messages.append, IMPATIENT)
    assert download.recent_failure() == caught.value.reason
    left = {file.name for file in download.archive_path().parent.iterdir() if file.is_file()}
    assert left == {"failure.json", *([partial_path().name] if kind in ("truncated", "silent") else [])}


def test_when_every_source_is_slow_the_fastest_goes_on_and_says_for_how_long(
    origin: str, server: QuietServer, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_partial(ARCHIVE[:-200_000])
    offer(monkeypatch, origin, "slower", "missing", "slow")
    assert ensure_cifar10(messages.append, IMPATIENT).read_bytes() == ARCHIVE
    (said,) = [message for message in messages if message.startswith("Every source is slow. The fastest, 127.0.0.1")]
    assert " kB/s, about " in said
    assert "Ctrl-C stops and keeps what has come" in said
    assert "`--data embedded` does without it" in said
    assert server.asked[-1][0] == "/slow"
    assert "Gave up" not in messages[-1]


def test_a_slow_source_tells_the_time_that_is_left(messages: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter(range(0, 10_000, 100))
    monkeypatch.setattr("time.monotonic", lambda: float(next(seconds)))
    pace = transfer._Pace("CIFAR-10", 0, 170_000_000, messages.append, Patience().without_hurry())
    pace.advance(20_000_000)
    assert messages == ["CIFAR-10: 20 of 170 MB, about 12 minutes left"]


def test_a_download_that_breaks_off_goes_on_where_it_was(
    origin: str, server: QuietServer, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, origin, "breaking")
    assert ensure_cifar10(messages.append, IMPATIENT).read_bytes() == ARCHIVE
    assert [asked for _, asked in server.asked] == [None, "bytes=300000-", "bytes=600000-", "bytes=900000-"]


def test_a_source_that_breaks_too_often_is_given_up(
    origin: str, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, origin, "breaking")
    twice = Patience(resumptions=1)
    with pytest.raises(UnreachableError, match="broken off after 600,000 of 1,024,000 bytes"):
        ensure_cifar10(messages.append, twice)


def test_an_interrupted_download_is_resumed_by_the_next_command(
    origin: str, server: QuietServer, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_partial(ARCHIVE[:HALF])
    offer(monkeypatch, origin, "good")
    assert ensure_cifar10(messages.append, IMPATIENT).read_bytes() == ARCHIVE
    assert server.asked == [("/good", f"bytes={HALF}-")]


def test_a_server_without_ranges_starts_over(origin: str, messages: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    leave_partial(b"something else" * 10_000)
    offer(monkeypatch, origin, "unannounced")
    assert ensure_cifar10(messages.append, IMPATIENT).read_bytes() == ARCHIVE


@pytest.mark.parametrize("left", [b"x" * HALF, ARCHIVE + b"more", b"x" * len(ARCHIVE)])
def test_what_was_resumed_with_other_bytes_is_fetched_from_the_beginning(
    left: bytes, origin: str, server: QuietServer, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_partial(left)
    offer(monkeypatch, origin, "good")
    assert ensure_cifar10(messages.append, IMPATIENT).read_bytes() == ARCHIVE
    assert server.asked[-1] == ("/good", None)


def test_a_partial_file_that_is_whole_is_not_fetched_again(
    origin: str, server: QuietServer, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_partial(ARCHIVE)
    offer(monkeypatch, origin, "good")
    assert ensure_cifar10(messages.append, IMPATIENT).read_bytes() == ARCHIVE
    assert server.asked == [("/good", f"bytes={len(ARCHIVE)}-")]


def test_an_answer_with_another_range_is_refused(
    origin: str, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_partial(ARCHIVE[:HALF])
    offer(monkeypatch, origin, "wrong-range")
    with pytest.raises(UnreachableError, match="other bytes than were asked for"):
        ensure_cifar10(messages.append, IMPATIENT)


def test_a_download_in_another_thread_can_be_stopped(
    origin: str, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "_stopped", threading.Event())
    offer(monkeypatch, origin, "slow", "good")
    data.stop_transfers()
    with pytest.raises(Stopped, match="What has come is kept"):
        ensure_cifar10(messages.append, IMPATIENT)
    assert partial_path().is_file()
    assert download.recent_failure() is None


def test_a_name_that_does_not_resolve_in_time_is_given_up(monkeypatch: pytest.MonkeyPatch, messages: list[str]) -> None:
    released = threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *arguments, **named: released.wait(30) and [])
    monkeypatch.setattr(download, "ARCHIVE_URLS", ("http://nowhere.invalid/a", "http://nowhere.invalid/b"))
    start_seconds = time.monotonic()
    with pytest.raises(UnreachableError, match=r"nowhere.invalid: no answer within 0 s"):
        ensure_cifar10(messages.append, Patience(answer_seconds=0.2))
    assert time.monotonic() - start_seconds < 10
    released.set()


def test_without_a_network_everything_takes_less_than_twenty_seconds() -> None:
    assert (len(OFFICIAL_URLS) + 1) * Patience().answer_seconds < 20


def test_a_disk_that_is_full_is_not_blamed_on_the_source(
    origin: str, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, origin, "good")
    monkeypatch.setattr("os.fsync", lambda handle: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(DataError, match=r"the cache must be writable. Received: No space left on device"):
        ensure_cifar10(messages.append, IMPATIENT)
    assert not download.archive_path().exists()


@pytest.mark.parametrize("link", [Path.symlink_to, Path.hardlink_to])
def test_what_lies_where_a_download_is_written_is_not_written_through(
    link, origin: str, messages: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    offer(monkeypatch, origin, "good")
    theirs = tmp_path / "theirs"
    partial_path().parent.mkdir(parents=True)
    theirs.write_text("kept")
    link(partial_path(), theirs)
    ensure_cifar10(messages.append, IMPATIENT)
    assert theirs.read_text() == "kept"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"at": "x", "reason": 1}', '{"at": 1e300, "reason": "later"}'])
def test_a_damaged_note_of_a_failure_is_no_failure(text: str) -> None:
    note = download.archive_path().with_name("failure.json")
    note.parent.mkdir(parents=True)
    note.write_text(text)
    assert download.recent_failure() is None


# --- the Hub's copy -----------------------------------------------------------------------------------------------


def hub_files(folder: Path, order: list[int]) -> dict[str, bytes]:
    """The Hub's parquet files of the tiny CIFAR-10, its five batches in this order."""
    rows = np.concatenate([np.arange(4 * batch, 4 * batch + 4) for batch in order])
    parts = (("train", tiny.TRAIN_PIXELS[rows], tiny.TRAIN_LABELS[rows]), ("test", tiny.TEST_PIXELS, tiny.TEST_LABELS))
    files = {}
    for part, pixels, labels in parts:
        file = folder / f"{part}-00000-of-00001.parquet"
        encoded = [tiny.encode(image) for image in pixels]
        tiny.write_parquet_file(file, encoded, labels.tolist(), tiny.CIFAR10_CLASSES)
        files[file.name] = file.read_bytes()
    return files


def publish_release(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny binary release that is the published one from now on."""
    release = tiny.write_binary_release(folder)
    sums = {file.name: hashlib.sha1(file.read_bytes()).hexdigest() for file in release.glob("*.bin")}
    monkeypatch.setattr(cifar_release, "PUBLISHED_SHA1", sums)
    return release


def test_the_copy_of_the_hub_becomes_the_official_release_whatever_the_order_of_its_batches(
    origin: str, server: QuietServer, messages: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    release = publish_release(tmp_path / "cifar-10-batches-bin", monkeypatch)
    server.files["hub"] = hub_files(tmp_path, [3, 2, 1, 4, 0])
    offer(monkeypatch, origin, "missing")
    found = data.load_dataset("auto", report=messages.append)
    assert (found.info.name, found.info.notice) == ("cifar10", None)
    assert found.info.content == data.load_dataset(str(release)).info.content
    kept = download.fetched_cifar10()
    assert kept is not None
    assert {file.name for file in kept.iterdir()} == set(cifar_release.PUBLISHED_SHA1)
    assert [entry.name for entry in kept.parent.iterdir()] == [kept.name]
    assert download.is_intact(kept)


def test_a_release_made_of_the_hubs_copy_that_is_damaged_later_is_fetched_again(
    origin: str, server: QuietServer, messages: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    publish_release(tmp_path / "cifar-10-batches-bin", monkeypatch)
    server.files["hub"] = hub_files(tmp_path, [0, 1, 2, 3, 4])
    offer(monkeypatch, origin, "missing")
    kept = ensure_cifar10(messages.append, IMPATIENT)
    batch = kept / "data_batch_2.bin"
    batch.write_bytes(batch.read_bytes()[:-1] + b"x")
    assert data.load_dataset("auto", report=messages.append).info.name == "cifar10"
    assert "What was fetched is damaged; it is fetched again" in messages
    assert download.is_intact(kept)


def test_other_pictures_from_the_hub_are_no_cifar_10(
    origin: str, server: QuietServer, messages: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    publish_release(tmp_path / "cifar-10-batches-bin", monkeypatch)
    server.files["hub"] = hub_files(tmp_path, [0, 1, 2, 3, 3])
    offer(monkeypatch, origin, "missing")
    with pytest.raises(UnreachableError, match="other pictures than CIFAR-10's, by the SHA-1"):
        ensure_cifar10(messages.append, IMPATIENT)
    assert download.fetched_cifar10() is None
    assert [entry.name for entry in download.archive_path().parent.iterdir()] == ["failure.json"]


def test_files_from_the_hub_that_cannot_be_read_are_given_up(
    origin: str, server: QuietServer, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files["hub"] = dict.fromkeys(download.HUB_FILES, b"PAR1 and no more")
    offer(monkeypatch, origin, "missing")
    with pytest.raises(UnreachableError, match=r"HTTP 404; .*parquet"):
        ensure_cifar10(messages.append, IMPATIENT)
    assert download.fetched_cifar10() is None


# --- MNIST --------------------------------------------------------------------------------------------------------


@pytest.fixture
def mnist(server: QuietServer, origin: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, bytes]:
    """A tiny MNIST at both of its sources."""
    folder = tiny.write_idx(tmp_path / "served" / "mnist")
    files = {file.name: file.read_bytes() for file in folder.iterdir()}
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    server.files |= {"first": dict(files), "second": dict(files)}
    monkeypatch.setattr(download, "MNIST_SHA256", sums)
    monkeypatch.setattr(download, "MNIST_URLS", (f"{origin}/first", f"{origin}/second"))
    return files


def test_mnist_is_fetched_file_by_file_and_read_as_it_is(mnist: dict[str, bytes], messages: list[str]) -> None:
    folder = ensure_mnist(messages.append, IMPATIENT)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == mnist
    found = data.load_dataset(str(folder), report=messages.append)
    assert (found.info.name, found.info.image_shape) == ("mnist", (32, 32, 3))


@pytest.mark.parametrize("fault", ["gone", "other"])
def test_the_second_source_of_mnist_gives_what_the_first_has_not(
    fault: str, mnist: dict[str, bytes], server: QuietServer, messages: list[str]
) -> None:
    name = list(mnist)[-1]
    if fault == "gone":
        del server.files["first"][name]
    else:
        server.files["first"][name] += b"x"
    folder = ensure_mnist(messages.append, IMPATIENT)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == mnist
    assert [path for path, _ in server.asked if path.startswith("/second")] == [f"/second/{name}"]


def test_a_failure_of_mnist_is_remembered_apart_from_one_of_cifar_10(
    mnist: dict[str, bytes], server: QuietServer, messages: list[str]
) -> None:
    server.files.clear()
    with pytest.raises(UnreachableError, match=r"MNIST must be fetched once. Received: .*HTTP 404"):
        ensure_mnist(messages.append, IMPATIENT)
    assert download.recent_failure() is None
    assert "HTTP 404" in str(download.recent_failure_of_mnist())
