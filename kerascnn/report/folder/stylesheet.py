"""The one stylesheet, its colours from the palette."""

from __future__ import annotations

from kerascnn.plots.drawing.palette import TONES
from kerascnn.report.folder.writer import render_template


def render_stylesheet() -> str:
    """The stylesheet with a stroke and a fill class for every tone, in both themes."""
    return render_template("style.css.j2", tones=TONES)
