"""Whatever state a suite is in, its report is right, complete and leads on."""

from __future__ import annotations

import html5lib
import pytest
import states
from browsing import check_links, measure_width, set_theme, set_width, start_browser

from kerascnn.report import render_report

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("states")]  # the four reports are made once

STATES = ("empty", "half_finished", "failed", "sixty")


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """State -> the folder of its report."""
    folder = tmp_path_factory.mktemp("states")
    return {
        name: render_report(getattr(states, f"make_{name}")(folder / name), folder / f"{name}-report").parent
        for name in STATES
    }


def tree_of(folder, page: str = "index.html"):
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(
        (folder / page).read_text(encoding="utf-8")
    )


def text_of(element) -> str:
    return " ".join("".join(element.itertext()).split())


def facts_of(tree) -> dict[str, str]:
    """The lines at the top of the overview, by name."""
    (headline,) = [e for e in tree.iter("div") if e.get("class") == "headline"]
    return {text_of(div.find("dt")): " to ".join(map(text_of, div.findall("dd"))) for div in headline.find("dl")}


def badges_of(tree) -> list[str]:
    """The state of every experiment, in the order of the lesson."""
    heads = [e for e in tree.iter("div") if e.get("class") == "lesson-head"]
    return [text_of(next(s for s in head.iter("span") if "badge" in s.get("class", ""))) for head in heads]


@pytest.mark.parametrize("name", STATES)
def test_in_every_state_all_links_lead_somewhere_and_every_page_is_valid(reports, name):
    count, broken = check_links(reports[name])
    assert broken == []
    assert count > 10


def test_an_empty_store_is_told_by_what_to_do_and_by_nothing_that_is_not_known(reports):
    tree = tree_of(reports["empty"])
    found = facts_of(tree)
    assert found.pop("Profile").startswith("quick: a few thousand images")
    assert found == {"Data set": "Embedded shapes"}
    assert badges_of(tree) == ["not run yet"] * 5
    assert "Start with: python pipeline.py --data embedded all" in text_of(tree)
    assert "What failed" not in text_of(tree)


def test_a_half_finished_suite_tells_what_it_knows_and_what_is_still_to_come(reports):
    tree = tree_of(reports["half_finished"])
    assert badges_of(tree) == ["finished"] * 2 + ["not run yet"] * 3
    assert "6 claims of 2 experiments, judged on Embedded shapes. 3 experiments have no result yet." in text_of(tree)
    facts = facts_of(tree)
    assert facts["Failed"] == "nothing"
    assert facts["Trained"].startswith("32 runs: ")
    assert facts["Results from"] == "2026-01-01, 00:00 UTC to 2026-03-01, 10:06 UTC"
    assert facts["Machine class"] == "test-platform"


def test_a_failed_suite_counts_what_failed_and_links_each_failure(reports):
    tree = tree_of(reports["failed"])
    assert facts_of(tree)["Failed"] == "4 notebooks, 8 runs"
    (section,) = [e for e in tree.iter("section") if e.get("aria-labelledby") == "failed"]
    assert len(list(section.iter("li"))) == 12
    assert len({link.get("href") for link in section.iter("a")}) == 12
    assert badges_of(tree) == [
        "older result, last attempt failed",
        "finished, some runs failed",
        "failed",
        "failed",
        "failed",
    ]
    assert "1 not judged" in text_of(tree)


def test_sixty_experiments_get_a_table_of_contents_with_their_verdicts(reports):
    tree = tree_of(reports["sixty"])
    (contents,) = [e for e in tree.iter("nav") if e.get("aria-labelledby") == "overview"]
    lines = [text_of(line) for line in contents.iter("li")]
    assert len(lines) == 60
    assert lines[2] == "02Batch Normalization, part 1 too small to matter. too small to matter. supported."
    assert lines[9] == "09Learning-rate schedules, part 1 failed."
    assert lines[59] == "59Learning-rate schedules, part 6 not run yet."
    assert facts_of(tree)["Trained"].startswith("832 runs: ")
    assert facts_of(tree)["Failed"] == "5 notebooks"
    assert "156 claims of 52 experiments" in text_of(tree)


def test_a_few_experiments_need_no_table_of_contents(reports):
    tree = tree_of(reports["failed"])
    assert not [e for e in tree.iter("nav") if e.get("aria-labelledby") == "overview"]


@pytest.mark.browser
def test_in_every_state_the_overview_fits_every_screen_and_shows_its_verdicts_at_once(reports):
    browser = start_browser()
    try:
        for name in STATES:
            for theme, width in (("light", 1280), ("dark", 390), ("light", 360), ("light", 1920)):
                set_theme(browser, theme)
                set_width(browser, width)
                browser.get((reports[name] / "index.html").as_uri())
                assert measure_width(browser) <= width, (name, width)
                assert browser.execute_script(BELOW) < 900, (name, width)
    finally:
        browser.quit()


BELOW = "return document.querySelector('.tallies, .lead pre').getBoundingClientRect().bottom"
"""Where the verdicts, or the command to start with, end: on the first screen, whatever it is."""
