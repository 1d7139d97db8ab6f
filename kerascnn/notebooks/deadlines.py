"""How long a notebook may take, and its study: seconds from the environment, or the default."""

from __future__ import annotations

import math
import threading

from kerascnn.errors import UsageError
from kerascnn.places import variable

NOTEBOOK = ("KERASCNN_NOTEBOOK_DEADLINE", 1200.0)
"""Everything is trained when a notebook runs: looking at it takes seconds."""
STUDY = ("KERASCNN_STUDY_DEADLINE", 8.0)
"""Of the cells up to the study, which every command runs."""


def deadline_seconds(name: str, default: float) -> float:
    """The seconds that the variable gives. Raises: UsageError when that is no time."""
    given = variable(name) or str(default)
    try:
        seconds = float(given)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < threading.TIMEOUT_MAX:
        raise UsageError(f"{name} must be a number of seconds. Received: {given!r}.")
    return seconds
