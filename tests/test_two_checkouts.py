"""Two checkouts and one environment: the planning child runs the one that was started, wherever the user stands."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kerascnn.places import CHECKOUT

ONLY_THERE = """
from kerascnn import HANDED_OUT, Arm, Budget, Study, model
budget = Budget(epochs=1, seeds=1)
arm = Arm(name="a", label="A", model=model("models.vgg"))
study = Study(question=HANDED_OUT, arms=[arm], budgets={"smoke": budget, "quick": budget, "full": budget}, profile=profile)
"""
BUILD = """
import sys
from pathlib import Path
from kerascnn.notebooks.studies import StudyRequest, load_studies
(study,) = load_studies([StudyRequest(Path(sys.argv[1]), {"profile": "quick"})])
print(getattr(study, "question", study))
"""


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """Another checkout, whose package has a name that this one lacks."""
    shutil.copytree(
        CHECKOUT / "kerascnn", tmp_path / "second" / "kerascnn", ignore=shutil.ignore_patterns("__pycache__")
    )
    with (tmp_path / "second" / "kerascnn" / "__init__.py").open("a") as stream:
        stream.write('\nHANDED_OUT = "the second checkout"\n')
    return tmp_path / "second"


@pytest.mark.parametrize("installed", [True, False], ids=["the first is installed", "nothing is"])
@pytest.mark.parametrize("standing", ["in the first", "elsewhere"])
def test_a_study_is_built_with_the_checkout_that_was_started(
    second: Path, tmp_path: Path, standing: str, installed: bool
) -> None:
    cells = [
        {"cell_type": "code", "metadata": {"tags": [tag]}, "source": text}
        for tag, text in (("parameters", 'profile = "quick"'), ("study", ONLY_THERE))
    ]
    notebook = tmp_path / "01_a.ipynb"
    notebook.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    program = second / "program.py"
    program.write_text(BUILD)
    variables = dict(os.environ) | {"PYTHONPATH": str(CHECKOUT)}
    if not installed:
        del variables["PYTHONPATH"]
    done = subprocess.run(
        [sys.executable, str(program), str(notebook)],
        env=variables,
        cwd=CHECKOUT if standing == "in the first" else tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "the second checkout"), done.stderr
