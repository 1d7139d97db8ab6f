"""The one family of errors a user sees without a traceback, each with its exit code."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

EXIT_INCOMPLETE = 6
"""Everything was attempted, but a run or a notebook failed; the report shows which."""

EXIT_TERMINATED = 75
"""Stopped from outside; the same command goes on where it was."""


class KerascnnError(Exception):
    """Something the user can mend. The message says what is wrong, where, and what to do."""

    exit_code = 2

    def __str__(self) -> str:
        """The message as text that can be printed and stored, whatever the names of files in it are made of."""
        return super().__str__().encode("utf-8", "backslashreplace").decode("utf-8")


class UsageError(KerascnnError):
    """A name, option or parameter that does not exist or has the wrong type."""


class DataError(KerascnnError):
    """Images that are missing, malformed, or cannot be fetched."""

    exit_code = 3


class NotebookError(KerascnnError):
    """A notebook that does not keep the notebook contract, or whose study cannot be built."""

    exit_code = 4


class StoreError(KerascnnError):
    """The run store or the reports folder cannot be read or written."""

    exit_code = 5


def near_match(name: str, known: Iterable[str], also: Iterable[str] = ()) -> str:
    """A hint for an unknown `name`: the closest known name if there is one, then all of them.

    `also`: what else known names may be called; looked at, not listed.
    """
    names = sorted(known)
    return f"{closest(name, {*names, *also})}Known: {', '.join(names) or 'none'}."


def closest(name: str, known: Iterable[str]) -> str:
    """`Did you mean 'x'? ` for the known name that is like `name`; nothing where none is."""
    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    return f"Did you mean {close[0]!r}? " if close else ""
