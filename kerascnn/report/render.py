"""From inputs to a folder of pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from kerascnn.report.facts.inputs import TEMPLATES, Digests, ReportInputs, digest_inputs, digest_of
from kerascnn.report.facts.results import Facts, gather_facts
from kerascnn.report.facts.uses import gather_uses
from kerascnn.report.folder.changes import build_changes, next_chapter
from kerascnn.report.folder.history import Chapter, History
from kerascnn.report.folder.pieces import Pieces
from kerascnn.report.folder.stylesheet import render_stylesheet
from kerascnn.report.folder.summaries import chapter_name, summarise
from kerascnn.report.folder.writer import Content, only_writer, render_template, write_report
from kerascnn.report.pages.comparison import build_comparison_page
from kerascnn.report.pages.experiment import Neighbours, build_experiment_page
from kerascnn.report.pages.index import build_index_page, build_variants, lesson_order
from kerascnn.report.pages.methods import build_methods_page
from kerascnn.report.pages.notebook import build_notebook_page, named_pages
from kerascnn.report.pages.run import build_run_page, title_of
from kerascnn.report.pages.search import build_search_page
from kerascnn.report.parts.elements import Link, Shell, Table
from kerascnn.report.parts.overview import Changes
from kerascnn.report.pictures.gallery import build_gallery
from kerascnn.report.tables.csv_files import csv_text
from kerascnn.report.text.links import SCRIPTS, STYLE, run_page
from kerascnn.report.text.neutral import neutral_here


def build_files(inputs: ReportInputs, chapter: Chapter | None = None) -> dict[str, Content]:
    """The whole report as file name -> content; the same inputs, compared with the same, give the same contents."""
    return _build_all(inputs, gather(inputs), chapter, digest_inputs(inputs), Pieces())


def gather(inputs: ReportInputs) -> list[Facts]:
    """What each result says, its runs loaded from the store."""
    return [gather_facts(inputs, entry) for entry in inputs.entries]


def _build_all(
    inputs: ReportInputs, facts: Sequence[Facts], chapter: Chapter | None, digests: Digests, pieces: Pieces
) -> dict[str, Content]:
    files: dict[str, Content] = {
        STYLE: render_stylesheet(),
        **{name: (TEMPLATES / name).read_text(encoding="utf-8") for name in SCRIPTS},
    }
    files |= build_index(inputs, facts, build_changes(chapter))
    files |= _build_comparison(inputs, facts)
    methods = build_methods_page(inputs, _shell(inputs, "How verdicts are made", "methods.html"))
    files["methods.html"] = render_template("methods.html.j2", page=methods)
    for fact, digest in zip(facts, digests.entries, strict=True):
        files |= _build_entry(inputs, facts, fact, digest, pieces)
    files |= _build_runs(inputs, facts)
    neutral = neutral_here(inputs.command)  # the last step: whatever a page is made of, and wherever that was made
    return {name: neutral(content) if isinstance(content, str) else content for name, content in files.items()}


def write_files(inputs: ReportInputs, output: Path, invocation: str = "") -> Path:
    """Write the report into the folder `output`; the path of its index. Raises: StoreError.

    Reports of one `invocation` are compared with the last one before it. Pages of results that are as they were
    then are taken over.
    """
    digests = digest_inputs(inputs)  # first: a run that is committed meanwhile must make the next look render again
    facts, name = gather(inputs), chapter_name(inputs)
    with only_writer(output):  # from the look at what the last report said until this one is there
        chapter = next_chapter(History.load(output), name, summarise(facts), invocation)
        pieces = Pieces(output)
        files = _build_all(inputs, facts, chapter, digests, pieces)
        write_report(files, digests.whole, output, (name, chapter), pieces.made)
    return output / "index.html"


def _shell(inputs: ReportInputs, title: str, here: str) -> Shell:
    data = inputs.dataset
    return Shell(title, data.title, inputs.profile, data.notice, here, inputs.command)


def build_index(inputs: ReportInputs, facts: Sequence[Facts], changes: Changes | None) -> dict[str, str]:
    """The first page and its CSV files; `changes` is None for a first report."""
    page, tables = build_index_page(inputs, facts, _shell(inputs, "Overview", "index.html"), changes)
    return {"index.html": render_template("index.html.j2", page=page), **_csv_files(tables)}


def _build_comparison(inputs: ReportInputs, facts: Sequence[Facts]) -> dict[str, str]:
    page, tables = build_comparison_page(facts, _shell(inputs, "All arms compared", "comparison.html"))
    return {"comparison.html": render_template("comparison.html.j2", page=page), **_csv_files(tables)}


def _build_entry(
    inputs: ReportInputs, facts: Sequence[Facts], fact: Facts, digest: str, pieces: Pieces
) -> dict[str, Content]:
    """The pages of one result. They may depend on nothing that is not in their digest."""
    neighbours = _neighbours(inputs, facts, fact)
    page = pieces.build(digest_of("page", digest, neighbours), lambda: _build_experiment(inputs, fact, neighbours))
    notebook = pieces.build(
        digest_of("notebook", digest, neighbours.pages), lambda: _build_notebook(inputs, fact, neighbours.pages)
    )
    return {**page, **notebook}


def _build_experiment(inputs: ReportInputs, fact: Facts, neighbours: Neighbours) -> dict[str, Content]:
    errors, pictures = build_gallery(inputs, fact)
    page, tables = build_experiment_page(fact, _shell(inputs, fact.entry.title, fact.page), neighbours, errors)
    return {
        fact.page: render_template("experiment.html.j2", page=page),
        **pictures,
        **_csv_files(tables),
        **_build_searches(inputs, fact),
    }


def _build_notebook(inputs: ReportInputs, fact: Facts, pages: Mapping[str, str]) -> dict[str, Content]:
    shell = _shell(inputs, f"Notebook: {fact.entry.title}", fact.notebook_page)
    page = build_notebook_page(fact, shell, pages)
    return {fact.notebook_page: render_template("notebook.html.j2", page=page)}


def _build_runs(inputs: ReportInputs, facts: Sequence[Facts]) -> dict[str, str]:
    """A page for every run that one of the results names."""
    files = {}
    for key, uses in sorted(gather_uses(facts).items()):
        shell = replace(_shell(inputs, f"Run: {title_of(uses)}", run_page(key)), root="../")
        page = build_run_page(uses[0].facts.stored[key], uses, shell, inputs.command)
        files[run_page(key)] = render_template("run.html.j2", page=page)
    return files


def _build_searches(inputs: ReportInputs, fact: Facts) -> dict[str, str]:
    if fact.published is None or not fact.published.searches:
        return {}
    page, tables = build_search_page(fact, _shell(inputs, f"Searches: {fact.entry.title}", fact.search_page))
    return {fact.search_page: render_template("search.html.j2", page=page), **_csv_files(tables)}


def _neighbours(inputs: ReportInputs, facts: Sequence[Facts], fact: Facts) -> Neighbours:
    pages = {other.entry.experiment: other.page for other in facts if other.entry.is_default}
    links = {stem: Link(title, pages[stem]) for stem, title in lesson_order(inputs) if stem in pages}
    order = [stem for stem, _ in lesson_order(inputs)]
    place = order.index(fact.entry.experiment)
    return Neighbours(
        pages=named_pages(fact, pages),
        variants=build_variants(facts, fact.entry.experiment, fact.page),
        previous=next((links[stem] for stem in reversed(order[:place]) if stem in links), None),
        following=next((links[stem] for stem in order[place + 1 :] if stem in links), None),
    )


def _csv_files(tables: dict[str, Table]) -> dict[str, str]:
    return {path: csv_text(table) for path, table in tables.items()}
