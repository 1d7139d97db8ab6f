"""The pages in a real browser, from disk: nothing blocked, nothing cut off, usable by keyboard."""

from __future__ import annotations

import base64
import re

import pytest
from browsing import page_names, start_browser
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser

WIDTHS = (360, 768, 1280, 1920)


@pytest.fixture(scope="module")
def addresses(sample):
    """Page name -> its file address."""
    return {name: (sample[1] / name).as_uri() for name in page_names(sample[1])}


def set_width(driver, width: int) -> None:
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def test_the_browser_has_nothing_to_complain_about(browser, addresses):
    for address in addresses.values():
        browser.get(address)
    assert browser.get_log("browser") == []


def test_the_stylesheet_and_the_script_work_from_disk(browser, addresses):
    browser.get(addresses["01_mlp_vs_cnn.html"])
    assert browser.execute_script("return getComputedStyle(document.querySelector('.badge')).display").endswith("flex")
    assert browser.find_elements(By.CSS_SELECTOR, "button.sort")


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_scrolls_sideways(browser, addresses, width):
    set_width(browser, width)
    for name, address in addresses.items():
        browser.get(address)
        wide = browser.execute_script(
            "document.querySelectorAll('details').forEach(d => d.open = true);"
            "return document.documentElement.scrollWidth"
        )
        assert wide <= width, name
    set_width(browser, 1280)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(browser, addresses, theme):
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    )
    for name in (
        "index.html",
        "01_mlp_vs_cnn.html",
        "03_sigmoid_vs_relu_depth.html",
        "03_sigmoid_vs_relu_depth.notebook.html",
        next(name for name in addresses if name.startswith("runs/failed")),
        next(name for name in addresses if name.startswith("runs/1")),
    ):
        browser.get(addresses[name])
        assert browser.execute_script(CONTRAST) == []


def printed_pages(driver) -> list[tuple[int, int]]:
    """(width, height) of every sheet of paper, in points."""
    pdf = base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"])
    return [(int(width), int(height)) for width, height in re.findall(rb"/MediaBox \[0 0 (\d+)[.\d]* (\d+)", pdf)]


def test_the_wide_table_of_all_arms_is_printed_across(browser, addresses):
    browser.get(addresses["comparison.html"])
    across = printed_pages(browser)
    assert across
    assert all(width > height for width, height in across)
    browser.get(addresses["01_mlp_vs_cnn.html"])
    upright = printed_pages(browser)
    assert upright
    assert all(width < height for width, height in upright)


def test_values_are_printed_where_the_reader_opened_them(browser, addresses):
    browser.get(addresses["01_mlp_vs_cnn.html"])
    closed = len(printed_pages(browser))
    browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert 0 < closed < len(printed_pages(browser))


def test_a_cell_of_a_matrix_leads_to_the_confused_pictures(browser, addresses):
    browser.get(addresses["01_mlp_vs_cnn.html"])
    cell = browser.find_element(By.CSS_SELECTOR, ".matrix td a")
    cell.send_keys(Keys.ENTER)
    target = browser.find_element(By.CSS_SELECTOR, ".confusion:target")
    assert cell.get_attribute("href").endswith("#" + target.get_attribute("id"))
    pictures = target.find_elements(By.CSS_SELECTOR, "svg")
    assert pictures
    assert all(picture.is_displayed() and picture.size["width"] > 40 for picture in pictures)


def test_the_page_of_a_run_is_styled_and_leads_back(browser, addresses):
    browser.get(next(address for name, address in addresses.items() if name.startswith("runs/")))
    assert browser.execute_script("return getComputedStyle(document.querySelector('.badge')).display").endswith("flex")
    browser.find_element(By.CSS_SELECTOR, ".uses a").click()
    assert browser.find_element(By.ID, "finals").is_displayed()


def test_a_table_is_sorted_by_keyboard(browser, addresses):
    browser.get(addresses["comparison.html"])
    heading = browser.find_elements(By.CSS_SELECTOR, "#comparison thead th")[3]
    heading.find_element(By.CSS_SELECTOR, "button").send_keys(Keys.ENTER)
    assert heading.get_attribute("aria-sort") == "ascending"
    rising = _column(browser, 3)
    assert rising == sorted(rising)
    heading.find_element(By.CSS_SELECTOR, "button").send_keys(Keys.SPACE)
    assert heading.get_attribute("aria-sort") == "descending"
    assert _column(browser, 3) == rising[::-1]


def _column(browser, place: int) -> list[float]:
    cells = browser.find_elements(By.CSS_SELECTOR, f"#comparison tbody tr > :nth-child({place + 1})")
    return [float(cell.get_attribute("data-sort")) for cell in cells]


def test_the_skip_link_is_the_first_thing_the_keyboard_reaches(browser, addresses):
    browser.get(addresses["index.html"])
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    focused = browser.switch_to.active_element
    assert focused.text == "Skip to the content"
    focused.send_keys(Keys.ENTER)
    assert browser.switch_to.active_element.get_attribute("id") == "content"


def test_everything_is_there_without_scripts(addresses):
    driver = start_browser("--blink-settings=scriptEnabled=false")
    try:
        driver.get(addresses["01_mlp_vs_cnn.html"])
        text = driver.find_element(By.TAG_NAME, "main").text
        assert not driver.find_elements(By.CSS_SELECTOR, "button.sort")
        for words in (
            "A small CNN does better.",
            "supported",
            "Accuracy after the last epoch",
            "diverged",
            "out of memory",
        ):
            assert words in text
        driver.get(addresses["index.html"])
        assert driver.find_elements(By.CSS_SELECTOR, ".card .strip")
    finally:
        driver.quit()


CONTRAST = """
const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
const rgb = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data]; };
const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
  .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const behind = (element) => {
  for (let e = element; e; e = e.parentElement) {
    const colour = rgb(getComputedStyle(e).backgroundColor);
    if (colour[3] === 255) return colour;
  }
  return [255, 255, 255, 255];
};
const poor = [];
for (const element of document.body.querySelectorAll('*')) {
  const hasText = [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  if (!hasText || element.closest('.unseen, title, desc')) continue;
  const style = getComputedStyle(element);
  const paint = element.namespaceURI.endsWith('svg') ? style.fill : style.color;
  const [a, b] = [light(rgb(paint)), light(behind(element))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) poor.push(element.tagName + '.' + element.getAttribute('class') + ' ' + ratio.toFixed(2));
}
return [...new Set(poor)];
"""
