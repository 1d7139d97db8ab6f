"""Where values lie on the axis of a small drawing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kerascnn.report.parts.elements import Strip, Tick

MARGIN = 2.0
"""Percent of the axis left free at either end, so that dots are not cut."""

INTERVAL_REACH = 1.15
"""An interval is drawn up to this many times the largest single value; beyond, an arrow says so."""


@dataclass(frozen=True)
class Axis:
    """A linear axis from `low` to `high`."""

    low: float
    high: float

    def place(self, value: float) -> float:
        """The position of `value`, in percent; values beyond an end lie on it."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return MARGIN + (100 - 2 * MARGIN) * share

    def ticks(self) -> tuple[Tick, ...]:
        """Both ends, and zero where it lies between them."""
        ends = [Tick(0.0, self.low, "start"), Tick(100.0, self.high, "end")]
        if self.low < 0 < self.high:
            ends.insert(1, Tick(self.place(0.0), 0.0, "middle"))
        return tuple(ends)


def share_axis() -> Axis:
    """The axis of accuracies."""
    return Axis(0.0, 1.0)


def effect_axis(values: Iterable[float], intervals: Iterable[float]) -> Axis:
    """An axis symmetric about zero that shows all `values`, and `intervals` as far as is sensible."""
    reach = max((abs(value) for value in values), default=0.0)
    widest = max((abs(end) for end in intervals), default=0.0)
    top = round_up(max(reach, min(widest, INTERVAL_REACH * reach)))
    return Axis(-top, top)


def round_up(value: float) -> float:
    """The next of 1, 1.5, 2, 3, 4, 5, 6, 8 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if value <= step * power * (1 + 1e-9))


def draw_strip(
    axis: Axis,
    dots: Sequence[float],
    interval: tuple[float | None, float | None, float | None],
    unit: str,
    *,
    tone: str = "ink",
    band: float | None = None,
    line: float | None = None,
) -> Strip:
    """Single values, and the (centre, low, high) of their mean, on `axis`."""
    centre, low, high = interval
    start = axis.place(-band) if band else None
    return Strip(
        dots=tuple(axis.place(dot) for dot in dots),
        centre=None if centre is None else axis.place(centre),
        low=None if low is None else axis.place(low),
        high=None if high is None else axis.place(high),
        cut_low=low is not None and low < axis.low,
        cut_high=high is not None and high > axis.high,
        band_start=start,
        band_width=None if start is None or band is None else axis.place(band) - start,
        line=None if line is None else axis.place(line),
        ticks=axis.ticks(),
        unit=unit,
        reference=band or 0.0,
        tone=tone,
    )
