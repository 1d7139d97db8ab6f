"""A chart as SVG to stand inside a page: themed by the page's stylesheet, no styles of its own.

Every colour of the palette becomes a class, `s-<tone>` for the stroke and `f-<tone>` for the fill; text
stays text; ids begin with a prefix so that many charts share a page. Same figure, same bytes.
"""

from __future__ import annotations

import base64
import io
import re
from xml.etree import ElementTree

from matplotlib.figure import Figure
from PIL import Image

from kerascnn.plots.drawing.palette import TONES
from kerascnn.plots.drawing.picture import MARK, chart_style

SVG = "http://www.w3.org/2000/svg"
HREF = "{http://www.w3.org/1999/xlink}href"

SVG_STYLE = {"svg.hashsalt": "kerascnn", "svg.fonttype": "none"}

TONE_OF_COLOUR = {tone.light: name for name, tone in TONES.items()}

DROPPED_PROPERTIES = {"font-family"}
"""The page's own font is used; matplotlib's list of fallbacks is longer than most labels."""

ROOT_ATTRIBUTES = {"stroke-linejoin": "round", "stroke-linecap": "butt"}
"""What matplotlib's style sheet says, as attributes of the root, from which all shapes inherit."""

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
PICTURES = ["PNG"]
"""What matplotlib embeds; the decoders of other formats are not asked (that of EPS starts Ghostscript)."""
NUMBER = re.compile(r"-?\d+\.\d+")


def to_svg(figure: Figure, title: str, alt: str, prefix: str) -> str:
    """The figure as one `<svg>` element with `title` and `alt` (as its description).

    `prefix` begins every id, so it must be an XML name and differ between the charts of a page.
    """
    root = ElementTree.fromstring(NOT_XML.sub("\ufffd", _saved(figure)))
    _drop(root, {"metadata", "style"})
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{{SVG}}}")
        _unstyle(element)
        _name_classes(element)
        _shorten(element)
        if element.tag == "image":
            _pack(element)
    _unwrap(root)
    _prefix_ids(root, prefix)
    _describe(root, title, alt, prefix)
    return ElementTree.tostring(root, encoding="unicode")


def _saved(figure: Figure) -> str:
    """What matplotlib writes, without its date."""
    target = io.StringIO()
    with chart_style(**SVG_STYLE):
        figure.savefig(target, format="svg", metadata={"Date": None}, transparent=True)
    return target.getvalue()


def _drop(element: ElementTree.Element, names: set[str]) -> None:
    """Remove the descendants with one of these tag names, and definitions left empty."""
    for child in list(element):
        _drop(child, names)
        name = child.tag.removeprefix(f"{{{SVG}}}")
        if name in names or (name == "defs" and not len(child)):
            element.remove(child)
        else:
            child.tail = None
    if not (element.text or "").strip():
        element.text = None


def _unstyle(element: ElementTree.Element) -> None:
    """Turn the style attribute into presentation attributes, and palette colours into classes."""
    for declaration in element.attrib.pop("style", "").split("; "):
        name, _, value = declaration.partition(": ")
        if value and name not in DROPPED_PROPERTIES:
            element.set(name, value)
    tones = [
        f"{name[0]}-{TONE_OF_COLOUR[element.attrib.pop(name)]}"
        for name in ("stroke", "fill")
        if element.get(name) in TONE_OF_COLOUR
    ]
    if tones:
        element.set("class", " ".join(tones))


def _name_classes(element: ElementTree.Element) -> None:
    """Turn an id that `marked` made into classes."""
    if element.get("id", "").startswith(MARK):
        element.set("class", element.attrib.pop("id").removeprefix(MARK))


def _shorten(element: ElementTree.Element) -> None:
    """Hundredths of a point are enough; a rotation by nothing is none."""
    if element.get("transform", "").startswith("rotate(-0 "):
        del element.attrib["transform"]
    for name in ("d", "x", "y", "transform", "points"):
        if name in element.attrib:
            short = NUMBER.sub(lambda match: f"{float(match[0]):.2f}".rstrip("0").rstrip("."), element.attrib[name])
            element.set(name, " ".join(short.split()))


def _pack(image: ElementTree.Element) -> None:
    """Write the pixels as small as PNG can without loss, and have them enlarged as squares."""
    image.set("image-rendering", "pixelated")
    name = HREF if HREF in image.attrib else "href"
    kind, _, content = image.attrib[name].partition(",")
    with Image.open(io.BytesIO(base64.b64decode(content)), formats=PICTURES) as picture:
        pixels = picture.convert("RGBA")
    smaller = pixels.convert("RGB") if pixels.getchannel("A").getextrema() == (255, 255) else pixels
    colours = smaller.getcolors(256) if smaller.mode == "RGB" else None
    if colours:
        indexed = smaller.quantize(len(colours), dither=Image.Dither.NONE)
        smaller = indexed if indexed.convert("RGB").tobytes() == smaller.tobytes() else smaller
    target = io.BytesIO()
    smaller.save(target, format="PNG", optimize=True)
    image.set(name, f"{kind},{base64.b64encode(target.getvalue()).decode()}")


def _unwrap(element: ElementTree.Element) -> None:
    """Put the contents of groups that say nothing in their place: matplotlib wraps every mark in three."""
    for child in element:
        _unwrap(child)
    kept: list[ElementTree.Element] = []
    for child in element:
        is_idle = child.tag == "g" and not set(child.attrib) - {"id"}
        kept += list(child) if is_idle else [child]
    element[:] = kept


def _prefix_ids(root: ElementTree.Element, prefix: str) -> None:
    """Prefix the ids that something refers to, with their references, and remove the others."""
    for element in root.iter():
        if HREF in element.attrib:
            element.set("href", element.attrib.pop(HREF))
    values = [value for element in root.iter() for value in element.attrib.values()]
    used = {name for value in values for name in re.findall(r"^#(.+)$|url\(#(.+?)\)", value) for name in name if name}
    for element in root.iter():
        identity = element.attrib.pop("id", None)
        for name, value in element.attrib.items():
            if name == "href":
                element.set(name, re.sub(r"^#", f"#{prefix}-", value))
            else:
                element.set(name, value.replace("url(#", f"url(#{prefix}-"))
        if identity in used:
            element.set("id", f"{prefix}-{identity}")


def _describe(root: ElementTree.Element, title: str, alt: str, prefix: str) -> None:
    """Give the root its size by viewBox alone, its role, its title and its description."""
    box = NUMBER.sub(lambda match: f"{float(match[0]):.6g}", root.attrib["viewBox"])
    root.attrib.clear()
    root.attrib.update({"xmlns": SVG, "viewBox": box, "role": "img", **ROOT_ATTRIBUTES})
    root.set("aria-labelledby", f"{prefix}-title {prefix}-desc")
    for position, (tag, text) in enumerate((("title", title), ("desc", alt))):
        element = ElementTree.Element(tag, {"id": f"{prefix}-{tag}"})
        element.text = NOT_XML.sub("\ufffd", text)
        root.insert(position, element)
