"""Tables and paragraphs: as wide as the terminal, and whole where no terminal shows them."""

from __future__ import annotations

import io
import re
import sys
from typing import Any

import pytest

from kerascnn.commands.tables import print_paragraph, print_table

LONG = "word " * 60
ROWS = [("01_first", "2 runs to train", "3"), ("02_a_longer_name", "up to date", "12")]


class Terminal(io.StringIO):
    """A stream that calls itself a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def ordinary_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CI", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "60")


def drawn(monkeypatch: pytest.MonkeyPatch, *table: Any) -> str:
    """What a terminal gets for `print_table(*table)`."""
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream := Terminal())
        print_table(*table)
    return stream.getvalue()


def test_a_pipe_gets_aligned_lines_without_heads(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(ROWS, ("Name", "Runs", "Number"), right=(2,), indent=2)
    assert capsys.readouterr().out.splitlines() == [
        "  01_first          2 runs to train   3",
        "  02_a_longer_name  up to date       12",
    ]


def test_a_pipe_gets_every_row_as_one_whole_line_however_long(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([(LONG, "a"), ("short", "b")])
    print_paragraph(LONG, start="  ", hanging=4)
    first, second, third = capsys.readouterr().out.splitlines()
    assert first == f"{LONG}  a"
    assert second == "short  b", "a cell that is too long moves its own line alone"
    assert third == f"  {LONG}"


@pytest.mark.parametrize("variables", [{"FORCE_COLOR": "1"}, {"TTY_COMPATIBLE": "1"}])
def test_a_pipe_gets_no_codes_whatever_the_variables_say(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variables: dict[str, str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    print_table(ROWS, ("Name", "Runs", "Number"))
    assert "\x1b" not in capsys.readouterr().out


def test_a_log_of_a_service_gets_plain_lines_from_a_terminal_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    text = drawn(monkeypatch, ROWS, ("Name", "Runs", "Number"))
    assert "\x1b" not in text
    assert len(text.splitlines()) == 2


def test_a_terminal_gets_heads_and_cells_that_wrap_and_are_never_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    text = drawn(monkeypatch, [(LONG, "a"), ("x" * 100, "b")], ("Words", "Letter"))
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in text.splitlines()]
    assert lines[0].split() == ["Words", "Letter"]
    assert all(len(line) <= 60 for line in lines)
    whole = "".join(lines)
    assert (whole.count("word"), whole.count("x")) == (60, 100)


def test_no_color_leaves_a_terminal_the_table_without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", drawn(monkeypatch, ROWS, ("Name", "Runs", "Number")))


def test_a_cell_cannot_move_the_cursor_or_speak_to_rich(monkeypatch: pytest.MonkeyPatch) -> None:
    text = drawn(monkeypatch, [("[red]a[/red]", "\x1b]0;evil\x07")], ("A", "B"))
    assert "[red]a[/red]" in text
    assert "\x1b]0" not in text


def test_no_rows_print_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([], ("A",))
    assert capsys.readouterr().out == ""
