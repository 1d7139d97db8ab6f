"""What the streams of this process can show, and that there are any."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TextIO

DUMB = ("", "dumb", "unknown")
"""Kinds of terminals (TERM) that cannot go back on their line."""


def settle_streams() -> None:
    """Let nothing that is printed end the program: what the terminal has no letter for is written as its code.

    A stream that was closed by whoever started this leads nowhere: its number would otherwise become that of the
    first file opened, into which everything printed would go.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        with contextlib.suppress(OSError):
            os.fstat(number)
            continue
        os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
        setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115  for as long as the process lives
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def lost_output() -> str | None:
    """Why what was printed cannot be written; None where it can. From then on it leads nowhere."""
    try:
        sys.stdout.write("\n")  # what could not be written before may be forgotten already
        sys.stdout.flush()
    except OSError as err:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python tries again when it ends
        return err.strerror
    return None


def is_live(stream: TextIO) -> bool:
    """Whether a line of the stream can be drawn again and again: a terminal that knows how, and no log of a CI service.

    Whatever FORCE_COLOR says: it asks for colours, and services set it whose logs are files.
    """
    return stream.isatty() and os.environ.get("TERM", "") not in DUMB and not os.environ.get("CI")
