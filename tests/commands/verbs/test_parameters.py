"""Parameters as they are typed: whatever stands after `-p`, one sentence names the parameter and the rule."""

from __future__ import annotations

from typing import Any

import pytest

from kerascnn.commands.verbs.parameters import read_parameters
from kerascnn.errors import UsageError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x=1", 1), ("x=-9223372036854775808", -(2**63)), ("x=9223372036854775807", 2**63 - 1), ("x=1e3", 1000.0),
        ("x=0.1", 0.1), ("x=relu", "relu"), ('x="a b"', "a b"), ("x=[1, [2]]", [1, [2]]), ("x=true", True), ("x=null", None),
        ("x= 3 ", 3), ('x={"a": 1}', {"a": 1}), ('x="卷积"', "卷积"), ('x="a=b"', "a=b"), ("x=" + "[" * 32 + "]" * 32, None),
    ],
)  # fmt: skip
def test_json_and_bare_words_are_values(text: str, value: Any) -> None:
    read = read_parameters([text])["x"]
    assert read == value or text.startswith("x=[[[")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("x=1e999", "a finite number"),
        ("x=-1e999", "a finite number"),
        ("x=[1, [1e999]]", "a finite number"),
        ('x={"a": 1e999}', "a finite number"),
        ("x=NaN", "a finite number"),
        ("x=-Infinity", "a finite number"),
        ("x=" + "9" * 5000, "a number between -9223372036854775808 and 9223372036854775807"),
        ("x=9223372036854775808", "a number between"),
        ("x=-9223372036854775809", "a number between"),
        ("x=[" + "9" * 30 + "]", "a number between"),
        ("x=" + "[" * 50_000, "not nest lists more than 32 deep"),
        ("x=" + "[" * 33 + "]" * 33, "not nest lists more than 32 deep"),
        ("x=" + '{"a":' * 40 + "1" + "}" * 40, "not nest lists more than 32 deep"),
        (r'x="\ud800"', "text that UTF-8 can hold"),
        (r'x={"\udfff": 1}', "text that UTF-8 can hold"),
        ('x="\udcff"', "text that UTF-8 can hold"),
        (r'x="a\u0000b"', "without the character 0"),
        ('x={"a": 1, "a": 2}', "not have a name twice"),
        ("x=" + "1" * 100_001, "at most 100,000 letters long"),
        ("x=", "JSON"),
        ("x=\udcff", "JSON"),
        ("x='a'", "JSON"),
        ("x=1 2", "JSON"),
        ("x=0x10", "JSON"),
    ],
    ids=lambda text: text[:20].encode("ascii", "backslashreplace").decode(),
)
def test_a_value_that_nothing_can_keep_is_refused_by_its_name(text: str, rule: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_parameters(["other=1", text])
    message = str(caught.value)
    assert message.startswith("The value of `-p x` must ")
    assert rule in message
    assert len(message) < 700
    assert message.isprintable()


@pytest.mark.parametrize("text", ["x", "=1", "1x=1", "a b=1", "x-y=1", "\udcff=1", "", "x" * 5000])
def test_what_names_no_parameter_is_told_how_it_is_written(text: str) -> None:
    with pytest.raises(UsageError, match=r"^`-p` must be NAME=JSON\. Received: -p ") as caught:
        read_parameters([text])
    assert len(str(caught.value)) < 700


def test_a_parameter_that_is_given_twice_is_a_mistake_and_not_the_last_one() -> None:
    with pytest.raises(UsageError, match="`-p x` must be given once"):
        read_parameters(["x=1", "y=1", "x=2"])
