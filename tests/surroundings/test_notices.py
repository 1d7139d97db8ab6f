"""What a worker has to say reaches the terminal of whoever started it, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerascnn.surroundings.notices import VARIABLE, Notices, say


def test_without_anybody_to_tell_it_is_said_on_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    say("Waiting.")
    assert capsys.readouterr() == ("", "Waiting.\n")


def test_what_workers_say_is_heard_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notices = Notices(tmp_path / "notices")
    assert notices.fresh() == []
    for name, value in notices.variables.items():
        monkeypatch.setenv(name, value)
    say("Waiting for one.")
    say("Waiting for two: ü \udcff")
    assert notices.fresh() == ["Waiting for one.", "Waiting for two: ü \\udcff"]
    say("Waiting for one.")
    assert notices.fresh() == []
    assert capsys.readouterr() == ("", "")


def test_half_a_line_is_left_for_later(tmp_path: Path) -> None:
    notices = Notices(tmp_path / "notices")
    (tmp_path / "notices").write_text("whole\nha")
    assert notices.fresh() == ["whole"]
    (tmp_path / "notices").write_text("whole\nhalf\n")
    assert notices.fresh() == ["half"]
