"""What people put into Markdown cells: pasted pictures, badges, formulas without dollar signs."""

from __future__ import annotations

import base64
import subprocess
from typing import Any
from urllib.parse import quote

import pytest
from sample_report import PIXEL

from kerascnn.plots.drawing import svg
from kerascnn.report.facts.cells import introduction_of, markdown_of
from kerascnn.report.pictures.embedded import attachments_of
from kerascnn.report.pictures.shrinking import shrink_png
from kerascnn.report.text.prose import Prose

BADGE = (
    '<a href="https://colab.example/github/x.ipynb" target="_parent">'
    '<img src="https://colab.example/assets/colab-badge.svg" alt="Open In Colab"/></a>'
)


def cell(source: str, kind: str = "markdown", **fields: Any) -> dict[str, Any]:
    return {"cell_type": kind, "metadata": {}, "source": source, **fields}


def shown(*cells: dict[str, Any], **settings: Any) -> str:
    """All Markdown cells as the pages show them."""
    notebook = {"cells": list(cells)}
    prose = Prose(attachments=attachments_of(notebook), **settings)
    return "".join(str(prose.to_markup(text)) for text in markdown_of(notebook))


NAMES = ["image.png", "Screenshot 2026-01-01 at 10.00.00\u202fPM.png", "net (1).png", "größe 大.png", "50%25 off.png"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("how", ["plain", "quoted", "in angles", "as a tag"])
def test_a_pasted_picture_is_shown_whatever_its_name_and_however_it_is_written(name: str, how: str) -> None:
    text = {
        "plain": f"![a net](attachment:{name})",
        "quoted": f"![a net](attachment:{quote(name)})",
        "in angles": f"![a net](<attachment:{name}>)",
        "as a tag": f'See <img src="attachment:{name}" alt="a net" width="300"/> there.',
    }[how]
    page = shown(cell(text, attachments={name: {"image/png": PIXEL}}))
    assert 'src="data:image/' in page
    assert 'alt="a net"' in page
    assert "attachment:" not in page


def test_pictures_of_the_same_name_in_two_cells_are_two_pictures() -> None:
    other = base64.b64encode(b"GIF89a" + b"\0" * 30).decode()
    page = shown(
        cell("![one](attachment:image.png)", attachments={"image.png": {"image/png": PIXEL}}),
        cell("![two](attachment:image.png)", attachments={"image.png": {"image/gif": other}}),
    )
    assert page.count('src="data:image/') == 2
    assert other in page


def test_the_introduction_on_the_experiments_page_has_its_pictures() -> None:
    notebook = {
        "cells": [
            cell(BADGE),
            cell("!pip install x", "code"),
            cell("# Title\n\n![a net](attachment:my net.png)", attachments={"my net.png": {"image/png": PIXEL}}),
            cell("x = 1", "code", metadata={"tags": ["parameters"]}),
            cell("below"),
        ]
    }
    text = introduction_of(notebook)
    assert "below" not in text
    page = str(Prose(attachments=attachments_of(notebook), skip_title=True).to_markup(text))
    assert 'src="data:image/' in page
    assert "Title" not in page, "the page says it itself"
    assert "Open In Colab" in page


def test_a_badge_is_a_link_with_its_words_and_asks_nobody_for_a_picture() -> None:
    page = shown(cell(BADGE))
    assert '<a href="https://colab.example/github/x.ipynb" rel="noopener noreferrer">' in page
    assert "[picture: Open In Colab]" in page
    assert "<img" not in page


@pytest.mark.parametrize(
    "text",
    [
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='data:text/html,x'>x</a>",
        "<img src='https://tracker.example/x.png'>",
        "<img src='file:///etc/passwd'>",
    ],
)
def test_a_tag_leads_and_loads_no_further_than_markdown_does(text: str) -> None:
    assert not {"<a ", "<img "} & {part for part in ("<a ", "<img ") if part in shown(cell(text))}


def test_a_link_in_a_link_is_none() -> None:
    page = shown(
        cell(
            '<a href="https://a.example">x [y](https://b.example) z</a> and [p <a href="https://c.example">q</a>](https://d.example)'
        )
    )
    assert page.count("<a ") == 2
    assert page.count("</a>") == 2


def test_tags_in_code_stay_code() -> None:
    assert "&lt;img src=&quot;x&quot;&gt;" in shown(cell('`<img src="x">`'))


ROWS = ["align", "align*", "eqnarray", "gather", "flalign*", "multline"]


@pytest.mark.parametrize("name", ROWS)
def test_a_bare_environment_is_a_formula_of_two_rows(name: str) -> None:
    rows = "a &=& b \\\\\nc &=& d" if name == "eqnarray" else "a &= b \\\\\nc &= d"
    page = shown(cell(f"Thus\n\n\\begin{{{name}}}\n{rows}\n\\end{{{name}}}\n\nand so on."))
    formula = page.partition("<math")[2].partition("</math>")[0]
    assert formula.count("<mtr>") == 2
    assert "&amp;</mi>" not in formula
    assert "and so on." in page


def test_rows_within_dollar_signs_are_rows_too() -> None:
    page = shown(cell("$$\\begin{aligned} a &= b \\label{x} \\\\ c &= d \\end{aligned}$$"))
    assert page.count("<mtr>") == 2


EPS = base64.b64encode(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EOF\n").decode()


def test_a_picture_is_opened_by_the_decoder_of_its_name_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*arguments: Any, **_: Any) -> None:
        raise AssertionError(f"{arguments} was started")

    monkeypatch.setattr(subprocess, "Popen", start)
    assert shrink_png(EPS) == f"data:image/png;base64,{EPS}"
    assert svg.PICTURES == ["PNG"]
