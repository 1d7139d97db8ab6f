"""A notebook is executed again when code changes that its kernel can load, and for no other code."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerascnn.code.loaded import all_modules, modules_loaded
from kerascnn.notebooks.contract import Notebook, read_notebook
from kerascnn.notebooks.finding import find_notebooks
from kerascnn.notebooks.reading import ALWAYS, TRAINS, imported_by, reading_digest
from kerascnn.places import CHECKOUT

EXPERIMENTS = CHECKOUT / "experiments"


def notebook(*cells: str, folder: Path = EXPERIMENTS) -> Notebook:
    return Notebook(folder / "50_mine.ipynb", {"cells": [{"cell_type": "code", "source": cell} for cell in cells]})


def loaded_by(notebook: Notebook) -> set[str]:
    return set(modules_loaded([*ALWAYS, *imported_by(notebook)], TRAINS, notebook.path.parent)[0])


def rooms(found: set[str]) -> set[str]:
    return {name.split(".")[1] for name in found if name.count(".")}


@pytest.mark.parametrize("path", find_notebooks(EXPERIMENTS), ids=lambda path: path.stem)
def test_neither_the_command_line_nor_the_report_takes_part_in_a_result(path: Path) -> None:
    found = loaded_by(read_notebook(path))
    assert not rooms(found) & {"commands", "serving", "report", "rendering", "produce", "execution"}
    assert {"specs", "records", "store", "planning", "notebooks", "stats", "data"} <= rooms(found)


def test_running_a_study_and_publishing_count_for_every_notebook() -> None:
    found = loaded_by(notebook("x = 1"))
    inside = {
        f"kerascnn.notebooks.inside.{name}" for name in ("session", "whereabouts", "results", "publish", "running")
    }
    assert inside <= found
    assert "kerascnn.plots.drawing.svg" in found
    assert "looking" not in rooms(found)


def test_what_a_cell_imports_counts_and_what_follows_from_it() -> None:
    found = loaded_by(
        notebook("%matplotlib inline\nfrom kerascnn.looking import occlusion", "from kerascnn import plots")
    )
    assert {"kerascnn.looking.occlusion", "kerascnn.looking.predicting", "kerascnn.training.build"} <= found
    assert {name for name in all_modules() if name.startswith("kerascnn.plots.")} <= found
    assert "kerascnn.looking.masks" not in found


def test_a_cell_that_names_modules_as_it_goes_may_load_all() -> None:
    found = imported_by(notebook("import importlib", "importlib.import_module('kerascnn.' + name)"))
    assert found == all_modules()


def test_a_module_beside_the_notebook_counts(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("import kerascnn.byhand.dense\n")
    assert {"helper", "kerascnn.byhand.dense"} <= loaded_by(notebook("import helper", folder=tmp_path))


def test_a_cell_that_is_no_python_imports_nothing() -> None:
    assert reading_digest(notebook("def (:")) == reading_digest(notebook("x = 1"))
