"""Which experiment a kernel is running: never a copy's name for the original, or the other way round."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kerascnn.notebooks.inside import running
from kerascnn.notebooks.inside.running import Running, running_notebook

STUDY = "study = 1"


def write(folder: Path, name: str, parameters: str, study: str = STUDY) -> Path:
    cells = [
        {"cell_type": "code", "metadata": {"tags": [tag]}, "source": source, "outputs": [], "execution_count": None}
        for tag, source in (("parameters", parameters), ("study", study))
    ]
    path = folder / f"{name}.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The variables of the kernel; it has executed the study with narrow = 4."""
    variables: dict[str, Any] = {"In": ["", "narrow = 4", "narrow = 9", STUDY, "results = study.run()"]}
    monkeypatch.setattr(running, "current_shell", lambda: SimpleNamespace(user_ns=variables))
    monkeypatch.delenv(running.JUPYTERS_PATH, raising=False)
    return variables


def name_of(found: Running) -> str:
    return found.notebook.name if found.notebook else ""


@pytest.mark.parametrize("names", [("20_width", "20_width-Copy1"), ("20_width_mine", "20_width")])
def test_original_and_copy_are_told_apart_by_all_their_cells(
    tmp_path: Path, kernel: dict[str, Any], names: tuple[str, str]
) -> None:
    write(tmp_path, names[0], "narrow = 4")
    write(tmp_path, names[1], "narrow = 2")
    assert name_of(running_notebook(tmp_path)) == names[0]


def test_copies_that_do_not_differ_up_to_the_study_are_both_named(tmp_path: Path, kernel: dict[str, Any]) -> None:
    write(tmp_path, "20_width", "narrow = 4")
    write(tmp_path, "20_width-Copy1", "narrow = 4")
    assert running_notebook(tmp_path) == Running(None, ("20_width-Copy1", "20_width"))


@pytest.mark.parametrize("editor", ["Jupyter", "VS Code"])
def test_the_path_that_the_editor_gives_tells_even_those_apart(
    tmp_path: Path, kernel: dict[str, Any], monkeypatch: pytest.MonkeyPatch, editor: str
) -> None:
    write(tmp_path, "20_width", "narrow = 4")
    opened = str(write(tmp_path, "20_width-Copy1", "narrow = 4"))
    if editor == "Jupyter":
        monkeypatch.setenv(running.JUPYTERS_PATH, opened)
    else:
        kernel[running.CODES_PATH] = opened
    assert name_of(running_notebook(tmp_path)) == "20_width-Copy1"


def test_a_copy_in_another_folder_is_no_experiment(
    tmp_path: Path, kernel: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    write(tmp_path, "20_width", "narrow = 4")
    monkeypatch.setenv(running.JUPYTERS_PATH, str(write(tmp_path / "home", "20_width", "narrow = 4")))
    assert running_notebook(tmp_path) == Running(None)


def test_the_path_of_another_notebook_that_started_papermill_is_not_believed(
    tmp_path: Path, kernel: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "20_width", "narrow = 4")
    monkeypatch.setenv(running.JUPYTERS_PATH, str(write(tmp_path, "30_drives_others", "x = 1", "study = 2")))
    assert name_of(running_notebook(tmp_path)) == "20_width"


def test_a_notebook_that_cannot_be_read_does_not_stop_its_neighbours(tmp_path: Path, kernel: dict[str, Any]) -> None:
    write(tmp_path, "20_width", "narrow = 4")
    (tmp_path / "10_half_merged.ipynb").write_text("<<<<<<< HEAD\n{}\n=======\n")
    (tmp_path / "11_no_cells.ipynb").write_text("[]")
    assert name_of(running_notebook(tmp_path)) == "20_width"


def test_outside_a_kernel_and_without_a_fitting_study_nothing_runs(
    tmp_path: Path, kernel: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "20_width", "narrow = 4", "study = 2")
    assert running_notebook(tmp_path) == Running(None)
    monkeypatch.setattr(running, "current_shell", lambda: None)
    assert running_notebook(tmp_path) == Running(None)
