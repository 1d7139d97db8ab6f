"""From inputs to a folder of pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from kerascnn.report.facts.report_inputs import TEMPLATES, Digests, ReportInputs, digest_inputs, digest_of
from kerascnn.report.facts.results import Facts, gather_facts
from kerascnn.report.facts.uses import gather_uses
from kerascnn.report.folder.changes import build_changes, next_chapter
from kerascnn.report.folder.history import Chapter, History
from kerascnn.report.folder.pieces import Pieces
from kerascnn.report.folder.stylesheet import render_stylesheet
from kerascnn.report.folder.summaries import chapter_name, summarise
from kerascnn.report.folder.writer import Content, only_writer, render_template, write_report
from kerascnn.report.pages.comparison import build_comparison_page
from kerascnn.report.pages.experiment import Neighbours, asked_by, build_experiment_page
from kerascnn.report.pages.index import build_index_page, build_variants, lesson_order
from kerascnn.report.pages.methods import build_methods_page
from kerascnn.report.pages.notebook import build_notebook_page, named_pages
from kerascnn.report.pages.run import build_run_page, title_of
from kerascnn.report.pages.search import build_search_page
from kerascnn.report.parts.elements import Link, Shell, Table
from kerascnn.report.parts.overview import Changes
from kerascnn.report.pictures.gallery import build_gallery
from kerascnn.report.tables.csv_files import csv_text
from kerascnn.report.text.links import REPORT_PAGES, SCRIPTS, STYLE, run_page
from kerascnn.report.text.neutral import neutral_here


def build_files(inputs: ReportInputs, chapter: Chapter | None = None) -> dict[str, Content]:
    """The whole report as file name -> content; the same inputs, compared with the same, give the same contents."""
    return _build_all(inputs, gather_all_facts(inputs), chapter, digest_inputs(inputs), Pieces())


def gather_all_facts(inputs: ReportInputs) -> list[Facts]:
    """What each result says, its runs loaded from the store."""
    return [gather_facts(inputs, entry) for entry in inputs.entries]


def _build_all(
    inputs: ReportInputs, all_facts: Sequence[Facts], chapter: Chapter | None, digests: Digests, pieces: Pieces
) -> dict[str, Content]:
    files: dict[str, Content] = {
        STYLE: render_stylesheet(),
        **{name: (TEMPLATES / name).read_text(encoding="utf-8") for name in SCRIPTS},
    }
    files |= build_index(inputs, all_facts, build_changes(chapter))
    files |= _build_comparison(inputs, all_facts)
    files |= _report_page("methods", build_methods_page(inputs, _report_shell(inputs, "methods")))
    for facts, digest in zip(all_facts, digests.entries, strict=True):
        files |= _build_entry(inputs, all_facts, facts, digest, pieces)
    files |= _build_runs(inputs, all_facts)
    neutral = neutral_here(inputs.command)  # the last step: whatever a page is made of, and wherever that was made
    return {name: neutral(content) if isinstance(content, str) else content for name, content in files.items()}


def write_files(inputs: ReportInputs, output: Path, invocation: str = "") -> Path:
    """Write the report into the folder `output`; the path of its index. Raises: StoreError.

    Reports of one `invocation` are compared with the last one before it. Pages of results that are as they were
    then are taken over.
    """
    digests = digest_inputs(inputs)  # first: a run that is committed meanwhile must make the next look render again
    all_facts, name = gather_all_facts(inputs), chapter_name(inputs)
    with only_writer(output):  # from the look at what the last report said until this one is there
        chapter = next_chapter(History.load(output), name, summarise(all_facts), invocation)
        pieces = Pieces(output)
        files = _build_all(inputs, all_facts, chapter, digests, pieces)
        write_report(files, digests.whole, output, (name, chapter), pieces.made)
    return output / "index.html"


def _shell(inputs: ReportInputs, title: str, here: str) -> Shell:
    data = inputs.dataset
    return Shell(title, data.title, inputs.profile, data.notice, here, inputs.command)


def _report_shell(inputs: ReportInputs, stem: str) -> Shell:
    """The shell of a page of `REPORT_PAGES`."""
    return _shell(inputs, REPORT_PAGES[stem], f"{stem}.html")


def _report_page(stem: str, page: object) -> dict[str, str]:
    return {f"{stem}.html": render_template(f"{stem}.html.j2", page=page)}


def build_index(inputs: ReportInputs, all_facts: Sequence[Facts], changes: Changes | None) -> dict[str, str]:
    """The first page and its CSV files; `changes` is None for a first report."""
    page, tables = build_index_page(inputs, all_facts, _report_shell(inputs, "index"), changes)
    return {**_report_page("index", page), **_csv_files(tables)}


def _build_comparison(inputs: ReportInputs, all_facts: Sequence[Facts]) -> dict[str, str]:
    page, tables = build_comparison_page(all_facts, _report_shell(inputs, "comparison"))
    return {**_report_page("comparison", page), **_csv_files(tables)}


def _build_entry(
    inputs: ReportInputs, all_facts: Sequence[Facts], facts: Facts, digest: str, pieces: Pieces
) -> dict[str, Content]:
    """The pages of one result. They may depend on nothing that is not in their digest."""
    neighbours = _neighbours(inputs, all_facts, facts)
    page = pieces.build(digest_of("page", digest, neighbours), lambda: _build_experiment(inputs, facts, neighbours))
    notebook = pieces.build(
        digest_of("notebook", digest, neighbours.pages), lambda: _build_notebook(inputs, facts, neighbours.pages)
    )
    return {**page, **notebook}


def _build_experiment(inputs: ReportInputs, facts: Facts, neighbours: Neighbours) -> dict[str, Content]:
    errors, pictures = build_gallery(inputs, facts)
    page, tables = build_experiment_page(facts, _shell(inputs, facts.entry.title, facts.page), neighbours, errors)
    return {
        facts.page: render_template("experiment.html.j2", page=page),
        **pictures,
        **_csv_files(tables),
        **_build_searches(inputs, facts),
    }


def _build_notebook(inputs: ReportInputs, facts: Facts, pages: Mapping[str, str]) -> dict[str, Content]:
    shell = _shell(inputs, f"Notebook: {facts.entry.title}", facts.notebook_page)
    page = build_notebook_page(facts, shell, pages)
    return {facts.notebook_page: render_template("notebook.html.j2", page=page)}


def _build_runs(inputs: ReportInputs, all_facts: Sequence[Facts]) -> dict[str, str]:
    """A page for every run that one of the results names."""
    files = {}
    for key, uses in sorted(gather_uses(all_facts).items()):
        shell = replace(_shell(inputs, f"Run: {title_of(uses)}", run_page(key)), root="../")
        page = build_run_page(uses[0].facts.stored[key], uses, shell, inputs.command)
        files[run_page(key)] = render_template("run.html.j2", page=page)
    return files


def _build_searches(inputs: ReportInputs, facts: Facts) -> dict[str, str]:
    if facts.published is None or not facts.published.searches:
        return {}
    page, tables = build_search_page(facts, _shell(inputs, f"Searches: {facts.entry.title}", facts.search_page))
    return {facts.search_page: render_template("search.html.j2", page=page), **_csv_files(tables)}


def _neighbours(inputs: ReportInputs, all_facts: Sequence[Facts], facts: Facts) -> Neighbours:
    defaults = {other.entry.experiment: other for other in all_facts if other.entry.is_default}
    pages = {name: other.page for name, other in defaults.items()}
    links = {stem: Link(title, pages[stem]) for stem, title in lesson_order(inputs) if stem in pages}
    order = [stem for stem, _ in lesson_order(inputs)]
    place = order.index(facts.entry.experiment)
    following = next((stem for stem in order[place + 1 :] if stem in links), None)
    return Neighbours(
        pages=named_pages(facts, pages),
        variants=build_variants(all_facts, facts.entry.experiment, facts.page),
        previous=next((links[stem] for stem in reversed(order[:place]) if stem in links), None),
        following=links.get(following) if following else None,
        next_question=asked_by(defaults[following]) if following else "",
    )


def _csv_files(tables: dict[str, Table]) -> dict[str, str]:
    return {path: csv_text(table) for path, table in tables.items()}
