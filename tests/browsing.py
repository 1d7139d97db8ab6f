"""What every test of rendered pages needs: a real browser, and a look at all links."""

from __future__ import annotations

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


def check_links(folder: Path) -> tuple[int, list[tuple[str, str]]]:
    """How many links the pages in `folder` have, and those (page, address) that lead nowhere."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    trees = {path.name: parser.parse(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.html"))}
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
    name, _, anchor = unquote(address).partition("#")
    return (not name or (folder / name).is_file()) and (not anchor or anchor in ids[name or page])
