"""The page of one experiment, filled from its facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from markupsafe import Markup

from kerascnn.errors import UsageError
from kerascnn.records import Published
from kerascnn.report.facts.cells import introduction_of, question_of, section_of
from kerascnn.report.facts.results import Facts
from kerascnn.report.facts.status import status_of
from kerascnn.report.pages.questions import build_questions
from kerascnn.report.pages.search import build_searches
from kerascnn.report.pages.sources import build_sources, texts_of
from kerascnn.report.parts.elements import Command, Link, Property, Question, Shell, Table
from kerascnn.report.parts.errors import ErrorGallery
from kerascnn.report.parts.overview import Variant
from kerascnn.report.parts.pages import ExperimentPage
from kerascnn.report.pictures.claims import build_cards, effect_axes
from kerascnn.report.pictures.embedded import attachments_of
from kerascnn.report.pictures.figures import build_figures, build_other_tables
from kerascnn.report.tables import arms as arm_tables
from kerascnn.report.tables import published as other_tables
from kerascnn.report.tables.csv_files import TableFiles
from kerascnn.report.tables.diagnoses import build_diagnoses
from kerascnn.report.tables.differences import build_common, build_differences
from kerascnn.report.tables.failures import build_failed_runs, build_notebook_failure
from kerascnn.report.text.prose import Prose
from kerascnn.report.text.words import lesson_number
from kerascnn.stats import fill

FOUND = "What was found"
"""The heading of the notebook's section about how to read what came out."""


@dataclass(frozen=True)
class Neighbours:
    """Where the reader can go on from an experiment's page; `next_question` is what the following page asks."""

    pages: dict[str, str]
    variants: tuple[Variant, ...]
    previous: Link | None
    following: Link | None
    next_question: str = ""


def build_experiment_page(
    facts: Facts, shell: Shell, neighbours: Neighbours, errors: ErrorGallery | None
) -> tuple[ExperimentPage, dict[str, Table]]:
    """The page, and its tables by the CSV file they go into."""
    entry, published = facts.entry, facts.published
    files = TableFiles(entry.page_stem)
    keep = files.keep
    pasted = attachments_of(entry.source_notebook) | attachments_of(entry.executed_notebook or {})
    prose = Prose(top=3, pages=neighbours.pages, attachments=pasted)
    page = ExperimentPage(
        shell=shell,
        number=lesson_number(entry.experiment),
        title=entry.title,
        question=asked_by(facts),
        idea=_idea(facts, replace(prose, skip_title=True)),
        status=status_of(facts),
        notes=_notes(facts),
        properties=_properties(facts),
        failure=build_notebook_failure(facts),
        cards=build_cards(facts, effect_axes([facts])),
        has_result=published is not None,
        has_arms=bool(facts.arms),
        differences=_differences(facts, files),
        common=build_common(published, [runs.arm for runs in facts.shown_arms]) if published else (),
        figures=build_figures(facts, files, prose),
        finals=keep(arm_tables.build_finals(facts, files.path("finals"))),
        diagnoses=keep(build_diagnoses(facts, files.path("diagnoses"))),
        errors=errors,
        costs=keep(arm_tables.build_costs(facts, files.path("cost"))),
        tables=build_other_tables(facts, files),
        takeaways=_takeaways(facts),
        found=_found(facts, prose),
        questions=_questions(facts, shell.command, prose),
        searches=build_searches(facts, files),
        failed_runs=build_failed_runs(facts, files),
        parameters=keep(other_tables.build_parameters(published, files.path("parameters"))) if published else None,
        sources=(),
        commands=_commands(facts),
        files=(),
        notebook=Link("The notebook with its outputs", facts.notebook_page),
        variants=neighbours.variants,
        previous=neighbours.previous,
        following=neighbours.following,
        next_question=neighbours.next_question,
    )
    keep(arm_tables.build_runs(facts, files.path("runs")))
    return _with_files(_with_sources(page), files), files.tables


def asked_by(facts: Facts) -> str:
    """The question of an experiment, whether it has a result or not."""
    return facts.published.study.question if facts.published else question_of(facts.entry.source_notebook)


def _with_sources(page: ExperimentPage) -> ExperimentPage:
    return replace(page, sources=build_sources(*texts_of(page)))


def _with_files(page: ExperimentPage, files: TableFiles) -> ExperimentPage:
    return replace(page, files=files.links())


def _idea(facts: Facts, prose: Prose) -> Markup:
    text = introduction_of(facts.entry.source_notebook)
    if not text and facts.published:
        text = facts.published.introduction
    return prose.to_markup(text)


def _found(facts: Facts, prose: Prose) -> Markup | None:
    text = section_of(facts.entry.source_notebook, FOUND) if facts.published else ""
    return prose.to_markup(text) if text else None


def _notes(facts: Facts) -> tuple[str, ...]:
    notes = []
    if facts.entry.by_hand:
        notes.append("Published by hand from a notebook. The pipeline did not check that this result is up to date.")
    if not facts.entry.is_default:
        notes.append(
            "This result uses other parameters than the defaults. The result with the defaults has its own page."
        )
    if facts.published is not None:
        notes += data_notes(facts.published)
    if facts.missing_keys:
        count = len(facts.missing_keys)
        notes.append(f"The store no longer has {count} of the runs of this result. Here they count as not run.")
    return tuple(notes)


def data_notes(published: Published) -> Iterator[str]:
    """Which arms answer about pixels, which saw other images than the page is about, and which lack theirs."""
    data = published.dataset
    masks = ", ".join(arm.label for arm in published.study.profile_arms() if arm.task == "segmentation")
    if masks:
        yield f"Accuracy is the share of right pixels, not of right images, for: {masks}."
    for name in published.study.companions:
        arms = ", ".join(arm.label for arm in published.study.profile_arms() if arm.dataset == name)
        found = data.companions.get(name)
        if arms and found and found.content != data.content:
            yield f"On {found.title}, not {data.title}: {arms}."
        elif arms and not found:
            yield f"Left out: {arms}. {data.missing.get(name, f'The data set {name!r} was not available.')}"


def _properties(facts: Facts) -> tuple[Property, ...]:
    group = [facts]
    known = (
        Property("Result from", (facts.latest,) if facts.latest else (), "date"),
        Property("Runs", _run_words(facts)),
        Property("Machine class", other_tables.platforms(group)),
        Property("Precision", other_tables.precisions(group) if facts.arms else ()),
    )
    return tuple(one for one in known if one.values)


def _run_words(facts: Facts) -> tuple[str, ...]:
    if facts.published and not facts.arms:
        return ("none: nothing is trained here",)
    finished, failed = len(facts.records), len(facts.failed_runs)
    return (f"{finished} finished, {failed} failed",) if finished or failed else ()


def _differences(facts: Facts, files: TableFiles) -> Table | None:
    if facts.published is None:
        return None
    arms = [runs.arm for runs in facts.shown_arms]
    return files.keep(build_differences(facts.published, arms, facts.tones, files.path("differences")))


def _takeaways(facts: Facts) -> tuple[str, ...]:
    if facts.published is None:
        return ()
    return tuple(_takeaway(facts, sentence, facts.published) for sentence in facts.published.takeaways)


def _takeaway(facts: Facts, sentence: str, published: Published) -> str:
    try:
        return fill(sentence, facts.arms, facts.judgements, published.numbers)
    except UsageError as err:
        return f"This sentence could not be filled in. {err}"


def _questions(facts: Facts, command: str, prose: Prose) -> tuple[Question, ...]:
    if not facts.entry.is_default or facts.published is None:
        return ()
    return build_questions(facts.entry.source_notebook, command, prose)


def _commands(facts: Facts) -> tuple[Command, ...]:
    return (Command("Make this result again (stored runs are not trained again)", facts.command),)
