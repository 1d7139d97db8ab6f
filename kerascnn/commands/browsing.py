"""`serve`: the report in a browser, loaded anew whenever it is rendered again."""

from __future__ import annotations

import signal
import sys
import webbrowser
from contextlib import suppress
from threading import Thread

from kerascnn.places import reports_folder
from kerascnn.serving import ReportServer


def serve(port: int, *, open_browser: bool) -> int:
    """Serve the reports folder until Ctrl-C, which is how it is meant to end."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets what it starts in the background ignore it
    with suppress(KeyboardInterrupt), ReportServer(reports_folder(), port) as server:
        print(f"Open {server.address} (Ctrl-C ends it)", flush=True)
        if open_browser:
            # A browser in the terminal returns only when it is left, and until then it needs the server.
            Thread(target=_open, args=(server.address,), daemon=True).start()
        server.serve_forever()
    return 0


def _open(address: str) -> None:
    if not webbrowser.open(address):
        print(f"No browser could be started. Open {address} in yours.", file=sys.stderr)
