"""What can be removed goes after it was shown; what a notebook wants or another page shows stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_suite import TinyPlace, make_tiny_place, write_experiment

import pipeline

VARIANT = ["-p", "depths=[1, 2]"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyPlace:
    return make_tiny_place(tmp_path, monkeypatch)


def with_variant(place: TinyPlace, **wishes: object) -> None:
    place.finish(names=("01_first",), parameters={"depths": [1, 2]}, **wishes)


# --- forget ---------------------------------------------------------------------------------------------------


def test_a_variant_goes_with_its_result_and_the_runs_that_nothing_else_wants(
    place: TinyPlace, capsys: pytest.CaptureFixture[str]
) -> None:
    place.finish()
    before = place.store.keys()
    with_variant(place)
    assert len(place.store.keys()) == len(before) + 2
    assert pipeline.main(["forget", "first", *VARIANT, "--yes"]) == 0
    said = capsys.readouterr().out
    assert "01_first with -p depths='[1, 2]', on tiny, profile quick:" in said
    assert "its result of 2026-01-01" in said
    assert "2 runs that nothing else wants" in said
    assert "Kept: 2 of its runs, because a notebook wants them or another page shows them." in said
    assert place.store.keys() == before
    names = [path.name for path in (place.root / "store" / "_published" / "01_first").iterdir()]
    assert sorted(name.count("-") for name in names) == [1, 1, 2], f"the default's lock, result and files: {names}"


def test_a_run_that_another_page_shows_stays_when_a_variant_is_forgotten(place: TinyPlace) -> None:
    place.finish()
    with_variant(place)
    place.finish(names=("02_second",), parameters={"depths": [2]})
    before = place.store.keys()
    assert pipeline.main(["forget", "01", *VARIANT, "--yes"]) == 0
    assert place.store.keys() == before
    assert pipeline.main(["forget", "02", "-p", "depths=[2]", "--yes"]) == 0
    assert len(place.store.keys()) == len(before) - 2


def test_forgetting_is_asked_about(place: TinyPlace, capsys: pytest.CaptureFixture[str]) -> None:
    with_variant(place)
    before = place.store.keys()
    assert pipeline.main(["forget", "01", *VARIANT]) == 2
    assert "Forget this? Answer with --yes" in capsys.readouterr().err
    assert place.store.keys() == before


@pytest.mark.parametrize("given", [[], ["-p", "depths=[1]"], ["-p", "depths=[3]"], ["--seeds", "4"]])
def test_what_is_no_variant_is_refused_with_those_that_there_are(
    place: TinyPlace, capsys: pytest.CaptureFixture[str], given: list[str]
) -> None:
    place.finish()
    with_variant(place)
    before = place.store.keys()
    assert pipeline.main(["forget", "01", *given, "--yes"]) == 2
    said = capsys.readouterr().err
    assert "`forget` must name a variant by the parameters" in said
    assert "-p depths='[1, 2]'" in said
    assert place.store.keys() == before


def test_a_variant_of_another_profile_is_another(place: TinyPlace, capsys: pytest.CaptureFixture[str]) -> None:
    with_variant(place, profile="smoke")
    assert pipeline.main(["forget", "01", *VARIANT, "--yes"]) == 2
    assert "Under profile quick on tiny, 01_first has: none." in capsys.readouterr().err
    assert pipeline.main(["forget", "01", *VARIANT, "--yes", "--profile", "smoke"]) == 0


def test_more_seeds_are_a_variant_too(place: TinyPlace) -> None:
    place.finish()
    before = place.store.keys()
    place.finish(names=("01_first",), seeds=3)
    assert pipeline.main(["forget", "01", "--seeds", "3", "--yes"]) == 0
    assert place.store.keys() == before


def test_nothing_is_forgotten_while_it_is_not_known_what_another_notebook_wants(
    place: TinyPlace, capsys: pytest.CaptureFixture[str]
) -> None:
    with_variant(place)
    before = place.store.keys()
    write_experiment(place.experiments, "03_broken", "study = 1 / 0")
    assert pipeline.main(["forget", "01", *VARIANT, "--yes"]) == 2
    assert "Nobody knows which runs 03_broken wants" in capsys.readouterr().err
    assert place.store.keys() == before


@pytest.mark.slow
def test_the_page_of_a_forgotten_variant_leaves_the_report(
    place: TinyPlace, capsys: pytest.CaptureFixture[str]
) -> None:
    place.finish()
    with_variant(place)
    assert pipeline.main(["report"]) == 0
    (page,) = place.reports.glob("01_first--*[0-9a-f].html")
    assert pipeline.main(["forget", "01", *VARIANT, "--yes"]) == 0
    assert f"its page {page}" in capsys.readouterr().out
    assert not page.exists()
    assert page.name not in (place.reports / "01_first.html").read_text()


# --- store --unused -------------------------------------------------------------------------------------------


def test_runs_and_result_of_a_notebook_that_is_gone_are_unused(
    place: TinyPlace, capsys: pytest.CaptureFixture[str]
) -> None:
    place.finish()
    before = place.store.keys()
    write_experiment(place.experiments, "03_gone")
    place.finish(names=("03_gone",), parameters={"depths": [3]})
    (place.experiments / "03_gone.ipynb").unlink()
    assert pipeline.main(["store", "--unused", "--yes"]) == 0
    said = capsys.readouterr().out
    assert "2 of the 4 runs" in said
    assert "1 result of notebooks that are gone: 03_gone." in said
    assert place.store.keys() == before
    assert not (place.root / "store" / "_published" / "03_gone").exists()


def test_what_keeps_a_run_is_said_before_anything_goes(place: TinyPlace, capsys: pytest.CaptureFixture[str]) -> None:
    place.finish()
    with_variant(place)
    assert pipeline.main(["store", "--unused"]) == 0
    said = capsys.readouterr().out
    assert "Every run on this data set is wanted. Kept: 2 that a notebook in " in said
    assert "2 that only a page shows (other parameters or seeds; `forget` removes them)" in said
