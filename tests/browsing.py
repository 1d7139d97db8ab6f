"""What every test of rendered pages needs: a real browser, and a look at all links."""

from __future__ import annotations

import posixpath
import shutil
from pathlib import Path
from urllib.parse import unquote

import html5lib
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

SWITCHES = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--hide-scrollbars",
)  # fmt: skip


def start_browser(*switches: str) -> webdriver.Chrome:
    """Chromium without a window. Raises: AssertionError when it is not installed."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    assert browser, "Chromium must be installed to look at the pages."
    assert driver, "chromedriver must be installed to look at the pages."
    options = Options()
    options.binary_location = browser
    for switch in (*SWITCHES, *switches):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service(driver))


def page_names(folder: Path) -> list[str]:
    """Every page of the report in `folder`, by its address from there."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.html"))


def check_links(folder: Path) -> tuple[int, list[tuple[str, str]]]:
    """How many links the pages in `folder` have, and those (page, address) that lead nowhere."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    trees = {name: parser.parse((folder / name).read_text(encoding="utf-8")) for name in page_names(folder)}
    ids = {name: {e.get("id") for e in tree.iter() if e.get("id")} for name, tree in trees.items()}
    links = [
        (name, address)
        for name, tree in trees.items()
        for element in tree.iter()
        for address in (element.get("href"), element.get("src"))
        if address is not None and not address.startswith(("https://", "data:"))
    ]
    return len(links), [link for link in links if not _leads_somewhere(*link, folder, ids)]


def _leads_somewhere(page: str, address: str, folder: Path, ids: dict[str, set[str]]) -> bool:
    target, _, anchor = unquote(address).partition("#")
    name = posixpath.normpath(posixpath.join(posixpath.dirname(page), target)) if target else page
    return (folder / name).is_file() and (not anchor or anchor in ids[name])
