"""One palette with a fixed meaning on every page, safe for colour-blind readers, in two themes.

Charts are drawn in the light theme; `kerascnn.plots.drawing.svg` turns each colour back into its tone's name,
and the page's stylesheet gives the tone its colour in the reader's theme.

Source: chosen by a search that kept the members of one family (activations, initialisers, remedies,
the first four series) apart in Oklab under normal vision and under the simulations of protanopia,
deuteranopia and tritanopia of Machado, Oliveira and Fernandes (2009). Sixteen colours cannot all be
told apart by everyone, so line styles and labels always say the same as the colour.
"""

from __future__ import annotations

from dataclasses import dataclass

from kerascnn.errors import UsageError, near_match
from kerascnn.specs import Arm


@dataclass(frozen=True)
class Tone:
    """One colour as `#rrggbb` on the light and on the dark surface."""

    light: str
    dark: str


MEANINGS = {
    "sigmoid": Tone("#b5410d", "#e0693d"),
    "relu": Tone("#1a4f9c", "#5a96ea"),
    "tanh": Tone("#189287", "#9df5dc"),
    "glorot": Tone("#7a4d00", "#d99c3a"),
    "he": Tone("#7455d6", "#b8a0ff"),
    "batch-norm": Tone("#1199b3", "#5ed4fa"),
    "zero-mean": Tone("#7a0d5c", "#c377a6"),
    "both": Tone("#6c7d2c", "#e3e78f"),
}
"""Tones that stand for one idea of the lesson, wherever it appears."""

SERIES = {
    "series-1": Tone("#0d58ca", "#3d9bfb"),
    "series-2": Tone("#b85f00", "#ea7216"),
    "series-3": Tone("#0da08c", "#a5fbc4"),
    "series-4": Tone("#7a0a6c", "#bb739f"),
    "series-5": Tone("#4d4a04", "#d9c61e"),
    "series-6": Tone("#9278e0", "#cbcfff"),
    "series-7": Tone("#b8795a", "#dfa281"),
    "series-8": Tone("#565b60", "#a6b3bf"),
}
"""Tones without a meaning, taken in this order."""

CHROME = {
    "ink": Tone("#1b1f24", "#e8eaed"),
    "muted": Tone("#5a626c", "#a3abb5"),
    "grid": Tone("#e1e4e8", "#2e343c"),
    "surface": Tone("#ffffff", "#15181d"),
}
"""Text, secondary text and axes, grid lines, and what everything is drawn on."""

TONES: dict[str, Tone] = {**MEANINGS, **SERIES, **CHROME}
"""Every tone by name. No two share a light colour, so a drawn colour names its tone."""


def series_tone(position: int) -> str:
    """The name of the series tone at `position` (from 0); after the last it starts again."""
    return f"series-{position % len(SERIES) + 1}"


def tone_of(arm: Arm, position: int) -> str:
    """The name of the arm's own tone, or of the series tone at its `position` in the chart.

    Raises: UsageError when the arm names a tone that does not exist.
    """
    if arm.tone is None:
        return series_tone(position)
    if arm.tone not in TONES:
        raise UsageError(f"Arm {arm.name!r}: unknown tone {arm.tone!r}. {near_match(arm.tone, TONES)}")
    return arm.tone
