"""What the page of one run is made of: small drawings of curves, its settings, where it counts."""

from __future__ import annotations

from dataclasses import dataclass

from kerascnn.report.parts.elements import Link


@dataclass(frozen=True)
class Amount:
    """A named number; `unit` says how it is printed."""

    name: str
    value: float | None
    unit: str


@dataclass(frozen=True)
class CurveLine:
    """One line of a small drawing, in its pieces: (x, y) in the drawing's units, broken where a value is missing."""

    label: str
    pieces: tuple[tuple[tuple[float, float], ...], ...]
    start: float | None
    end: float | None


@dataclass(frozen=True)
class CurveTick:
    """A labelled height of a small drawing."""

    y: float
    value: float


@dataclass(frozen=True)
class Curve:
    """A small drawing of one quantity over the epochs. `guess` is the height of guessing."""

    title: str
    unit: str
    epochs: int
    lines: tuple[CurveLine, ...]
    ticks: tuple[CurveTick, ...]
    guess: float | None


@dataclass(frozen=True)
class SpecField:
    """A field of a run's spec; `is_default` where it was not set."""

    name: str
    value: str | float
    is_default: bool


@dataclass(frozen=True)
class RunUse:
    """Where a run counts: the experiment, and the place on its page."""

    experiment: str
    place: Link
