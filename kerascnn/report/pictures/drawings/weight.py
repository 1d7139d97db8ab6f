"""What a drawing costs the browser that shows it: copies of copies, and pictures larger than their files."""

from __future__ import annotations

import base64
import re
import struct
from binascii import Error as NotBase64
from xml.etree import ElementTree

from kerascnn.report.pictures.drawings.parsing import DEEPEST, UnsafeDrawing

MOST_DRAWN = 300_000
"""Elements that are drawn, each as often as something refers to it."""
LONGEST_CHAIN = 8
"""References that lead to references."""
MOST_PIXELS = 50_000_000
"""Of all pictures in the drawing."""

_REFERENCE = re.compile(r"#([\w-]+)\)?\Z")
_NUMBER = re.compile(r"\d+")
HEAD_LETTERS = 44
"""Of base64: what a PNG says before its pixels."""
_PNG = b"\x89PNG\r\n\x1a\n"


def check_weight(root: ElementTree.Element) -> None:
    """Raises: UnsafeDrawing when the cleaned drawing draws too much, or refers to itself."""
    _Weights(root).of(root)
    if sum(png_pixels(image.get("href", "")) or 0 for image in root.iter("image")) > MOST_PIXELS:
        raise UnsafeDrawing(f"its pictures have more than {MOST_PIXELS / 1e6:.0f} million pixels")


class _Weights:
    """For each element: how many elements are drawn for it, and the longest chain of references from it."""

    def __init__(self, root: ElementTree.Element) -> None:
        self._named = {element.get("id"): element for element in root.iter() if element.get("id")}
        self._known: dict[ElementTree.Element, tuple[int, int]] = {}
        self._open: set[ElementTree.Element] = set()

    def of(self, element: ElementTree.Element) -> tuple[int, int]:
        """(elements drawn, longest chain of references). Raises: UnsafeDrawing."""
        if element in self._known:
            return self._known[element]
        if element in self._open:
            raise UnsafeDrawing("it refers to itself")
        if len(self._open) > DEEPEST * LONGEST_CHAIN:
            raise UnsafeDrawing("it copies its parts too often")
        self._open.add(element)
        drawn, chain = 1, 0
        for child in element:
            below = self.of(child)
            drawn, chain = drawn + below[0], max(chain, below[1])
        for name, value in element.attrib.items():
            found = _REFERENCE.search(value) if name == "href" or value.startswith("url(") else None
            if found and found[1] in self._named:
                below = self.of(self._named[found[1]])
                drawn, chain = drawn + _times(element, name) * below[0], max(chain, below[1] + 1)
        if drawn > MOST_DRAWN or chain > LONGEST_CHAIN:
            raise UnsafeDrawing("it copies its parts too often")
        self._open.remove(element)
        self._known[element] = drawn, chain
        return drawn, chain


def _times(element: ElementTree.Element, attribute: str) -> int:
    """How often what an attribute refers to is drawn: a marker at each corner of a line."""
    if not attribute.startswith("marker"):
        return 1
    return len(_NUMBER.findall(element.get("d", "") + " " + element.get("points", "")))


def png_pixels(address: str) -> int | None:
    """How many pixels a PNG as a data address says that it has; None where its content is no PNG."""
    content = address.partition(",")[2]
    try:
        head = base64.b64decode("".join(content[:200].split())[:HEAD_LETTERS])
    except NotBase64:
        return None
    if not head.startswith(_PNG) or len(head) < 24:
        return None
    width, height = struct.unpack(">II", head[16:24])
    return width * height
