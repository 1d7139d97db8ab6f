"""What the report is given: answers from the store, pictures from the cache, and nothing where they are gone."""

from __future__ import annotations

import threading
from pathlib import Path

import nbformat
import numpy as np
import pytest
from factories import make_identity, make_result
from nbformat.v4 import new_markdown_cell, new_notebook

from kerascnn import rendering
from kerascnn.data import load_dataset
from kerascnn.records import DatasetInfo
from kerascnn.rendering import RenderTask, load_inputs
from kerascnn.report import ReportInputs
from kerascnn.report.folder.writer import only_writer
from kerascnn.store import Store


@pytest.fixture
def info(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DatasetInfo:
    """A small data set in a cache of its own."""
    monkeypatch.setenv("KERASCNN_CACHE", str(tmp_path / "cache"))
    images = np.arange(40 * 32 * 32 * 3, dtype=np.uint32).astype(np.uint8).reshape(40, 32, 32, 3)
    labels = np.arange(40).reshape(40, 1) % 10
    file = tmp_path / "small.npz"
    np.savez(file, x_train=images, y_train=labels, x_test=images[:20], y_test=labels[:20])
    return load_dataset(str(file), report=lambda _: None).info


@pytest.fixture
def task(info: DatasetInfo, tmp_path: Path) -> RenderTask:
    """To render a report on no experiment."""
    (tmp_path / "experiments").mkdir()
    return RenderTask(
        dataset=info,
        profile="quick",
        store=str(tmp_path / "runs"),
        experiments=str(tmp_path / "experiments"),
        output=str(tmp_path / "reports"),
        command="python pipeline.py",
    )


@pytest.fixture
def inputs(task: RenderTask) -> ReportInputs:
    """The inputs of a report on no experiment."""
    return load_inputs(task)


def test_the_report_is_given_what_a_run_said(inputs: ReportInputs, tmp_path: Path) -> None:
    identity = make_identity()
    Store(tmp_path / "runs").commit(identity, make_result(identity))
    answers = inputs.load_answers(identity.key)
    assert answers is not None
    assert (answers.positions.tolist(), answers.classes.tolist()) == ([7, 8, 9], [3, 1, 2])
    assert inputs.load_answers("0" * 32) is None


def test_the_report_is_given_the_test_images_of_the_data_set(inputs: ReportInputs, info: DatasetInfo) -> None:
    images = inputs.load_images(info.content)
    assert images is not None
    assert images.images.shape == (20, 32, 32, 3)
    assert images.labels.tolist() == [*range(10), *range(10)]
    assert images.class_names == info.class_names


def test_images_that_are_not_in_the_cache_are_none(inputs: ReportInputs) -> None:
    assert inputs.load_images("0" * 64) is None


def test_a_report_that_waited_for_another_writer_shows_what_has_been_added_meanwhile(
    task: RenderTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = threading.Event()

    def load_and_tell(task: RenderTask) -> ReportInputs:
        inputs = load_inputs(task)
        looked.set()
        return inputs

    monkeypatch.setattr(rendering, "load_inputs", load_and_tell)
    waiting = threading.Thread(target=rendering.render, args=[task.canonical_json()])
    with only_writer(Path(task.output)):
        waiting.start()
        assert looked.wait(60)
        notebook = new_notebook(cells=[new_markdown_cell("# Added while it waited")])
        (Path(task.experiments) / "01_added.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")
    waiting.join(120)
    assert "Added while it waited" in (Path(task.output) / "index.html").read_text(encoding="utf-8")
