"""The clock that costs are measured by: what else the machine does must not make a run look dear."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from typing import Any

from kerascnn.machine import device_kind


def busy_seconds() -> float:
    """Processor seconds of this process and of the children it has waited for; where a GPU works, time by the clock."""
    if device_kind() != "cpu":
        return time.perf_counter()
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def timed(function: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    """In a worker: what `function` gives back, and the seconds it took."""
    began = busy_seconds()
    result = function(*arguments)
    return result, busy_seconds() - began
