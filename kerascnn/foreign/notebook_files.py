"""The one reader of notebooks: from the text of a file to cells whose text, tags and kind are what they must be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import takewhile
from typing import Any

PARAMETERS = "parameters"
"""The tag of the cell that Papermill gives values to."""


def parse_notebook(text: str | bytes) -> dict[str, Any]:
    """The notebook of format 4 that a file holds, as JSON. Its cells have a type, text and tags of the right kind.

    Raises: ValueError with a sentence that has the file's name as its missing subject, such as "cannot be read ...".
    """
    try:
        content = json.loads(text)
    except RecursionError as err:
        raise ValueError("is nested too deeply to be a notebook.") from err
    except ValueError as err:  # no UTF-8, no JSON, a number of thousands of digits
        raise ValueError(f"cannot be read as a notebook: {err}.") from err
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list) or not all(map(_is_cell, cells)):
        raise ValueError("is not a notebook of format 4: it has no list of cells, or an entry that is not a cell.")
    return content


def cell_source(cell: Mapping[str, Any]) -> str:
    """The text of a cell; notebooks store it as one string or as a list of lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def tags_of(cell: Mapping[str, Any]) -> list[str]:
    """The tags of a cell."""
    return list(cell.get("metadata", {}).get("tags", []))


def introduction_cells(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The Markdown cells before the one tagged `parameters`; before the first code cell where none is."""
    cells = content.get("cells", [])
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    end = next((cell for cell in code if PARAMETERS in tags_of(cell)), code[0] if code else None)
    before = takewhile(lambda cell: cell is not end, cells)
    return [cell for cell in before if cell["cell_type"] == "markdown"]


def _is_cell(cell: Any) -> bool:
    if not isinstance(cell, dict) or not isinstance(cell.get("metadata", {}), dict):
        return False
    source, tags = cell.get("source", ""), cell.get("metadata", {}).get("tags", [])
    lines = [source] if isinstance(source, str) else source
    texts = [lines, tags, [cell.get("cell_type")]]
    return all(isinstance(part, list) and all(isinstance(text, str) for text in part) for part in texts)
