"""A notebook as a page of ours: prose, highlighted code, and only those outputs that cannot do harm."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from kerascnn.foreign.notebook_files import tags_of
from kerascnn.report.facts.cells import cells_of, failed_cell_number, list_of, markdown_text, text_of
from kerascnn.report.facts.results import Facts
from kerascnn.report.parts.elements import Link, Shell
from kerascnn.report.parts.pages import NotebookCell, NotebookPage, Output
from kerascnn.report.pictures.embedded import attachments_of, picture_address
from kerascnn.report.text.clean import strip_terminal_codes
from kerascnn.report.text.highlight import highlight_code
from kerascnn.report.text.prose import Prose


def build_notebook_page(facts: Facts, shell: Shell, pages: Mapping[str, str]) -> NotebookPage:
    """The executed notebook, else its source without outputs."""
    executed = facts.entry.executed_notebook
    failure = facts.entry.failure
    wanted = failed_cell_number(facts)
    notebook = executed or facts.entry.source_notebook
    titled = _titled_cell(notebook)
    prose = Prose(top=2, pages=pages, attachments=attachments_of(notebook))
    cells = tuple(
        _build_cell(cell, number, replace(prose, skip_title=number == titled), number == wanted)
        for number, cell in enumerate(cells_of(notebook), start=1)
    )
    failed = next((cell for cell in cells if cell.failed), None)
    return NotebookPage(
        shell=shell,
        title=facts.entry.title,
        was_executed=executed is not None,
        experiment=Link(facts.entry.title, facts.page),
        failed_cell=Link(f"cell {failed.number}", f"#{failed.anchor}") if failed else None,
        failure_reason=failure.reason if failure else "",
        cells=cells,
    )


def named_pages(facts: Facts, pages: Mapping[str, str]) -> dict[str, str]:
    """Those of `pages` (experiment -> page) that a text of the notebook may link to."""
    entry = facts.entry
    notebooks = [entry.source_notebook, *([entry.executed_notebook] if entry.executed_notebook else [])]
    texts = [text_of(cell.get("source")) for notebook in notebooks for cell in cells_of(notebook)]
    texts += [facts.published.introduction] if facts.published else []
    every = "\n".join(texts).replace("\\", "")  # Markdown may write `_` as `\_`
    return {stem: page for stem, page in pages.items() if stem in every}


def _build_cell(cell: Mapping[str, Any], number: int, prose: Prose, is_failed: bool) -> NotebookCell:
    source = text_of(cell.get("source"))
    is_code = cell.get("cell_type") == "code"
    outputs = tuple(_outputs(cell)) if is_code else ()
    is_prose = cell.get("cell_type") == "markdown"
    return NotebookCell(
        anchor=f"cell-{number}",
        number=number,
        is_code=not is_prose,
        tags=tuple(tags_of(cell)),
        body=prose.to_markup(markdown_text(cell))
        if is_prose
        else highlight_code(source, "python" if is_code else "text"),
        outputs=outputs,
        failed=is_failed,
    )


def _outputs(cell: Mapping[str, Any]) -> Iterator[Output]:
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else []:
        shown = _output(output) if isinstance(output, dict) else None
        if shown is not None and (shown.text or shown.image):
            yield shown


def _output(output: Mapping[str, Any]) -> Output | None:
    kind = output.get("output_type")
    if kind == "stream":
        return _text_output(text_of(output.get("text")))
    if kind == "error":
        return _text_output("\n".join(str(line) for line in list_of(output.get("traceback"))), is_error=True)
    data = output.get("data")
    if not isinstance(data, dict):
        return None
    words = text_of(data.get("text/plain"))
    address = picture_address(data)
    if address:
        return Output(text="", image=address, alt=words or "a picture without a description", is_error=False)
    return _text_output(words)


def _text_output(text: str, is_error: bool = False) -> Output:
    return Output(text=strip_terminal_codes(text).strip("\n"), image=None, alt="", is_error=is_error)


def _titled_cell(notebook: Mapping[str, Any]) -> int | None:
    """The number of the first Markdown cell with a heading."""
    for number, cell in enumerate(cells_of(notebook), start=1):
        if cell.get("cell_type") == "markdown" and re.search(r"^#+ ", text_of(cell.get("source")), re.MULTILINE):
            return number
    return None
