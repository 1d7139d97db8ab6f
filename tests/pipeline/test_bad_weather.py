"""A store that cannot be read is an error, never damage: nothing is set aside, nothing is trained again for it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from place import Place, make_place
from weather import ERRORS, Weather, read_only

import pipeline

pytestmark = pytest.mark.xdist_group("weather")  # the suite of one experiment is made once

COMMANDS = {
    "plan": ["plan"],
    "verify": ["store", "verify"],
    "store": ["store"],
    "why": ["why", "glorot_vs_he"],
    "report": ["report"],
    "all": ["all"],
}

SHORT = ("verify", "why")
"""Commands of the short version, which strikes each place with one of the errors; the long one strikes all with all."""


def cases() -> list[Any]:
    """(command, how many of the errors at each place)."""
    short = [pytest.param(name, 1, marks=pytest.mark.slow, id=f"{name}-short") for name in SHORT]
    long = [pytest.param(name, len(ERRORS), marks=pytest.mark.faults, id=f"{name}-long") for name in COMMANDS]
    return [*short, *long]


@pytest.fixture(scope="module")
def one_experiment(as_made: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A copy of the finished suite with one experiment, and the report of that alone. Not to be changed."""
    place = make_place(tmp_path_factory.mktemp("weather") / "place", as_made.data, "04_glorot_vs_he")
    shutil.copytree(as_made.store, place.store)
    assert place.pipeline("all").returncode == 0
    return place


@pytest.fixture
def place(one_experiment: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A copy of it, which this process's own commands work on."""
    place = Place(tmp_path / "place", one_experiment.data)
    shutil.copytree(one_experiment.root, place.root)
    for name, value in place.variables().items():
        if name.startswith("KERASCNN"):
            monkeypatch.setenv(name, value)
    return place


def snapshot(store: Path) -> dict[str, str]:
    """What must not change: everything but logs, locks, temporaries and measured times."""
    kept = [path for path in store.rglob("*") if path.is_file() and not path.name.endswith(("lock", "log"))]
    return {
        str(path.relative_to(store)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in kept
        if not path.relative_to(store).parts[0].startswith(("_tmp", "_costs"))
    }


@pytest.mark.parametrize(("name", "errors"), cases())
def test_a_read_error_at_any_place_sets_nothing_aside(
    place: Place, name: str, errors: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    command = [*COMMANDS[name], "--profile", "smoke", "--data", str(place.data)]
    before = snapshot(place.store)

    def run(strike: Callable[[Weather], None]) -> tuple[int, str, Weather]:
        if name == "report":
            shutil.rmtree(place.reports, ignore_errors=True)  # else there is nothing to render
        weather = Weather(place.store)
        strike(weather)
        with monkeypatch.context() as patch:
            weather.watch(patch)
            code = pipeline.main(command)
        return code, capfd.readouterr().err, weather

    code, _, calm = run(lambda weather: None)
    assert code == 0
    assert calm.places, "nothing was read"
    for number, at in enumerate(calm.places):
        for error in [ERRORS[(number + more) % len(ERRORS)] for more in range(errors)]:
            code, said, _ = run(lambda weather, at=at, error=error: weather.strike(at, error))
            assert (code, "cannot be read" in said) in ((5, True), (0, False)), f"{at}: {code} {said}"
            assert snapshot(place.store) == before, f"{at} with {error} changed the store"


@pytest.mark.slow
def test_a_read_only_store_with_a_damaged_entry_is_planned_from_verified_and_reported(
    place: Place, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for key in sorted(place.keys()):
        (place.store / key / "record.json").write_bytes(b"")
    shutil.rmtree(place.reports)
    before = snapshot(place.store)
    options = ["--profile", "smoke", "--data", str(place.data)]
    read_only(place.store, monkeypatch)
    assert pipeline.main(["plan", *options]) == 0
    assert "4 runs to train" in capfd.readouterr().out
    assert pipeline.main(["store", "verify", *options]) == 5
    assert f"{key}  damaged: record.json does not have the checksum" in capfd.readouterr().out
    assert pipeline.main(["report", *options]) == 0
    assert (place.reports / "04_glorot_vs_he.html").is_file()
    assert snapshot(place.store) == before
    assert pipeline.main(["all", *options]) == 5
    assert "cannot be written: Read-only file system" in capfd.readouterr().err
