"""Comparing two arms in a real browser, by keyboard alone, and without scripts."""

from __future__ import annotations

import pytest
from browsing import start_browser
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser, sample):
    browser.get((sample[1] / "comparison.html").as_uri())
    return browser


def radio(page, side, place):
    return page.find_elements(By.CSS_SELECTOR, f"#comparison input[name=compare-{side}]")[place]


def rows(page, caption):
    table = f"//section[@id='compare']//table[caption='{caption}']/tbody/tr"
    return {
        row.find_element(By.TAG_NAME, "th").text: [cell.text for cell in row.find_elements(By.TAG_NAME, "td")]
        for row in page.find_elements(By.XPATH, table)
    }


def test_two_rows_are_compared_by_keyboard(page):
    radio(page, "A", 0).send_keys(Keys.SPACE)
    radio(page, "B", 0).send_keys(Keys.SPACE, Keys.ARROW_DOWN)
    assert radio(page, "B", 1).is_selected()
    assert rows(page, "What differs") == {"Depth": ["default", "4"], "Batch size (images)": ["64", "32"]}
    told = rows(page, "How they did")
    assert told["Seeds"] == ["3", "3", ""]
    assert told["Parameters"] == ["1,580,000", "2,370,000", "× 1.5"]
    assert told["Test accuracy, mean"] == ["39.8 %", "30.0 %", "−9.8 points"]
    status = page.find_element(By.CSS_SELECTOR, "#compare [aria-live]").text
    assert "2 settings differ" in status


def test_menus_and_rows_show_the_same_choice_after_sorting(page):
    page.find_element(By.CSS_SELECTOR, "#comparison thead button").send_keys(Keys.ENTER, Keys.ENTER)
    first = page.find_element(By.ID, "compare-A")
    first.send_keys("01 CNN")
    chosen = page.find_element(By.CSS_SELECTOR, "#comparison input[name=compare-A]:checked")
    row = chosen.find_element(By.XPATH, "ancestor::tr")
    assert row.find_element(By.TAG_NAME, "th").text == "CNN 16-32-64"


def test_sorting_still_goes_by_the_column_that_was_asked_for(page):
    heading = page.find_element(By.XPATH, "//table[@id='comparison']//th[button='Parameters']")
    heading.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    place = int(heading.get_attribute("cellIndex"))
    shown = [
        float(row.find_elements(By.XPATH, "./*")[place].get_attribute("data-sort"))
        for row in page.find_elements(By.CSS_SELECTOR, "#comparison tbody tr")
    ]
    assert shown == sorted(shown)
    assert len(set(shown)) > 2


def test_the_same_arm_twice_is_no_comparison(page):
    radio(page, "A", 1).send_keys(Keys.SPACE)
    radio(page, "B", 1).send_keys(Keys.SPACE)
    assert "same arm" in page.find_element(By.CSS_SELECTOR, "#compare [aria-live]").text
    assert rows(page, "How they did") == {}


def test_an_arm_is_read_off_the_cost_chart_by_keyboard(page):
    menu = page.find_element(By.CSS_SELECTOR, "#figure-cost select")
    menu.send_keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    said = page.find_element(By.CSS_SELECTOR, "#figure-cost [aria-live]").text
    assert said.startswith("01 CNN 16-32-64: 56.0 % (n = 3, sd 1.0 points); parameters 34,000")
    assert len(page.find_elements(By.CSS_SELECTOR, "#figure-cost .is-picked")) >= 3


def test_every_setting_can_be_read_without_scripts(sample):
    driver = start_browser("--blink-settings=scriptEnabled=false")
    try:
        driver.get((sample[1] / "comparison.html").as_uri())
        driver.find_element(By.XPATH, "//summary[text()='All settings of every arm']").send_keys(Keys.ENTER)
        shown = driver.find_element(By.ID, "settings").text
        assert all(words in shown for words in ("MLP 4 × 512", "Learning rate", "bfloat16"))
        assert not driver.find_elements(By.CSS_SELECTOR, "input, select")
    finally:
        driver.quit()
