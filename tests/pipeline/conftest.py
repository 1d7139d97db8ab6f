"""One finished suite that the tests of the whole pipeline share."""

from __future__ import annotations

from pathlib import Path

import pytest
from place import ONE_OF_EACH, Place, make_place


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process runs every test of the finished suite, so that it is made once."""
    for item in items:
        if "finished" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("finished"))


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Place:
    """One experiment of each kind, done once under the smoke profile. Tests may add to it, not take away."""
    place = make_place(tmp_path_factory.mktemp("suite"), data, *ONE_OF_EACH)
    done = place.pipeline("all")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "Open reports/index.html"
    return place
