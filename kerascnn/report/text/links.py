"""Names of files and anchors, safe to stand in an address."""

from __future__ import annotations

from kerascnn.spelling import slug

REPORT_PAGES = {"index": "Overview", "comparison": "All arms compared", "methods": "How verdicts are made"}
"""Pages that belong to no experiment: stem -> title, in the order in which every page links to them."""

RUNS_FOLDER = "runs"
"""Where the pages of runs lie, seen from the overview."""

FOLDERS = (RUNS_FOLDER, "data", "pictures")
"""Where a report has files besides its own folder."""

STYLE = "style.css"
SCRIPTS = ("tables.js", "targets.js", "compare.js", "points.js", "curves.js")
"""One file for each purpose; a page loads those it needs."""
ASSETS = (STYLE, *SCRIPTS)


def anchor_of(kind: str, name: str, taken: set[str]) -> str:
    """An anchor for the `name` of a `kind` that is not `taken` on its page; it is taken afterwards."""
    base = f"{kind}-{slug(name)}"
    anchor, count = base, 1
    while anchor in taken:
        count += 1
        anchor = f"{base}-{count}"
    taken.add(anchor)
    return anchor


def run_page(key: str) -> str:
    """The file of a run's page. Keys are digests: their first 12 characters tell them apart."""
    return f"{RUNS_FOLDER}/{slug(key)[:12]}.html"
