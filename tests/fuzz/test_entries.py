"""Whatever happens to the files of a store, commands end soon and name what is damaged; nothing else is changed.

The short version is part of the test command; `pytest -m fuzz -n auto` runs the long one. A number is a place in
`disks.HARMS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from choosing import attempt_all, short_and_long, spread
from disks import HARMS
from material import Base
from stores import COMMANDS, QUICKEST, try_harm
from warm import Commands

SHORT = 8


@short_and_long(spread([harm.kind for harm in HARMS], SHORT), len(HARMS), 25, beside="rendered before")
def test_no_harm_to_a_store_spreads(base: Base, commands: Commands, tmp_path: Path, numbers: Sequence[int]) -> None:
    verbs = QUICKEST if len(numbers) == SHORT else COMMANDS
    attempt_all(partial(try_harm, base, commands, verbs=verbs), numbers, tmp_path, "tests/fuzz/test_entries.py")


def test_the_long_version_tries_at_least_500_harms() -> None:
    assert len(HARMS) >= 500
