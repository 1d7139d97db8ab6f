"""Program text with its tokens marked by classes; the stylesheet colours them."""

from __future__ import annotations

from markupsafe import Markup
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from kerascnn.report.text.clean import clean_text

_FORMATTER = HtmlFormatter(nowrap=True, classprefix="k-")


def highlight_code(source: str, language: str = "python") -> Markup:
    """`source` escaped, each token in a `span` of class `k-...`; plain text in an unknown language."""
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        lexer = get_lexer_by_name("text", stripnl=False, ensurenl=False)
    return Markup(highlight(clean_text(source), lexer, _FORMATTER))
