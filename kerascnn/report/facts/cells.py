"""What the cells of a notebook hold: its texts, its question, which of its cells shows which figure, which failed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from kerascnn.foreign.notebook_files import introduction_cells
from kerascnn.records import SHOWN, Figure
from kerascnn.report.facts.before_kinds import names_by_words
from kerascnn.report.facts.results import Facts

PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
"""The kinds of pictures that a page shows."""


def text_of(source: Any) -> str:
    """A notebook's multi-line text: one string, or a list of lines."""
    if isinstance(source, list):
        return "".join(str(part) for part in source)
    return source if isinstance(source, str) else ""


def cells_of(notebook: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The cells; none where the notebook has no list of them."""
    cells = notebook.get("cells")
    return (cell for cell in (cells if isinstance(cells, list) else []) if isinstance(cell, dict))


def markdown_of(notebook: Mapping[str, Any]) -> list[str]:
    """The texts of the Markdown cells."""
    return [markdown_text(cell) for cell in cells_of(notebook) if cell.get("cell_type") == "markdown"]


def section_of(notebook: Mapping[str, Any], heading: str) -> str:
    """The text of the Markdown cell that begins with this heading, without it; empty where there is none."""
    for text in markdown_of(notebook):
        first, _, rest = text.partition("\n")
        if first.lstrip("#").strip() == heading and first.startswith("#"):
            return rest.strip()
    return ""


def texts_of_figures(notebook: Mapping[str, Any], figures: Iterable[Figure]) -> dict[str, str]:
    """Figure -> the Markdown cell that stands before the cell showing it, for the first figure after each."""
    every = tuple(figures)
    names, words = {figure.name for figure in every}, names_by_words(every)
    found, text = {}, ""
    for cell in cells_of(notebook):
        if cell.get("cell_type") == "markdown":
            text = markdown_text(cell)
        shown = [name for output in _pictures(cell) if (name := _name_of(output, words)) in names]
        if shown and text:
            found[shown[0]], text = text, ""
    return found


def _pictures(cell: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The outputs of the cell that are pictures."""
    for output in list_of(cell.get("outputs")):
        data = output.get("data") if isinstance(output, dict) else None
        if isinstance(data, dict) and any(kind in data for kind in PICTURES):
            yield output


def _name_of(output: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """The figure that an output says it shows, or that its `words` stand for; nothing where it is none."""
    metadata = output.get("metadata")
    said = metadata.get(SHOWN) if isinstance(metadata, dict) else None
    return said if isinstance(said, str) else words.get(text_of(output["data"].get("text/plain")), "")


def introduction_of(notebook: Mapping[str, Any]) -> str:
    """The Markdown before the parameters, or before the first code cell where no cell is tagged so."""
    return "\n\n".join(map(markdown_text, introduction_cells(notebook)))


def question_of(notebook: Mapping[str, Any]) -> str:
    """The first sentence of the introduction that is a question, without its marks."""
    for paragraph in re.split(r"\n\s*\n", introduction_of(notebook)):
        if paragraph.startswith("#"):
            continue
        for sentence in re.split(r"(?<=[.?!])\s+", " ".join(paragraph.split())):
            if sentence.endswith("?"):
                return re.sub(r"[*_`]+", "", sentence)
    return ""


def failed_cell_number(facts: Facts) -> int | None:
    """Which cell of the notebook's page failed, counted from 1.

    The first with an error among its outputs; without one, what the failure says, unless the page shows
    the executed notebook of an older result.
    """
    executed, failure = facts.entry.executed_notebook, facts.entry.failure
    cells = list(cells_of(executed or facts.entry.source_notebook))
    for number, cell in enumerate(cells, start=1):
        if any(
            isinstance(output, dict) and output.get("output_type") == "error" for output in list_of(cell.get("outputs"))
        ):
            return number
    is_older = executed is not None and facts.published is not None
    if failure is None or failure.cell is None or is_older:
        return None
    return failure.cell + 1 if 0 <= failure.cell < len(cells) else None


def markdown_text(cell: Mapping[str, Any]) -> str:
    """The text of a Markdown cell. Its pictures have names that are the notebook's, not the cell's, and without spaces."""
    text = text_of(cell.get("source"))
    pasted = pasted_in(cell)
    for name in sorted(pasted, key=len, reverse=True):
        for written in {name, quote(name), quote(name, safe="/()"), name.replace(" ", "%20")}:
            text = text.replace(f"attachment:{written}", f"attachment:{name_of_pasted(name, pasted[name])}")
    return text


def pasted_in(cell: Mapping[str, Any]) -> dict[str, Any]:
    """The pictures pasted into a Markdown cell, by the name that it has for them."""
    attachments = cell.get("attachments")
    found = attachments.items() if isinstance(attachments, dict) else ()
    return {str(name): data for name, data in found if name and isinstance(data, dict)}


def name_of_pasted(name: str, data: Mapping[str, Any]) -> str:
    """The name of a pasted picture in the notebook: the same picture has one name, whichever cell holds it."""
    text = json.dumps([name, [text_of(data.get(kind)) for kind in PICTURES]])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def list_of(value: Any) -> list[Any]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []
