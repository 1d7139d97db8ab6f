"""How long a pipeline waits for runs that another one is training."""

from __future__ import annotations

import time

SUSPENDED_SECONDS = 60.0
"""For a process that is suspended: whoever pressed Ctrl-Z by mistake has had time to notice."""
LONGEST_SECONDS = 6 * 3600.0
"""For one that runs: no run of any profile takes so long, but what trains it may hang."""


class Patience:
    """Since when each run is waited for. A holder that goes on, or stops, is waited for anew."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, bool], float] = {}

    def is_over(self, key: str, suspended: bool) -> bool:
        """Whether the run `key`, which a process holds that may be suspended, has been waited for long enough."""
        self._since.pop((key, not suspended), None)
        began = self._since.setdefault((key, suspended), time.monotonic())
        return time.monotonic() - began > (SUSPENDED_SECONDS if suspended else LONGEST_SECONDS)
