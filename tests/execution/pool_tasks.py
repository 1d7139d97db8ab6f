"""What the workers are asked to do; importable in a spawned process and quick to import."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any


class OwnError(Exception):
    """An error that the pool knows nothing of."""


def add(first: int, second: int) -> int:
    """The sum."""
    return first + second


def fail(message: str) -> None:
    """Always an OwnError."""
    raise OwnError(message)


def leave(code: int) -> None:
    """Ends the process that calls it."""
    raise SystemExit(code)


def own_pid() -> int:
    """Which process this is."""
    return os.getpid()


def die() -> None:
    """Kill the process that works on this."""
    os.kill(os.getpid(), signal.SIGKILL)


def sleep(seconds: float, sign: str | None = None) -> int:
    """Take this long; the file `sign` appears when it begins. The process id."""
    if sign:
        Path(sign).write_text(str(os.getpid()))
    time.sleep(seconds)
    return os.getpid()


def environment_variable(name: str) -> str | None:
    """Its value in the worker."""
    return os.environ.get(name)


def complain(message: str) -> None:
    """Write to standard error, from Python and from below it."""
    print(message, file=sys.stderr, flush=True)
    os.write(2, b"from below\n")


def interrupt() -> str:
    """Survive a Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)
    return "still here"


def loaded_modules(*names: str) -> list[Any]:
    """Those of `names` that the worker has loaded."""
    return [name for name in names if name in sys.modules]
