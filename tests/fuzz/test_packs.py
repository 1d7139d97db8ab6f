"""Whatever stands in a pack, `store add` ends soon and says what is wrong; no lie is taken in, and the report renders.

The short version is part of the test command; `pytest -m fuzz -n auto` runs the long one. Which mutation a number means,
`drafts.make_case` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import lies  # noqa: F401  the register of mutations is filled by these imports
import oracles  # noqa: F401
import pytest
import texts  # noqa: F401
import zips  # noqa: F401
from choosing import attempt_all, short_and_long, spread
from drafts import MUTATIONS
from material import Base
from packs import Packs
from warm import Commands

PACKS = 2000


@pytest.fixture(scope="module")
def packs(base: Base, commands: Commands) -> Packs:
    return Packs(base, commands)


@short_and_long(spread([mutation.kind for mutation in MUTATIONS], 6), PACKS, 50, beside="rendered before")
def test_no_pack_is_believed_or_does_harm(packs: Packs, tmp_path: Path, numbers: Sequence[int]) -> None:
    attempt_all(packs.attempt, numbers, tmp_path, "tests/fuzz/test_packs.py")


def test_the_long_version_tries_every_mutation() -> None:
    assert len(MUTATIONS) < PACKS
