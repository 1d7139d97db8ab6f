"""The judge of the fuzz tests complains of what it is there for, and of nothing else."""

from __future__ import annotations

import msgspec
import pytest
from judging import FILE_OF_AN_ENTRY, changed, complaints, photograph, unnamed, wrong_keys
from material import Entry
from warm import Done

SOUND = Done(
    ["store", "add"], 5, "Taken in 0 runs.\n", "sent.zip: refused 0123456789ab: record.json is odd\n", 0.3, 150_000_000
)


def test_a_refusal_that_names_its_file_is_no_complaint() -> None:
    assert complaints(SOUND) == []
    assert unnamed(SOUND, FILE_OF_AN_ENTRY) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"code": 1},
        {"code": -9},
        {"stderr": "Traceback (most recent call last):\n"},
        {"seconds": 10.5},
        {"peak_bytes": 1_600_000_000},
        {"stdout": "runs on \x1b[2J"},
        {"stdout": "runs on \u202egpj"},
        {"stdout": "m" * 5000},
        {"stdout": "", "stderr": ""},
    ],
)
def test_each_thing_that_no_command_may_do_is_a_complaint(fields: dict) -> None:
    assert len(complaints(msgspec.structs.replace(SOUND, **fields))) == 1


def test_a_refusal_that_names_no_file_is_a_complaint() -> None:
    assert unnamed(msgspec.structs.replace(SOUND, stderr="sent.zip: refused 0123456789ab: odd\n"), FILE_OF_AN_ENTRY)
    assert unnamed(msgspec.structs.replace(SOUND, stdout="", stderr=""), FILE_OF_AN_ENTRY)


def test_an_own_entry_that_was_touched_or_taken_away_is_a_complaint(tmp_path) -> None:
    for key in ("a", "b", "c"):
        (tmp_path / key).mkdir()
        (tmp_path / key / "record.json").write_text("{}")
    before = photograph(tmp_path)
    (tmp_path / "a" / "record.json").write_text("{ }")
    (tmp_path / "b" / "record.json").unlink()
    (tmp_path / "c" / "more").write_text("")
    assert changed(before, photograph(tmp_path), ["a", "b", "c"]) == [
        "a/record.json was changed",
        "b/record.json was taken away",
    ]


def test_an_entry_under_another_key_than_its_content_has_is_a_complaint(tmp_path) -> None:
    entry = Entry({"platform": "p"}, {}, {}, {})
    for name in (entry.key(), "0" * 32):
        (tmp_path / name).mkdir()
        for file, content in entry.files().items():
            (tmp_path / name / file).write_bytes(content)
    assert wrong_keys(tmp_path) == [f"the store has an identity under {'0' * 32} that is not its own"]
