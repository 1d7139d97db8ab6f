"""Which cases a test tries, and how it says what they found."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

ASKED_FOR = [int(number) for number in os.environ.get("KERASCNN_FUZZ_CASES", "").split(",") if number]
"""Cases to try alone, instead of the long version's."""


def spread(kinds: Sequence[str], count: int) -> list[int]:
    """`count` places in `kinds`, with all kinds (by their first word) among them, as evenly as may be."""
    by_kind: dict[str, list[int]] = {}
    for number, kind in enumerate(kinds):
        by_kind.setdefault(kind.split()[0], []).append(number)
    choose, chosen = random.Random("spread"), []
    for numbers in by_kind.values():
        choose.shuffle(numbers)
    while len(chosen) < count:
        for numbers in by_kind.values():
            if numbers and len(chosen) < count:
                chosen.append(numbers.pop())
    return chosen


def short_and_long(short: Sequence[int], long: int, size: int, *, beside: str = "") -> pytest.MarkDecorator:
    """The short version in the test command; the long one in parts of `size` cases, for processes to share.

    One process runs the short versions that are named the same `beside`, for what they share takes long to make ready.
    """
    whole = [range(first, min(first + size, long)) for first in range(0, long, size)]
    marks = [pytest.mark.slow, *([pytest.mark.xdist_group(beside)] if beside else [])]
    parts = [pytest.param(short, id="short", marks=marks)]
    for part in [ASKED_FOR] if ASKED_FOR else whole:
        parts.append(pytest.param(part, id=f"{part[0]}-{part[-1]}", marks=pytest.mark.fuzz))
    return pytest.mark.parametrize("numbers", parts)


def attempt_all(attempt: Callable[[int, Path], list[str]], numbers: Sequence[int], tmp_path: Path, file: str) -> None:
    """Try the cases, each in a folder of its own, and fail with all that was found and how to see it again."""
    problems: list[str] = []
    for number in numbers:
        folder = tmp_path / f"case {number}"
        folder.mkdir()
        problems += attempt(number, folder)
        shutil.rmtree(folder)
    again = f"One of them alone: KERASCNN_FUZZ_CASES=NUMBER pytest -m fuzz {file}"
    assert not problems, "\n".join([f"{len(problems)} problems. {again}", *problems])
