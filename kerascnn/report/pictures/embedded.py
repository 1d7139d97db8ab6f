"""Pictures that a notebook itself holds, as addresses that stand in a page: pasted into texts, or printed by cells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kerascnn.report.facts.cells import PICTURES, cells_of, name_of_pasted, pasted_in, text_of
from kerascnn.report.pictures.shrinking import shrink_png

_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\Z")


def picture_address(data: Mapping[str, Any]) -> str | None:
    """The first picture in `data` that a page can show, as an address; charts made smaller. None where there is none."""
    for kind in PICTURES:
        content = "".join(text_of(data.get(kind)).split())
        if content and _BASE64.match(content):
            return shrink_png(content) if kind == "image/png" else f"data:{kind};base64,{content}"
    return None


def attachments_of(notebook: Mapping[str, Any]) -> dict[str, str]:
    """The pictures pasted into Markdown cells: name, as the texts of this module have it, -> data address."""
    found = {}
    for cell in cells_of(notebook):
        for name, data in pasted_in(cell).items():
            address = picture_address(data)
            if address:
                found[name_of_pasted(name, data)] = address
    return found
