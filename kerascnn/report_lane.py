"""Executing notebooks and rendering the report, one after the other in one process beside the training."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path

from kerascnn.costs import Costs, timed
from kerascnn.errors import StoreError
from kerascnn.execution.pool import WorkerDied, Workers
from kerascnn.execution.scheduling.scheduler import DEATHS_ALLOWED, Handler
from kerascnn.notebooks.executing.execute import NotebookTask, execute
from kerascnn.rendering import RenderTask, render

BETWEEN_SECONDS = 30.0
"""How long notebooks are executed one after the other before the report shows what is new."""


class ReportLane:
    """Renders when nothing is left to execute, and in between at most every BETWEEN_SECONDS.

    `watch(future, handler)` calls the handler once the future is done; `say` tells the user something. `index` is the
    report's first page, once it has been rendered.
    """

    def __init__(
        self,
        workers: Workers,
        watch: Callable[[Future, Handler], None],
        task: RenderTask,
        costs: Costs,
        say: Callable[[str], None],
    ) -> None:
        self._workers, self._watch, self._task, self._costs, self._say = workers, watch, task, costs, say
        self._waiting: deque[tuple[NotebookTask, Handler]] = deque()
        self._to_say: list[str] = []
        self._is_stale = self._is_busy = False
        self._rendered_at = -BETWEEN_SECONDS
        self._deaths = 0
        self.index: Path | None = None

    def execute(self, task: NotebookTask, then: Handler) -> None:
        """Execute a notebook when its turn comes, then call `then` with the future of its answer and seconds."""
        self._waiting.append((task, then))
        self._go_on()

    def render(self, then_say: str = "") -> None:
        """Render what is there by now, soon; `then_say` is told once it is shown."""
        self._is_stale = True
        self._to_say += [then_say] if then_say else []
        self._go_on()

    def _go_on(self) -> None:
        if self._is_busy:
            return
        is_time = time.monotonic() - self._rendered_at >= BETWEEN_SECONDS
        if self._is_stale and (is_time or not self._waiting):
            self._start_rendering()
        elif self._waiting:
            task, then = self._waiting.popleft()
            self._is_busy = True
            future = self._workers.submit(timed, execute, task.canonical_json())
            self._watch(future, partial(self._executed, then))

    def _executed(self, then: Handler, future: Future) -> None:
        self._is_busy = False
        then(future)
        self._go_on()

    def _start_rendering(self) -> None:
        self._is_busy, self._is_stale = True, False
        said, self._to_say = self._to_say, []
        self._watch(self._workers.submit(timed, render, self._task.canonical_json()), partial(self._rendered, said))

    def _rendered(self, then_say: list[str], future: Future) -> None:
        """Raises: StoreError when the process that renders was killed again and again."""
        self._is_busy = False
        try:
            index, seconds = future.result()
        except WorkerDied as err:
            self._deaths += 1
            if self._deaths > DEATHS_ALLOWED:
                raise StoreError(
                    f"The process that renders the report was killed {self._deaths} times (out of memory?). Every run is "
                    "kept: free memory, then `python pipeline.py report`."
                ) from err
            self._is_stale, self._to_say = True, then_say + self._to_say
        else:
            self._deaths, self._rendered_at, self.index = 0, time.monotonic(), Path(index)
            if then_say:
                self._costs.learn_rendering(seconds)
            for text in then_say:
                self._say(text)
        self._go_on()
