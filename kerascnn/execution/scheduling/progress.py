"""What the user sees while runs are trained: a live bar in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar
from rich.table import Column
from rich.text import Text

from kerascnn.spelling import spell_duration
from kerascnn.surroundings.terminal import is_live

QUIET_SECONDS = 15.0
"""Without a terminal, a run is reported at most this often; events always are."""


class Progress:
    """Counts runs and says how long the rest will take."""

    def __init__(self, stream: TextIO) -> None:
        live = is_live(stream)
        self._console = Console(file=stream, highlight=False, soft_wrap=True, force_terminal=live)
        self._bar = _bar(self._console) if live else None
        self._done, self._total, self._left_seconds = 0, 0, 0.0
        self._doing = ""
        self._last_line = 0.0

    def say(self, message: str) -> None:
        """An event that the user should see whatever the stream is."""
        self._console.print(Text(message))

    def update(self, done: int, total: int, left_seconds: float, doing: str) -> None:
        """`done` of `total` runs; about `left_seconds` to go; `doing` names what has just ended or is under way."""
        changed = (done, total) != (self._done, self._total)
        self._done, self._total, self._left_seconds, self._doing = done, total, left_seconds, doing
        if self._bar is not None:
            self._show(self._bar)
        elif changed and (time.monotonic() - self._last_line > QUIET_SECONDS or done == total):
            self._last_line = time.monotonic()
            self.say(self._line())

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._bar is not None and self._bar.live.is_started:
            self._bar.stop()

    def _show(self, bar: Bar) -> None:
        task = bar.task_ids[0] if bar.task_ids else bar.add_task("")
        bar.update(task, completed=self._done, total=max(1, self._total), description=self._line())
        bar.start()

    def _line(self) -> str:
        return f"{self._done} of {self._total} runs, about {spell_duration(self._left_seconds)} left ({self._doing})"


def _bar(console: Console) -> Bar:
    """One line, cut where the terminal ends; rich draws it with what the terminal has letters for."""
    line = TextColumn(
        "{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)
    )
    bar = BarColumn(24, table_column=Column(no_wrap=True))
    return Bar(bar, line, console=console, refresh_per_second=4, transient=True, expand=True)
