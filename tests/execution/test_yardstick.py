"""How fast this machine is, seen by a short run that nothing is kept of."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from kerascnn.costs import Costs
from kerascnn.execution.pool import LocalExecutor, WorkerDied
from kerascnn.execution.yardstick import TRAIN_IMAGES, learn_pace, note_known_pace, yardstick_spec


@pytest.mark.slow
def test_a_short_run_in_a_worker_tells_the_pace_once_and_leaves_the_store_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERASCNN_CACHE", str(tmp_path / "cache"))
    costs, later = Costs(tmp_path / "store"), Costs(tmp_path / "store")
    with LocalExecutor(1, {}, tmp_path / "log") as executor:
        learn_pace(costs, "float32", executor)
    assert costs.pace_is_known
    assert 0 < costs.starting_seconds < 60
    once, thrice = (costs.estimate_seconds(yardstick_spec("float32"), n * TRAIN_IMAGES) for n in (1, 3))
    assert 0 < once < thrice
    note_known_pace(later, "bfloat16")
    assert not later.pace_is_known, "in this number format nothing was measured"
    note_known_pace(later, "float32")
    assert later.estimate_seconds(yardstick_spec("float32"), TRAIN_IMAGES) == once
    assert not (tmp_path / "store").exists()


class DeadWorkers(Executor):
    """Workers that are killed as soon as they have a task."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future:
        future: Future = Future()
        future.set_exception(WorkerDied("killed"))
        return future


def test_where_the_worker_is_killed_the_guesses_stay(tmp_path: Path) -> None:
    costs = Costs(tmp_path)
    learn_pace(costs, "float32", DeadWorkers())
    assert not costs.pace_is_known
