"""From the text of a drawing to its elements, in bounded depth, number and memory."""

from __future__ import annotations

from typing import NoReturn
from xml.etree import ElementTree
from xml.parsers import expat

MOST_BYTES = 16_000_000
MOST_ELEMENTS = 100_000
LINK = "http://www.w3.org/1999/xlink}href"
DEEPEST = 50
"""Elements inside each other. Matplotlib's drawings have ten, hand-made ones twenty."""


class UnsafeDrawing(ValueError):
    """A drawing that holds more than shapes and text, or is no SVG at all."""


def parse_drawing(svg: str) -> ElementTree.Element:
    """The root element, without comments, processing instructions, and attributes of other namespaces than SVG's own.

    Raises: UnsafeDrawing when it is not well-formed, declares anything of its own, or is too large or too deep.
    """
    try:
        content = svg.encode()
    except UnicodeEncodeError as err:
        raise UnsafeDrawing("it holds half a character") from err
    if len(content) > MOST_BYTES:
        raise UnsafeDrawing(f"it is larger than {MOST_BYTES / 1e6:.0f} MB")
    tree = _Tree()
    parser = expat.ParserCreate(encoding="utf-8", namespace_separator="}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_declarations
    parser.StartElementHandler, parser.EndElementHandler = tree.start, tree.end
    parser.CharacterDataHandler = tree.builder.data
    try:
        parser.Parse(content, True)
    except expat.ExpatError as err:
        raise UnsafeDrawing(f"it is not well-formed: {err}") from err
    return tree.builder.close()


def _refuse_declarations(name: str, system: str | None, public: str | None, has_internal_subset: int) -> None:
    """A document type without declarations, as drawing programs write it, is read over; nothing is fetched for it."""
    if has_internal_subset:
        raise UnsafeDrawing("it declares entities or the like")


class _Tree:
    """Counts while the tree is built."""

    def __init__(self) -> None:
        self.builder = ElementTree.TreeBuilder()
        self._depth = self._elements = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > DEEPEST:
            _refuse(f"its elements are nested more than {DEEPEST} deep")
        if self._elements > MOST_ELEMENTS:
            _refuse(f"it has more than {MOST_ELEMENTS:,} elements")
        own = {"href" if key == LINK else key: value for key, value in attributes.items()}
        self.builder.start(_local(name), {key: value for key, value in own.items() if "}" not in key})

    def end(self, name: str) -> None:
        self._depth -= 1
        self.builder.end(_local(name))


def _refuse(why: str) -> NoReturn:
    raise UnsafeDrawing(why)


def _local(name: str) -> str:
    return name.rpartition("}")[2]
