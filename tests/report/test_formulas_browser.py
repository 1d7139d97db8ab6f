"""Formulas in a real browser: none is cut off, on narrow screens, on wide ones, and on paper."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from browsing import open_details, page_names, set_width
from sample_report import make_entry, make_inputs, make_notebook

from kerascnn.report import render_report

pytestmark = pytest.mark.browser

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
A4_PIXELS = 680
"""The width of a sheet within its margins, in CSS pixels."""

WIDE = {
    "a formula that nothing breaks": r"$$x = f(" + "a + " * 60 + r"b)$$",
    "the same among words": r"Words before $f(" + "a + " * 60 + r"b)$ and after.",
    "the same in a list": r"- $f(" + "a + " * 60 + r"b)$",
    "the same in a table": "| a |\n|---|\n| $f(" + "a + " * 60 + r"b)$ |",
    "the same as a heading": r"### $f(" + "a + " * 60 + r"b)$",
}

CUT_OFF = """
const cut = [];
for (const formula of document.querySelectorAll("math")) {
  const boxes = [formula, ...formula.querySelectorAll("*")].map((part) => part.getBoundingClientRect());
  const box = { left: Math.min(...boxes.map((b) => b.left)), right: Math.max(...boxes.map((b) => b.right)) };
  if (box.left === box.right) continue;
  let left = 0, right = document.documentElement.clientWidth;
  for (let around = formula.parentElement; around; around = around.parentElement) {
    const look = getComputedStyle(around).overflowX, room = around.getBoundingClientRect();
    if (look === "visible") continue;
    // What scrolls shows all that lies right of its beginning; what clips, and all paper, shows what lies inside.
    const scrolls = ["auto", "scroll"].includes(look) && !matchMedia("print").matches;
    left = room.left; right = scrolls ? room.left + around.scrollWidth : room.right;
    break;
  }
  if (box.left < left - 1 || box.right > right + 1) cut.push(formula.textContent.slice(0, 40));
}
return [document.querySelectorAll("math").length, cut];
"""


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    """A report of the notebooks as they are written, and one with formulas of every kind that are too wide."""
    entries = [
        make_entry(
            experiment=path.stem,
            title=path.stem,
            source_notebook=json.loads(path.read_text(encoding="utf-8")),
        )
        for path in sorted(EXPERIMENTS.glob("*.ipynb"))
    ]
    wide = make_notebook("# Wide\n\n" + "\n\n".join(WIDE.values()))
    entries.append(make_entry(experiment="99_wide", title="Wide", source_notebook=wide))
    inputs = make_inputs(
        tmp_path_factory.mktemp("results"),
        entries=tuple(entries),
        experiments=tuple((entry.experiment, entry.title) for entry in entries),
    )
    folder = tmp_path_factory.mktemp("lesson") / "reports"
    render_report(inputs, folder)
    return folder


def cut_off(browser, folder: Path, names: list[str]) -> dict[str, list[str]]:
    """Page -> the formulas on it that cannot be read to their end."""
    found, seen = {}, 0
    for name in names:
        browser.get((folder / name).as_uri())
        open_details(browser)
        count, cut = browser.execute_script(CUT_OFF)
        seen += count
        if cut:
            found[name] = cut
    assert seen, "these pages have no formula at all"
    return found


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_every_formula_of_every_page_can_be_read_to_its_end(browser, lesson, width):
    set_width(browser, width)
    assert cut_off(browser, lesson, page_names(lesson)) == {}


def test_on_paper_every_formula_of_the_lesson_fits_the_sheet(browser, lesson):
    set_width(browser, A4_PIXELS)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        names = [name for name in page_names(lesson) if not name.startswith("99_")]
        assert cut_off(browser, lesson, names) == {}
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_a_wide_formula_does_not_widen_the_page(browser, lesson):
    set_width(browser, 360)
    for name in ("99_wide.html", "99_wide.notebook.html"):
        browser.get((lesson / name).as_uri())
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 360
