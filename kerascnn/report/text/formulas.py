"""LaTeX formulas as MathML."""

from __future__ import annotations

import html
import re
from xml.etree import ElementTree

from latex2mathml.converter import Converter
from markupsafe import Markup

from kerascnn.report.text.formula_breaks import break_formula

_ELEMENTS = frozenset(
    [
        "math",
        "mrow",
        "mi",
        "mn",
        "mo",
        "mtext",
        "ms",
        "mspace",
        "mfrac",
        "msqrt",
        "mroot",
        "mstyle",
        "mpadded",
        "mphantom",
        "mfenced",
        "menclose",
        "msub",
        "msup",
        "msubsup",
        "munder",
        "mover",
        "munderover",
        "mmultiscripts",
        "mprescripts",
        "mtable",
        "mtr",
        "mtd",
        "merror",
        "none",
    ]
)
_ATTRIBUTES = frozenset(
    [
        "display",
        "displaystyle",
        "scriptlevel",
        "mathvariant",
        "stretchy",
        "fence",
        "form",
        "separator",
        "lspace",
        "rspace",
        "minsize",
        "maxsize",
        "largeop",
        "movablelimits",
        "accent",
        "accentunder",
        "width",
        "height",
        "depth",
        "voffset",
        "linethickness",
        "columnalign",
        "columnlines",
        "columnspacing",
        "rowlines",
        "rowspacing",
        "rowalign",
        "notation",
    ]
)

_ROWS = re.compile(
    r"\\(begin|end)\{(?:aligned|alignat|alignedat|flalign|eqnarray|gather|gathered|multline)\*?\}(?:\{\d+\})?"
)
"""Environments of rows that the library does not know as such."""
_NO_MARKS = re.compile(r"\\(?:label\{[^{}]*\}|nonumber\b|notag\b)")


_VALUE = re.compile(r"[\w.%+\- ]*", re.ASCII)

MOST_LETTERS = 5_000
"""Of LaTeX. A longer formula is shown as it was written: reading it takes seconds, and no page has room for it."""


def render_formula(latex: str, is_block: bool) -> Markup:
    """`latex` as a `math` element, or as several where it is long; as program text where it cannot be read.

    latex2mathml's own `convert` unescapes what it wrote, so that `\\text{<script>}` would come through;
    its element tree is therefore checked and written here.
    """
    try:
        if len(latex) > MOST_LETTERS:
            raise ValueError(f"a formula of {len(latex)} letters")
        return Markup(_markup(latex, is_block))
    except Exception:  # the library raises many kinds for malformed input; the reader sees the source
        return Markup("<code>{}</code>").format(latex)


def _markup(latex: str, is_block: bool) -> str:
    root = Converter(display="block" if is_block else "inline").convert_to_element(_in_known_words(latex))
    for element in root.iter():
        _check(element)
    groups = break_formula(root, is_block)
    if groups == [[root]]:
        root.set("alttext", latex)
    written = ["<wbr>".join(map(_written, group)) for group in groups]
    return "<wbr>".join(f"<span>{group}</span>" for group in written) if len(written) > 1 else written[0]


def _written(formula: ElementTree.Element) -> str:
    return ElementTree.tostring(formula, encoding="unicode", short_empty_elements=False)


def _in_known_words(latex: str) -> str:
    """Rows of every kind as those of `align`, which `eqnarray` marks on both sides of the sign; no labels."""
    if "{eqnarray" in latex:
        latex = re.sub(r"&\s*([^&\\\n]{1,20}?)\s*&", r"& \1 ", latex)
    return _NO_MARKS.sub("", _ROWS.sub(r"\\\1{align*}", latex))


def _check(element: ElementTree.Element) -> None:
    if element.tag not in _ELEMENTS:
        raise ValueError(f"MathML element {element.tag!r} is not allowed")
    for name, value in list(element.attrib.items()):
        if name not in _ATTRIBUTES or not _VALUE.fullmatch(value):
            del element.attrib[name]
    element.text = html.unescape(element.text) if element.text else element.text
