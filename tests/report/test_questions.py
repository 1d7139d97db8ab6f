"""Questions of a notebook on its page: each with the command that answers it from the data of this report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import html5lib
import pytest
from sample_report import make_notebook

from kerascnn.report import render_report
from kerascnn.report.pages.questions import build_questions
from kerascnn.report.text.prose import Prose

TEXT = """## Try it yourself

Say first what you *expect*:

- Does a smaller step help the `vgg`? `python pipeline.py run sigmoid -p rate=0.1`
- With $k = 2$?
  `python pipeline.py run sigmoid --data embedded --seeds 1`

  It takes a minute.
- Why? `python pipeline.py run sigmoid
  -p rate=1`
- Why
  not?
"""
HERE = "python pipeline.py --profile smoke --data 'my pictures'"


def notebook_with(text: str) -> dict:
    return make_notebook("# A title", {"cell_type": "markdown", "metadata": {}, "source": text})


def test_a_question_and_its_command_are_told_apart() -> None:
    first, second, wrapped, bare = build_questions(notebook_with(TEXT), "python pipeline.py", Prose())
    assert "Does a smaller step help the <code>vgg</code>?" in first.text
    assert first.command == "python pipeline.py run sigmoid -p rate=0.1"
    assert "<math" in second.text
    assert "python" not in first.text + second.text
    assert wrapped.command == "python pipeline.py run sigmoid -p rate=1"
    assert ("Why not?" in bare.text, bare.command) == (True, None)


def test_a_command_asks_the_data_of_the_report_but_for_what_the_question_sets() -> None:
    first, second, *_ = build_questions(notebook_with(TEXT), HERE, Prose())
    assert (first.command, first.is_elsewhere) == (f"{HERE} run sigmoid -p rate=0.1", False)
    elsewhere = "python pipeline.py --profile smoke run sigmoid --data embedded --seeds 1"
    assert (second.command, second.is_elsewhere) == (elsewhere, True)


@pytest.mark.parametrize("own", ["--data=x", "--data x"])
def test_an_option_is_known_in_both_spellings(own: str) -> None:
    text = f"## Try it yourself\n\n- Why? `python pipeline.py run sigmoid {own}`"
    (question,) = build_questions(notebook_with(text), "python pipeline.py --data y", Prose())
    assert question.command == f"python pipeline.py run sigmoid {own}"


@pytest.mark.parametrize(
    "text",
    [
        "- Why? `python pipeline.py all`",
        "## Other\n\n- Why? `python pipeline.py all`",
        "## Try it yourself\n\nWhy?",
        "## Try it yourself\n\n## Next\n\n- Why?",
    ],
    ids=["no heading", "another heading", "no list", "the list of the next heading"],
)
def test_what_is_no_list_below_the_heading_holds_no_questions(text: str) -> None:
    assert build_questions(notebook_with(text), HERE, Prose()) == ()


def test_a_page_shows_the_questions_of_its_notebook(sample, tmp_path: Path) -> None:
    inputs, _ = sample
    default, variant = (replace(entry, source_notebook=notebook_with(TEXT)) for entry in inputs.entries[:2])
    render_report(replace(inputs, entries=(default, variant)), tmp_path)
    shown = items_of(tmp_path / f"{default.page_stem}.html")
    assert shown == [
        "Does a smaller step help the vgg? python pipeline.py --data embedded run sigmoid -p rate=0.1",
        "With k=2? python pipeline.py run sigmoid --data embedded --seeds 1 The report about other data"
        " replaces this one. To get this one back: python pipeline.py --data embedded report",
        "Why? python pipeline.py --data embedded run sigmoid -p rate=1",
        "Why not?",
    ]
    assert items_of(tmp_path / f"{variant.page_stem}.html") == []


def items_of(page: Path) -> list[str]:
    """The text of each question."""
    tree = html5lib.parse(page.read_text(encoding="utf-8"), namespaceHTMLElements=False)
    return [" ".join("".join(item.itertext()).split()) for item in tree.findall(".//ol[@class='questions']/li")]
