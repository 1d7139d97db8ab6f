"""From the store to the report: gathers what the report shows, and renders it where something changed."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from kerascnn.data import open_dataset
from kerascnn.errors import DataError, NotebookError
from kerascnn.notebooks.contract import read_notebook
from kerascnn.notebooks.order import notebooks_in_order
from kerascnn.places import experiments_folder, reports_folder, store_folder
from kerascnn.records import DatasetInfo, RunRecord
from kerascnn.report import Answers, Entry, ImageSet, ReportInputs, is_current, render_report
from kerascnn.specs import Profile, Spec
from kerascnn.stats import faults_of
from kerascnn.store import DamagedEntry, Store, reading_from
from kerascnn.store.files import is_folder
from kerascnn.store.published import Slot, find_slots
from kerascnn.store.soundness import check_predictions


class RenderTask(Spec, frozen=True, kw_only=True):
    """One report: results of one data set under one profile, and the command that makes it again.

    `invocation` is the same for all reports that one call of the pipeline renders (see report/folder/changes.py).
    """

    dataset: DatasetInfo
    profile: Profile
    store: str
    experiments: str
    output: str
    command: str
    invocation: str = ""


def report_of(
    dataset: DatasetInfo, profile: Profile, command: str, *, output: Path | None = None, invocation: str = ""
) -> RenderTask:
    """The report of the user's store and notebooks, in the reports folder where no other is given."""
    return RenderTask(
        dataset=dataset,
        profile=profile,
        store=str(store_folder()),
        experiments=str(experiments_folder()),
        output=str(output or reports_folder()),
        command=command,
        invocation=invocation,
    )


def render(task_json: bytes) -> str:
    """Render the report of a RenderTask (JSON) unless it is up to date; the path of its index page."""
    task = RenderTask.from_json(task_json)
    from kerascnn.report.folder.writer import only_writer

    output = Path(task.output)
    if is_up_to_date(task):
        return str(output / "index.html")
    # What goes wrong in writing is said by the writer; what there is to show may be more than before the wait for it.
    with only_writer(output), reading_from(Path(task.store)):
        return str(render_report(load_inputs(task), output, task.invocation))


def is_up_to_date(task: RenderTask) -> bool:
    """Whether the report shows what there is to show. Raises: StoreError when that cannot be read."""
    with reading_from(Path(task.store)):
        return is_current(load_inputs(task), Path(task.output))


def shown_faults(task: RenderTask) -> list[str]:
    """Which takeaways of the report's results cannot be filled in, a sentence each."""
    published = [entry.published for entry in load_inputs(task).entries if entry.published is not None]
    return [f"{result.experiment}: {fault}" for result in published for fault in faults_of(result)]


def load_inputs(task: RenderTask) -> ReportInputs:
    """Everything the report shows, read from the store and the notebooks."""
    store = Store(Path(task.store))
    notebooks = notebooks_in_order(Path(task.experiments))
    return ReportInputs(
        dataset=task.dataset,
        profile=task.profile,
        experiments=tuple((path.stem, _title(path)) for path in notebooks),
        entries=tuple(
            _entry(path, slot)
            for path in notebooks
            for slot in find_slots(store.root, path.stem, task.dataset, task.profile)
        ),
        load_record=partial(_record, store, sets={}),
        load_failure=store.load_failure,
        command=task.command,
        load_answers=lambda key: _answers(store, key),
        load_images=_images,
    )


def _record(store: Store, key: str, sets: dict[str, DatasetInfo | None]) -> RunRecord | None:
    """The run's record; None where the store has none, or what it says cannot be about the images at hand.

    Such a run may come from anybody: it is set aside, the page shows it as failed, and it is trained again.
    """
    record = store.load(key)
    if record is None:
        return None
    content = record.spec.data.content
    if content not in sets:
        sets[content] = _info(content)
    try:
        check_predictions(record, store.load_predictions(key), sets[content])
    except DamagedEntry as err:
        store.condemn(key, str(err))
        return None
    return record


def _info(content: str) -> DatasetInfo | None:
    try:
        return open_dataset(content).info
    except DataError:
        return None


def _answers(store: Store, key: str) -> Answers | None:
    """What a stored run said about the test images; None where the store has no such run, or it gave none a class."""
    record = store.load(key)
    if record is None or record.spec.task != "classification":
        return None
    arrays = store.load_predictions(key)
    return Answers(arrays["positions"], arrays["classes"])


def _images(content: str) -> ImageSet | None:
    """The test images of a data set; None where the cache does not have it, which the report says."""
    try:
        dataset = open_dataset(content)
    except DataError:
        return None
    return ImageSet(dataset.test_images, dataset.test_labels, dataset.info.class_names)


def _entry(path: Path, slot: Slot) -> Entry:
    published, failure = slot.load(), slot.load_failure()
    folder = slot.failed_files() if published is None else slot.files(published) if slot.is_whole(published) else None
    return Entry(
        experiment=path.stem,
        title=_title(path),
        folder=folder if folder and is_folder(folder) else None,
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
        return read_notebook(path).shown()
    except NotebookError:
        return {"cells": []}
