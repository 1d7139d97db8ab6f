"""What every test of rendered pages needs: a real browser, and a look at all links."""

from __future__ import annotations

import json
import posixpath
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from html.parser import HTMLParser
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


def start_browser(*switches: str, watch_requests: bool = False) -> webdriver.Chrome:
    """Chromium without a window; `watch_requests` keeps a log for `requests_since`.

    Raises: AssertionError when it is not installed.
    """
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    assert browser, "Chromium must be installed to look at the pages."
    assert driver, "chromedriver must be installed to look at the pages."
    options = Options()
    options.binary_location = browser
    for switch in (*SWITCHES, *switches):
        options.add_argument(switch)
    logs = {"browser": "ALL"} | ({"performance": "ALL"} if watch_requests else {})
    options.set_capability("goog:loggingPrefs", logs)
    return webdriver.Chrome(options=options, service=Service(driver))


def page_names(folder: Path) -> list[str]:
    """Every page of the report in `folder`, by its address from there."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.html"))


def pages_to_look_at(folder: Path) -> list[str]:
    """Every page but those of runs, and of these, which one template makes, the first, the last and the failed ones."""
    names = page_names(folder)
    runs = [name for name in names if name.startswith("runs/")]
    chosen = {*runs[:1], *runs[-1:], *(name for name in runs if "failed" in name)}
    return [name for name in names if name not in runs or name in chosen]


@dataclass(frozen=True)
class Request:
    """Something a page asked for; `blocked_by` says what kept it from being sent, such as "csp"."""

    address: str
    blocked_by: str


def requests_since(driver: webdriver.Chrome) -> list[Request]:
    """Everything that pages asked for since the last call."""
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    failed = {m["params"]["requestId"]: m["params"] for m in messages if m["method"] == "Network.loadingFailed"}
    sent = [m["params"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    return [Request(m["request"]["url"], failed.get(m["requestId"], {}).get("blockedReason", "")) for m in sent]


def set_width(driver: webdriver.Chrome, width: int, height: int = 900) -> None:
    """Give the page `width` by `height` CSS pixels, narrower than a window can be made."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def set_theme(driver: webdriver.Chrome, theme: str) -> None:
    """Let the page see a reader who prefers `theme`: light or dark."""
    features = [{"name": "prefers-color-scheme", "value": theme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def open_details(driver: webdriver.Chrome) -> None:
    """Open everything on the page that can be folded."""
    driver.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")


def measure_width(driver: webdriver.Chrome) -> int:
    """How wide the page is, in CSS pixels: more than the window is when it scrolls sideways."""
    return driver.execute_script("return document.documentElement.scrollWidth")


def unlike(pages: Iterable[str]) -> list[str]:
    """One of those that differ in numbers and keys alone: the markup of hundreds of runs' pages is made by one template."""
    return list({re.sub(r"[0-9a-f]*\d[0-9a-f.]*", "0", page): page for page in pages}.values())


class _Addresses(HTMLParser):
    """What a valid page links to, and the names that its elements have: read ten times as fast as with html5lib."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.ids.add(value)
            if name in ("href", "src") and value is not None and not value.startswith(("https://", "data:")):
                self.links.append(value)


def check_links(folder: Path) -> tuple[int, list[tuple[str, str]]]:
    """How many links the pages in `folder` have, and those (page, address) that lead nowhere.

    Raises: html5lib's ParseError where a page is not valid.
    """
    texts = {name: (folder / name).read_text(encoding="utf-8") for name in page_names(folder)}
    for text in unlike(texts.values()):
        html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    pages = {name: _Addresses(text) for name, text in texts.items()}
    ids = {name: page.ids for name, page in pages.items()}
    links = [(name, address) for name, page in pages.items() for address in page.links]
    return len(links), [link for link in links if not _leads_somewhere(*link, folder, ids)]


def _leads_somewhere(page: str, address: str, folder: Path, ids: dict[str, set[str]]) -> bool:
    target, _, anchor = unquote(address).partition("#")
    name = posixpath.normpath(posixpath.join(posixpath.dirname(page), target)) if target else page
    return (folder / name).is_file() and (not anchor or anchor in ids[name])
