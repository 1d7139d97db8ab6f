"""Every experiment there is, under the smallest profile."""

from __future__ import annotations

from pathlib import Path

import pytest
from place import make_place


@pytest.mark.thorough
def test_every_experiment_ends_well_under_the_smoke_profile(tmp_path: Path, data: Path) -> None:
    place = make_place(tmp_path / "place", data)
    place.patience = 1800.0  # sixteen experiments by one worker, on a slow machine beside other tests
    done = place.pipeline("all")
    assert done.returncode == 0, done.stdout + done.stderr
