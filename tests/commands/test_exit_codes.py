"""Every row of the table of exit codes in docs/commands.md, each by a command line.

Most of them run in forks of one process, which end with what `pipeline.main` gives back. Processes started as a user starts
them show that this is so: one that is done, one used wrongly, those that start kernels, and those that get a signal.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from warm import Commands, start_commands

from kerascnn.places import CHECKOUT

TABLE = re.compile(r"^\| ([\d, ]+) \| (.+) \|$", re.MULTILINE)
STUDY = """
from kerascnn import Budget, Identity, Study
budget = Budget(epochs=1, seeds=1)
study = Study(
    question="?",
    arms=[],
    claims=[Identity(name="two", says="s", number="answer", expected=2.0, tolerance=0.0)],
    budgets={"smoke": budget, "quick": budget, "full": budget},
    profile=profile,
)
"""
LOOK = 'results = study.run()\nresults.note("answer", 2)\nresults.publish(takeaways=TAKEAWAYS)'


def cell(source: str, *tags: str) -> dict[str, Any]:
    return {"cell_type": "code", "id": f"c{abs(hash(source)):x}"[:8], "metadata": {"tags": list(tags)}, "source": source, "outputs": [], "execution_count": None}  # fmt: skip


class Place:
    """A folder with experiments, a tiny data set, and a store of its own."""

    def __init__(self, root: Path, forks: Commands) -> None:
        self.forks = forks
        self.root, self.experiments = root, root / "experiments"
        self.experiments.mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KERASCNN_")}
        places = {name: str(root / name.lower()) for name in ("CACHE", "STORE", "REPORTS", "EXPERIMENTS")}
        self.variables = kept | {f"KERASCNN_{name}": value for name, value in places.items()}
        images, labels = np.zeros((200, 8, 8, 3), np.uint8), np.arange(200) % 4
        np.savez(root / "tiny.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
        self.variables["KERASCNN_DATA"] = str(root / "tiny.npz")

    def write(self, name: str, study: str = STUDY, takeaways: tuple[str, ...] = ()) -> None:
        cells = [
            {"cell_type": "markdown", "id": "title", "metadata": {}, "source": f"# {name}\n\nDoes it?"},
            cell('profile = "quick"', "parameters"),
            cell(study, "study"),
            cell(LOOK.replace("TAKEAWAYS", repr(list(takeaways)))),
        ]
        content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (self.experiments / f"{name}.ipynb").write_text(json.dumps(content))

    def start(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(CHECKOUT / "pipeline.py"), *words],
            cwd=self.root,
            env=self.variables | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def call(self, *words: str, **variables: str) -> tuple[int, str]:
        """The exit code of a command in a fork, and all that was said."""
        done = self.forks.run(list(words), self.variables | variables, self.root, limit_seconds=60)
        said = done.stdout + done.stderr
        assert "Traceback" not in said, said
        return done.code, said

    def call_alone(self, *words: str, **variables: str) -> tuple[int, str]:
        """The same of a process of its own."""
        process = self.start(*words, **variables)
        said = "".join(process.communicate(timeout=300))
        assert "Traceback" not in said, said
        return process.returncode, said


@pytest.fixture(scope="module")
def forks() -> Iterator[Commands]:
    with start_commands() as started:
        yield started


@pytest.fixture
def place(tmp_path: Path, forks: Commands) -> Place:
    found = Place(tmp_path, forks)
    found.write("01_good")
    return found


CODES = {"0", "2", "3", "4", "5", "6", "75", "130"}


def test_the_page_of_commands_lists_the_codes_that_are_tried_here() -> None:
    rows = TABLE.findall((CHECKOUT / "docs" / "commands.md").read_text(encoding="utf-8"))
    assert {code for codes, _ in rows for code in codes.split(", ")} == CODES


@pytest.mark.parametrize(("words", "code"), [(("list",), 0), (("al",), 2), (("run", "nothing"), 2)])
def test_a_process_ends_with_the_code_of_its_command(place: Place, words: tuple[str, ...], code: int) -> None:
    assert place.call_alone(*words)[0] == code


@pytest.mark.parametrize("words", [("--help",), ("list",), ("plan",), ("store",), ("data",)])
def test_0_is_done(place: Place, words: tuple[str, ...]) -> None:
    assert place.call(*words)[0] == 0


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("al",),
        ("run", "nothing"),
        ("plan", "-p", "nothing=1"),
        ("all", "--profile", "quik"),
        ("run", "good", "-p", "profile=smoke"),
        ("store", "drop", "nobody"),
    ],
)
def test_2_is_wrong_usage(place: Place, words: tuple[str, ...]) -> None:
    assert place.call(*words)[0] == 2


def test_3_is_data_that_are_not_there_or_cannot_be_read(place: Place) -> None:
    (place.root / "broken.npz").write_bytes(b"PK no archive")
    assert place.call("plan", "--data", "nowhere")[0] == 3
    assert place.call("plan", "--data", "broken.npz")[0] == 3


@pytest.mark.parametrize("words", [("list",), ("why", "bad"), ("plan", "bad"), ("run", "bad")])
def test_4_is_a_notebook_asked_for_that_does_not_keep_the_contract(place: Place, words: tuple[str, ...]) -> None:
    (place.experiments / "02_bad.ipynb").write_text("{}")
    code, said = place.call(*words)
    assert code == 4, said
    assert "02_bad" in said


def test_5_is_a_folder_that_cannot_be_written(place: Place) -> None:
    assert place.call("report", KERASCNN_REPORTS=os.devnull)[0] == 5
    assert place.call("store", "pack", "nowhere/runs.zip")[0] == 5


def test_6_is_done_but_for_a_notebook_that_failed(place: Place) -> None:
    place.write("02_bad", "study = 3")
    code, said = place.call("plan")
    assert code == 6
    assert "01_good" in said


@pytest.mark.slow  # three kernels are started
def test_6_is_also_a_takeaway_that_names_nothing_and_the_terminal_says_which_until_it_is_mended(place: Place) -> None:
    place.write("02_typo", takeaways=("The answer is {answer}.", "It is {anser}, and {two:verdikt}."))
    for command in (("all",), ("all",), ("report",)):
        code, said = place.call_alone(*command)
        assert code == 6, said
        assert "02_typo: Unknown number 'anser'. Did you mean 'answer'?" in said
        assert "01_good:" not in said or command != ("report",)
    place.write("02_typo", takeaways=("The answer is {answer}.",))
    assert place.call_alone("all")[0] == 0


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 75), (signal.SIGINT, 130)])
def test_75_is_terminated_and_130_interrupted_while_planning_too(place: Place, sent: signal.Signals, code: int) -> None:
    marker = place.root / "began"
    place.write("02_slow", f"import pathlib, time\npathlib.Path({str(marker)!r}).touch()\ntime.sleep(60)\n" + STUDY)
    process = place.start("plan")
    for _ in range(600):
        if marker.exists():
            break
        time.sleep(0.1)
    process.send_signal(sent)
    _, said = process.communicate(timeout=30)
    assert process.returncode == code, said
    assert "Traceback" not in said
    assert "the same command goes on" in said
