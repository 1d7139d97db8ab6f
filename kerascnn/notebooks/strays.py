"""Processes that a notebook's cells detached, ended with the notebook."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator

import psutil

PR_SET_CHILD_SUBREAPER = 36
"""From Linux' <sys/prctl.h>."""
GONE_SECONDS = 2.0
ROUNDS = 10
"""A process may start another while it is being ended; one that does so forever is not waited for."""


def adopt_orphans() -> None:
    """Become the parent of every descendant that loses its own, as far as the system can do that (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


@contextlib.contextmanager
def no_strays(variable: str, value: str) -> Iterator[None]:
    """End, when the block is left, every process that was started in it and has not ended.

    Found as a descendant, or by the variable that only what was started in the block has in its environment.
    """
    adopt_orphans()
    before = set(psutil.Process().children(recursive=True))
    try:
        yield
    finally:
        end_strays(before, (variable, value))


def end_strays(spared: set[psutil.Process] | None = None, mark: tuple[str, str] | None = None) -> None:
    """Kill every descendant of this process, and whatever has the mark in its environment."""
    for _ in range(ROUNDS):
        found = set(psutil.Process().children(recursive=True)) - (spared or set())
        found |= set(_marked(*mark)) if mark else set()
        if not found:
            return
        for process in found:
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                process.kill()
        psutil.wait_procs(found, timeout=GONE_SECONDS)


def _marked(variable: str, value: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.uids().real == os.getuid() and process.environ().get(variable) == value:
                yield process
