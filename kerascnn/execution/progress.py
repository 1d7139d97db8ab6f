"""What the user sees while runs are trained: a live bar in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from kerascnn.spelling import spell_duration
from kerascnn.surroundings.terminal import can_show, is_live

QUIET_SECONDS = 15.0
"""Without a terminal, a run is reported at most this often; events always are."""
BAR, PLAIN_BAR = ("━", "╌"), ("#", "-")
"""How what is done and what is left is drawn; the second where a terminal has no letters for the first."""


class Progress:
    """Counts runs and says how long the rest will take."""

    def __init__(self, stream: TextIO) -> None:
        live = is_live(stream)
        self._console = Console(file=stream, highlight=False, soft_wrap=True, force_terminal=live)
        self._live = Live(console=self._console, refresh_per_second=4, transient=True) if live else None
        self._marks = BAR if can_show("".join(BAR), stream) else PLAIN_BAR
        self._started = False
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
        if self._live is not None:
            self._show()
        elif changed and (time.monotonic() - self._last_line > QUIET_SECONDS or done == total):
            self._last_line = time.monotonic()
            self.say(self._line())

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._live is not None and self._started:
            self._live.stop()
            self._started = False

    def _show(self) -> None:
        if self._live is None:
            return
        if not self._started:
            self._live.start()
            self._started = True
        width = 24
        filled = width * self._done // max(1, self._total)
        done, left = self._marks
        bar = done * filled + left * (width - filled)
        self._live.update(Text(f"{bar} {self._line()}", no_wrap=True, overflow="ellipsis"))

    def _line(self) -> str:
        return f"{self._done} of {self._total} runs, about {spell_duration(self._left_seconds)} left ({self._doing})"
