"""Markdown of notebooks as HTML: no raw HTML, no request to anywhere, formulas as MathML."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin

from kerascnn.report.text.clean import clean_text
from kerascnn.report.text.formulas import render_formula
from kerascnn.report.text.highlight import highlight_code
from kerascnn.report.text.tags import tags_plugin

_PICTURE_DATA = re.compile(
    r"data:image/(?:png|jpeg|gif|webp);base64,(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\Z"
)
_NOTEBOOK = re.compile(r"(?:\./)?([\w.-]+)\.ipynb\Z")


@dataclass(frozen=True)
class Prose:
    """How Markdown is shown: its highest heading as `h<top>`, links to notebooks as links to pages.

    `pages` maps an experiment to its page; `attachments` maps the name of a pasted picture to a data address.
    """

    top: int = 2
    pages: Mapping[str, str] = field(default_factory=dict)
    attachments: Mapping[str, str] = field(default_factory=dict)
    skip_title: bool = False

    def to_markup(self, text: str) -> Markup:
        """`text` as HTML."""
        markdown = _markdown()
        tokens = markdown.parse(clean_text(text))
        if self.skip_title:
            tokens = _without_title(tokens)
        self._rank_headings(tokens)
        for token in tokens:
            if token.type == "amsmath":
                token.type = "math_block"
            if token.children:
                token.children = self._check_inline(token.children)
        return Markup(markdown.renderer.render(tokens, markdown.options, {}))

    def _rank_headings(self, tokens: Sequence[Token]) -> None:
        levels = sorted({token.tag for token in tokens if token.type == "heading_open"})
        ranks = {tag: f"h{min(6, self.top + place)}" for place, tag in enumerate(levels)}
        for token in tokens:
            if token.type in ("heading_open", "heading_close"):
                token.tag = ranks[token.tag]

    def _check_inline(self, children: list[Token]) -> list[Token]:
        kept: list[Token] = []
        dropped_links: list[bool] = []
        for token in children:
            if token.type == "link_open":
                is_inside = False in dropped_links  # a link in a link is none
                dropped_links.append(is_inside or not self._resolve_link(token))
                if dropped_links[-1]:
                    continue
            elif token.type == "link_close" and dropped_links.pop():
                continue
            elif token.type == "image":
                token = self._check_image(token)
            kept.append(token)
        return kept

    def _resolve_link(self, token: Token) -> bool:
        href = str(token.attrGet("href") or "")
        notebook = _NOTEBOOK.match(href)
        if notebook and notebook[1] in self.pages:
            token.attrSet("href", self.pages[notebook[1]])
            return True
        token.attrSet("rel", "noopener noreferrer")
        return href.startswith(("https://", "http://"))

    def _check_image(self, token: Token) -> Token:
        source = str(token.attrGet("src") or "")
        source = self.attachments.get(source.removeprefix("attachment:"), source)
        if _PICTURE_DATA.match(source):
            token.attrSet("src", source)
            return token
        return Token("text", "", 0, content=f"[picture: {token.content or source}]")


def list_items(text: str, heading: str) -> list[str]:
    """The first paragraphs of the list items below a heading of the Markdown `text`, up to the next heading, as Markdown."""
    tokens = _markdown().parse(clean_text(text))
    items, is_below = [], False
    for opening, token, content in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if opening.type == "heading_open":
            is_below = token.content.strip() == heading
        elif is_below and (opening.type, token.type) == ("list_item_open", "paragraph_open"):
            items.append(content.content)
    return items


def _without_title(tokens: list[Token]) -> list[Token]:
    """Without the title, before which there may be badges but no other heading."""
    first = next((place for place, token in enumerate(tokens) if token.type == "heading_open"), None)
    if first is not None and tokens[first].tag == "h1" and tokens[first].level == 0:
        return tokens[:first] + tokens[first + 3 :]
    return tokens


def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "highlight": _highlight})
    markdown.enable("table")
    markdown.use(dollarmath_plugin, allow_labels=False, allow_digits=False, renderer=_formula)
    return markdown.use(amsmath_plugin).use(tags_plugin)


def _formula(latex: str, options: dict[str, Any]) -> str:
    return render_formula(latex.strip(), bool(options["display_mode"]))


def _highlight(source: str, language: str, _attributes: str) -> str:
    return highlight_code(source, language or "text")
