"""Which executor trains runs: the one place that chooses."""

from __future__ import annotations

from pathlib import Path

from kerascnn.execution.pool import LocalExecutor, Workers


def start_trainers(jobs: int, environment: dict[str, str], log: Path) -> Workers:
    """The executor that trains `jobs` runs at once, with these variables in its workers. Raises: KerascnnError."""
    return LocalExecutor(jobs, environment, log)
