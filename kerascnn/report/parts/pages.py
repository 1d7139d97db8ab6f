"""What each page shows, and nothing else: templates print these fields, filters round them."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from kerascnn.report.parts.elements import (
    Command,
    Failure,
    Link,
    Mark,
    Measures,
    Problem,
    Property,
    Question,
    SearchDetail,
    Shell,
    ShownFigure,
    ShownSearch,
    Source,
    Table,
)
from kerascnn.report.parts.errors import ErrorGallery
from kerascnn.report.parts.overview import Changes, ClaimCard, ContentsLine, Tally, Variant
from kerascnn.report.parts.run import Amount, Curve, RunUse, SpecField


@dataclass(frozen=True)
class Lesson:
    """One experiment in the order of the lesson; `link` is None until it has a result."""

    anchor: str
    number: str
    title: str
    question: str
    status: Mark
    link: Link | None
    cards: tuple[ClaimCard, ...]
    variants: tuple[Variant, ...]
    problems: tuple[Problem, ...]
    command: str


@dataclass(frozen=True)
class IndexPage:
    """The overview."""

    shell: Shell
    tallies: tuple[Tally, ...]
    claims: int
    experiments_done: int
    experiments_known: int
    headline: tuple[Property, ...]
    properties: tuple[Property, ...]
    changes: Changes | None
    problems: tuple[Problem, ...]
    lessons: tuple[Lesson, ...]
    contents: tuple[ContentsLine, ...]
    claims_csv: str | None


@dataclass(frozen=True)
class ExperimentPage:
    """One experiment's result. What has not been produced is empty and said to be missing."""

    shell: Shell
    number: str
    title: str
    question: str
    idea: Markup
    status: Mark
    notes: tuple[str, ...]
    properties: tuple[Property, ...]
    failure: Failure | None
    cards: tuple[ClaimCard, ...]
    has_result: bool
    has_arms: bool
    differences: Table | None
    common: tuple[Property, ...]
    figures: tuple[ShownFigure, ...]
    finals: Table | None
    diagnoses: Table | None
    errors: ErrorGallery | None
    costs: Table | None
    tables: tuple[Table, ...]
    takeaways: tuple[str, ...]
    found: Markup | None
    questions: tuple[Question, ...]
    searches: tuple[ShownSearch, ...]
    failed_runs: tuple[Failure, ...]
    parameters: Table | None
    sources: tuple[Source, ...]
    commands: tuple[Command, ...]
    files: tuple[Link, ...]
    notebook: Link
    variants: tuple[Variant, ...]
    previous: Link | None
    following: Link | None
    next_question: str


@dataclass(frozen=True)
class SearchPage:
    """The searches of one experiment, trial by trial."""

    shell: Shell
    number: str
    title: str
    experiment: Link
    spent: ShownFigure
    details: tuple[SearchDetail, ...]


@dataclass(frozen=True)
class ComparisonPage:
    """All arms of all experiments, side by side."""

    shell: Shell
    figure: ShownFigure | None
    table: Table | None
    settings: Table | None


@dataclass(frozen=True)
class Output:
    """What a cell printed: text (`is_error` marks a traceback) or a picture as a data address."""

    text: str
    image: str | None
    alt: str
    is_error: bool


@dataclass(frozen=True)
class NotebookCell:
    """One cell of a notebook; `body` is prose or highlighted code."""

    anchor: str
    number: int
    is_code: bool
    tags: tuple[str, ...]
    body: Markup
    outputs: tuple[Output, ...]
    failed: bool


@dataclass(frozen=True)
class NotebookPage:
    """A notebook, cell by cell. `failed_cell` leads to the cell that raised the error."""

    shell: Shell
    title: str
    was_executed: bool
    experiment: Link
    failed_cell: Link | None
    failure_reason: str
    cells: tuple[NotebookCell, ...]


@dataclass(frozen=True)
class MethodsPage:
    """How verdicts come about, in plain words."""

    shell: Shell
    chance: float
    classes: int
    metrics: tuple[Property, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class RunPage:
    """One run: what was asked for, how it went, how to ask again. A failed run has a `failure` and no scores."""

    shell: Shell
    title: str
    key: str
    status: Mark
    uses: tuple[RunUse, ...]
    remarks: tuple[str, ...]
    scores: Measures | None
    curves: tuple[Curve, ...]
    epochs: Measures | None
    layers: Measures | None
    amounts: tuple[Amount, ...]
    settings: tuple[SpecField, ...]
    environment: tuple[Property, ...]
    failure: Failure | None
    commands: tuple[Command, ...]
