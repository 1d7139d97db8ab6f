"""Pictures that the report draws itself."""

from __future__ import annotations

from collections.abc import Sequence

from kerascnn.plots import Picture, plot_choices, plot_cost, plot_parallel, plot_spent, to_svg
from kerascnn.records import ArmRuns, PublishedSearch
from kerascnn.report.parts.elements import ShownFigure, Table
from kerascnn.report.pictures.drawings import markup_drawing
from kerascnn.report.tables.csv_files import TableFiles
from kerascnn.report.tables.published import build_published_table
from kerascnn.report.text.links import anchor_of
from kerascnn.specs import Choice

FRONT = (
    "The dashed line is the Pareto front: it joins the arms that no cheaper arm beats. "
    "The table above has the values of every arm."
)
IN_TRIALS = "The table of trials below has the values."


def build_cost_figure(arms: Sequence[ArmRuns]) -> ShownFigure:
    """Accuracy against cost of all arms."""
    return _picture(plot_cost(arms), "figure-cost", FRONT)


def build_spent_figure(searches: Sequence[PublishedSearch], files: TableFiles) -> ShownFigure:
    """What each search had found for how much training, with the values behind it."""
    drawn = plot_spent(searches)
    anchor = anchor_of("figure", drawn.name, files.anchors)
    behind = build_published_table(drawn.table, f"{anchor}-values", files.path(drawn.name)) if drawn.table else None
    return _picture(drawn, anchor, "", files.keep(behind))


def build_search_figures(
    search: PublishedSearch, space: Sequence[Choice], files: TableFiles
) -> tuple[ShownFigure, ...]:
    """All trials of one search at once, and each hyperparameter against the score."""
    captions = {
        "A stronger line is a better trial. The thick line in another colour is the best one.": plot_parallel(
            search, space
        ),
        "The ring marks the best trial.": plot_choices(search),
    }
    return tuple(
        _picture(drawn, anchor_of("figure", drawn.name, files.anchors), f"{caption} {IN_TRIALS}")
        for caption, drawn in captions.items()
    )


def _picture(drawn: Picture, anchor: str, caption: str, behind: Table | None = None) -> ShownFigure:
    svg = to_svg(drawn.figure, drawn.title, drawn.alt, drawn.name)
    return ShownFigure(anchor, drawn.title, caption, drawn.alt, markup_drawing(svg, anchor), "", behind)
