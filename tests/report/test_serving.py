"""The report over HTTP: what it lists, to this machine, for reading; and pages that load themselves anew."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from hashlib import sha256
from pathlib import Path

import pytest
from serving import ask, serving

from kerascnn.errors import StoreError, UsageError
from kerascnn.places import CHECKOUT
from kerascnn.report.folder.writer import LOCK, MANIFEST, Manifest, write_report
from kerascnn.serving import LOOPBACK, ReportServer

FILES = {
    "index.html": "<!DOCTYPE html><title>ä</title>",
    "other.html": "<!DOCTYPE html><title>other</title>",
    "style.css": "body {}",
    "report.js": "1;",
    "data/finals.csv": "arm,ä\n",
}
SECRET = "secret of another user"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A report, with a file beside it, one above it, and a hidden one."""
    report = tmp_path / "reports"
    write_report(FILES, "1", report)
    (report / "notes.txt").write_text(SECRET)
    (report / ".hidden.html").write_text(SECRET)
    (tmp_path / "secret.txt").write_text(SECRET)
    return report


@pytest.fixture
def port(folder: Path):
    with serving(folder) as server:
        yield server.port


def forge(folder: Path, *names: str) -> None:
    """Make the manifest list these too."""
    manifest = json.loads((folder / MANIFEST).read_bytes())
    manifest["files"] |= dict.fromkeys(names, "x")
    (folder / MANIFEST).write_text(json.dumps(manifest))


# --- what is served -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("report.js", "text/javascript; charset=utf-8"),
        ("data/finals.csv", "text/csv; charset=utf-8"),
    ],
)
def test_every_file_of_the_report_comes_whole_with_its_type(port: int, name: str, kind: str) -> None:
    answer, body = ask(port, f"/{name}")
    assert (answer.status, body) == (200, FILES[name].encode())
    assert answer.getheader("Content-Type") == kind
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert answer.getheader("Cache-Control") == "no-cache"
    assert answer.getheader("Content-Length") == str(len(body))


def test_the_first_page_answers_for_the_folder_and_a_query_changes_nothing(port: int) -> None:
    assert (
        ask(port, "/")[1] == ask(port, "/?a=/../b")[1] == ask(port, "/index.html#x")[1] == FILES["index.html"].encode()
    )
    assert ask(port, "/%69ndex.html")[0].status == 200


@pytest.mark.parametrize(
    "target",
    [
        "/notes.txt",
        f"/{MANIFEST}",
        f"/{LOCK}",
        "/.hidden.html",
        "/data",
        "/data/",
        "/../secret.txt",
        "/data/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%252e%252e/secret.txt",
        "/..\\secret.txt",
        "/..%5csecret.txt",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/index.html%00.css",
        "/index.html\0",
        "/index.html/",
        "/./index.html",
        "/%ff",
        "/\xe9",
        "/" + "a" * 5000,
        "index.html",
        "http://127.0.0.1/index.html",
        "*",
        "/-/",
        "/-/reload.js/../../secret.txt",
    ],
)
def test_nothing_else_is_served(port: int, target: str) -> None:
    answer, body = ask(port, target)
    assert answer.status in (400, 404)
    assert answer.getheader("Content-Type") == "text/plain; charset=utf-8"
    assert SECRET.encode() not in body
    assert b"root:" not in body


@pytest.mark.parametrize(
    "name",
    ["../secret.txt", "/etc/passwd", ".hidden.html", "data/.hidden", "a\0b", "", ".", "data", "pipe", "gone.html"],
)
def test_a_forged_manifest_opens_no_other_file(folder: Path, port: int, name: str) -> None:
    (folder / "data" / ".hidden").write_text(SECRET)
    os.mkfifo(folder / "pipe")
    forge(folder, name)
    answer, body = ask(port, "/" + name.replace("\0", "%00"))
    if name:
        assert (answer.status, SECRET.encode() in body) == (404, False)
    else:
        assert body == FILES["index.html"].encode()


def test_links_are_not_followed(folder: Path, port: int, tmp_path: Path) -> None:
    (folder / "link.html").symlink_to(tmp_path / "secret.txt")
    (folder / "elsewhere").symlink_to(tmp_path)
    (folder / "inside.html").symlink_to("index.html")
    names = ("link.html", "elsewhere/secret.txt", "inside.html")
    forge(folder, *names)
    assert [ask(port, f"/{name}")[0].status for name in names] == [404, 404, 404]


def test_a_page_whose_disk_fails_is_an_error_without_its_details(
    folder: Path, port: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error", str(folder))

    monkeypatch.setattr("kerascnn.report.folder.finished._read_without_links", fail)
    answer, body = ask(port, "/index.html")
    assert answer.status == 500
    assert body == b"This page cannot be read; the terminal says why.\n"
    monkeypatch.undo()
    assert ask(port, "/index.html")[0].status == 200, "the next request is served"
    assert capfd.readouterr().err == f"pipeline.py: {folder} cannot be read: Input/output error.\n"


# --- who may ask, and how -----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "PROPFIND", "get"])
def test_the_report_can_only_be_read(port: int, method: str) -> None:
    answer, _ = ask(port, "/index.html", method)
    assert (answer.status, answer.getheader("Allow")) == (405, "GET, HEAD")


def test_head_says_what_get_would_without_the_content(port: int) -> None:
    for target in ("/", "/style.css", "/nowhere"):
        (head, nothing), (get, body) = ask(port, target, "HEAD"), ask(port, target)
        assert nothing == b""
        assert body
        assert head.status == get.status
        without_date = [{k: v for k, v in answer.getheaders() if k != "Date"} for answer in (head, get)]
        assert without_date[0] == without_date[1]


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])
def test_the_names_of_this_machine_are_served(port: int, name: str) -> None:
    assert ask(port, "/", host=f"{name}:{port}")[0].status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:PORT", "127.0.0.1", "127.0.0.1:1", "localhost.:PORT", "127.0.0.1:PORT.evil.example",
     "user@localhost:PORT", "0.0.0.0:PORT", "localhost:PORT, evil.example", None],
)  # fmt: skip
def test_any_other_name_is_refused(port: int, host: str | None) -> None:
    given = host and host.replace("PORT", str(port))
    answer, body = ask(port, "/", host=given)
    assert answer.status == 421
    assert f"http://127.0.0.1:{port}/".encode() in body
    assert b"title" not in body
    assert ask(port, "/", "POST", host=given)[0].status == 421


def test_two_names_at_once_are_refused(port: int) -> None:
    assert ask(port, "/", host=f"localhost:{port}\r\nHost: evil.example")[0].status == 421


def test_only_loopback_listens(folder: Path) -> None:
    with serving(folder) as server:
        assert server.server_address == (LOOPBACK, server.port)


def test_a_client_that_leaves_early_or_talks_nonsense_disturbs_nobody(
    port: int, capfd: pytest.CaptureFixture[str]
) -> None:
    for request in (b"", b"GET", b"\x16\x03\x01\x00\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /" + b"a" * 70_000):
        with socket.create_connection((LOOPBACK, port)) as connection:
            connection.sendall(request)
    assert ask(port, "/")[0].status == 200
    assert "Traceback" not in capfd.readouterr().err


def test_an_answer_names_no_version_of_anything(port: int) -> None:
    assert ask(port, "/")[0].getheader("Server") == "kerascnn"


# --- copies the browser has ---------------------------------------------------------------------------------


def test_a_copy_that_is_good_still_is_not_sent_again(folder: Path, port: int) -> None:
    tag = ask(port, "/style.css")[0].getheader("ETag")
    assert tag == f'"{Manifest.load(folder).files["style.css"]}"'
    for given in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        answer, body = ask(port, "/style.css", If_None_Match=given)
        assert (answer.status, body, answer.getheader("ETag")) == (304, b"", tag)
    assert ask(port, "/style.css", If_None_Match='"x"')[0].status == 200


def test_a_changed_file_is_sent_again(folder: Path, port: int) -> None:
    tag = ask(port, "/style.css")[0].getheader("ETag")
    write_report(FILES | {"style.css": "main {}"}, "2", folder)
    answer, body = ask(port, "/style.css", If_None_Match=tag)
    assert (answer.status, body) == (200, b"main {}")
    assert answer.getheader("ETag") == f'"{sha256(body).hexdigest()}"'


# --- pages that load themselves anew ------------------------------------------------------------------------


def test_a_real_page_gets_one_script_and_may_ask_this_server_and_no_other(sample) -> None:
    _, folder = sample
    with serving(folder) as server:
        for name in ("index.html", "methods.html"):
            page = ask(server.port, f"/{name}")[1].decode()
            script = f'<script src="/-/reload.js" data-watch="/-/version/{name}" data-version="'
            assert page.count(script) == 1
            assert page.index("default-src 'none'; connect-src 'self'; img-src") < page.index(script)
            left = re.sub(r'<script src="/-/.*?</script>', "", page).replace(" connect-src 'self';", "", 1)
            assert left == (folder / name).read_text(encoding="utf-8")
        answer, script = ask(server.port, "/-/reload.js")
    assert answer.getheader("Content-Type") == "text/javascript; charset=utf-8"
    assert script == (CHECKOUT / "templates" / "reload.js").read_bytes()


def test_a_report_on_disk_may_ask_nobody(sample) -> None:
    pages = [path.read_text(encoding="utf-8") for path in sample[1].glob("*.html")]
    assert not any("connect-src" in page or "/-/" in page for page in pages)


def test_the_version_of_a_page_changes_with_what_it_shows(folder: Path, port: int) -> None:
    def version(name: str = "index.html") -> bytes:
        return ask(port, f"/-/version/{name}")[1]

    first, other = version(), version("other.html")
    assert len(first) == 64
    write_report(FILES | {"other.html": "new"}, "2", folder)
    assert (version(), version("other.html") == other) == (first, False)
    write_report(FILES | {"style.css": "new"}, "3", folder)
    assert version() != first
    write_report(FILES, "4", folder)
    assert version() == first


def test_a_report_that_is_being_written_has_no_version_and_is_served_file_by_file(folder: Path, port: int) -> None:
    half = Manifest("", {**dict.fromkeys(FILES, ""), "new.html": ""})
    (folder / MANIFEST).write_bytes(half.to_bytes())
    (folder / "new.html").write_text("new")
    assert ask(port, "/-/version/index.html")[1] == b""
    assert ask(port, "/new.html")[1] == b"new"
    assert ask(port, "/other.html")[1] == FILES["other.html"].encode()


def test_there_is_no_version_where_there_is_no_such_page_or_no_report_any_more(folder: Path, port: int) -> None:
    assert ask(port, "/-/version/nowhere.html")[1] == b""
    (folder / MANIFEST).unlink()
    assert ask(port, "/-/version/index.html")[1] == b""
    assert ask(port, "/")[0].status == 404


# --- starting and ending ------------------------------------------------------------------------------------


def test_a_port_in_use_is_a_clear_error(folder: Path, port: int) -> None:
    with pytest.raises(UsageError, match=rf"Port {port} is not available: .*in use.*--port 0"):
        ReportServer(folder, port)


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_cannot_be_is_a_clear_error(folder: Path, port: int) -> None:
    with pytest.raises(UsageError, match=f"between 0 .*and 65535. Received: --port {port}"):
        ReportServer(folder, port)


@pytest.mark.parametrize("what", ["nothing", "empty", "foreign"])
def test_no_report_is_an_error_that_says_how_to_make_one(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "reports"
    if what != "nothing":
        folder.mkdir()
    if what == "foreign":
        (folder / "index.html").write_text("somebody's page")
    with pytest.raises(StoreError, match=r"There is no report in .*pipeline\.py all"):
        ReportServer(folder, 0)


def start(folder: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(CHECKOUT / "pipeline.py"), "serve", *arguments]
    environment = os.environ | {"KERASCNN_REPORTS": str(folder)} | variables
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True, cwd=folder)


def test_the_command_prints_the_address_and_ctrl_c_ends_it_quietly(folder: Path) -> None:
    process = start(folder, "--port", "0")
    try:
        assert process.stdout
        line = process.stdout.readline()
        found = re.fullmatch(r"Open (http://127\.0\.0\.1:\d+/) \(Ctrl-C ends it\)\n", line)
        assert found, line
        with urllib.request.urlopen(found[1]) as answer:
            assert answer.read().decode() == FILES["index.html"]
    finally:
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=20)
    assert (process.returncode, rest) == (0, ("", ""))


def test_open_starts_the_browser_once_the_page_can_be_had(folder: Path, tmp_path: Path) -> None:
    browser, seen = tmp_path / "browser", tmp_path / "seen"
    load = f"import sys, urllib.request as u; open('{seen}', 'wb').write(u.urlopen(sys.argv[1]).read())"
    browser.write_text(f'#!/bin/sh\n"{sys.executable}" -c "{load}" "$1"\necho loaded\n')
    browser.chmod(0o755)
    process = start(folder, "--port", "0", "--open", BROWSER=str(browser))
    try:
        assert process.stdout
        assert process.stdout.readline().startswith("Open http://127.0.0.1:")
        assert process.stdout.readline() == "loaded\n"
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")
    assert seen.read_text() == FILES["index.html"]


def test_a_machine_without_a_browser_says_so_and_serves(folder: Path, tmp_path: Path) -> None:
    process = start(folder, "--port", "0", "--open", BROWSER="", DISPLAY="", WAYLAND_DISPLAY="", PATH=str(tmp_path))
    try:
        assert process.stdout
        assert process.stderr
        address = process.stdout.readline().split()[1]
        assert process.stderr.readline() == f"No browser could be started. Open {address} in yours.\n"
        with urllib.request.urlopen(address) as answer:
            assert answer.status == 200
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 0


def test_a_mistake_has_its_exit_code_and_one_line(folder: Path, port: int, tmp_path: Path) -> None:
    for process, code in ((start(folder, "--port", str(port)), 2), (start(tmp_path, "--port", "0"), 5)):
        output, errors = process.communicate(timeout=20)
        assert (process.returncode, output) == (code, "")
        assert re.fullmatch(r"pipeline\.py: .+\n", errors)
