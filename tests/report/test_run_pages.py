"""A page for every run: where it counts, how it went, what was asked for."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from browsing import check_links, page_names
from factories import make_arm, make_epochs, make_failure, make_record
from test_pages import parsed, text_of

from kerascnn.report import render_report
from kerascnn.report.pages.run import build_spec_fields
from kerascnn.report.pictures.curves import BOTTOM, LEFT, RIGHT, TOP, build_curves
from kerascnn.report.render import build_files

pytestmark = pytest.mark.usefixtures("drawn_once")


def page_of(sample, arm: str, seed: int) -> str:
    """The address of a run's page, found by following the experiment's link to it."""
    table = next(t for t in parsed(sample[1] / "01_mlp_vs_cnn.html").iter("table") if t.get("id") == "finals")
    headings = ["".join(heading.itertext()) for heading in table.find("thead").iter("th")]
    row = next(row for row in table.find("tbody") if arm in "".join(row[0].itertext()))
    return next(row[headings.index(f"Seed {seed}")].iter("a")).get("href")


def run_text(sample, arm: str, seed: int) -> str:
    return text_of(sample[1] / page_of(sample, arm, seed)).replace("\xa0", " ")


def test_the_table_of_seeds_leads_to_the_page_of_each_run(sample):
    text = run_text(sample, "CNN 16-32-64", 2)
    assert "CNN 16-32-64, seed 2" in text
    rows = [[*row.itertext()] for row in parsed(sample[1] / page_of(sample, "CNN 16-32-64", 2)).iter("tr")]
    assert ["Test", "56.0\xa0%", "1.5", "1,000"] in [[text.strip() for text in row] for row in rows]
    assert "A dense net against a convolutional one: CNN 16-32-64, seed 2" in text
    assert "python pipeline.py --data embedded why 01_mlp_vs_cnn cnn" in text
    assert "python pipeline.py --data embedded run 01_mlp_vs_cnn" in text


def test_a_run_names_every_place_where_it_counts(sample):
    text = run_text(sample, "CNN 16-32-64", 1)
    assert "A dense net against a convolutional one: trial 0 of Width and depth" in text


def test_trials_of_a_search_lead_to_their_runs(sample):
    page = parsed(sample[1] / "01_mlp_vs_cnn.search.html")
    table = next(t for t in page.iter("table") if t.get("id") == "search-width-trials")
    links = [link.get("href") for link in table.iter("a")]
    assert links == [page_of(sample, "CNN 16-32-64", 1)] * 3


def test_a_failed_run_shows_its_traceback_and_the_curve_up_to_there(sample):
    text = run_text(sample, "CNN 16-32-64", 4)
    assert 'File "loop.py", line 9 MemoryError: out of memory' in text
    assert "Every epoch as numbers" in text
    assert "What it cost" not in text
    assert "finished" not in text


def test_a_diverged_run_says_so(sample):
    text = run_text(sample, "MLP 4 × 512", 3)
    assert "diverged MLP 4 × 512, seed 3" in text


def test_a_run_that_the_store_lost_has_no_page_and_no_link(sample):
    assert not [name for name in page_names(sample[1]) if name.startswith("runs/gone")]
    table = next(t for t in parsed(sample[1] / "04_glorot_vs_he.html").iter("table") if t.get("id") == "finals")
    assert all(link.get("href").startswith("runs/") for link in table.iter("a"))


def test_every_page_of_a_run_is_small(sample):
    pages = [sample[1] / name for name in page_names(sample[1]) if name.startswith("runs/")]
    assert len(pages) > 20
    assert max(page.stat().st_size for page in pages) < 12_000


def test_settings_that_were_set_stand_before_the_defaults():
    settings = build_spec_fields(make_record(make_arm("a", batch_size=32), 3).spec)
    found = {setting.name: (setting.value, setting.is_default) for setting in settings}
    assert found["Seed"] == (3, False)
    assert found["Learning rate"] == (0.001, True)
    assert found["Gradient clipping (norm)"] == ("none", True)
    assert found["Augmentation"] == ("none", True)
    assert found["Test images"] == ("all", True)
    flags = [setting.is_default for setting in settings]
    assert flags == sorted(flags)


def test_a_curve_is_drawn_from_the_first_epoch_to_the_last_one_planned():
    accuracy, loss = build_curves(make_epochs((0.0, 1.0), [2.0, 1.0]), 3, chance=0.1)
    middle = (LEFT + RIGHT) / 2
    assert accuracy.lines[1].pieces == (((LEFT, BOTTOM), (middle, TOP)),)
    assert accuracy.guess == pytest.approx(BOTTOM - (BOTTOM - TOP) * 0.1)
    assert (loss.ticks[-1].value, accuracy.epochs) == (3.0, 3)
    assert (loss.lines[0].start, loss.lines[0].end) == (2.0, 1.0)


def test_a_loss_that_stops_being_finite_breaks_the_line_and_one_that_runs_away_stays_on_the_drawing():
    _, loss = build_curves(make_epochs((0.1, 0.1, 0.1, 0.1), [2.3, 1e9, None, 2.3]), 4, chance=0.1)
    first, second = loss.lines[0].pieces
    assert [y for _, y in first] == [pytest.approx(BOTTOM - (BOTTOM - TOP) * 2.3 / 5), TOP]
    assert second[0] == second[1] == (RIGHT, first[0][1])
    assert loss.lines[0].end == 2.3


def test_a_run_that_failed_before_its_first_epoch_has_no_curve(sample):
    inputs = sample[0]
    failure = make_failure("cnn", 4)

    def load_failure(key: str):
        return failure if key.startswith("failed") else None

    files = build_files(replace(inputs, load_failure=load_failure))
    page = next(text for name, text in files.items() if name.startswith("runs/failed"))
    assert "It ended before its first epoch was complete." in page
    assert "polyline" not in page


def test_a_failed_trial_of_a_step_size_has_the_page_that_its_card_leads_to(sample, tmp_path):
    """Nobody's seed and no search's trial: only the list of failed runs names it."""
    inputs = sample[0]
    entry = next(entry for entry in inputs.entries if entry.published is not None)
    failure = next(inputs.load_failure(key) for e in inputs.entries if e.published for key in e.published.failed_runs)
    lost = msgspec.structs.replace(failure, key="0123456789ab" * 5)
    published = msgspec.structs.replace(
        entry.published, failed_runs=(*entry.published.failed_runs, lost.key), rate_trials=(lost.key,)
    )
    entries = tuple(replace(e, published=published) if e is entry else e for e in inputs.entries)
    known = {lost.key: lost}
    changed = replace(inputs, entries=entries, load_failure=lambda key: known.get(key) or inputs.load_failure(key))
    render_report(changed, tmp_path)
    assert "a trial of a learning rate" in (tmp_path / "runs" / "0123456789ab.html").read_text(encoding="utf-8")
    count, broken = check_links(tmp_path)
    assert (count > 100, broken) == (True, [])
