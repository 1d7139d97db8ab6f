"""How values are written for a reader who types them again."""

from __future__ import annotations

import json

import pytest

from kerascnn.spelling import spell_argument


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (None, "null"),
        ([8, 14], "[8, 14]"),
        ({"a": True}, '{"a": true}'),
        (0.001, "0.001"),
        ("two words", '"two words"'),
        ("true", '"true"'),
        ("null", '"null"'),
        ("3", '"3"'),
        ("NaN", '"NaN"'),
        ("", '""'),
    ],
)
def test_a_parameter_is_written_as_json(value: object, text: str) -> None:
    assert spell_argument(value) == text
    assert json.loads(text) == value


def test_a_bare_word_needs_no_quotes() -> None:
    assert spell_argument("quick") == "quick"
