"""The peak memory of a run where the kernel does not tell it in the usual way.

`training` asks `/proc/self/status`, in which sandboxes (gVisor, some containers) have no line for it, and must stay as it
is: its source is in the key of every stored run. So a worker changes the function that `training` calls, not `training`.
"""

from __future__ import annotations

import contextlib
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kerascnn.surroundings.kernel_files import read_kernel_file

STATUS = Path("/proc/self/status")


def tells_peak() -> bool:
    """Whether the kernel says in the status of a process how much memory it has had."""
    return any(line.startswith("VmHWM") for line in read_kernel_file(STATUS).splitlines())


def settle_peak_memory(trainer: Any) -> None:
    """Let the module that trains ask what this system can tell; no run fails for a figure on its page."""
    trainer.reset_peak_memory = _without_errors(trainer.reset_peak_memory)
    if STATUS.exists() and not tells_peak():
        trainer.peak_memory_bytes = largest_so_far_bytes


def largest_so_far_bytes() -> int:
    """The most memory that this process has had since it started."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _without_errors(reset: Callable[[], None]) -> Callable[[], None]:
    def try_to_reset() -> None:
        with contextlib.suppress(OSError):  # the peak is then that of the process so far
            reset()

    return try_to_reset
