"""SVG drawings checked element by element before they become part of a page."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from xml.etree import ElementTree

from markupsafe import Markup

from kerascnn.report.clean import clean_text

_ELEMENTS = frozenset(
    [
        "svg",
        "g",
        "path",
        "rect",
        "circle",
        "ellipse",
        "line",
        "polyline",
        "polygon",
        "text",
        "tspan",
        "title",
        "desc",
        "defs",
        "clipPath",
        "use",
        "marker",
        "linearGradient",
        "radialGradient",
        "stop",
        "pattern",
        "mask",
        "symbol",
        "image",
    ]
)
_DROPPED = frozenset(("style", "metadata"))
_PROPERTIES = frozenset(
    [
        "fill",
        "fill-opacity",
        "fill-rule",
        "stroke",
        "stroke-width",
        "stroke-opacity",
        "stroke-dasharray",
        "stroke-dashoffset",
        "stroke-linecap",
        "stroke-linejoin",
        "stroke-miterlimit",
        "opacity",
        "font-size",
        "font-family",
        "font-weight",
        "font-style",
        "text-anchor",
        "dominant-baseline",
        "clip-path",
        "clip-rule",
        "mask",
        "marker-start",
        "marker-mid",
        "marker-end",
        "stop-color",
        "stop-opacity",
        "visibility",
        "display",
        "image-rendering",
    ]
)
_ATTRIBUTES = _PROPERTIES | frozenset(
    [
        "id",
        "class",
        "role",
        "aria-labelledby",
        "aria-label",
        "aria-hidden",
        "viewBox",
        "preserveAspectRatio",
        "width",
        "height",
        "x",
        "y",
        "x1",
        "x2",
        "y1",
        "y2",
        "cx",
        "cy",
        "r",
        "rx",
        "ry",
        "dx",
        "dy",
        "d",
        "points",
        "transform",
        "offset",
        "gradientUnits",
        "gradientTransform",
        "patternUnits",
        "patternTransform",
        "clipPathUnits",
        "maskUnits",
        "markerWidth",
        "markerHeight",
        "markerUnits",
        "refX",
        "refY",
        "orient",
        "version",
        "rotate",
        "textLength",
        "lengthAdjust",
        "href",
    ]
)
_BLACK, _WHITE = ("#000000", "#000", "black"), ("#ffffff", "#fff", "white")
_OWN = re.compile(r"url\(\s*['\"]?#([^)'\"]+)['\"]?\s*\)\Z")
_PICTURE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=\s]+\Z")


class UnsafeDrawing(ValueError):
    """A drawing that holds more than shapes and text, or is no SVG at all."""


def markup_drawing(svg: str, anchor: str) -> Markup:
    """The drawing, ready to stand in a page: its ids begin with a short code of `anchor`, for pages refer to them thousands of times.

    Raises: UnsafeDrawing when it is not well-formed or holds an element that is not on the list.
    """
    if "<!ENTITY" in svg:
        raise UnsafeDrawing("it declares entities")
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as err:
        raise UnsafeDrawing(f"it is not well-formed: {err}") from err
    if _local(root.tag) != "svg":
        raise UnsafeDrawing("it is not an SVG drawing")
    names = dict.fromkeys(element.get("id") for element in root.iter() if element.get("id"))
    code = hashlib.sha256(anchor.encode()).hexdigest()[:6]
    _clean(root, {str(name): f"d{code}-{number}" for number, name in enumerate(names)})
    root.tail = None
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _local(name: object) -> str:
    return str(name).rpartition("}")[2]


def _clean(element: ElementTree.Element, ids: Mapping[str, str]) -> None:
    element.tag = _local(element.tag)
    if element.tag not in _ELEMENTS:
        raise UnsafeDrawing(f"it holds the element {element.tag!r}")
    _clean_attributes(element, ids)
    element.text = clean_text(element.text) if element.text else element.text
    for child in list(element):
        if _local(child.tag) in _DROPPED:
            element.remove(child)
        else:
            _clean(child, ids)


def _clean_attributes(element: ElementTree.Element, ids: Mapping[str, str]) -> None:
    attributes = {_local(name): value for name, value in element.attrib.items()}
    attributes = {**_style_properties(attributes.pop("style", "")), **attributes}
    attributes = _follow_theme(attributes)
    element.attrib.clear()
    for name, value in sorted(attributes.items()):
        if name in _ATTRIBUTES:
            kept = _clean_value(name, value, ids)
            if kept is not None:
                element.set(name, kept)


def _follow_theme(attributes: dict[str, str]) -> dict[str, str]:
    """Black and white, which a drawing takes for ink and paper, as the page's own."""
    themed = dict(attributes)
    for name, initial in (("fill", "f"), ("stroke", "s")):
        if themed.get(name) in _BLACK:
            themed[name] = "currentColor"
        elif themed.get(name) in _WHITE:
            del themed[name]
            themed["class"] = f"{themed.get('class', '')} {initial}-surface".strip()
    return themed


def _style_properties(style: str) -> dict[str, str]:
    pairs = (declaration.partition(":") for declaration in style.split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip() in _PROPERTIES}


def _clean_value(name: str, value: str, ids: Mapping[str, str]) -> str | None:
    """The value with its references renamed; None where it refers to nothing of this drawing."""
    if name == "id":
        return ids.get(value)
    if name == "aria-labelledby":
        return " ".join(ids[part] for part in value.split() if part in ids) or None
    if name == "href":
        if value.startswith("#"):
            return f"#{ids[value[1:]]}" if value[1:] in ids else None
        return value if _PICTURE.match(value) else None
    if "url" in value:
        own = _OWN.match(value)
        return f"url(#{ids[own[1]]})" if own and own[1] in ids else None
    return clean_text(value)
