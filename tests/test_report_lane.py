"""Notebooks are executed and the report is rendered in one process: what is new is shown soon, and not after each of them."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from slots import DATASET

from kerascnn import report_lane
from kerascnn.costs import Costs
from kerascnn.errors import StoreError
from kerascnn.execution.pool import WorkerDied
from kerascnn.notebooks.executing.execute import execute
from kerascnn.rendering import RenderTask
from kerascnn.report_lane import ReportLane


class Desk:
    """Workers and scheduler in one: what is submitted is done when `work` is called. Rendering dies `deaths` times first."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, deaths: int = 0) -> None:
        self.deaths, self.done, self.said = deaths, list[str](), list[str]()
        self.now = 1000.0
        self._open: deque[tuple[Future, Any]] = deque()
        self.costs = Costs(Path("nowhere"))
        task = RenderTask(dataset=DATASET, profile="smoke", store="s", experiments="e", output="o", command="c")
        monkeypatch.setattr(report_lane.time, "monotonic", lambda: self.now)
        self.lane = ReportLane(self, self.watch, task, self.costs, self.said.append)  # type: ignore[arg-type]

    def submit(self, timed: Any, function: Any, argument: bytes) -> Future:
        future: Future = Future()
        self.done.append("execute" if function is execute else "render")
        if function is not execute and self.deaths:
            self.deaths -= 1
            future.set_exception(WorkerDied("killed"))
        else:
            future.set_result(("reports/index.html", 3.0))
        return future

    def watch(self, future: Future, handler: Any) -> None:
        self._open.append((future, handler))

    def execute(self, name: str) -> None:
        task: Any = type("Task", (), {"canonical_json": lambda self: b""})()
        self.lane.execute(task, lambda future: self.lane.render(f"see {name}"))

    def work(self, seconds: float = 0.0) -> None:
        """Finish what is under way and all that follows, each taking so long."""
        while self._open:
            self.now += seconds
            future, handler = self._open.popleft()
            handler(future)


@pytest.mark.parametrize("deaths", [0, 1])
def test_a_report_is_rendered_again_where_its_process_was_killed_once(
    deaths: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(monkeypatch, deaths)
    desk.lane.render("see the page")
    desk.work()
    assert desk.done == ["render"] * (deaths + 1)
    assert (desk.lane.index, desk.said) == (Path("reports/index.html"), ["see the page"])
    assert desk.costs.rendering_seconds(4) == pytest.approx(3.0), "what it took is remembered"


def test_a_process_that_is_killed_again_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, deaths=2)
    desk.lane.render()
    with pytest.raises(StoreError, match=r"was killed 2 times.*python pipeline.py report"):
        desk.work()


def test_notebooks_that_are_done_at_once_are_shown_together(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch)
    desk.lane.render()
    for name in "abc":
        desk.execute(name)
    desk.work(seconds=2)
    assert desk.done == ["render", "execute", "execute", "execute", "render"]
    assert desk.said == ["see a", "see b", "see c"]


def test_where_notebooks_take_long_what_is_new_is_shown_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch)
    desk.lane.render()
    for name in "abcd":
        desk.execute(name)
    desk.work(seconds=20)
    assert desk.done == ["render", "execute", "execute", "render", "execute", "execute", "render"]


def test_a_notebook_alone_is_shown_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch)
    desk.lane.render()
    desk.execute("a")
    desk.work()
    assert desk.done == ["render", "execute", "render"]
