"""From processor seconds to time by the clock: workers train, beside them one process executes and renders."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

NOTHING = 1e-9


@dataclass(frozen=True)
class Stage:
    """One experiment: the seconds of each of its runs, and of executing and rendering once they are done."""

    runs: tuple[float, ...]
    then: float


def wall_seconds(stages: Sequence[Stage], jobs: int, cores: int, starting: float) -> float:
    """How long the stages take by the clock on an idle machine.

    Stages are trained in their order, the longest run of each first, by `jobs` workers that each need `starting`
    seconds to get ready. When more processes are at work than there are `cores`, all of them are slower.
    """
    waiting = deque((number, run) for number, stage in enumerate(stages) for run in sorted(stage.runs, reverse=True))
    left = [len(stage.runs) for stage in stages]
    settled = deque(number for number, count in enumerate(left) if count == 0)
    trainers: list[list[float]] = []
    lane: list[float] = []
    fresh, clock = jobs, 0.0
    while waiting or trainers or settled or lane:
        while waiting and len(trainers) < jobs:
            number, seconds = waiting.popleft()
            trainers.append([number, seconds + (starting if fresh > 0 else 0.0)])
            fresh -= 1
        if settled and not lane:
            lane = [stages[settled.popleft()].then]
        active = len(trainers) + len(lane)
        speed = min(1.0, cores / active)
        step = min([*(seconds for _, seconds in trainers), *lane])
        clock += step / speed
        for trainer in trainers:
            trainer[1] -= step
        lane = [seconds - step for seconds in lane if seconds - step > NOTHING]
        for number in (int(number) for number, seconds in trainers if seconds <= NOTHING):
            left[number] -= 1
            if left[number] == 0:
                settled.append(number)
        trainers = [trainer for trainer in trainers if trainer[1] > NOTHING]
    return clock
