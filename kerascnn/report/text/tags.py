"""The few HTML tags that people write in Markdown cells and that become what Markdown has: pictures and links.

Everything else that looks like HTML stays text.
"""

from __future__ import annotations

import html
import re

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

_ATTRIBUTES = r"((?:\s+[\w-]+(?:\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'=<>`]+))?)*)\s*"
_PICTURE = re.compile(rf"<img\b{_ATTRIBUTES}/?>", re.IGNORECASE)
_LINK = re.compile(rf"<a\b{_ATTRIBUTES}>", re.IGNORECASE)
_LINK_END = re.compile(r"</a\s*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'=<>`]+))")


def tags_plugin(markdown: MarkdownIt) -> None:
    """Read `<img src alt>` as a picture and `<a href>...</a>` as a link; what may be shown of them, `Prose` decides."""
    markdown.inline.ruler.before("autolink", "picture_tag", _picture)
    markdown.inline.ruler.before("autolink", "link_tag", _link)


def _picture(state: StateInline, silent: bool) -> bool:
    found = _PICTURE.match(state.src, state.pos, state.posMax)
    given = _attributes(found[1]) if found else {}
    if found is None or "src" not in given:
        return False
    if not silent:
        token = state.push("image", "img", 0)
        token.attrs = {"src": given["src"], "alt": ""}
        token.content = given.get("alt", "")
        token.children = []
        state.md.inline.parse(token.content, state.md, {}, token.children)
    state.pos = found.end()
    return True


def _link(state: StateInline, silent: bool) -> bool:
    found = _LINK.match(state.src, state.pos, state.posMax)
    end = _LINK_END.search(state.src, found.end(), state.posMax) if found else None
    given = _attributes(found[1]) if found else {}
    if found is None or end is None or "href" not in given:
        return False
    if not silent:
        last, state.pos, state.posMax = state.posMax, found.end(), end.start()
        state.push("link_open", "a", 1).attrs = {"href": given["href"]}
        state.md.inline.tokenize(state)
        state.push("link_close", "a", -1)
        state.posMax = last
    state.pos = end.end()
    return True


def _attributes(text: str) -> dict[str, str]:
    return {
        found[1].lower(): html.unescape(found[2] or found[3] or found[4] or "") for found in _ATTRIBUTE.finditer(text)
    }
