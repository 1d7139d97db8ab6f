"""The overview: what the report is about, what failed, and the lesson claim by claim."""

from __future__ import annotations

from collections.abc import Sequence

from kerascnn.report.facts.cells import question_of
from kerascnn.report.facts.report_inputs import ReportInputs, file_stem
from kerascnn.report.facts.results import Facts, changed_parameters_text, full_title, run_command
from kerascnn.report.facts.status import NOT_STARTED, status_of
from kerascnn.report.pages.headline import build_headline
from kerascnn.report.parts.elements import Link, Mark, Problem, Property, Shell, Table
from kerascnn.report.parts.overview import Changes, ClaimCard, ContentsLine, Variant
from kerascnn.report.parts.pages import IndexPage, Lesson
from kerascnn.report.pictures.claims import build_cards, build_claims_table, effect_axes, tally_verdicts
from kerascnn.report.tables import published as other_tables
from kerascnn.report.tables.failures import build_notebook_failure, problem_runs
from kerascnn.report.text.words import lesson_number

CLAIMS_CSV = "data/claims.csv"
CONTENTS_FROM = 8
"""With so many experiments the lesson no longer fits on a screen or two, and gets a table of contents."""


def build_index_page(
    inputs: ReportInputs, all_facts: Sequence[Facts], shell: Shell, changes: Changes | None
) -> tuple[IndexPage, dict[str, Table]]:
    """The page, and its tables by the CSV file they go into."""
    defaults = {facts.entry.experiment: facts for facts in all_facts if facts.entry.is_default}
    axes = effect_axes(defaults.values())
    cards = {name: build_cards(facts, axes) for name, facts in defaults.items()}
    order = lesson_order(inputs)
    lessons = tuple(_lesson(inputs, stem, title, all_facts, cards.get(stem, ())) for stem, title in order)
    all_cards = [(lesson.title, card) for lesson in lessons for card in lesson.cards]
    table = build_claims_table(all_cards, CLAIMS_CSV)
    page = IndexPage(
        shell=shell,
        tallies=tally_verdicts([card for _, card in all_cards]),
        claims=len(all_cards),
        experiments_done=sum(1 for facts in defaults.values() if facts.published),
        experiments_known=len(order),
        headline=build_headline(inputs, all_facts),
        properties=_properties(inputs, all_facts),
        changes=changes,
        problems=tuple(problem for facts in all_facts for problem in build_problems(facts)),
        lessons=lessons,
        contents=tuple(_contents_line(lesson) for lesson in lessons) if len(lessons) >= CONTENTS_FROM else (),
        claims_csv=CLAIMS_CSV if table else None,
    )
    return page, {CLAIMS_CSV: table} if table else {}


def lesson_order(inputs: ReportInputs) -> tuple[tuple[str, str], ...]:
    """(stem, title) of every experiment; results whose notebook is gone come last."""
    known = dict(inputs.experiments)
    gone = {entry.experiment: entry.title for entry in inputs.entries if entry.experiment not in known}
    return (*inputs.experiments, *sorted(gone.items()))


def build_variants(all_facts: Sequence[Facts], experiment: str, besides: str) -> tuple[Variant, ...]:
    """The results of `experiment` whose page is not `besides`."""
    others = [facts for facts in all_facts if facts.entry.experiment == experiment and facts.page != besides]
    return tuple(_variant(facts) for facts in others)


def build_problems(facts: Facts) -> tuple[Problem, ...]:
    """Everything of one result that failed, in one line each."""
    title, page = full_title(facts), facts.page
    problems = []
    failure = build_notebook_failure(facts)
    if failure is not None:
        problems.append(
            Problem(f"{title}: {failure.what.lower()}", failure.reason, Link("traceback", f"{page}#failure"))
        )
    for what, reason, anchor in problem_runs(facts):
        problems.append(Problem(f"{title}: {what}", reason, Link("traceback", f"{page}#{anchor}")))
    return tuple(problems)


def _lesson(
    inputs: ReportInputs, stem: str, title: str, all_facts: Sequence[Facts], cards: tuple[ClaimCard, ...]
) -> Lesson:
    own = next((facts for facts in all_facts if facts.entry.experiment == stem and facts.entry.is_default), None)
    return Lesson(
        anchor=f"lesson-{file_stem(stem)}",
        number=lesson_number(stem),
        title=title,
        question=_question(own),
        status=status_of(own) if own else NOT_STARTED,
        link=Link(title, own.page) if own else None,
        cards=cards,
        variants=build_variants(all_facts, stem, own.page if own else ""),
        problems=build_problems(own) if own else (),
        command=own.command if own else run_command(inputs.command, stem),
    )


def _contents_line(lesson: Lesson) -> ContentsLine:
    verdicts = tuple(Mark(card.verdict, card.state) for card in lesson.cards)
    marks = verdicts or (lesson.status,)
    if verdicts and lesson.status.state == "failed":
        marks = (lesson.status, *verdicts)
    return ContentsLine(Link(lesson.title, f"#{lesson.anchor}"), lesson.number, marks)


def _question(facts: Facts | None) -> str:
    if facts is None:
        return ""
    return facts.published.study.question if facts.published else question_of(facts.entry.source_notebook)


def _variant(facts: Facts) -> Variant:
    parameters = changed_parameters_text(facts.entry)
    label = parameters or "the default parameters"
    return Variant(Link(label, facts.page), parameters, status_of(facts))


def _properties(inputs: ReportInputs, all_facts: Sequence[Facts]) -> tuple[Property, ...]:
    data = inputs.dataset
    height, width, channels = data.image_shape
    known = (
        Property("Images in the set", (f"{data.train_images:,} for training, {data.test_images:,} for testing",)),
        Property("Image size", (f"{height} × {width} pixels, {channels} channels",)),
        Property("Classes", (", ".join(data.class_names),)),
        Property("Source", (data.source,)),
        Property("Content (SHA-256)", (data.content,), "key"),
        Property("Libraries", other_tables.versions(all_facts)),
    )
    return tuple(one for one in known if one.values)
