"""A kernel of this very Python that nobody but this user can talk to, and that leaves no process behind."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from kerascnn.notebooks.assignment import VARIABLE
from kerascnn.notebooks.strays import no_strays
from kerascnn.ownership.scratch import KERNEL, variables_inside
from kerascnn.places import import_path

LONGEST_SOCKET_BYTES = 90
"""Of the path of a socket without its number: macOS takes 103 bytes in all, Linux 107."""


@contextlib.contextmanager
def private_kernel(scratch: Path, session_file: Path) -> Iterator[dict[str, Any]]:
    """Arguments for Papermill while the block runs: a kernel behind sockets in a folder that only this user can enter."""
    from traitlets.config import Config

    _install(scratch, session_file)
    with _socket_folder(scratch) as sockets, no_strays(VARIABLE, str(session_file)):
        manager = {
            "transport": "ipc",
            "ip": str(sockets / "k"),
            # Else it would lie bare in the temporary folder.
            "connection_file": str(scratch / "runtime" / "connection.json"),
        }
        yield {"kernel_name": KERNEL, "config": Config({"KernelManager": manager})}


@contextlib.contextmanager
def _socket_folder(scratch: Path) -> Iterator[Path]:
    """A folder for this user alone; the path of a socket must be short, which not every temporary folder's is."""
    if len(os.fsencode(scratch)) <= LONGEST_SOCKET_BYTES:
        yield _folder_in(scratch, "s")
        return
    with tempfile.TemporaryDirectory(prefix="k-", dir="/tmp") as short:
        yield Path(short)


def _install(scratch: Path, session_file: Path) -> None:
    """Describe the kernel to Jupyter, whatever kernels the machine has registered."""
    folder = scratch / "kernels" / KERNEL
    folder.mkdir(parents=True)
    spec = {
        "argv": [sys.executable, str(Path(__file__).with_name("launch.py")), "-f", "{connection_file}"],
        "display_name": KERNEL,
        "language": "python",
        "env": {
            VARIABLE: str(session_file),
            **import_path(),
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            **variables_inside(_folder_in(scratch, "tmp")),
        },
    }
    (folder / "kernel.json").write_text(json.dumps(spec))
    os.environ["JUPYTER_PATH"] = str(scratch)
    os.environ["JUPYTER_RUNTIME_DIR"] = str(_folder_in(scratch, "runtime"))


def _folder_in(scratch: Path, name: str) -> Path:
    folder = scratch / name
    folder.mkdir(mode=0o700)
    return folder


class Deadline:
    """Kills the kernel when the time is over, whatever it is doing."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.is_over = seconds, False
        self._timer = threading.Timer(seconds, self._end)

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *problem: object) -> None:
        self._timer.cancel()

    def _end(self) -> None:
        self.is_over = True
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
