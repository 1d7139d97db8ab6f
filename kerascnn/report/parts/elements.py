"""What pages are made of: tables, drawings, claims, failures. Templates print these fields, filters round them."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True)
class Link:
    """A place in this report; `label` says what is there."""

    label: str
    href: str


@dataclass(frozen=True)
class Source:
    """A work that a page cites. `href` leads out of the report; empty where `identifier` is no address."""

    authors: str
    year: str
    title: str
    venue: str
    identifier: str
    href: str


@dataclass(frozen=True)
class Shell:
    """What surrounds every page. `notice` is set where the data are not those the lesson speaks of.

    `root` leads from the page to the report's top folder.
    """

    page_title: str
    dataset: str
    profile: str
    notice: str | None
    here: str
    command: str
    root: str = ""


@dataclass(frozen=True)
class Tick:
    """A labelled place on an axis; `position` in percent of its width."""

    position: float
    value: float
    anchor: str


@dataclass(frozen=True)
class Strip:
    """Values on an axis, as positions in percent of its width.

    `dots` are single seeds. `low` to `high` is the interval, cut at the axis' ends where `cut_low` or
    `cut_high` says so. `band` is the zone of effects too small to matter, `line` a reference.
    """

    dots: tuple[float, ...]
    centre: float | None
    low: float | None
    high: float | None
    cut_low: bool
    cut_high: bool
    band_start: float | None
    band_width: float | None
    line: float | None
    ticks: tuple[Tick, ...]
    unit: str
    reference: float
    tone: str


@dataclass(frozen=True)
class Mark:
    """A word that stands beside or instead of a value ("diverged"); `state` picks its look."""

    word: str
    state: str


@dataclass(frozen=True)
class Cell:
    """One value of a table; `unit` names how it is printed, `tone` the colour of its row's arm."""

    value: str | int | float | bool | None
    unit: str = "text"
    href: str | None = None
    mark: Mark | None = None
    strip: Strip | None = None
    tone: str | None = None

    @property
    def sort_key(self) -> str | None:
        """What the table is sorted by where that is not the text that the cell shows."""
        if self.value is None or (isinstance(self.value, str) and self.unit == "text" and self.mark is None):
            return None
        return f"{self.value:.8g}" if isinstance(self.value, float) else str(self.value)


@dataclass(frozen=True)
class Column:
    """`key` is the heading in the CSV file, `label` the one on the page."""

    key: str
    label: str
    numeric: bool = False


@dataclass(frozen=True)
class Table:
    """A table with a heading for every row: its first cell."""

    anchor: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    csv: str
    note: str = ""


@dataclass(frozen=True)
class Failure:
    """Something that ended in an error. `curve` holds the epochs up to there, if any."""

    anchor: str
    what: str
    reason: str
    traceback: str
    failed_at: str
    command: str
    curve: Table | None
    link: Link | None


@dataclass(frozen=True)
class Problem:
    """One line about something that failed, with the place that says more."""

    what: str
    reason: str
    link: Link


@dataclass(frozen=True)
class Property:
    """A name and what is said of it, for a list of definitions."""

    name: str
    values: tuple[str, ...]
    unit: str = "text"


@dataclass(frozen=True)
class CurveRow:
    """One run of an arm by epoch, or the mean of its runs (`seed` says which); `place` is the arm's in the drawing."""

    place: int
    arm: str
    seed: str
    mark: Mark | None
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class CurveTable:
    """The values behind a figure of curves; `csv` holds them as published, one row for each value."""

    caption: str
    unit: str
    epochs: tuple[int, ...]
    rows: tuple[CurveRow, ...]
    csv: str


@dataclass(frozen=True)
class ShownFigure:
    """A figure of the page; `svg` is None where it could not be shown, and `missing` says why.

    Before it stands what the notebook says there, behind it its `curves` or other `behind` values, as far as there are any.
    """

    anchor: str
    title: str
    caption: str
    alt: str
    svg: Markup | None
    missing: str
    behind: Table | None = None
    curves: CurveTable | None = None
    before: Markup | None = None


@dataclass(frozen=True)
class ShownSearch:
    """All trials of one search; `href` leads to them on the page of searches."""

    anchor: str
    href: str
    label: str
    oracle: str
    best: str
    best_value: float | None
    table: Table


@dataclass(frozen=True)
class SearchDetail:
    """One search in full. `edges` says in words which best values lie on the boundary of their range."""

    search: ShownSearch
    ranges: Table
    edges: tuple[str, ...]
    figures: tuple[ShownFigure, ...]


@dataclass(frozen=True)
class Command:
    """A command line and what it is for."""

    purpose: str
    line: str


@dataclass(frozen=True)
class Question:
    """A question to the reader, and the command line that answers it if there is one.

    `is_elsewhere`: the command names its own data, whose report takes the place of the one it is asked in.
    """

    text: Markup
    command: str | None = None
    is_elsewhere: bool = False


@dataclass(frozen=True)
class Measure:
    """The heading of a column of numbers and how they are printed."""

    label: str
    unit: str


@dataclass(frozen=True)
class MeasureRow:
    """What is measured, and a value for each column."""

    head: str | int
    values: tuple[float | str | None, ...]


@dataclass(frozen=True)
class Measures:
    """A plain table of numbers: no sorting, no file beside it, a few kilobytes. `head` is over the rows' names."""

    caption: str
    head: str
    columns: tuple[Measure, ...]
    rows: tuple[MeasureRow, ...]
