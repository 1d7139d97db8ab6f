"""Pages without the machine they were made on: its folders have neutral names, and its user has none.

Pages are handed in and put on the web. What a notebook printed, a traceback, or a command says of folders would tell
who the user is and how the machine is laid out, and differ from machine to machine.
"""

from __future__ import annotations

import getpass
import html
import json
import platform
import re
import shlex
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from kerascnn.ownership.scratch import shared_temporary
from kerascnn.places import CHECKOUT, experiments_folder, folder_of, reports_folder, store_folder

HOME, DATA = "~", "…"
_BEFORE = r"(?:(?<![\w./~+-])|(?<=\\[nrt]))(?:file://(?:localhost)?)?"
"""Not in the middle of an address, of another path, or of a picture in base64; after a line break that a `repr` shows, too."""
_AFTER = r"(?![\w-])"
_ANY_HOME = r"/(?:home|Users)/[^/\\\s\"'<>&:;,()\[\]{}]+"
_ANY_WINDOWS_HOME = r"[A-Za-z]:(?:/|\\{1,4})Users(?:/|\\{1,4})[^/\\\s\"'<>&:;,()\[\]{}]+"
_NAMED_BY = r"\b((?:USER|LOGNAME|USERNAME)(?:\W|&#\d+;|&quot;){1,8}?)"
"""How a listing of variables names the user."""


@dataclass(frozen=True)
class Neutral:
    """Puts a name in the place of each folder of `folders` (path -> name), and of any home folder.

    `user` and `machine` are those of this machine.
    """

    folders: dict[str, str]
    user: str
    machine: str

    def __call__(self, text: str) -> str:
        """The text, page, table or script with neutral names."""
        # Looking for words is fast, and most lines (pictures among them) have none of these.
        if not any(mark in text for mark in self._marks):
            return text
        lines = text.split("\n")
        return "\n".join(self._line(line) if any(mark in line for mark in self._marks) else line for line in lines)

    def _line(self, line: str) -> str:
        line = self._paths.sub(lambda found: self._names.get(found[1], HOME), line)
        return self._users.sub(lambda found: f"{found[1]}user" if found[1] else "user@machine", line)

    @cached_property
    def _marks(self) -> tuple[str, ...]:
        """What stands in every line with something to replace."""
        return (*self._names, "/home/", "Users", "USER", "LOGNAME", f"{self.user}@")

    @cached_property
    def _names(self) -> dict[str, str]:
        """Each way to write one of the folders -> its name."""
        return {written: name for path, name in self.folders.items() for written in _ways_to_write(path)}

    @cached_property
    def _paths(self) -> re.Pattern[str]:
        known = sorted(self._names, key=len, reverse=True)
        return re.compile(f"{_BEFORE}({'|'.join([*map(re.escape, known), _ANY_HOME, _ANY_WINDOWS_HOME])}){_AFTER}")

    @cached_property
    def _users(self) -> re.Pattern[str]:
        user, machine = re.escape(self.user), re.escape(self.machine)
        return re.compile(rf"{_NAMED_BY}{user}\b|(?<![\w.-]){user}@{machine}(?:\.[\w-]+)*")


def _ways_to_write(path: str) -> set[str]:
    """A path as it is printed, in HTML, in JSON or a `repr`, and in an address."""
    plain = {path, json.dumps(path)[1:-1], repr(path)[1:-1], quote(path)}
    return plain | {html.escape(way) for way in plain} | {html.escape(way).replace("&#x27;", "&#39;") for way in plain}


def neutral_here(command: str) -> Neutral:
    """What makes pages neutral that are rendered by this process; `command` may name a folder of data."""
    folders: dict[str, str] = {}
    for path, name in [*_own_folders(), *_data_folder(command)]:
        for way in (path, path.resolve()):
            folders.setdefault(str(way), name)
    return Neutral(folders, _user(), platform.node() or "localhost")


def _own_folders() -> Iterator[tuple[Path, str]]:
    yield store_folder(), "[store]"
    yield reports_folder(), "[reports]"
    yield experiments_folder(), "[experiments]"
    yield CHECKOUT, "[checkout]"
    for name, path in sysconfig.get_paths().items():
        if name in ("purelib", "platlib", "stdlib", "platstdlib"):
            yield Path(path), "[packages]" if name.endswith("lib") and "std" not in name else "[python]"
    for prefix in (sys.prefix, sys.base_prefix):
        if len(Path(prefix).parts) > 2:  # of `/usr` nobody can tell whose machine it is
            yield Path(prefix), "[python]"
    cache = folder_of("KERASCNN_CACHE")
    if cache is not None:
        yield cache, "[cache]"
    yield Path(shared_temporary(tempfile.gettempdir())), "[temporary]"
    home = Path("~").expanduser()
    if home.is_absolute() and len(home.parts) > 1:
        yield home, HOME


def _data_folder(command: str) -> Iterator[tuple[Path, str]]:
    words = shlex.split(command)
    given = words[words.index("--data") + 1 :][:1] if "--data" in words else []
    for text in given:
        folder = Path(text).parent
        if folder.is_absolute() and len(folder.parts) > 1:
            yield folder, DATA


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container runs programs as users that nobody has named
        return "user"
