"""axe looks at every page with every rule it has, and in the dark again with those about colours."""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python
import pytest
from browsing import open_details, pages_to_look_at, set_theme, set_width, start_browser

pytestmark = pytest.mark.browser

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")

RUN = """
const [tags, done] = arguments;
const values = axe.getRules(tags).map(rule => rule.ruleId);
axe.run(document, { runOnly: { type: "rule", values }, resultTypes: ["violations"] }).then(
  found => done(found.violations.map(
    v => `${v.id} (${v.impact}): ` + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + " " + n.failureSummary).join(" | "))),
  error => done([String(error)]));
"""


@pytest.fixture(scope="module")
def browser():
    driver = start_browser()
    set_width(driver, 1280)
    yield driver
    driver.quit()


def find_violations(driver, address: str, tags: tuple[str, ...] = ()) -> list[str]:
    """What axe has to say about the page, everything on it unfolded: by its rules with one of `tags`, else by all."""
    driver.get(address)
    open_details(driver)
    driver.execute_script(AXE)
    return driver.execute_async_script(RUN, tags)


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.thorough)])
@pytest.mark.parametrize("site", ["sample", "interactive"])
def test_axe_finds_nothing_on_any_page(browser, site, theme, request):
    folder = request.getfixturevalue(site)[1]
    set_theme(browser, theme)
    tags = ("cat.color",) if theme == "dark" else ()  # nothing else of a page depends on the theme
    found = {name: find_violations(browser, (folder / name).as_uri(), tags) for name in pages_to_look_at(folder)}
    assert {name: violations for name, violations in found.items() if violations} == {}


def test_axe_would_find_what_is_wrong(browser, tmp_path):
    (tmp_path / "bad.html").write_text("<title>t</title><img src='x.png'><p style='color: #999'>pale", encoding="utf-8")
    found = " ".join(find_violations(browser, (tmp_path / "bad.html").as_uri()))
    assert "image-alt" in found
    assert "color-contrast" in found
    assert "html-has-lang" in found
    of_colours = " ".join(find_violations(browser, (tmp_path / "bad.html").as_uri(), ("cat.color",)))
    assert "color-contrast" in of_colours
    assert "image-alt" not in of_colours
