"""A served page in a real browser: loaded anew when it was rendered again, never for less, at the same place."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from browsing import start_browser
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait
from serving import serving

from kerascnn.report.folder.writer import MANIFEST, Manifest, write_report
from kerascnn.report.render import build_files

pytestmark = pytest.mark.browser

PAGE = "01_mlp_vs_cnn.html"
LOOKS = "return performance.getEntriesByType('resource').filter(e => e.name.includes('/-/version/')).length"


@pytest.fixture(scope="module")
def browser():
    driver = start_browser()
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def texts(sample):
    """The sample report as file name -> text."""
    return build_files(sample[0])


@pytest.fixture
def folder(texts, tmp_path: Path) -> Path:
    write_report(texts, "1", tmp_path / "reports")
    return tmp_path / "reports"


@pytest.fixture
def server(folder: Path):
    with serving(folder) as running:
        yield running


def change(texts: dict[str, str], words: str, *names: str) -> dict[str, str]:
    """The report with other words in the headings of the pages `names`."""
    return texts | {name: re.sub(r"(<h1[^>]*>)", rf"\g<1>{words} ", texts[name]) for name in names}


def wait(browser, condition: Callable[[], object]) -> None:
    WebDriverWait(browser, 30, 0.1).until(lambda _: condition())


def wait_for_heading(browser, words: str) -> None:
    wait(browser, lambda: words in browser.execute_script("return document.querySelector('h1')?.textContent ?? ''"))


def mark(browser) -> None:
    browser.execute_script("window.mark = 1")


def is_the_same_page(browser) -> bool:
    """Whether the page has not been loaded anew since `mark`."""
    return browser.execute_script("return window.mark === 1")


def wait_for_looks(browser, count: int = 2) -> None:
    """Until the page has asked `count` more times whether it is the newest."""
    before = browser.execute_script(LOOKS)
    wait(browser, lambda: browser.execute_script(LOOKS) >= before + count)


def test_every_page_works_as_from_disk_and_the_browser_has_nothing_to_complain_about(browser, server, folder):
    for path in sorted(folder.glob("*.html")):
        browser.get(f"{server.address}{path.name}")
        assert browser.find_elements(By.CSS_SELECTOR, "main h1")
    browser.get(server.address)
    wait_for_looks(browser, 1)
    browser.get(server.address + "comparison.html")
    assert browser.find_elements(By.CSS_SELECTOR, "button.sort")
    assert browser.get_log("browser") == []


def test_a_page_that_was_rendered_again_loads_itself_anew_and_stays_where_it_was(browser, server, folder, texts):
    browser.get(server.address + PAGE)
    opened = browser.execute_script(
        "const all = [...document.querySelectorAll('details')]; all.forEach((d, i) => { d.open = i % 2 === 0; });"
        "scrollTo(0, document.documentElement.scrollHeight * 0.6); return all.map(d => d.open)"
    )
    assert len(set(opened)) == 2
    place = browser.execute_script("return scrollY")
    assert place > 500
    write_report(change(texts, "Newer:", PAGE), "2", folder)
    wait_for_heading(browser, "Newer:")
    assert browser.execute_script("return [...document.querySelectorAll('details')].map(d => d.open)") == opened
    wait(browser, lambda: abs(browser.execute_script("return scrollY") - place) < 5)
    mark(browser)
    wait_for_looks(browser)
    assert is_the_same_page(browser), "once is enough"


def test_a_page_is_left_alone_when_others_change(browser, server, folder, texts):
    browser.get(server.address + PAGE)
    mark(browser)
    write_report(change(texts, "Newer:", "index.html"), "2", folder)
    wait_for_looks(browser)
    assert is_the_same_page(browser)


def test_nothing_is_taken_from_under_the_hands_of_somebody_who_types(browser, server, folder, texts):
    with_field = texts | {PAGE: texts[PAGE].replace("<h1", '<input type="search"><h1', 1)}  # as long tables have one
    write_report(with_field, "2", folder)
    browser.get(server.address + PAGE)
    field = browser.find_element(By.CSS_SELECTOR, "input[type=search]")
    field.send_keys("relu")
    write_report(change(with_field, "Newer:", PAGE), "3", folder)
    wait_for_looks(browser)
    assert field.get_attribute("value") == "relu"
    browser.execute_script("arguments[0].blur()", field)
    wait_for_heading(browser, "Newer:")


def test_a_changed_stylesheet_is_seen_on_every_page(browser, server, folder, texts):
    browser.get(server.address + PAGE)
    write_report(texts | {"style.css": texts["style.css"] + "\nh1 { letter-spacing: 7px; }"}, "2", folder)
    spacing = "return getComputedStyle(document.querySelector('h1')).letterSpacing"
    wait(browser, lambda: browser.execute_script(spacing) == "7px")


def test_a_half_written_report_is_waited_for(browser, server, folder, texts):
    browser.get(server.address + PAGE)
    mark(browser)
    newer = change(texts, "Newer:", PAGE)
    (folder / MANIFEST).write_bytes(Manifest("", dict.fromkeys(texts, "")).to_bytes())
    (folder / PAGE).write_text(newer[PAGE], encoding="utf-8")
    wait_for_looks(browser)
    assert is_the_same_page(browser)
    write_report(newer, "2", folder)
    wait_for_heading(browser, "Newer:")


def test_a_page_outlives_its_report_and_its_server_and_follows_when_they_are_back(browser, folder, texts):
    with serving(folder) as server:
        port = server.port
        browser.get(server.address + PAGE)
        mark(browser)
        away = (folder / MANIFEST).rename(folder.with_name("away"))
        wait_for_looks(browser)
        assert is_the_same_page(browser)
        away.rename(folder / MANIFEST)
        write_report(texts, "1", folder)
        wait_for_looks(browser)
        assert is_the_same_page(browser)
    wait_for_looks(browser, 1)
    assert is_the_same_page(browser)
    assert browser.find_element(By.CSS_SELECTOR, "main h1").is_displayed()
    write_report(change(texts, "Newer:", PAGE), "2", folder)
    with serving(folder, port):
        wait_for_heading(browser, "Newer:")


def test_a_page_in_the_background_catches_up_when_it_is_looked_at(browser, server, folder, texts):
    browser.get(server.address + PAGE)
    first = browser.current_window_handle
    browser.switch_to.new_window("tab")
    browser.get(server.address + "index.html")
    write_report(change(texts, "Newer:", PAGE, "index.html"), "2", folder)
    wait_for_heading(browser, "Newer:")
    browser.close()
    browser.switch_to.window(first)
    wait_for_heading(browser, "Newer:")


def test_a_page_opened_from_disk_asks_nobody(browser, folder):
    browser.get("about:blank")
    browser.get_log("browser")  # of earlier tests
    browser.get((folder / PAGE).as_uri())
    loaded = browser.execute_script("return performance.getEntriesByType('resource').map(e => e.name)")
    assert {address.rpartition("/")[2] for address in loaded if not address.startswith("data:")} <= {
        "style.css",
        "tables.js",
        "curves.js",
        "targets.js",
    }
    assert browser.get_log("browser") == []
