"""Scratch folders of this user below the system's temporary folder, each freed when its process dies.

All lie in one folder that nobody else can enter. Each has a lock beside it that its process holds, so that whoever comes
next can tell what a killed process left from what a living one uses.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import filelock

from kerascnn.errors import StoreError
from kerascnn.ownership.locks import process_lock
from kerascnn.ownership.without_links import kind_of, list_folder, read_file, remove_file

PREFIX = "kerascnn-"
LOCK_SUFFIX = ".lock"
KERNEL = "kerascnn"
"""How the kernel of a notebook in the pipeline is called."""
MOST_NAMES = 9
"""How many names are tried for the folder of this user: whoever wants to may take each of them, but gains nothing."""
ROOF_VARIABLE = "KERASCNN_TEMPORARY"
"""Where the temporary folder of the system is, for processes that are given another."""
OLD_SECONDS = 24 * 3600
"""What earlier versions left is taken for left behind when nothing in it changed for a day: no notebook takes so long."""
_OLD_NAME = re.compile(rf"{PREFIX}(?:[a-z0-9_]{{8}}|slots-[0-9]+)")
_OLD_CONNECTION = re.compile(r"tmp[a-z0-9_]{8}\.json")
_OLD_CONTENT = re.compile(r"session\.json|kernels|runtime|executed\.ipynb|(?:turn|core|more)-.*\.lock")


class StrangersFolder(Exception):
    """The folder of scratch folders is not this user's alone."""


def variables_inside(folder: Path) -> dict[str, str]:
    """Environment variables of a process that shall put into `folder` whatever it takes for temporary.

    TensorFlow for one writes generated code there, which a killed process leaves behind.
    """
    return {"TMPDIR": str(folder), ROOF_VARIABLE: shared_temporary(tempfile.gettempdir())}


def shared_temporary(own: str) -> str:
    """The temporary folder that all processes share; `own` is the one of this process, which may be its alone."""
    return os.environ.get(ROOF_VARIABLE) or own


def user_folder(own: str) -> Path:
    """The folder of this user alone in the temporary folder that all share, made where it is missing.

    Where somebody else has its name, or it is no folder, the next of `MOST_NAMES` names is tried.
    Raises: StrangersFolder when none of them can be had; OSError when it cannot be made.
    """
    first = Path(shared_temporary(own)) / f"{PREFIX}{os.getuid()}"
    for number in range(1, MOST_NAMES):
        with contextlib.suppress(StrangersFolder):
            return _private_folder(first if number == 1 else first.with_name(f"{first.name}-{number}"))
    return _private_folder(first.with_name(f"{first.name}-{MOST_NAMES}"))


def _private_folder(folder: Path) -> Path:
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as err:
        if err.errno in (errno.ENOTDIR, errno.ELOOP, errno.EACCES):
            raise StrangersFolder(str(folder)) from err
        raise
    try:
        if os.fstat(handle).st_uid != os.getuid():
            raise StrangersFolder(str(folder))
        os.fchmod(handle, 0o700)
    finally:
        os.close(handle)
    return folder


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A new folder for this block. When this process dies in between, `sweep_scratch` removes it."""
    with contextlib.ExitStack() as stack:
        try:
            folder = _locked_folder(stack)
        except (StrangersFolder, StoreError):  # nobody could tell whether it is used: a plain temporary folder
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=PREFIX)))
        yield folder


def _locked_folder(stack: contextlib.ExitStack) -> Path:
    folder = user_folder(tempfile.gettempdir()) / f"scratch-{secrets.token_hex(4)}"
    lock = process_lock(folder.with_name(f"{folder.name}{LOCK_SUFFIX}"), timeout=0)
    lock.acquire()
    stack.callback(lock.release)
    stack.callback(Path(lock.lock_file).unlink, missing_ok=True)
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder


def settle_home() -> str:
    """Give this process, and all that it starts, a home folder that can be written; a sentence where it is not the user's.

    Containers, sandboxes and services run programs as users without any; libraries then write to odd places, or fail.
    Raises: StoreError where there is no temporary folder either.
    """
    home = _own_home()
    if home is not None and os.access(home, os.W_OK | os.X_OK):
        os.environ["HOME"] = str(home)
        return ""
    kept = home / ".keras" if home is not None else None
    if kept is not None and kept.is_dir():
        os.environ.setdefault("KERAS_HOME", str(kept))  # data sets that can still be read
    try:
        instead = user_folder(tempfile.gettempdir()) / "home"
        instead.mkdir(mode=0o700, exist_ok=True)
    except (OSError, StrangersFolder) as err:
        raise StoreError(
            f"There must be a home folder or a temporary folder that can be written. Received: neither ({err}). Set HOME "
            "or TMPDIR to one."
        ) from err
    os.environ["HOME"] = str(instead)
    what = "There is no home folder" if home is None else f"The home folder {home} cannot be written"
    return f"{what}: decoded data are kept in {instead}. KERASCNN_CACHE names a folder that stays."


def _own_home() -> Path | None:
    """The user's home folder; None where the system knows none, or none that is there."""
    if not os.environ.get("HOME", "").strip():
        os.environ.pop("HOME", None)  # set and empty, it would mean the root of the file system
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return home if home.is_absolute() and home.is_dir() else None


def sweep_scratch() -> None:
    """Remove what killed processes of this user left in the temporary folder; never what a living one uses."""
    with contextlib.suppress(OSError, StoreError, StrangersFolder):  # nothing depends on tidiness
        folder = user_folder(tempfile.gettempdir())
        for name in sorted(
            {name.removesuffix(LOCK_SUFFIX) for name in list_folder(folder) if name.startswith("scratch-")}
        ):
            _remove_if_free(folder, name)
    _sweep_old(Path(shared_temporary(tempfile.gettempdir())))


def _remove_if_free(folder: Path, name: str) -> None:
    lock = process_lock(folder / f"{name}{LOCK_SUFFIX}", timeout=0)
    with contextlib.suppress(filelock.Timeout), lock:
        if kind_of(folder, name) == "folder":
            shutil.rmtree(folder / name, ignore_errors=True)
        elif kind_of(folder, name) != "nothing":
            remove_file(folder, name)
        Path(lock.lock_file).unlink(missing_ok=True)


def _sweep_old(temporary: Path) -> None:
    """Remove what versions without locks left, a day old: folders with nothing but our files, kernels' connections."""
    with contextlib.suppress(OSError):
        names = list_folder(temporary)
        for name in filter(_OLD_NAME.fullmatch, names):
            with contextlib.suppress(OSError):
                if _is_old_folder(temporary / name):
                    shutil.rmtree(temporary / name, ignore_errors=True)
        for name in filter(_OLD_CONNECTION.fullmatch, names):
            with contextlib.suppress(OSError):
                if _is_old_connection(temporary, name):
                    remove_file(temporary, name)


def _is_old_folder(folder: Path) -> bool:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        return False
    names = list_folder(folder)
    newest = max([found.st_mtime, *((folder / name).lstat().st_mtime for name in names)])
    return all(map(_OLD_CONTENT.fullmatch, names)) and time.time() - newest > OLD_SECONDS


def _is_old_connection(temporary: Path, name: str) -> bool:
    found = (temporary / name).lstat()
    if found.st_uid != os.getuid() or time.time() - found.st_mtime < OLD_SECONDS or found.st_size > 10_000:
        return False
    try:
        values = json.loads(read_file(temporary, name) or b"")
    except ValueError:
        return False
    return isinstance(values, dict) and "shell_port" in values and values.get("kernel_name") == KERNEL
