"""Where a long formula may be broken, and where it stays in one piece."""

from __future__ import annotations

import html
import re

import pytest

from kerascnn.report.text.formulas import MOST_LETTERS, render_formula


def groups(latex: str, is_block: bool = True) -> list[list[str]]:
    """The letters of each piece, by group."""
    written = str(render_formula(latex, is_block))
    spans = re.findall(r"<span>(.*?)</span>", written) or [written]
    return [[html.unescape(re.sub("<[^>]*>", "", piece)) for piece in span.split("<wbr>")] for span in spans]


def test_a_short_formula_stays_whole_and_says_how_it_was_written():
    written = str(render_formula("y = x + b", True))
    assert written.count("<math") == 1
    assert 'alttext="y = x + b"' in written
    assert 'display="block"' in written


def test_several_formulas_side_by_side_are_groups_and_the_space_between_them_is_the_page_s():
    latex = r"y_{max} = \max x_i, \qquad y_{avg} = \sum x_i, \quad y_{stride} = \sum w_i x_i"
    assert groups(latex) == [["ymax", "=maxxi,"], ["yavg", "=∑xi,"], ["ystride", "=∑wixi"]]
    assert "2em" not in render_formula(latex, True)


def test_in_a_line_of_text_the_space_between_formulas_stays():
    assert "2em" in render_formula(r"aaaaaaaaaaaa = bbbbbbbbbbbb, \qquad c = d", False)


@pytest.mark.parametrize(
    ("latex", "pieces"),
    [
        (r"aaaaaaaaaaaaaa = bbbbbbbbbbbbbb \le cccccc", ["a" * 14, "=" + "b" * 14, "≤" + "c" * 6]),
        (r"aaaaaaaaaaaaaa + bbbbbbbbbbbbbb - cccccc", ["a" * 14, "+" + "b" * 14, "−" + "c" * 6]),
        (r"aaaaaaaaaaaaaa = -bbbbbbbbbbbbbb", ["a" * 14, "=−" + "b" * 14]),
        (r"-aaaaaaaaaaaaaabbbbbbbbbbbbbb", ["−" + "a" * 14 + "b" * 14]),
        (r"f(aaaaaaaaaaaaaa + bbbbbbbbbbbbbb = c)", ["f(" + "a" * 14 + "+" + "b" * 14 + "=c)"]),
        (r"\left[aaaaaaaaaaaaaa + bbbbbbbbbbbbbb\right]", ["[" + "a" * 14 + "+" + "b" * 14 + "]"]),
        (r"\frac{aaaaaaaaaaaaaa + bbbbbbbbbbbbbb}{c}", ["a" * 14 + "+" + "b" * 14 + "c"]),
        (r"\{aaaaaaaaaaaaaa + b\} + [bbbbbbbbbbbbbb[", ["{" + "a" * 14 + "+b}", "+[" + "b" * 14 + "["]),
        (r"aaaaaaaaaaaaaa) + bbbbbbbbbbbbbb", ["a" * 14 + ")", "+" + "b" * 14]),
        (r"aaaaaaaaaaaaaa\text{ with learnt weights}", ["a" * 14, "\u00a0with\u00a0learnt\u00a0weights"]),
    ],
)
def test_a_formula_is_broken_between_its_parts_and_never_inside_one(latex, pieces):
    assert groups(latex) == [pieces]


def test_no_letter_is_lost_or_doubled_by_breaking():
    latex = r"p = \frac{e^{z}}{e^{z} + e^{w}}, \qquad L = -\frac{1}{HW} \sum_{i,j} \log p_{ij}(\text{truth})."
    assert "".join(piece for group in groups(latex) for piece in group) == "p=ezez+ew,L=−1HW∑i,jlogpij(truth)."


def test_what_begins_a_line_keeps_the_space_of_something_between_two_others():
    assert render_formula(r"aaaaaaaaaaaaaa + bbbbbbbbbbbbbb", False).count('form="infix"') == 1


@pytest.mark.parametrize(
    "latex", ["x" * (MOST_LETTERS + 1), "{" * 4_000, *("x^{" * n + "}" * n for n in range(50, 900, 50))]
)
def test_a_formula_that_is_too_long_or_too_deep_is_shown_as_it_was_written(latex):
    written = str(render_formula(latex, True))
    assert written.startswith("<math") or written == f"<code>{latex}</code>"


def test_a_value_of_an_attribute_is_a_length_or_a_word():
    assert "url" not in str(render_formula(r"\hspace{url(x)}x", True)).partition(">")[2]
