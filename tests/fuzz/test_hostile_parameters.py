"""Whatever is typed after `plan`, it ends soon, and one sentence names the parameter, option or variable at fault.

The short version is part of the test command; `pytest -m fuzz` runs the long one. Which command a number means,
`hostile.make_attempt` says.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from choosing import attempt_all, short_and_long
from hostile import KINDS, Attempt, Known, make_attempt
from judging import HANG_SECONDS, KILL_SECONDS, complaints
from place import Place, make_place
from warm import Commands, Done, run_alone, start_commands

from kerascnn.notebooks.contract import read_notebook
from kerascnn.notebooks.finding import find_notebooks

pytestmark = pytest.mark.xdist_group("typed")  # the commands are made ready once

ATTEMPTS = 500


@dataclass
class Typed:
    """Commands typed in one place, whose store stays empty."""

    place: Place
    commands: Commands
    known: Known

    def attempt(self, number: int, folder: Path) -> list[str]:
        attempt = make_attempt(number, self.known)
        done = self._run(attempt, folder)
        if HANG_SECONDS < done.seconds < KILL_SECONDS:  # other work on the machine must not look like a hang
            done = self._run(attempt, folder)
        found = [*complaints(done), *unnamed(done, attempt), *self._changed()]
        said = [word if len(word) < 60 else f"{word[:40]}... ({len(word)} letters)" for word in attempt.arguments]
        return [
            f"case {number}, {said!a} {attempt.variables if len(str(attempt.variables)) < 200 else ''}: {text}"
            for text in found
        ]

    def _run(self, attempt: Attempt, folder: Path) -> Done:
        given = {"--profile": "smoke", "--data": str(self.place.data)}
        options = [w for name, value in given.items() if name not in attempt.arguments for w in (name, value)]
        words = [*attempt.arguments, *options]
        variables = self.place.variables() | attempt.variables
        # What is read before the first line of the program must be there before it starts; JSON has no broken letters.
        odd = attempt.variables or any("\udc80" <= sign <= "\udcff" for word in words for sign in word)
        return (run_alone if odd else self.commands.run)(words, variables, folder, KILL_SECONDS)

    def _changed(self) -> list[str]:
        store = self.place.store
        return [f"planning left {os.listdir(store)} in the store"] if store.exists() and any(store.iterdir()) else []  # noqa: PTH208


def unnamed(done: Done, attempt: Attempt) -> list[str]:
    """What is wrong with the message of a command that failed: one sentence, and it names what was typed."""
    if done.code == 0 or "Traceback" in done.stderr:
        return []
    lines = [line for line in done.stderr.splitlines() if line.startswith("pipeline.py: ")]
    lines += [line for line in done.stdout.splitlines() if "not usable: " in line]
    if len(lines) != 1:
        return [f"it ended with {done.code} and {len(lines)} sentences: {done.stderr[-300:]!a}"]
    return [] if any(name in lines[0] for name in attempt.named) else [f"its message names nothing: {lines[0][:300]!a}"]


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Iterator[Typed]:
    root = tmp_path_factory.mktemp("typed")
    (root / "cache").symlink_to(shared_cache)
    arrays: dict[str, Any] = {}
    for part, count in (("train", 400), ("test", 200)):
        arrays[f"x_{part}"] = np.random.default_rng(1).integers(0, 256, (count, 32, 32, 3), np.uint8)
        arrays[f"y_{part}"] = np.arange(count) % 10
    np.savez(root / "tiny.npz", **arrays)
    place = make_place(root, root / "tiny.npz")
    notebooks = [read_notebook(path) for path in find_notebooks(place.experiments)]
    known = {book.name: {name: p.default for name, p in book.parameters().items()} for book in notebooks}
    with start_commands() as commands:
        commands.warm_up(["plan", "--profile", "smoke", "--data", str(place.data)], place.variables(), root)
        yield Typed(place, commands, known)


@short_and_long(range(len(KINDS)), ATTEMPTS, 50)
def test_whatever_is_typed_one_sentence_names_what_is_wrong(
    typed: Typed, tmp_path: Path, numbers: Sequence[int]
) -> None:
    attempt_all(typed.attempt, numbers, tmp_path, "tests/fuzz/test_hostile_parameters.py")


@pytest.mark.slow
def test_a_command_line_that_is_no_utf8_is_answered_as_any_other(typed: Typed, tmp_path: Path) -> None:
    words = ["plan", "03", "-p", "depths=\udcff"]
    done = run_alone(words, typed.place.variables(), tmp_path, KILL_SECONDS)
    assert (done.code, done.stderr) == (2, done.stderr)
    assert done.stderr.startswith("pipeline.py: The value of `-p depths` must be JSON")
