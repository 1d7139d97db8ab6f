"""Whatever lies in `experiments/`, `plan` and `list` end soon, say one sentence about each notebook, and plan the sound ones.

The short version is part of the test command; `pytest -m fuzz -n auto` runs the long one. What a number means,
`drafted_notebooks.write_notebook` says.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from choosing import ASKED_FOR
from drafted_notebooks import KINDS, sound, write_notebook
from judging import HANG_SECONDS, complaints
from warm import Done, run_alone

from kerascnn.spelling import printable

NOTEBOOKS, TOGETHER = 500, 10
PATIENCE = "1.5"
"""Seconds for the cells of one notebook: several in one folder may never end."""


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of the commands, with a few images."""
    root = tmp_path_factory.mktemp("notebooks")
    images, labels = np.zeros((200, 32, 32, 3), np.uint8), np.arange(200)[:, None] % 10
    data = root / "tiny.npz"
    np.savez(data, x_train=images, y_train=labels, x_test=images[:20], y_test=labels[:20])
    places = {"KERASCNN_STORE": root / "runs", "KERASCNN_REPORTS": root / "reports", "KERASCNN_CACHE": root / "cache"}
    found = {name: str(path) for name, path in places.items()}
    return found | {"KERASCNN_DATA": str(data), "KERASCNN_STUDY_DEADLINE": PATIENCE, "PYTHONWARNINGS": ""}


def plan(folder: Path, variables: dict[str, str], *words: str) -> Done:
    given = variables | {"KERASCNN_EXPERIMENTS": str(folder)}
    return run_alone([*words, "--profile", "smoke"] if words == ("plan",) else list(words), given, folder.parent, 60)


def attempt(numbers: Sequence[int], variables: dict[str, str], tmp_path: Path) -> list[str]:
    """What is wrong with what is said about a folder of these notebooks and a sound one."""
    folder = tmp_path / "experiments"
    folder.mkdir()
    written = {number: write_notebook(number, folder) for number in numbers}
    (folder / "00_sound.ipynb").write_text(json.dumps(sound()))
    done = plan(folder, variables, "plan")
    if done.seconds > HANG_SECONDS:  # other work on the machine must not look like a hang
        done = plan(folder, variables, "plan")
    problems = complaints(done) + complaints(plan(folder, variables, "list"))
    lines = done.stdout.splitlines()
    if not any(line.startswith("00_sound") and "runs to train" in line for line in lines):
        problems.append("the sound notebook was not planned")
    for number, (path, kind) in written.items():
        name = (
            printable(path.stem, 60) if any(line.startswith(printable(path.stem, 60)) for line in lines) else path.stem
        )
        about = [line for line in lines if line.startswith(f"{name} ")]
        if len(about) != 1:
            problems.append(f"{number} ({kind}): {len(about)} lines about it")
        elif "runs to train" not in about[0] and ".ipynb" not in about[0].partition("not usable:")[2]:
            problems.append(f"{number} ({kind}): no sentence with the file: {about[0][:300]}")
    said = [f"It said: {done.stderr[-500:]}"] if problems else []
    return [f"{problem} (notebooks {list(numbers)})" for problem in [*problems, *said]]


def test_a_folder_with_one_of_each_kind_is_planned_but_for_them(variables: dict[str, str], tmp_path: Path) -> None:
    numbers = [number % len(KINDS) + len(KINDS) * number for number in range(len(KINDS))]
    problems = attempt(numbers, variables, tmp_path)
    assert not problems, "\n".join(problems)


LONG = [ASKED_FOR] if ASKED_FOR else [range(first, first + TOGETHER) for first in range(0, NOTEBOOKS, TOGETHER)]


@pytest.mark.fuzz
@pytest.mark.parametrize("numbers", LONG, ids=lambda numbers: f"{numbers[0]}-{numbers[-1]}")
def test_no_notebook_stops_the_others(variables: dict[str, str], tmp_path: Path, numbers: Sequence[int]) -> None:
    problems = attempt(numbers, variables, tmp_path)
    assert not problems, "\n".join(problems)
