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
class SeedEffect:
    """The effect that one seed shows."""

    seed: int
    effect: float


@dataclass(frozen=True)
class ClaimCard:
    """One claim with its verdict. Effects are positive where they go the lesson's way.

    `unit` is the effect's, `smallest_effect` decides how many decimals are shown of it.
    """

    anchor: str
    href: str
    says: str
    verdict: str
    state: str
    sentence: str
    kind: str
    contrast: str
    metric: str
    effect_text: str
    interval_text: str
    smallest_name: str
    smallest_text: str
    unit: str
    effect: float | None
    low: float | None
    high: float | None
    smallest_effect: float
    seeds: int
    effects: tuple[SeedEffect, ...]
    strip: Strip | None
    warnings: tuple[str, ...]
    details: tuple[Fact, ...]


@dataclass(frozen=True)
class Tally:
    """How many claims have one verdict, and where the share begins on a bar (percent)."""

    verdict: str
    state: str
    claims: int
    start: float
    width: float


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
class Fact:
    """A named property of the whole report or page."""

    name: str
    values: tuple[str, ...]
    unit: str = "text"


@dataclass(frozen=True)
class Variant:
    """A run of an experiment with parameters that are not the defaults."""

    link: Link
    parameters: str
    status: Mark


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
class Picture:
    """A figure of the page; `svg` is None where it could not be shown, and `missing` says why.

    Behind it stand its `curves` or other `behind` values, as far as there are any.
    """

    anchor: str
    title: str
    caption: str
    alt: str
    svg: Markup | None
    missing: str
    behind: Table | None = None
    curves: CurveTable | None = None


@dataclass(frozen=True)
class Search:
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

    search: Search
    ranges: Table
    edges: tuple[str, ...]
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Command:
    """A command line and what it is for."""

    purpose: str
    line: str


@dataclass(frozen=True)
class Amount:
    """A named number; `unit` says how it is printed."""

    name: str
    value: float | None
    unit: str


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
    """A small drawing of one quantity over the epochs. `guess` is the height of knowing nothing."""

    title: str
    unit: str
    epochs: int
    lines: tuple[CurveLine, ...]
    ticks: tuple[CurveTick, ...]
    guess: float | None


@dataclass(frozen=True)
class Setting:
    """A field of a run's spec; `is_default` where it was not set."""

    name: str
    value: str | float
    is_default: bool


@dataclass(frozen=True)
class RunUse:
    """Where a run counts: the experiment, and the place on its page."""

    experiment: str
    place: Link


@dataclass(frozen=True)
class Sheet:
    """The file that holds all small pictures of a page; sizes in pixels."""

    href: str
    width: int
    height: int


@dataclass(frozen=True)
class Tile:
    """One picture: its piece of the sheet, in pixels, and what it shows."""

    x: int
    y: int
    width: int
    height: int
    words: str


@dataclass(frozen=True)
class Confusion:
    """Images of class `truth` that were said to be `said`: their share of all answers about that class."""

    anchor: str
    truth: str
    said: str
    count: int
    share: float
    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class MatrixCell:
    """A share of the row's answers; `shade` is its look, `href` leads to the pictures."""

    share: float
    shade: str
    said: str
    href: str | None


@dataclass(frozen=True)
class MatrixRow:
    """What was said about the images of one class."""

    truth: str
    cells: tuple[MatrixCell, ...]


@dataclass(frozen=True)
class ArmErrors:
    """All wrong answers of one arm, its seeds added up. Without `rows` where there are too many classes for a table."""

    anchor: str
    label: str
    tone: str
    seeds: int
    answers: int
    wrong: float
    classes: tuple[str, ...]
    rows: tuple[MatrixRow, ...]
    confusions: tuple[Confusion, ...]


@dataclass(frozen=True)
class ErrorGallery:
    """Which classes the arms take for which. `missing` says what could not be shown and why."""

    sheet: Sheet | None
    arms: tuple[ArmErrors, ...]
    differences: tuple[Measures, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Turn:
    """A claim, or an experiment (`where` is empty), that stands otherwise than in the last report."""

    link: Link
    where: str
    before: Mark
    after: Mark


@dataclass(frozen=True)
class Move:
    """An effect that moved by more than the claim's smallest effect of interest."""

    link: Link
    where: str
    before: str
    after: str
    smallest_text: str


@dataclass(frozen=True)
class Changes:
    """What this report says otherwise than the last; `since` is when the youngest result of that one was made.

    `is_lost`: what the last one said could not be read. `is_same`: all that changed, if
    anything, is the number of runs.
    """

    since: str
    is_lost: bool
    is_same: bool
    verdicts: tuple[Turn, ...]
    states: tuple[Turn, ...]
    moved: tuple[Move, ...]
    new: tuple[Link, ...]
    gone: tuple[str, ...]
    runs_added: int
    runs_gone: int


@dataclass(frozen=True)
class ContentsLine:
    """One experiment in a table of contents, with a mark for each of its verdicts."""

    link: Link
    number: str
    marks: tuple[Mark, ...]
