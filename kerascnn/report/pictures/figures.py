"""The figures that a notebook published, each with the values behind it."""

from __future__ import annotations

from dataclasses import replace

from kerascnn.records import Figure, PublishedTable
from kerascnn.report.facts.before_kinds import guess_kind
from kerascnn.report.facts.cells import texts_of_figures
from kerascnn.report.facts.results import Facts
from kerascnn.report.parts.elements import CurveTable, ShownFigure, Table
from kerascnn.report.pictures.drawings import MOST_BYTES, UnsafeDrawing, markup_drawing
from kerascnn.report.tables.csv_files import TableFiles
from kerascnn.report.tables.curves import build_curve_table
from kerascnn.report.tables.diagnoses import curve_caption
from kerascnn.report.tables.published import build_published_table
from kerascnn.report.text.links import anchor_of
from kerascnn.report.text.prose import Prose

CURVES = "curves"
"""The kind of figures whose values are curves."""


def build_figures(facts: Facts, files: TableFiles, prose: Prose) -> tuple[ShownFigure, ...]:
    """Every published figure, in the order of the notebook, after what the notebook says there."""
    taken: set[str] = set()
    figures = facts.published.figures if facts.published else ()
    texts = texts_of_figures(facts.entry.executed_notebook or {}, figures)
    pictures = [_picture(facts, figure, anchor_of("figure", figure.name, taken), files) for figure in figures]
    return tuple(
        replace(picture, before=prose.to_markup(texts[figure.name])) if figure.name in texts else picture
        for figure, picture in zip(figures, pictures, strict=True)
    )


def build_other_tables(facts: Facts, files: TableFiles) -> tuple[Table, ...]:
    """The published tables that stand behind no figure."""
    published = facts.published
    if published is None:
        return ()
    drawn = {figure.name for figure in published.figures}
    return tuple(_values(table, files) for table in published.tables if table.name not in drawn)


def _picture(facts: Facts, figure: Figure, anchor: str, files: TableFiles) -> ShownFigure:
    svg, missing = None, ""
    try:
        svg = markup_drawing(_figure_text(facts, figure), anchor)
    except UnsafeDrawing as err:
        missing = str(err)
    except (OSError, ValueError):
        missing = "its file is not there or cannot be read"
    table = next((table for table in _published_tables(facts) if table.name == figure.name), None)
    is_curves = (guess_kind(table) if figure.kind is None else figure.kind) == CURVES
    caption = figure.caption or (curve_caption(facts, figure.name) if is_curves else "")
    values, curves = _behind(facts, table, is_curves, files)
    return ShownFigure(anchor, figure.title, caption, figure.alt, svg, missing, values, curves)


def _figure_text(facts: Facts, figure: Figure) -> str:
    folder = facts.entry.folder
    if folder is None or "/" in figure.file or "\\" in figure.file:
        raise FileNotFoundError(figure.file)
    with (folder / figure.file).open("rb") as file:
        return file.read(MOST_BYTES + 1).decode()


def _published_tables(facts: Facts) -> tuple[PublishedTable, ...]:
    return facts.published.tables if facts.published else ()


def _behind(
    facts: Facts, table: PublishedTable | None, is_curves: bool, files: TableFiles
) -> tuple[Table | None, CurveTable | None]:
    """The values of a figure: as curves where it has them, else as they were published."""
    if table is None:
        return None, None
    values = _values(table, files)
    if not is_curves:
        return values, None
    return None, build_curve_table(table, facts, values.csv)


def _values(table: PublishedTable, files: TableFiles) -> Table:
    """The published table, to be written to its CSV file too."""
    anchor = anchor_of("table", table.name, files.anchors)
    values = build_published_table(table, anchor, files.path(anchor))
    files.keep(values)
    return values
