"""`report` and `serve`: the pages, written and shown."""

from __future__ import annotations

import argparse

from kerascnn.commands.verbs.options import Verbs, base_command, request_of, whole_number


def declare(verbs: Verbs) -> None:
    """The verbs that are about pages alone."""
    report = verbs.add(
        "report",
        "render the report from what the store has",
        "report --zip handed-in.zip",
        _report,
        takes_data=True,
    )
    report.add_argument("--output", metavar="DIR", help="write it there: a new folder, or one with a report")
    report.add_argument("--zip", metavar="FILE.zip", help="also write it as one file, to hand in or to share")
    serve = verbs.add("serve", "show the report in the browsers of this machine", "serve --open", _serve)
    serve.add_argument(
        "--port", type=whole_number, default=8000, metavar="N", help="the port (default: 8000; 0: any free one)"
    )
    serve.add_argument("--open", action="store_true", help="open it in the browser")


def _report(given: argparse.Namespace) -> int:
    from kerascnn.commands.producing import render_only

    return render_only(request_of(given), base_command(given), given.output, given.zip)


def _serve(given: argparse.Namespace) -> int:
    from kerascnn.commands.browsing import serve

    return serve(given.port, open_browser=given.open)
