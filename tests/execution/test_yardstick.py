"""How fast this machine is, seen by a short run that nothing is kept of."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from kerascnn.costs import Costs
from kerascnn.execution.pool import LocalExecutor, WorkerDied
from kerascnn.execution.yardstick import TRAIN_IMAGES, learn_pace, yardstick_spec


@pytest.mark.slow
def test_a_short_run_in_a_worker_tells_the_pace_and_leaves_nothing_else(tmp_path: Path) -> None:
    costs, store = Costs(tmp_path / "store"), tmp_path / "store"
    with LocalExecutor(1, {}, tmp_path / "log") as executor:
        learn_pace(costs, "float32", executor)
    assert costs.pace_is_known
    costs.save()
    assert [path.name for path in store.iterdir()] == ["_costs.json"]
    assert costs.starting_seconds > 0
    once = Costs(store).estimate_seconds(yardstick_spec("float32"), TRAIN_IMAGES)
    thrice = Costs(store).estimate_seconds(yardstick_spec("float32"), 3 * TRAIN_IMAGES)
    assert 0 < once < thrice


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
