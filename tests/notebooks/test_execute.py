"""Whatever goes wrong in executing a notebook is the failure of that notebook; what it prints is bounded."""

from __future__ import annotations

import errno
from concurrent.futures import CancelledError, Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from slots import DATASET, make_slot

from kerascnn.errors import StoreError
from kerascnn.execution.pool import WorkerDied
from kerascnn.notebooks.assignment import Assignment
from kerascnn.notebooks.executing import execute as executing
from kerascnn.notebooks.executing.execute import NotebookTask, execute
from kerascnn.produce import _failure_of
from kerascnn.records import NotebookFailure

FULL = OSError(errno.ENOSPC, "No space left on device")


def task(store: Path, experiment: str = "20_width") -> NotebookTask:
    told = Assignment(
        experiment=experiment,
        notebook=str(store / f"{experiment}.ipynb"),
        store=str(store),
        dataset=DATASET,
        parameters={},
        changed_parameters={},
        study_digest="",
        freshness="",
    )
    return NotebookTask(assignment=told, title="Width", profile="smoke", runs={}, failed_runs=())


def raising(error: BaseException) -> Any:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (FULL, "No space left on device"),
        (OSError(errno.ENAMETOOLONG, "File name too long"), "File name too long"),
        (RuntimeError("Kernel died before replying"), "RuntimeError: Kernel died before replying"),
        (MemoryError(), "MemoryError"),
        (StoreError("The store cannot be written."), "The store cannot be written."),
        (ValueError("half a \ud800 character" + "x" * 10**6), "ValueError: half a ? character"),
    ],
)
def test_what_goes_wrong_in_executing_is_this_notebooks_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    monkeypatch.setattr(executing, "_run", raising(error))
    failure = NotebookFailure.from_json(execute(task(tmp_path).canonical_json()))
    assert reason in failure.reason
    assert len(failure.reason) < 3000
    assert make_slot(tmp_path, "smoke", "20_width").load_failure() == failure


def test_a_notebook_that_went_away_meanwhile_is_a_failure_that_names_it(tmp_path: Path) -> None:
    failure = NotebookFailure.from_json(execute(task(tmp_path).canonical_json()))
    assert "20_width.ipynb cannot be read as a notebook" in failure.reason


@pytest.mark.parametrize("name", ["x" * 235, "大" * 80])
def test_a_name_as_long_as_a_file_system_takes_is_executed_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(executing, "_run", lambda *_: ("stopped", "", None))
    failure = NotebookFailure.from_json(execute(task(tmp_path, name).canonical_json()))
    assert failure.reason == "stopped"


def planned(slot: Any) -> Any:
    notebook = SimpleNamespace(title="Width")
    experiment = SimpleNamespace(name="20_width", notebook=notebook, values={}, changed={})
    ledger = SimpleNamespace(setting=SimpleNamespace(content=DATASET.content))
    return SimpleNamespace(
        experiment=experiment, study=SimpleNamespace(profile="smoke"), ledger=ledger, slot=slot, runs={}
    )


def ended(error: BaseException) -> Future:
    future: Future = Future()
    future.set_exception(error)
    return future


@pytest.mark.parametrize("error", [WorkerDied("killed"), FULL, RuntimeError("unforeseen")])
def test_whatever_the_executing_process_raises_is_noted_down_as_the_notebooks_failure(
    tmp_path: Path, error: Exception
) -> None:
    slot = make_slot(tmp_path, "smoke", "20_width")
    failure = _failure_of(ended(error), planned(slot))
    assert failure is not None
    assert str(error) in failure.reason
    assert slot.load_failure() == failure


def test_a_failure_that_cannot_be_noted_down_is_said_all_the_same(tmp_path: Path) -> None:
    slot = SimpleNamespace(adopt_failure=raising(FULL))
    failure = _failure_of(ended(FULL), planned(slot))
    assert failure is not None
    assert "It could not be recorded either" in failure.reason


def test_a_notebook_that_was_not_executed_because_all_stops_has_not_failed(tmp_path: Path) -> None:
    with pytest.raises(CancelledError):
        _failure_of(ended(CancelledError()), planned(None))


def message(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    return {"msg_type": kind, "header": {"msg_type": kind}, "parent_header": {}, "content": content}


def test_only_the_beginning_of_what_a_cell_prints_is_collected() -> None:
    import nbformat

    from kerascnn.notebooks.executing.engine import LEFT_OUT, LONGEST_TEXT, BoundedClient

    client = BoundedClient(SimpleNamespace(nb=nbformat.v4.new_notebook()))
    client.clear_before_next_output = False
    outputs: list[Any] = []
    for cell in (0, 0, 0, 1):
        stream = {"name": "stdout", "text": "x" * (LONGEST_TEXT - 10)}
        client.output(outputs, message("stream", stream), None, cell)
    assert [len(output["text"]) for output in outputs] == [LONGEST_TEXT - 10, 10 + len(LEFT_OUT), LONGEST_TEXT - 10]
    picture = {"data": {"image/png": "x" * 10**7, "text/plain": "a picture"}, "metadata": {}}
    client.output(outputs, message("display_data", picture), None, 2)
    assert outputs[-1]["data"] == {"text/plain": "a picture"}
