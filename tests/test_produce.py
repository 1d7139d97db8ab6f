"""A process that dies while it renders costs one more rendering, not the pipeline."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from slots import DATASET

from kerascnn.costs import Costs
from kerascnn.errors import StoreError
from kerascnn.execution.pool import WorkerDied
from kerascnn.execution.scheduling.progress import Progress
from kerascnn.produce import Outcome, Producer
from kerascnn.rendering import RenderTask


class Lane:
    """Renders at once; its process is killed for each of `deaths` first."""

    def __init__(self, deaths: int) -> None:
        self.deaths, self.asked = deaths, 0

    def submit(self, function: Any, *arguments: Any) -> Future:
        future: Future = Future()
        self.asked += 1
        if self.asked <= self.deaths:
            future.set_exception(WorkerDied("killed"))
        else:
            future.set_result(("reports/index.html", 3.0))
        return future


class Watcher:
    """A scheduler that is done as soon as it is told of something."""

    def watch(self, future: Future, handler: Callable[[Future], None]) -> None:
        handler(future)


class Renderer(Producer):
    """A producer of which only the rendering is looked at."""

    def __init__(self, said: io.StringIO) -> None:
        self.outcome = Outcome(Path("elsewhere"))
        self._progress = Progress(said)
        self._costs = Costs(Path("nowhere"))
        self._render_task = RenderTask(
            dataset=DATASET, profile="smoke", store="s", experiments="e", output="o", command="c"
        )


@pytest.mark.parametrize("deaths", [0, 1])
def test_a_report_is_rendered_again_where_its_process_was_killed_once(deaths: int) -> None:
    said, lane = io.StringIO(), Lane(deaths)
    producer = Renderer(said)
    producer._render(Watcher(), lane, "see the page")  # type: ignore[arg-type]
    assert (lane.asked, producer.outcome.index) == (deaths + 1, Path("reports/index.html"))
    assert said.getvalue() == "see the page\n"
    assert producer._costs.rendering_seconds(4) == pytest.approx(3.0), "what it took is remembered"


def test_a_process_that_is_killed_again_is_a_clear_error() -> None:
    with pytest.raises(StoreError, match=r"was killed 2 times.*python pipeline.py report"):
        Renderer(io.StringIO())._render(Watcher(), Lane(2))  # type: ignore[arg-type]
