"""What the fuzz tests share: a finished place, and commands that are quick to start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from material import Base
from place import Place
from warm import Commands, start_commands


@pytest.fixture(scope="session")
def base(as_made: Place) -> Base:
    return Base(as_made)


@pytest.fixture(scope="session")
def commands(base: Base, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    """Commands in forks of a process that has rendered a report before."""
    folder = tmp_path_factory.mktemp("warm")
    place = base.copy(folder / "place", without=base.shown[:1])
    with start_commands() as started:
        started.warm_up(["report", "--profile", "smoke", "--data", str(place.data)], place.variables(), folder)
        yield started
