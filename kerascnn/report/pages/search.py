"""The page of an experiment's searches: every trial, what each hyperparameter did, and where the ranges end."""

from __future__ import annotations

from collections.abc import Sequence

from kerascnn.records import PublishedSearch
from kerascnn.report.facts.results import Facts, parameter_text
from kerascnn.report.parts.elements import Cell, Link, Mark, SearchDetail, Shell, ShownSearch, Table
from kerascnn.report.parts.pages import SearchPage
from kerascnn.report.pictures.drawn import build_search_figures, build_spent_figure
from kerascnn.report.tables.columns import Reader, build_table
from kerascnn.report.tables.csv_files import TableFiles
from kerascnn.report.tables.published import build_search
from kerascnn.report.text.links import anchor_of
from kerascnn.report.text.words import lesson_number
from kerascnn.specs import Choice

AT_EDGE = Mark("on the boundary", "unknown")
INSIDE = Mark("inside its range", "done")


def build_search_page(facts: Facts, shell: Shell) -> tuple[SearchPage, dict[str, Table]]:
    """The page, and its tables by the CSV file they go into. The experiment must have published searches."""
    files = TableFiles(facts.entry.page_stem)
    published = facts.published.searches if facts.published else ()
    details = [
        _detail(facts, search, shown, files)
        for search, shown in zip(published, build_searches(facts, files), strict=True)
    ]
    page = SearchPage(
        shell=shell,
        number=lesson_number(facts.entry.experiment),
        title=facts.entry.title,
        experiment=Link("To the result of this experiment", facts.page),
        spent=build_spent_figure(published, files),
        details=tuple(details),
    )
    return page, files.tables


def build_searches(facts: Facts, files: TableFiles) -> tuple[ShownSearch, ...]:
    """Every search of the experiment with its trials and its place on the page of searches."""
    taken: set[str] = set()
    searches = []
    for search in facts.published.searches if facts.published else ():
        anchor = anchor_of("search", search.name, taken)
        searches.append(build_search(facts, search, anchor, files.path(anchor)))
    return tuple(searches)


def _detail(facts: Facts, search: PublishedSearch, shown: ShownSearch, files: TableFiles) -> SearchDetail:
    space = _space(facts, search.name)
    ranges = build_ranges(search, space, f"{shown.anchor}-ranges", files.path(f"{shown.anchor}-ranges"))
    files.keep(ranges)
    files.keep(shown.table)
    edges = tuple(edge_words(choice, value) for choice, value in edges_of(search, space))
    return SearchDetail(shown, ranges, edges, build_search_figures(search, space, files))


def _space(facts: Facts, name: str) -> tuple[Choice, ...]:
    searches = facts.published.study.searches if facts.published else ()
    return next((search.space for search in searches if search.name == name), ())


def edges_of(search: PublishedSearch, space: Sequence[Choice]) -> list[tuple[Choice, float]]:
    """The numeric hyperparameters whose best value is the smallest or the largest that could be chosen."""
    best = _best_arguments(search)
    found = [(choice, best[choice.name]) for choice in space if choice.name in best and is_numeric(choice)]
    return [(choice, float(value)) for choice, value in found if value in _ends(choice)]


def is_numeric(choice: Choice) -> bool:
    """Whether the values have an order, hence ends."""
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in choice.values)


def edge_words(choice: Choice, value: float) -> str:
    """What it means that the best value lies where the range ends."""
    low, _ = _ends(choice)
    which, direction = ("smallest", "below") if value == low else ("largest", "above")
    name = choice.name.replace("_", " ")
    return f"The best {name}, {value:g}, is the {which} that could be chosen: a better one may lie {direction}."


def build_ranges(search: PublishedSearch, space: Sequence[Choice], anchor: str, csv: str) -> Table:
    """A row for each hyperparameter: what could be chosen, what the best trial chose, and whether that is an end."""
    best = _best_arguments(search)
    edges = {choice.name for choice, _ in edges_of(search, space)}
    columns = (
        Reader[Choice]("hyperparameter", "Hyperparameter", lambda choice: choice.name.replace("_", " ")),
        Reader[Choice]("values", "Allowed values", lambda choice: ", ".join(map(parameter_text, choice.values))),
        Reader[Choice](
            "best", "Best trial", lambda choice: parameter_text(best[choice.name]) if choice.name in best else None
        ),
        Reader[Choice](
            "boundary", "Best value", lambda choice: _boundary(choice, choice.name in best, choice.name in edges)
        ),
    )
    return build_table(anchor, f"Ranges of {search.label}", columns, space, csv)


def _boundary(choice: Choice, is_known: bool, at_edge: bool) -> Cell:
    if not is_known or not is_numeric(choice):
        return Cell(None)
    return Cell(None, mark=AT_EDGE if at_edge else INSIDE)


def _best_arguments(search: PublishedSearch) -> dict[str, int | float | str]:
    return next((dict(trial.arguments) for trial in search.trials if trial.number == search.best), {})


def _ends(choice: Choice) -> tuple[float, float]:
    numbers = [float(value) for value in choice.values]
    return min(numbers), max(numbers)
