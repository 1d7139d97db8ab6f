"""SVG drawings from anywhere, made safe to stand in a page.

Bounded before it is a tree (`parsing`), rebuilt from what is on a list (`allowed`), weighed as a browser draws it
(`weight`). A drawing with an element that is not on the list is refused; an attribute or a value that is not on it is left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from xml.etree import ElementTree

from markupsafe import Markup

from kerascnn.report.pictures.drawings.allowed import DROPPED, ELEMENTS, TEXT_ONLY, clean_attributes
from kerascnn.report.pictures.drawings.parsing import MOST_BYTES, UnsafeDrawing, parse_drawing
from kerascnn.report.pictures.drawings.weight import check_weight
from kerascnn.report.text.clean import clean_text

__all__ = ["MOST_BYTES", "UnsafeDrawing", "markup_drawing"]


def markup_drawing(svg: str, anchor: str) -> Markup:
    """The drawing, ready to stand in a page: its ids begin with a short code of `anchor`, because pages refer to them thousands of times.

    Raises: UnsafeDrawing when it is not well-formed, too large, or holds an element that is not on the list.
    """
    root = parse_drawing(svg)
    if root.tag != "svg":
        raise UnsafeDrawing("it is not an SVG drawing")
    _clean(root, _rename(root, f"d{hashlib.sha256(anchor.encode()).hexdigest()[:6]}"))
    check_weight(root)
    root.tail = None
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _rename(root: ElementTree.Element, prefix: str) -> dict[str, str]:
    """The drawing's ids -> the page's. Of several elements with one id the first keeps it."""
    ids: dict[str, str] = {}
    for element in root.iter():
        name = element.get("id")
        if name in ids:
            del element.attrib["id"]
        elif name:
            ids[name] = f"{prefix}-{len(ids)}"
    return ids


def _clean(element: ElementTree.Element, ids: Mapping[str, str]) -> None:
    if element.tag not in ELEMENTS:
        raise UnsafeDrawing(f"it holds the element {clean_text(element.tag[:50])!r}")
    if element.tag in TEXT_ONLY and len(element):
        raise UnsafeDrawing(f"it holds an element inside of {element.tag!r}, where a page would take it for HTML")
    clean_attributes(element, ids)
    element.text, element.tail = clean_text(element.text or ""), clean_text(element.tail or "")
    for child in list(element):
        if child.tag in DROPPED:
            element.remove(child)
        else:
            _clean(child, ids)
