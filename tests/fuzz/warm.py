"""Commands of the pipeline in forked children of a process that has imported everything but TensorFlow.

`python warm.py` is that process: a line of JSON in names a command, a line out says how it went. Starting Python for
each of ten thousand commands would take most of the time; a fork takes some hundredths of a second.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from place import CHECKOUT

LARGEST_MEMORY_BYTES = 2_500_000_000
"""Of one process of a command: what runs away is to fail here, not the machine. Addresses that nobody writes to, of
which TensorFlow reserves many, do not count."""


class Done(msgspec.Struct, frozen=True):
    """How a command went. `peak_bytes`: the most resident memory of it or of a child it has waited for."""

    arguments: list[str]
    code: int
    stdout: str
    stderr: str
    seconds: float
    peak_bytes: int


@dataclass
class Commands:
    """`pipeline.py` with an environment and a folder; killed once it has run for `limit_seconds`."""

    server: subprocess.Popen[bytes]

    def run(self, arguments: list[str], variables: dict[str, str], folder: Path, limit_seconds: float) -> Done:
        return self._ask(_request(arguments, variables, folder, limit_seconds))

    def warm_up(self, arguments: list[str], variables: dict[str, str], folder: Path) -> None:
        """Run a command in the forking process itself: what it loads and compiles, every fork has from then on."""
        self._ask(_request(arguments, variables, folder, 0) | {"here": True})

    def _ask(self, request: dict[str, Any]) -> Done:
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.write(json.dumps(request).encode() + b"\n")
        self.server.stdin.flush()
        return msgspec.json.decode(self.server.stdout.readline(), type=Done)


@contextmanager
def start_commands() -> Iterator[Commands]:
    """The process that forks, ended with the block."""
    folders = os.pathsep.join([str(CHECKOUT), str(CHECKOUT / "tests")])
    # A fork takes over no thread but its own: libraries must not have begun any.
    single = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": folders}
    with subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | single
    ) as server:
        yield Commands(server)
        assert server.stdin is not None
        server.stdin.close()


def run_alone(arguments: list[str], variables: dict[str, str], folder: Path, limit_seconds: float) -> Done:
    """The same command as a user starts it."""
    request = {"arguments": arguments, "variables": variables, "folder": str(folder), "limit": limit_seconds}
    return _answer(
        request, lambda: os.execv(sys.executable, [sys.executable, str(CHECKOUT / "pipeline.py"), *arguments])
    )


def _request(arguments: list[str], variables: dict[str, str], folder: Path, limit_seconds: float) -> dict[str, Any]:
    return {"arguments": arguments, "variables": variables, "folder": str(folder), "limit": limit_seconds}


def _serve() -> None:
    import importlib

    modules = (
        "planning.suite",
        "store.archive",
        "rendering",
        "commands.plan",
        "commands.producing",
        "commands.storing",
    )
    for name in ("pipeline", "pandas", "pyarrow", "kerascnn.report.render", *(f"kerascnn.{name}" for name in modules)):
        importlib.import_module(name)
    assert "tensorflow" not in sys.modules
    for line in sys.stdin.buffer:
        request = json.loads(line)
        if request.get("here"):
            done = _warm_up(request)
        else:
            done = _answer(request, lambda request=request: _run_here(request["arguments"]))
        sys.stdout.buffer.write(msgspec.json.encode(done) + b"\n")
        sys.stdout.buffer.flush()


def _warm_up(request: dict[str, Any]) -> Done:
    import pipeline

    before = dict(os.environ)
    os.environ.update(request["variables"])
    with contextlib.redirect_stdout(io.StringIO()):
        code = pipeline.main(request["arguments"])
    assert code == 0
    assert "tensorflow" not in sys.modules
    os.environ.clear()
    os.environ.update(before)
    return Done(request["arguments"], code, "", "", 0.0, 0)


def _run_here(arguments: list[str]) -> None:
    """What the interpreter does with `pipeline.py`, in this process, which it ends."""
    import pipeline

    try:
        code = pipeline.main(arguments)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _answer(request: dict[str, Any], work: Any) -> Done:
    """Fork, let the child do `work`, and wait for it."""
    folder = Path(request["folder"])
    paths = folder / "stdout.txt", folder / "stderr.txt"
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            _prepare(request, *paths)
            work()
        finally:
            os._exit(99)
    _, status, used = _wait(child, request["limit"])
    # Linux counts in kibibytes, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return Done(
        arguments=request["arguments"],
        code=os.waitstatus_to_exitcode(status),
        stdout=paths[0].read_text(errors="backslashreplace"),
        stderr=paths[1].read_text(errors="backslashreplace"),
        seconds=time.monotonic() - began,
        peak_bytes=used.ru_maxrss * unit,
    )


def _prepare(request: dict[str, Any], stdout: Path, stderr: Path) -> None:
    """Make the forked child a command of its own: session, streams, memory, folder, variables."""
    os.setsid()
    for number, path in ((1, stdout), (2, stderr)):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(handle, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    resource.setrlimit(resource.RLIMIT_DATA, (LARGEST_MEMORY_BYTES, LARGEST_MEMORY_BYTES))
    os.environ.update(request["variables"])
    os.chdir(request["folder"])


def _wait(child: int, limit_seconds: float) -> tuple[int, int, resource.struct_rusage]:
    def kill(*_: Any) -> None:
        os.killpg(child, signal.SIGKILL)

    before = signal.signal(signal.SIGALRM, kill)
    signal.setitimer(signal.ITIMER_REAL, limit_seconds)
    try:
        return os.wait4(child, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


if __name__ == "__main__":
    _serve()
