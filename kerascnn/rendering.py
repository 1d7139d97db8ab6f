"""From the store to the report: gathers what the report shows, and renders it where something changed."""

from __future__ import annotations

from pathlib import Path

from kerascnn.errors import NotebookError
from kerascnn.notebooks.contract import find_notebooks, read_notebook
from kerascnn.publishing import EXECUTED, Slot, find_slots
from kerascnn.records import DatasetInfo
from kerascnn.report import Entry, ReportInputs, is_current, render_report
from kerascnn.specs import Profile, Spec
from kerascnn.store import Store


class RenderTask(Spec, frozen=True, kw_only=True):
    """One report: results of one data set under one profile, and the command that makes it again.

    `invocation` is the same for all reports that one call of the pipeline renders (see report/changes.py).
    """

    dataset: DatasetInfo
    profile: Profile
    store: str
    experiments: str
    output: str
    command: str
    invocation: str = ""


def render(task_json: bytes) -> str:
    """Render the report of a RenderTask (JSON) unless it is up to date; the path of its index page."""
    task = RenderTask.from_json(task_json)
    inputs, output = gather(task), Path(task.output)
    if is_current(inputs, output):
        return str(output / "index.html")
    return str(render_report(inputs, output, task.invocation))


def gather(task: RenderTask) -> ReportInputs:
    """Everything the report shows, read from the store and the notebooks."""
    store = Store(Path(task.store))
    notebooks = find_notebooks(Path(task.experiments))
    return ReportInputs(
        dataset=task.dataset,
        profile=task.profile,
        experiments=tuple((path.stem, _title(path)) for path in notebooks),
        entries=tuple(
            _entry(path, slot)
            for path in notebooks
            for slot in find_slots(store.root, path.stem, task.dataset, task.profile)
        ),
        load_record=store.load,
        load_failure=store.load_failure,
        command=task.command,
    )


def _entry(path: Path, slot: Slot) -> Entry:
    published, failure = slot.load(), slot.load_failure()
    folder = slot.files(published) if published else slot.failed_files()
    if failure is not None and (slot.failed_files() / EXECUTED).exists() and published is None:
        folder = slot.failed_files()
    return Entry(
        experiment=path.stem,
        title=_title(path),
        folder=folder if folder.is_dir() else None,
        published=published,
        failure=failure,
        is_default=not slot.changed_parameters,
        by_hand=published is not None and not published.freshness,
        source_notebook=_content(path),
    )


def _title(path: Path) -> str:
    try:
        return read_notebook(path).title
    except NotebookError:
        return path.stem


def _content(path: Path) -> dict:
    try:
        return read_notebook(path).content
    except NotebookError:
        return {"cells": []}
