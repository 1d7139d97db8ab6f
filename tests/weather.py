"""Bad weather for a store: calls of the operating system that read below a folder fail, each where a test wants it."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import kerascnn

PACKAGE = str(Path(kerascnn.__file__).parent)
ERRORS = (errno.EMFILE, errno.EACCES, errno.EIO, errno.ESTALE)
"""No free descriptor, no permission, a broken disk, a network disk whose file was replaced."""
READERS = ((os, "open"), (io, "open"), (os, "stat"), (os, "lstat"), (os, "listdir"), (os, "scandir"))
WRITING = os.O_WRONLY | os.O_CREAT


@dataclass
class Weather:
    """Which places in the code read below `root`, and at which of them reading fails."""

    root: Path
    places: list[str] = field(default_factory=list)
    failing: str = ""
    error: int = errno.EIO

    def strike(self, place: str, error: int) -> None:
        """From now on reading fails at this place with this error."""
        self.failing, self.error = place, error

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put this between the code and the operating system."""
        for module, name in READERS:
            monkeypatch.setattr(module, name, self._watched(name, getattr(module, name)))

    def _watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(path: Any = ".", *options: Any, **more: Any) -> Any:
            if isinstance(path, str | os.PathLike) and self._is_inside(path) and not _is_writing(options, more):
                self._read(name, os.fspath(path))
            return call(path, *options, **more)

        return watched

    def _is_inside(self, path: Any) -> bool:
        inside = os.fspath(path).removeprefix(str(self.root))
        return inside != os.fspath(path) and not inside.startswith(("/_locks", "/_tmp", "/_logs"))

    def _read(self, name: str, path: str) -> None:
        place = f"{name} {_caller()}"
        if place not in self.places:
            self.places.append(place)
        if place == self.failing:
            raise OSError(self.error, os.strerror(self.error), path)


def _is_writing(options: tuple[Any, ...], more: dict[str, Any]) -> bool:
    first = more.get("mode", more.get("flags", options[0] if options else 0))
    return bool(first & WRITING) if isinstance(first, int) else any(letter in first for letter in "wax+")


def _caller() -> str:
    """The innermost line of ours that the call comes from, and the one that asked it to."""
    frame, lines = sys._getframe(1), []
    while frame is not None and len(lines) < 2:
        if frame.f_code.co_filename.startswith(PACKAGE):
            lines.append(f"{Path(frame.f_code.co_filename).relative_to(PACKAGE)}:{frame.f_lineno}")
        frame = frame.f_back  # type: ignore[assignment]
    return " < ".join(lines)


def read_only(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a disk that is mounted read-only, which even root cannot write."""
    for module, name in ((os, "mkdir"), (os, "rename"), (os, "unlink"), (os, "rmdir"), (os, "open"), (io, "open")):
        monkeypatch.setattr(module, name, _refusing(root, name, getattr(module, name)))


def _refusing(root: Path, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def refused(path: Any, *options: Any, **more: Any) -> Any:
        is_inside = isinstance(path, str | os.PathLike) and os.fspath(path).startswith(str(root))
        if is_inside and (name != "open" or _is_writing(options, more)):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), os.fspath(path))
        return call(path, *options, **more)

    return refused
