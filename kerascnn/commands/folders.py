"""Which folders a verb may write to: those that are the user's own choice must not be where we keep other things."""

from __future__ import annotations

from pathlib import Path

from kerascnn.errors import UsageError
from kerascnn.notebooks.finding import find_notebooks
from kerascnn.ownership.owned import SharedFolder, spell_names
from kerascnn.places import CHECKOUT, cache_folder, experiments_folder, reports_folder, store_folder
from kerascnn.report.folder.handing_in import check_folder
from kerascnn.report.folder.writer import report_folder
from kerascnn.report.text.links import FOLDERS

REPORTS = "KERASCNN_REPORTS"


def kept_places() -> dict[str, Path]:
    """Where we keep what no verb may mix with pages or tables, by what it is called."""
    return {"store": store_folder(), "cache": cache_folder().resolve()}


def check_reports(folder: Path, called: str = REPORTS) -> None:
    """Raises: UsageError when a report in `folder` could overwrite or mix with anything else. Nothing is written."""
    check_apart(folder, called)
    is_new = report_folder(folder).manifest() is None
    for what, place in {**kept_places(), "checkout": CHECKOUT}.items():
        below = place.relative_to(folder).parts if place.is_relative_to(folder) else ()
        # A report that is there already may go on beside a store in a sub-folder of another name.
        if below and (is_new or below[0] in FOLDERS):
            raise UsageError(
                f"`{called}` must be a folder beside the {what}. Received: {folder}, which holds {place}. Choose another "
                "folder, such as a new one inside it."
            )
    check_folder(folder, f"`{called}`", [path.stem for path in find_notebooks(experiments_folder())])


def check_apart(folder: Path, called: str) -> None:
    """Raises: UsageError when `folder` is one in which we keep other things, or lies in the store or the cache."""
    places = {**kept_places(), "experiments": experiments_folder(), "checkout": CHECKOUT}
    for what, place in places.items():
        if folder == place or (what in ("store", "cache") and folder.is_relative_to(place)):
            raise UsageError(
                f"`{called}` must be a folder of its own. Received: {folder}, which is in the {what} ({place}). Choose "
                "another folder."
            )


def say_others(shared: SharedFolder) -> None:
    """Say which things in the folder were left alone."""
    with shared.errors():
        others = shared.others()
    if others:
        print(f"Left alone in {shared.path}, because it is not part of the {shared.ours.noun}: {spell_names(others)}")


def clean_reports() -> tuple[SharedFolder, int]:
    """The reports folder, and how many files of a report were removed from it; what was left alone is said."""
    shared = report_folder(reports_folder(), f"`{REPORTS}`")
    cleared = shared.clear([*kept_places().values(), experiments_folder()])
    if cleared.left:
        print(
            f"Left alone in {shared.path}, because no report wrote it or somebody changed it: {spell_names(cleared.left)}"
        )
    return shared, cleared.removed
