"""Long formulas in pieces, because browsers break lines between formulas but never inside one, on paper too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from xml.etree import ElementTree

SHORT_LETTERS = 24
"""A formula with fewer is not broken: it is narrower than the narrowest column."""

_RELATIONS = frozenset("=≠<>≤≥≈≃≅∼∝≡→⇒⇔↦⟶⟹")
_ADDING = frozenset("+−-±")
_OPENING, _CLOSING = frozenset("([{⟨⌊⌈"), frozenset(")]}⟩⌋⌉")
WIDE_EM = 1.0
"""A space this wide stands between two formulas."""


Piece = list[ElementTree.Element]


def break_formula(root: ElementTree.Element, is_block: bool) -> list[list[ElementTree.Element]]:
    """The `math` element whole, or as several to stand behind each other, broken where an author would break it.

    First after wide spaces, into groups, which a block sets apart itself; each group before a relation, a plus or a
    minus, and before words, outside of brackets.
    """
    row = root
    while len(row) == 1 and row[0].tag == "mrow":
        row = row[0]
    parts = _split(list(row), _follows_wide)
    groups = [list(_split(_without_end(part) if is_block else part, _begins_line)) for part in parts]
    if sum(map(len, groups)) < 2 or _letters(root) < SHORT_LETTERS:
        return [[root]]
    return [[_formula(piece, root.attrib) for piece in group] for group in groups]


def _split(row: Piece, begins: Callable[[ElementTree.Element, ElementTree.Element], bool]) -> Iterator[Piece]:
    """`row` cut before each element that `begins` says so of, given the one before it, except inside brackets."""
    piece: Piece = []
    level = 0
    for element in row:
        if piece and level == 0 and begins(element, piece[-1]):
            yield piece
            piece = []
        level = max(0, level + _level(element))
        piece.append(element)
    yield piece


def _without_end(part: Piece) -> Piece:
    """Without the wide spaces behind it."""
    while len(part) > 1 and _is_wide(part[-1]):
        part = part[:-1]
    return part


def _follows_wide(element: ElementTree.Element, before: ElementTree.Element) -> bool:
    return _is_wide(before) and not _is_wide(element)


def _begins_line(element: ElementTree.Element, before: ElementTree.Element) -> bool:
    text = element.text or ""
    if element.tag == "mtext":
        return text[:1].isspace()
    is_operator = before.tag == "mo" and (before.text or "") not in _CLOSING
    return element.tag == "mo" and (text in _RELATIONS or (text in _ADDING and not is_operator))


def _is_wide(element: ElementTree.Element) -> bool:
    width = element.get("width", "") if element.tag == "mspace" else ""
    try:
        return float(width.removesuffix("em")) >= WIDE_EM
    except ValueError:
        return False


def _level(element: ElementTree.Element) -> int:
    """How many brackets an element of the row opens or, negative, closes."""
    text = (element.text or "") if element.tag == "mo" else ""
    return (text in _OPENING) - (text in _CLOSING)


def _letters(root: ElementTree.Element) -> int:
    return sum(len(element.text or "") for element in root.iter())


def _formula(piece: Piece, look: Mapping[str, str]) -> ElementTree.Element:
    formula = ElementTree.Element("math", dict(look))
    row = ElementTree.SubElement(formula, "mrow")
    row.extend(piece)
    first = piece[0]
    if first.tag == "mo" and (first.text or "") in _RELATIONS | _ADDING:
        first.set("form", "infix")  # it stands between two things, though the other one is in the piece before
    return formula
