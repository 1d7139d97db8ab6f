"""A report served on a free port, and requests to it byte by byte."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path
from threading import Thread

from kerascnn.serving import LOOPBACK, ReportServer


@contextmanager
def serving(folder: Path, port: int = 0) -> Iterator[ReportServer]:
    """The report in `folder`, served from another thread."""
    with ReportServer(folder, port) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def ask(
    port: int, target: str, method: str = "GET", host: str | None = "", **fields: str
) -> tuple[HTTPResponse, bytes]:
    """What the server answers to one request, sent as it is written here. `host` None sends no such field."""
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [] if host is None else [f"Host: {host or f'{LOOPBACK}:{port}'}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    with socket.create_connection((LOOPBACK, port), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        answer = HTTPResponse(connection, method=method)
        answer.begin()
        assert answer.fp
        return answer, answer.fp.read()  # to the end, whatever an answer to this method should have
