"""Values of notebook parameters as they are typed after `-p`: JSON that every later step can keep and show."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, NoReturn

from kerascnn.errors import UsageError
from kerascnn.spelling import printable

LONGEST_TEXT = 100_000
DEEPEST = 32
LARGEST = 2**63 - 1
"""The largest whole number that a run's spec can hold."""
SHOWN = 200
"""Letters of a bad value that a message repeats."""


def read_parameters(texts: Sequence[str]) -> dict[str, Any]:
    """Name -> value of every `-p NAME=JSON`. Raises: UsageError that names the parameter, and what is wrong with it."""
    found: dict[str, Any] = {}
    for text in texts:
        name, value = _read(text)
        if name in found:
            raise UsageError(f"`-p {name}` must be given once. Received: two values. Leave one of them out.")
        found[name] = value
    return found


def _read(text: str) -> tuple[str, Any]:
    name, equals, written = text.partition("=")
    if not equals or not name.isidentifier():
        raise UsageError(
            f"`-p` must be NAME=JSON. Received: -p {printable(text, SHOWN)}. Write for example -p epochs=3."
        )
    value = _parse(name, written)
    problem = _problem(value, 1)
    if problem:
        _refuse(name, problem, written)
    return name, value


def _parse(name: str, written: str) -> Any:
    if len(written) > LONGEST_TEXT:
        _refuse(name, f"must be at most {LONGEST_TEXT:,} letters long", written)

    def no_constant(word: str) -> NoReturn:
        _refuse(name, "must be a finite number", word)

    def without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            _refuse(name, "must not have a name twice", written)
        return dict(pairs)

    try:
        return json.loads(written, parse_constant=no_constant, object_pairs_hook=without_doubles)
    except json.JSONDecodeError:
        if written.isidentifier():
            return written
        _refuse(name, "must be JSON", written, f"Quote it for the shell: -p {name}='[8, 14]'")
    except RecursionError:
        _refuse(name, f"must not nest lists more than {DEEPEST} deep", written)
    except ValueError:  # more digits than Python reads
        _refuse(name, _TOO_LARGE, written)


_TOO_LARGE = f"must be a number between {-LARGEST - 1} and {LARGEST}"


def _problem(value: Any, depth: int) -> str:
    """What is wrong with a value or with something in it; nothing where it can be kept and shown."""
    if depth > DEEPEST:
        return f"must not nest lists more than {DEEPEST} deep"
    if isinstance(value, float) and not math.isfinite(value):
        return "must be a finite number"
    if isinstance(value, int) and not -LARGEST <= value + 1 <= LARGEST + 1:
        return _TOO_LARGE
    if isinstance(value, str) and ("\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value)):
        return "must be text that UTF-8 can hold, without the character 0"
    parts = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((problem for part in parts if (problem := _problem(part, depth + 1))), "")


def _refuse(name: str, rule: str, received: str, hint: str = "Give another value") -> NoReturn:
    raise UsageError(f"The value of `-p {name}` {rule}. Received: {printable(received, SHOWN)}. {hint}.")
