"""The cells of a notebook: their text, their tags, and what is kept of them."""

from __future__ import annotations

import re
from typing import Any

from kerascnn.foreign.notebook_files import cell_source, tags_of

STUDY = "study"
_FENCED = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)


def cells_tagged(content: dict[str, Any], tag: str) -> list[str]:
    """The sources of the code cells with the tag."""
    return [cell_source(cell) for cell in code_tagged(content, tag)]


def code_tagged(content: dict[str, Any], tag: str) -> list[dict[str, Any]]:
    return [cell for cell in content["cells"] if cell["cell_type"] == "code" and tag in tags_of(cell)]


def heading_of(cell: dict[str, Any]) -> str:
    if cell["cell_type"] != "markdown":
        return ""
    text = _FENCED.sub("", cell_source(cell))
    found = (line.strip("# \t") for line in text.splitlines() if line.startswith("#"))
    return next(filter(None, found), "")


def is_text(cell: dict[str, Any]) -> bool:
    return _is_encodable(cell_source(cell), *tags_of(cell))


def _is_encodable(*texts: str) -> bool:
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        return False
    return True


def fresh(cell: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else {}
    return {"metadata": {}, "source": ""} | cell | made


def shown_of(cell: dict[str, Any]) -> dict[str, Any]:
    kept = {"cell_type": cell["cell_type"], "metadata": {"tags": tags_of(cell)}, "source": cell_source(cell)}
    pasted = cell.get("attachments")
    pictures = {
        name: {kind: text for kind, text in data.items() if isinstance(text, str)}
        for name, data in (pasted.items() if isinstance(pasted, dict) else ())
        if isinstance(data, dict) and _is_encodable(name, *data)
    }
    return kept | ({"attachments": pictures} if pictures else {})
