"""A notebook in the pipeline is told everything; one run by hand finds out, and says why it cannot publish."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from factories import make_arm
from slots import DATASET

from kerascnn.errors import NotebookError
from kerascnn.notebooks.assignment import VARIABLE, Assignment
from kerascnn.notebooks.contract import read_notebook
from kerascnn.notebooks.inside import whereabouts
from kerascnn.notebooks.inside.running import Running
from kerascnn.notebooks.inside.whereabouts import ByHand, InPipeline, find_whereabouts
from kerascnn.specs import Budget, Study

BUDGET = Budget(epochs=1, seeds=1)
STUDY = Study(question="?", arms=(make_arm(),), budgets={"smoke": BUDGET, "quick": BUDGET, "full": BUDGET})
CELLS = [
    {"cell_type": "markdown", "metadata": {}, "source": "# Width"},
    {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": 'profile = "quick"\nwidth = 4'},
    {"cell_type": "code", "metadata": {"tags": ["study"]}, "source": "study = 1"},
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "20_width.ipynb"
    file.write_text(json.dumps({"cells": CELLS, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return file


@pytest.fixture
def told(path: Path) -> Assignment:
    return Assignment(
        experiment="20_width",
        notebook=str(path),
        store=str(path.parent / "runs"),
        dataset=DATASET,
        parameters={"width": 8},
        changed_parameters={"width": 8},
        study_digest=STUDY.digest,
        freshness="fresh",
        staging=str(path.parent / "staging"),
    )


def by_hand(path: Path | None, alike: tuple[str, ...] = (), **values: object) -> ByHand:
    return ByHand(
        Running(read_notebook(path) if path else None, alike), DATASET, {"profile": "quick", "width": 4} | values
    )


def test_a_kernel_that_was_given_an_assignment_is_in_the_pipeline(
    told: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "session.json"
    file.write_bytes(told.canonical_json())
    monkeypatch.setenv(VARIABLE, str(file))
    assert find_whereabouts(STUDY) == InPipeline(told)


def test_without_one_the_notebook_and_its_values_are_looked_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(whereabouts, "running_notebook", lambda folder: Running(read_notebook(path)))
    monkeypatch.setattr(whereabouts, "load_info", lambda choice, companions: DATASET)
    monkeypatch.setattr(whereabouts, "current_shell", lambda: SimpleNamespace(user_ns={"width": 16}))
    found = find_whereabouts(STUDY)
    assert found == by_hand(path, width=16)


def test_the_pipelines_notebook_publishes_what_it_was_told_and_where(told: Assignment) -> None:
    here = InPipeline(told)
    author = here.author()
    assert (author.notebook.title, author.changed_parameters, author.freshness) == ("Width", {"width": 8}, "fresh")
    assert (here.nameless, here.staging.name) == ("", "staging")


def test_another_study_than_the_planned_one_is_refused(told: Assignment) -> None:
    assert InPipeline(told).origin_of(STUDY) is None
    with pytest.raises(NotebookError, match="differs from the planned one"):
        InPipeline(told).origin_of(msgspec.structs.replace(STUDY, question="Another?"))


def test_a_result_made_by_hand_never_counts_as_fresh_and_names_what_was_changed(path: Path) -> None:
    author = by_hand(path, width=16, profile="smoke").author()
    assert (author.freshness, author.changed_parameters) == ("", {"width": 16})


@pytest.mark.parametrize(
    ("alike", "reason"), [((), "no notebook in experiments/"), (("a", "b"), "a and b cannot be told apart")]
)
def test_by_hand_it_says_why_nothing_can_be_published(alike: tuple[str, ...], reason: str) -> None:
    here = by_hand(None, alike)
    assert reason in here.nameless
    with pytest.raises(NotebookError, match=reason):
        here.author()
