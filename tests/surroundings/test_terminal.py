"""What is printed never ends a command and never moves the cursor of a file."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kerascnn.execution.scheduling.progress import Progress
from kerascnn.places import CHECKOUT
from kerascnn.surroundings.terminal import is_live

PIPELINE = [sys.executable, str(CHECKOUT / "pipeline.py")]


class Terminal(io.StringIO):
    """A stream that calls itself a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def ordinary_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CI", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")


def shown(stream: io.StringIO) -> str:
    """What two steps of progress leave in the stream."""
    progress = Progress(stream)
    progress.update(0, 2, 60, "starting workers")
    progress.say("An event.")
    progress.update(2, 2, 0, "done")
    progress.close()
    return stream.getvalue()


@pytest.mark.parametrize(
    "variables", [{}, {"FORCE_COLOR": "1"}, {"TTY_COMPATIBLE": "1"}, {"FORCE_COLOR": "3", "CI": "true"}]
)
def test_a_file_gets_plain_lines_whatever_the_variables_say(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert "\x1b" not in shown(io.StringIO())


@pytest.mark.parametrize(("name", "value"), [("TERM", "dumb"), ("TERM", "unknown"), ("TERM", ""), ("CI", "true")])
def test_a_terminal_that_cannot_go_back_gets_plain_lines(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    text = shown(Terminal())
    assert "\x1b" not in text
    assert text.splitlines()[-1] == "2 of 2 runs, about 0 s left (done)"


def test_a_terminal_gets_a_line_that_is_drawn_again() -> None:
    assert is_live(Terminal())
    assert "\x1b[" in shown(Terminal())


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
def test_the_bar_is_drawn_with_what_the_terminal_has_letters_for(encoding: str) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")
    stream.isatty = lambda: True  # type: ignore[method-assign]
    progress = Progress(stream)
    progress.update(1, 2, 60, "under way")
    progress.close()
    drawn = stream.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
    assert ("\u2501" * 8 if encoding == "utf-8" else "-" * 8) in drawn
    assert "1 of 2 runs" in drawn


def test_in_a_narrow_terminal_the_line_is_cut_and_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "12")
    progress = Progress(stream := Terminal())
    progress.update(1, 2, 60, "03_a_very_long_name: of an arm, seed 1")
    progress.close()
    drawn = re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]", "", stream.getvalue()).replace("\r", "\n")
    assert all(len(line) <= 12 for line in drawn.splitlines())


@pytest.fixture
def titled(tmp_path: Path) -> Path:
    """A folder with a notebook whose title has letters that few terminals had."""
    cells = (
        '{"cell_type": "markdown", "metadata": {}, "source": "# \\u5377\\u79ef \\u2014 \\ud83d\\ude00"},'
        '{"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "seeds = 1  # \\u79cd\\u5b50"},'
        '{"cell_type": "code", "metadata": {"tags": ["study"]}, "source": "study = 1"}'
    )
    (tmp_path / "01_a.ipynb").write_text(
        f'{{"cells": [{cells}], "nbformat": 4, "nbformat_minor": 5, "metadata": {{}}}}'
    )
    return tmp_path


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "ascii:strict"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=lambda variables: next(iter(variables)),
)
def test_a_title_that_the_terminal_has_no_letters_for_is_shown_by_their_codes(
    titled: Path, variables: dict[str, str]
) -> None:
    environment = os.environ | variables | {"KERASCNN_EXPERIMENTS": str(titled)}
    done = subprocess.run([*PIPELINE, "list"], env=environment, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"\u5377\u79ef" in done.stdout


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_error(titled: Path, closed: str) -> None:
    command = f'"$0" "$1" list {closed}'
    environment = os.environ | {"KERASCNN_EXPERIMENTS": str(titled)}
    done = subprocess.run(["sh", "-c", command, *PIPELINE], env=environment, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_under_the_output_is_one_sentence(titled: Path) -> None:
    environment = os.environ | {"KERASCNN_EXPERIMENTS": str(titled)}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PIPELINE, "list"], env=environment, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )
    assert done.returncode == 5
    assert done.stderr.startswith("pipeline.py: The output cannot be written: No space left")
    assert len(done.stderr.splitlines()) == 1


def test_nothing_that_is_opened_takes_the_place_of_a_closed_stream(tmp_path: Path) -> None:
    code = (
        "from kerascnn.surroundings.terminal import settle_streams\nimport sys\nsettle_streams()\n"
        f"file = open({str(tmp_path / 'file')!r}, 'w')\nprint('lost')\nassert file.fileno() > 2\n"
        "assert sys.stdin.read() == ''"
    )
    done = subprocess.run(["sh", "-c", '"$0" -c "$1" <&- >&-', sys.executable, code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "file").read_text() == ""


def read_to_the_end(terminal: int) -> bytes:
    """All that was written to the other side, which is closed: one read may give a part of it."""
    seen = b""
    with contextlib.suppress(OSError):  # how Linux says that nothing more comes
        while part := os.read(terminal, 10_000):
            seen += part
    return seen


def test_a_real_terminal_is_left_as_it_was() -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as stream:
        shown_there = Progress(stream)
        shown_there.update(1, 2, 5, "under way")
        shown_there.close()
    seen = read_to_the_end(ours).decode()
    os.close(ours)
    assert seen.count("\x1b[?25l") == seen.count("\x1b[?25h") == 1
