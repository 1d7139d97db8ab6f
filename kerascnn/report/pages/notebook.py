"""A notebook as a page of ours: prose, highlighted code, and only those outputs that cannot do harm."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import takewhile
from typing import Any
from urllib.parse import quote

from kerascnn.records import Figure
from kerascnn.report.facts.results import Facts
from kerascnn.report.parts.elements import Link, Shell
from kerascnn.report.parts.pages import NotebookCell, NotebookPage, Output
from kerascnn.report.pictures.shrinking import shrink_png
from kerascnn.report.text.clean import strip_terminal_codes
from kerascnn.report.text.highlight import highlight_code
from kerascnn.report.text.prose import Prose

_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\Z")
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")


def markdown_of(notebook: Mapping[str, Any]) -> list[str]:
    """The texts of the Markdown cells."""
    return [_markdown(cell) for cell in _cells(notebook) if cell.get("cell_type") == "markdown"]


def section_of(notebook: Mapping[str, Any], heading: str) -> str:
    """The text of the Markdown cell that begins with this heading, without it; empty where there is none."""
    for text in markdown_of(notebook):
        first, _, rest = text.partition("\n")
        if first.lstrip("#").strip() == heading and first.startswith("#"):
            return rest.strip()
    return ""


def texts_of_figures(notebook: Mapping[str, Any], figures: Iterable[Figure]) -> dict[str, str]:
    """Figure -> the Markdown cell that stands before the cell showing it, for the first figure after each."""
    names = {f"{figure.title}. {figure.alt}": figure.name for figure in figures}
    found, text = {}, ""
    for cell in _cells(notebook):
        if cell.get("cell_type") == "markdown":
            text = _markdown(cell)
        shown = [name for words in _words_of_pictures(cell) if (name := names.get(words))]
        if shown and text:
            found[shown[0]], text = text, ""
    return found


def _words_of_pictures(cell: Mapping[str, Any]) -> Iterator[str]:
    """What stands for each picture that the cell shows (`plots.Picture` in a notebook)."""
    for output in _list(cell.get("outputs")):
        data = output.get("data") if isinstance(output, dict) else None
        if isinstance(data, dict) and any(kind in data for kind in _PICTURES):
            yield text_of(data.get("text/plain"))


def introduction_of(notebook: Mapping[str, Any]) -> str:
    """The Markdown before the parameters, or before the first code cell where no cell is tagged so."""
    cells = list(_cells(notebook))
    code = [cell for cell in cells if cell.get("cell_type") == "code"]
    end = next((cell for cell in code if "parameters" in _tags(cell)), code[0] if code else None)
    before = takewhile(lambda cell: cell is not end, cells)
    return "\n\n".join(_markdown(cell) for cell in before if cell.get("cell_type") == "markdown")


def question_of(notebook: Mapping[str, Any]) -> str:
    """The first sentence of the introduction that is a question, without its marks."""
    for paragraph in re.split(r"\n\s*\n", introduction_of(notebook)):
        if paragraph.startswith("#"):
            continue
        for sentence in re.split(r"(?<=[.?!])\s+", " ".join(paragraph.split())):
            if sentence.endswith("?"):
                return re.sub(r"[*_`]+", "", sentence)
    return ""


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
        for number, cell in enumerate(_cells(notebook), start=1)
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
    texts = [text_of(cell.get("source")) for notebook in notebooks for cell in _cells(notebook)]
    texts += [facts.published.introduction] if facts.published else []
    every = "\n".join(texts).replace("\\", "")  # Markdown may write `_` as `\_`
    return {stem: page for stem, page in pages.items() if stem in every}


def failed_cell_number(facts: Facts) -> int | None:
    """Which cell of the notebook's page failed, counted from 1.

    The first with an error among its outputs; without one, what the failure says, unless the page shows
    the executed notebook of an older result.
    """
    executed, failure = facts.entry.executed_notebook, facts.entry.failure
    cells = list(_cells(executed or facts.entry.source_notebook))
    for number, cell in enumerate(cells, start=1):
        if any(
            isinstance(output, dict) and output.get("output_type") == "error" for output in _list(cell.get("outputs"))
        ):
            return number
    is_older = executed is not None and facts.published is not None
    if failure is None or failure.cell is None or is_older:
        return None
    return failure.cell + 1 if 0 <= failure.cell < len(cells) else None


def text_of(source: Any) -> str:
    """A notebook's multi-line text: one string, or a list of lines."""
    if isinstance(source, list):
        return "".join(str(part) for part in source)
    return source if isinstance(source, str) else ""


def _cells(notebook: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    cells = notebook.get("cells")
    return (cell for cell in (cells if isinstance(cells, list) else []) if isinstance(cell, dict))


def _build_cell(cell: Mapping[str, Any], number: int, prose: Prose, is_failed: bool) -> NotebookCell:
    source = text_of(cell.get("source"))
    is_code = cell.get("cell_type") == "code"
    outputs = tuple(_outputs(cell)) if is_code else ()
    is_prose = cell.get("cell_type") == "markdown"
    return NotebookCell(
        anchor=f"cell-{number}",
        number=number,
        is_code=not is_prose,
        tags=_tags(cell),
        body=prose.render(_markdown(cell)) if is_prose else highlight_code(source, "python" if is_code else "text"),
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
        return _text_output("\n".join(str(line) for line in _list(output.get("traceback"))), is_error=True)
    data = output.get("data")
    if not isinstance(data, dict):
        return None
    words = text_of(data.get("text/plain"))
    address = _picture_address(data)
    if address:
        return Output(text="", image=address, alt=words or "a picture without a description", is_error=False)
    return _text_output(words)


def _text_output(text: str, is_error: bool = False) -> Output:
    return Output(text=strip_terminal_codes(text).strip("\n"), image=None, alt="", is_error=is_error)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _picture_address(data: Mapping[str, Any]) -> str | None:
    for kind in _PICTURES:
        content = "".join(text_of(data.get(kind)).split())
        if content and _BASE64.match(content):
            return shrink_png(content) if kind == "image/png" else f"data:{kind};base64,{content}"
    return None


def attachments_of(notebook: Mapping[str, Any]) -> dict[str, str]:
    """The pictures pasted into Markdown cells: name, as the texts of this module have it, -> data address."""
    found = {}
    for cell in _cells(notebook):
        for name, data in _pasted(cell).items():
            address = _picture_address(data)
            if address:
                found[_picture_name(name, data)] = address
    return found


def _markdown(cell: Mapping[str, Any]) -> str:
    """The text of a Markdown cell. Its pictures have names that are the notebook's, not the cell's, and without spaces."""
    text = text_of(cell.get("source"))
    pasted = _pasted(cell)
    for name in sorted(pasted, key=len, reverse=True):
        for written in {name, quote(name), quote(name, safe="/()"), name.replace(" ", "%20")}:
            text = text.replace(f"attachment:{written}", f"attachment:{_picture_name(name, pasted[name])}")
    return text


def _pasted(cell: Mapping[str, Any]) -> dict[str, Any]:
    attachments = cell.get("attachments")
    found = attachments.items() if isinstance(attachments, dict) else ()
    return {str(name): data for name, data in found if name and isinstance(data, dict)}


def _picture_name(name: str, data: Mapping[str, Any]) -> str:
    text = json.dumps([name, [text_of(data.get(kind)) for kind in _PICTURES]])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _titled_cell(notebook: Mapping[str, Any]) -> int | None:
    """The number of the first Markdown cell with a heading."""
    for number, cell in enumerate(_cells(notebook), start=1):
        if cell.get("cell_type") == "markdown" and re.search(r"^#+ ", text_of(cell.get("source")), re.MULTILINE):
            return number
    return None


def _tags(cell: Mapping[str, Any]) -> tuple[str, ...]:
    metadata = cell.get("metadata")
    tags = metadata.get("tags", []) if isinstance(metadata, dict) else []
    return tuple(str(tag) for tag in tags) if isinstance(tags, list) else ()
