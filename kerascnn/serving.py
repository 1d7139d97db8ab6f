"""The report over HTTP, for the browsers of this machine alone.

A loopback port can be reached by every user of the machine and, through a browser, by any web page. Hence: only what
the report's manifest lists, only reading, and only under the names of this machine (against DNS rebinding).
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import sys
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path, PurePosixPath
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, cast
from urllib.parse import quote, unquote

from kerascnn.errors import UsageError
from kerascnn.report.facts.report_inputs import TEMPLATES
from kerascnn.report.folder.finished import INDEX, load_report, read_listed
from kerascnn.report.folder.writer import Manifest

LOOPBACK = "127.0.0.1"
NAMES = ("localhost", LOOPBACK, "[::1]")
"""Under these a browser of this machine, or one behind a tunnel to it, may ask."""
HTTP_PORT = 80
METHODS = ("GET", "HEAD")
TIMEOUT_SECONDS = 30
"""How long a client may be silent within one request."""

PLAIN = "text/plain; charset=utf-8"
SCRIPT = "text/javascript; charset=utf-8"
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": SCRIPT,
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".jpg": "image/jpeg",
}
SHOWN_ON_PAGES = (".css", ".js", ".jpg")
"""Files that any page may show: when one changes, every page has changed."""

RELOAD = "-/reload.js"
VERSION = "-/version/"
_POLICY = re.compile(rb"""(<meta http-equiv="Content-Security-Policy" content="default-src 'none';)([^">]*">)""")


@dataclass(frozen=True)
class Answer:
    """What is sent back, before the client's own copy is considered."""

    body: bytes
    kind: str = PLAIN
    status: HTTPStatus = HTTPStatus.OK

    @cached_property
    def tag(self) -> str:
        """The entity tag: the SHA-256 of what is sent."""
        return f'"{hashlib.sha256(self.body).hexdigest()}"'


def answer_to(folder: Path, target: str) -> Answer:
    """The answer to a request for `target` (path and query) of the report in `folder`."""
    manifest, name = Manifest.load(folder), _name_of(target)
    if name == RELOAD:
        return Answer((TEMPLATES / "reload.js").read_bytes(), SCRIPT)
    if name.startswith(VERSION):
        return Answer(version_of(manifest, name.removeprefix(VERSION)).encode())
    content = read_listed(folder, manifest, name)
    if content is None:
        return Answer(b"The report has no such file. Begin at /\n", status=HTTPStatus.NOT_FOUND)
    suffix = PurePosixPath(name).suffix
    if suffix == ".html":
        content = _with_reload(content, name, version_of(manifest, name))
    return Answer(content, KINDS.get(suffix, "application/octet-stream"))


def version_of(manifest: Manifest, page: str) -> str:
    """Changes whenever `page` looks different; empty while the report is being written and where there is no such page."""
    if not manifest.digest or page not in manifest.files:
        return ""
    shown = {name: sha for name, sha in manifest.files.items() if name == page or name.endswith(SHOWN_ON_PAGES)}
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()


def _name_of(target: str) -> str:
    """The file that a request means; empty, which no file is called, where it cannot be read."""
    path = target.partition("#")[0].partition("?")[0]
    try:
        return (unquote(path[1:], errors="strict") or INDEX) if path.startswith("/") else ""
    except UnicodeDecodeError:
        return ""


def _with_reload(page: bytes, name: str, version: str) -> bytes:
    """The page with the script that watches for a newer one, and a policy that lets it ask.

    Files on disk have neither: opened from there, a page asks nobody for anything.
    """
    watch = html.escape(f"/{VERSION}{quote(name)}")
    script = f'<script src="/{RELOAD}" data-watch="{watch}" data-version="{version}" defer></script>'
    changed = rf"\1 connect-src 'self';\2{script}".encode()
    return _POLICY.sub(changed, page, count=1)


class ReportServer(ThreadingMixIn, TCPServer):
    """Listens from when it is made, on loopback only. Raises: UsageError when it cannot have the port."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, folder: Path, port: int) -> None:
        if not 0 <= port <= 65535:
            raise UsageError(f"`--port` must be between 0 (any free one) and 65535. Received: --port {port}.")
        load_report(folder)
        self.folder = folder
        try:
            super().__init__((LOOPBACK, port), Handler)
        except OSError as err:
            raise UsageError(
                f"Port {port} is not available: {err.strerror or err}. Choose another with --port, or --port 0 for any "
                "free one."
            ) from err

    @property
    def port(self) -> int:
        """The port it listens on, chosen by the system where 0 was asked for."""
        return int(self.server_address[1])

    @property
    def address(self) -> str:
        """What to type into a browser."""
        return f"http://{LOOPBACK}:{self.port}/"

    @cached_property
    def hosts(self) -> frozenset[str]:
        """The `Host` fields that a request may have."""
        with_port = {f"{name}:{self.port}" for name in NAMES}
        return frozenset(with_port | set(NAMES) if self.port == HTTP_PORT else with_port)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what is wrong on the terminal, unless the client just went away."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One request. HTTP/1.0: each has a connection of its own, so nothing unread is taken for the next request."""

    timeout = TIMEOUT_SECONDS

    def parse_request(self) -> bool:
        """Whether there is a request that may be answered; else it has been refused."""
        return super().parse_request() and self._is_allowed()

    def do_GET(self) -> None:
        """Answer with a file, or say that the client's copy is good still."""
        try:
            answer = answer_to(self._server.folder, self.path)
        except OSError as err:
            print(f"pipeline.py: {self._server.folder} cannot be read: {err.strerror or err}.", file=sys.stderr)
            self.send_error(HTTPStatus.INTERNAL_SERVER_ERROR, "This page cannot be read; the terminal says why.")
            return
        if answer.status == HTTPStatus.OK and self._has(answer.tag):
            self._send(answer, HTTPStatus.NOT_MODIFIED)
        else:
            self._send(answer, answer.status)

    do_HEAD = do_GET

    @property
    def _server(self) -> ReportServer:
        return cast(ReportServer, self.server)

    def _is_allowed(self) -> bool:
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or hosts[0].strip().lower() not in self._server.hosts:
            names = f"{self._server.address} (a tunnel must have the same port at both ends)"
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST, f"The report is served as {names} and under no other name.")
        elif self.command not in METHODS:
            self.send_error(HTTPStatus.METHOD_NOT_ALLOWED, "The report can be read, and nothing else.")
        else:
            return True
        return False

    def _has(self, tag: str) -> bool:
        given = [entry.strip().removeprefix("W/") for entry in self.headers.get("If-None-Match", "").split(",")]
        return tag in given or "*" in given

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """One line of plain text."""
        status = HTTPStatus(code)
        self._send(Answer(f"{message or status.phrase}\n".encode(), status=status), status)

    def _send(self, answer: Answer, status: HTTPStatus) -> None:
        self.send_response(status)
        for name, value in self._fields(answer, status).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD" and status != HTTPStatus.NOT_MODIFIED:
            self.wfile.write(answer.body)

    def _fields(self, answer: Answer, status: HTTPStatus) -> dict[str, str]:
        fields = {
            "Cache-Control": "no-cache",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Content-Security-Policy": "frame-ancestors 'none'",
            "Referrer-Policy": "no-referrer",
        }
        if answer.status == HTTPStatus.OK:
            fields["ETag"] = answer.tag
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            fields["Allow"] = ", ".join(METHODS)
        if status != HTTPStatus.NOT_MODIFIED:
            fields |= {"Content-Type": answer.kind, "Content-Length": str(len(answer.body))}
        return fields

    def version_string(self) -> str:
        """What the server calls itself: nothing that names a version."""
        return "kerascnn"

    def log_message(self, format: str, *values: Any) -> None:
        """Requests are not worth a line."""
