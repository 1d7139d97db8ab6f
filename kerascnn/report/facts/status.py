"""Where a result stands, in words, and how a run ended."""

from __future__ import annotations

from kerascnn.report.facts.results import Facts
from kerascnn.report.parts.elements import Mark

DONE = Mark("finished", "done")
HALF = Mark("older result, last attempt failed", "failed")
SOME_FAILED = Mark("finished, some runs failed", "failed")
BY_HAND = Mark("published by hand", "changed")
NOT_STARTED = Mark("not run yet", "waiting")

DIVERGED = Mark("diverged", "failed")
FAILED = Mark("failed", "failed")
NOT_RUN = Mark("not run", "waiting")


def status_of(facts: Facts) -> Mark:
    """Where the experiment stands, in words."""
    if facts.published is None:
        return FAILED if facts.entry.failure else NOT_STARTED
    if facts.entry.failure:
        return HALF
    if facts.failed_runs:
        return SOME_FAILED
    return BY_HAND if facts.entry.by_hand else DONE
