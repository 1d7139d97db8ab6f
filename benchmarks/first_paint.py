"""How soon a report is on the screen: first contentful paint of the overview and of an experiment's page, from disk.

    python benchmarks/first_paint.py [REPORTS]               # about a minute

Without a folder of rendered pages it makes a report of sixty invented experiments with 832 runs. Headless Chromium opens each
page `OPENINGS` times, each time in a fresh profile's first window; the median and the slowest are printed.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "report")]

from browsing import start_browser  # noqa: E402

from kerascnn.report.text.links import REPORT_PAGES  # noqa: E402

OPENINGS = 5
PAINT = """
const done = arguments[arguments.length - 1];
const look = () => {
  const [entry] = performance.getEntriesByName("first-contentful-paint");
  entry ? done(entry.startTime) : setTimeout(look, 10);
};
look();
"""


def measure_paint_ms(page: Path) -> float:
    """Milliseconds from the start of the navigation to the first text or picture."""
    browser = start_browser()
    try:
        browser.set_script_timeout(30)
        browser.get(page.as_uri())
        return browser.execute_async_script(PAINT)
    finally:
        browser.quit()


def render_sixty(folder: Path) -> Path:
    """The folder of a report with sixty experiments."""
    from states import make_sixty

    from kerascnn.report import render_report

    return render_report(make_sixty(folder / "results"), folder / "reports").parent


def choose_pages(reports: Path) -> list[Path]:
    """The overview, the table of all arms, and the largest experiment's page."""
    pages = [p for p in reports.glob("*.html") if p.stem not in REPORT_PAGES and not p.name.endswith(".notebook.html")]
    largest = sorted(pages, key=lambda page: (-page.stat().st_size, page.name))[:1]
    return [reports / "index.html", reports / "comparison.html", *largest]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        reports = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else render_sixty(Path(folder))
        print("| Page | Size | First contentful paint, median | slowest |\n|---|---:|---:|---:|")
        for page in choose_pages(reports):
            times = [measure_paint_ms(page) for _ in range(OPENINGS)]
            size = f"{page.stat().st_size / 1e3:.0f} kB"
            print(f"| {page.name} | {size} | {statistics.median(times):.0f} ms | {max(times):.0f} ms |", flush=True)


if __name__ == "__main__":
    main()
