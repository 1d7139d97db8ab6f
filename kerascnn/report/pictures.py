"""Pictures that the report draws itself."""

from __future__ import annotations

from collections.abc import Sequence

from kerascnn.plots import plot_cost, to_svg
from kerascnn.records import ArmRuns
from kerascnn.report.drawings import markup_drawing
from kerascnn.report.parts import Picture


def build_cost_picture(arms: Sequence[ArmRuns]) -> Picture:
    """Accuracy against cost of all arms."""
    drawn = plot_cost(arms)
    svg = to_svg(drawn.figure, drawn.title, drawn.alt, drawn.name)
    return Picture("figure-cost", drawn.title, "", drawn.alt, markup_drawing(svg, "cost"), "")
