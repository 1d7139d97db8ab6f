"""How long things take by the clock: workers beside each other, and one process that executes and renders."""

from __future__ import annotations

import pytest

from kerascnn.costs import Stage, wall_seconds


@pytest.mark.parametrize(
    ("stages", "jobs", "cores", "seconds"),
    [
        ([], 2, 2, 0),
        ([Stage((), 5)], 2, 2, 5),
        ([Stage((4, 4, 4), 0)], 2, 2, 8),
        ([Stage((4,), 3)], 2, 2, 7),
        ([Stage((4,), 3), Stage((4,), 0)], 1, 2, 8),
        ([Stage((4,), 3), Stage((), 3)], 1, 4, 7),
        ([Stage((2,), 9), Stage((2,), 9)], 1, 4, 20),
        ([Stage((6, 6), 0)], 2, 1, 12),
        ([Stage((6, 6), 0), Stage((), 6)], 2, 2, 9),
    ],
)
def test_time_by_the_clock_is_that_of_the_longest_chain_slowed_down_where_cores_are_short(
    stages: list[Stage], jobs: int, cores: int, seconds: float
) -> None:
    assert wall_seconds(stages, jobs, cores, starting=0) == pytest.approx(seconds)


def test_every_worker_that_is_needed_gets_ready_first() -> None:
    assert wall_seconds([Stage((4, 4), 0)], 2, 2, starting=6) == pytest.approx(10)
    assert wall_seconds([Stage((4,), 0)], 2, 2, starting=6) == pytest.approx(10)
    assert wall_seconds([Stage((), 4)], 2, 2, starting=6) == pytest.approx(4)


def test_the_longest_run_of_a_stage_is_started_first() -> None:
    assert wall_seconds([Stage((1, 1, 4), 0)], 2, 2, starting=0) == pytest.approx(4)
