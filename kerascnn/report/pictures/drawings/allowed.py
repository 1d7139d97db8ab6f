"""What a drawing may hold: elements, attributes, and for each attribute the form of its value.

A value is kept where the whole of it has the form of its attribute, so nothing is searched for: no form has a
backslash, a colon or a quotation mark, and the only functions are those of colours and of transformations, and `url(#...)`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree import ElementTree

from kerascnn.report.pictures.drawings.weight import png_pixels
from kerascnn.report.text.clean import clean_text

ELEMENTS = frozenset((
    "svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "title", "desc",
    "defs", "clipPath", "use", "marker", "linearGradient", "radialGradient", "stop", "pattern", "mask", "symbol", "image",
))  # fmt: skip
TEXT_ONLY = frozenset(("title", "desc"))
"""Inside these a browser reads HTML again."""

DROPPED = frozenset(("style", "metadata"))
"""Elements that are left out with all they hold."""

_WORDS = re.compile(r"[\w.,%+\-\s]*", re.ASCII)
_COLOUR = re.compile(r"#[0-9a-f]{3,8}|(?:rgb|hsl)a?\([\w.,%+\-/\s]*\)|[\w\s-]*", re.ASCII | re.IGNORECASE)
_FAMILY = re.compile(r"[\w\s,.'\"-]*")
_TRANSFORM = re.compile(r"(?:[\s,]*(?:matrix|translate|scale|rotate|skewX|skewY)\s*\([\d.,eE+\-\s]*\))*\s*", re.ASCII)
_LABEL = re.compile(r".*", re.DOTALL)
_CLASS = r"(?:[sf]-[a-z][a-z0-9-]*|point|curve|mean|(?:arm|seed)-\d+)"
_CLASSES = re.compile(rf"{_CLASS}(?:\s+{_CLASS})*", re.ASCII)
"""Tones, and what the page's scripts look for: a drawing does not borrow the looks of the page's own parts."""
_NOTHING = re.compile(r"none", re.IGNORECASE)

_COLOURS = ("fill", "stroke", "stop-color")
_REFERENCES = ("clip-path", "mask", "marker-start", "marker-mid", "marker-end")
_STYLE_WORDS = (
    "fill-opacity", "fill-rule", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-dashoffset",
    "stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "opacity", "font-size", "font-weight", "font-style",
    "text-anchor", "dominant-baseline", "clip-rule", "stop-opacity", "visibility", "display", "image-rendering",
)  # fmt: skip
_STYLED = frozenset((*_COLOURS, *_REFERENCES, *_STYLE_WORDS, "font-family"))
"""What a `style` attribute may say; it becomes attributes, for the page's policy allows no styles."""

_PLACES = (
    "role", "aria-hidden", "viewBox", "preserveAspectRatio", "width", "height", "x", "y", "x1", "x2", "y1", "y2", "cx",
    "cy", "r", "rx", "ry", "dx", "dy", "d", "points", "offset", "gradientUnits", "patternUnits", "clipPathUnits",
    "maskUnits", "markerWidth", "markerHeight", "markerUnits", "refX", "refY", "orient", "version", "rotate",
    "textLength", "lengthAdjust",
)  # fmt: skip
_FORMS: dict[str, re.Pattern[str]] = {
    **dict.fromkeys(_COLOURS, _COLOUR),
    **dict.fromkeys(_REFERENCES, _NOTHING),
    **dict.fromkeys((*_STYLE_WORDS, *_PLACES), _WORDS),
    **dict.fromkeys(("transform", "gradientTransform", "patternTransform"), _TRANSFORM),
    "font-family": _FAMILY,
    "class": _CLASSES,
    "aria-label": _LABEL,
}
"""Attribute -> the form of its value, except for references."""

_REFERRING = frozenset(("fill", "stroke", *_REFERENCES))
_OWN = re.compile(r"\s*url\(\s*(['\"]?)#([^)'\"\\\s]+)\1\s*\)\s*", re.IGNORECASE)
_PICTURE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=\s]+", re.ASCII)
_BLACK, _WHITE = ("#000000", "#000", "black"), ("#ffffff", "#fff", "white")


def clean_attributes(element: ElementTree.Element, ids: Mapping[str, str]) -> None:
    """Leave only attributes and values on the list; `ids` maps the drawing's ids to the page's."""
    attributes = dict(element.attrib)
    attributes = _follow_theme({**_style_properties(attributes.pop("style", "")), **attributes})
    element.attrib.clear()
    for name, value in sorted(attributes.items()):
        kept = _clean_value(name, value, ids)
        if kept is not None:
            element.set(name, kept)


def _style_properties(style: str) -> dict[str, str]:
    pairs = (declaration.partition(":") for declaration in style.split(";"))
    named = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return {name: value for name, value in named.items() if name in _STYLED}


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


def _clean_value(name: str, value: str, ids: Mapping[str, str]) -> str | None:
    """The value with its references renamed; None where it has not the form of its attribute."""
    if name == "id":
        return ids.get(value)
    if name == "aria-labelledby":
        return " ".join(ids[part] for part in value.split() if part in ids) or None
    if name == "href":
        if value.startswith("#"):
            return f"#{ids[value[1:]]}" if value[1:] in ids else None
        return value if _PICTURE.fullmatch(value) and png_pixels(value) is not None else None
    own = _OWN.fullmatch(value) if name in _REFERRING else None
    if own:
        return f"url(#{ids[own[2]]})" if own[2] in ids else None
    form = _FORMS.get(name)
    return clean_text(value) if form and form.fullmatch(value) else None
