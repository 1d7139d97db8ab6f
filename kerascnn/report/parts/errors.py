"""What the section "Where it goes wrong" is made of: confusion matrices and their pictures."""

from __future__ import annotations

from dataclasses import dataclass

from kerascnn.report.parts.elements import Measures


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
