"""Pages with curves and searches in a real browser: no complaints, nothing too wide, text that stands out."""

from __future__ import annotations

import pytest
from browsing import check_links, start_browser
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from test_browser import CONTRAST, WIDTHS, set_width

pytestmark = pytest.mark.browser

NAMES = ("01_mlp_vs_cnn.html", "01_mlp_vs_cnn.search.html", "comparison.html")
OPEN_ALL = "document.querySelectorAll('details').forEach(d => d.open = true);"
COMPARE = """for (const [side, arm] of [['A', 0], ['B', 1]]) {
  const menu = document.getElementById(`compare-${side}`);
  if (menu) { menu.value = arm; menu.dispatchEvent(new Event('change')); }
}"""


@pytest.fixture(scope="module")
def addresses(interactive):
    return [(interactive[1] / name).as_uri() for name in NAMES]


def test_the_browser_has_nothing_to_complain_about(browser, addresses):
    for address in addresses:
        browser.get(address)
        browser.execute_script(OPEN_ALL + COMPARE)
    assert browser.get_log("browser") == []


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_scrolls_sideways(browser, addresses, width):
    set_width(browser, width)
    for address in addresses:
        browser.get(address)
        browser.execute_script(OPEN_ALL + COMPARE)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width, address
    set_width(browser, 1280)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(browser, addresses, theme):
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    )
    for address in addresses:
        browser.get(address)
        browser.execute_script(OPEN_ALL + COMPARE)
        assert browser.execute_script(CONTRAST) == []


def test_every_link_leads_somewhere(interactive):
    count, broken = check_links(interactive[1])
    assert broken == []
    assert count > 30


def test_a_table_of_trials_is_sorted_by_keyboard(browser, addresses):
    browser.get(addresses[1])
    heading = browser.find_element(By.XPATH, "//table[@id='search-random-trials']//th[button='Validation accuracy']")
    heading.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER, Keys.ENTER)
    assert heading.get_attribute("aria-sort") == "descending"
    first = browser.find_element(By.CSS_SELECTOR, "#search-random-trials tbody tr")
    assert "52.0 %" in first.text


def test_a_table_is_filtered_by_keyboard(browser, addresses):
    browser.get(addresses[1])
    table = browser.find_element(By.ID, "search-random-trials")
    block = table.find_element(By.XPATH, "ancestor::div[@class='table-block']")
    block.find_element(By.CSS_SELECTOR, "input[type=search]").send_keys("no result")
    shown = [row for row in table.find_elements(By.CSS_SELECTOR, "tbody tr") if row.is_displayed()]
    assert [row.find_element(By.TAG_NAME, "th").text for row in shown] == ["3"]
    assert block.find_element(By.TAG_NAME, "output").text == "1 of 10 rows"


def test_searches_are_complete_without_scripts(interactive):
    driver = start_browser("--blink-settings=scriptEnabled=false")
    try:
        driver.get((interactive[1] / "01_mlp_vs_cnn.search.html").as_uri())
        text = driver.find_element(By.TAG_NAME, "main").text
        for words in (
            "Trials of random search",
            "52.0 %",
            "no result",
            "a better one may lie above",
            "on the boundary",
        ):
            assert words in text
        assert len(driver.find_elements(By.CSS_SELECTOR, "figure.picture svg[role=img]")) == 5
    finally:
        driver.quit()
