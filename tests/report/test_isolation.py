"""Every page on its own: it asks nobody for anything, runs nothing but its script, and fits every screen."""

from __future__ import annotations

import html5lib
import pytest
from browsing import measure_width, open_details, pages_to_look_at, requests_since, set_width, start_browser
from selenium.webdriver.common.by import By

pytestmark = pytest.mark.browser

WIDTHS = (360, 390, 768, 1024, 1280, 1920)

UNFOLDED = "//main//*[self::h1 or self::h2 or self::h3 or self::caption or self::figure][not(ancestor::details)]"

INJECT = """
window.hasRun = false;
const script = document.createElement("script");
script.textContent = "window.hasRun = true";
document.body.append(script);
const image = document.createElement("img");
image.setAttribute("onerror", "window.hasRun = true");
image.src = "data:image/png;base64,AAAA";
document.body.append(image);
const style = document.createElement("style");
style.textContent = "body { outline: 7px solid red }";
document.head.append(style);
const elsewhere = document.createElement("script");
elsewhere.src = "https://elsewhere.invalid/x.js";
document.body.append(elsewhere);
const done = arguments[arguments.length - 1];
setTimeout(() => done([window.hasRun, getComputedStyle(document.body).outlineWidth !== "7px"]), 200);
"""


@pytest.fixture(scope="module")
def browser():
    driver = start_browser(watch_requests=True)
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def pages(sample):
    """The files of all pages."""
    return [sample[1] / name for name in pages_to_look_at(sample[1])]


def test_no_page_asks_for_anything_but_files_of_the_report(browser, sample, pages):
    requests_since(browser)
    for page in pages:
        browser.get(page.as_uri())
        open_details(browser)
    asked = [request.address for request in requests_since(browser)]
    assert len([address for address in asked if address.endswith(".html")]) >= len(pages)
    assert [a for a in asked if not a.startswith((f"{sample[1].as_uri()}/", "data:"))] == []


def test_every_page_forbids_all_scripts_and_styles_but_its_own(pages):
    for page in pages:
        tree = html5lib.HTMLParser(namespaceHTMLElements=False).parse(page.read_text(encoding="utf-8"))
        head = list(tree.find("head"))
        policies = [e.get("content") for e in head if e.get("http-equiv") == "Content-Security-Policy"]
        assert len(policies) == 1, page
        assert "default-src 'none'" in policies[0]
        assert "unsafe" not in policies[0]
        # What stands before the policy is not bound by it.
        assert [e.tag for e in head][:2] == ["meta", "meta"], page


def test_a_script_or_style_that_got_into_a_page_would_not_take_effect(browser, pages):
    for page in pages:
        browser.get(page.as_uri())
        assert browser.execute_async_script(INJECT) == [False, True], page
    refused = [request.blocked_by for request in requests_since(browser) if "elsewhere" in request.address]
    assert refused == ["csp"] * len(pages)


@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_fits_the_screen_with_everything_unfolded(browser, pages, width):
    set_width(browser, width)
    wide = {}
    for page in pages:
        browser.get(page.as_uri())
        open_details(browser)
        wide[page.name] = measure_width(browser)
    assert {name: found for name, found in wide.items() if found > width} == {}


def test_without_scripts_nothing_is_hidden_and_no_control_is_dead(pages):
    silent = start_browser("--blink-settings=scriptEnabled=false")
    try:
        for page in pages:
            silent.get(page.as_uri())
            hidden = [e for e in silent.find_elements(By.XPATH, UNFOLDED) if not e.is_displayed()]
            assert [element.tag_name for element in hidden] == [], page
            controls = silent.find_elements(By.CSS_SELECTOR, "button, input, select, textarea")
            assert [control.tag_name for control in controls if control.is_displayed()] == [], page
            assert silent.find_element(By.TAG_NAME, "main").text.count("\n") > 3, page
    finally:
        silent.quit()
