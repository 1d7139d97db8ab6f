"""Curves in a real browser: read off and switched by keyboard and by pointer, complete without scripts."""

from __future__ import annotations

import pytest
from browsing import start_browser
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser

FIGURE = "#figure-curves-val-accuracy"


@pytest.fixture
def page(browser, interactive):
    browser.get((interactive[1] / "01_mlp_vs_cnn.html").as_uri())
    return browser


def one(page, selector):
    return page.find_element(By.CSS_SELECTOR, f"{FIGURE} {selector}")


def said(page):
    return one(page, "[aria-live=polite]").text


def open_seeds(page):
    one(page, ".read-off summary").send_keys(Keys.ENTER)


def switch(page, label):
    return one(page, f"input[aria-label='{label}']")


def is_drawn(page, classes):
    parts = page.find_elements(By.CSS_SELECTOR, f"{FIGURE} svg .curve{classes}")
    assert parts
    return all(part.value_of_css_property("display") != "none" for part in parts)


def test_an_epoch_is_read_off_with_the_arrow_keys(page):
    assert said(page) == "Epoch 3: MLP 1 × 512 40.0 %; CNN 16-32-64 70.0 % (seed 1)."
    one(page, "input[type=range]").send_keys(Keys.ARROW_LEFT)
    assert said(page) == "Epoch 2: MLP 1 × 512 30.0 %; CNN 16-32-64 55.0 %."
    one(page, ".scroll").send_keys(Keys.ARROW_LEFT)
    assert said(page).startswith("Epoch 1: MLP 1 × 512 25.0 %")
    assert one(page, "input[type=range]").get_attribute("aria-valuetext") == "epoch 1"


def test_the_cursor_stands_where_the_epoch_is_drawn(page):
    one(page, "input[type=range]").send_keys(Keys.HOME)
    first = float(one(page, ".cursor").get_attribute("x1"))
    start = one(page, "svg .curve.arm-0.seed-1 path").get_attribute("d").split()[1]
    assert first == pytest.approx(float(start))


def test_pointing_at_an_epoch_reads_it_off(page):
    drawing = one(page, "svg")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", drawing)
    line = one(page, "svg .curve.arm-0.seed-1 path")
    ActionChains(page).move_to_element(line).perform()
    assert said(page).startswith("Epoch 2:")


def test_a_seed_is_switched_off_and_on_by_keyboard(page):
    open_seeds(page)
    switch(page, "MLP 1 × 512, seed 2").send_keys(Keys.SPACE)
    assert not is_drawn(page, ".arm-0.seed-2")
    assert is_drawn(page, ".arm-0.seed-1")
    assert is_drawn(page, ".arm-1.seed-2")
    switch(page, "MLP 1 × 512, seed 2").send_keys(Keys.SPACE)
    assert is_drawn(page, ".arm-0.seed-2")


def test_an_arm_is_switched_off_whole_and_then_not_read_off(page):
    open_seeds(page)
    switch(page, "MLP 1 × 512, all seeds").send_keys(Keys.SPACE)
    assert not any(is_drawn(page, f".arm-0.{line}") for line in ("seed-1", "seed-2", "mean"))
    assert "MLP" not in said(page)
    switch(page, "MLP 1 × 512, seed 1").send_keys(Keys.SPACE)
    assert "MLP 1 × 512 50.0 % (seed 1)" in said(page)


def test_the_values_behind_a_figure_can_be_read_without_scripts(interactive):
    driver = start_browser("--blink-settings=scriptEnabled=false")
    try:
        driver.get((interactive[1] / "01_mlp_vs_cnn.html").as_uri())
        one(driver, ".values summary").send_keys(Keys.ENTER)
        shown = one(driver, ".curve-values").text
        assert "CNN 16-32-64 2 diverged 50.0 % 50.0 % –" in " ".join(shown.split())
        assert not driver.find_elements(By.CSS_SELECTOR, "input")
    finally:
        driver.quit()
