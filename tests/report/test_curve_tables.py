"""The values behind a figure of curves: every run, every epoch, and the mean that is drawn."""

from __future__ import annotations

import re

import pytest

from kerascnn.records import Table
from kerascnn.report.facts.results import gather_facts
from kerascnn.report.pictures.figures import build_other_tables, build_pictures
from kerascnn.report.tables.csv_files import TableFiles
from kerascnn.report.tables.curves import is_curves, mean_points
from kerascnn.report.tables.published import build_published_table
from kerascnn.report.text.prose import Prose


@pytest.fixture(scope="module")
def picture(interactive):
    inputs, _ = interactive
    files = TableFiles("01")
    (shown,) = build_pictures(gather_facts(inputs, inputs.entries[0]), files, Prose())
    assert list(files.tables) == [shown.curves.csv]
    return shown


def test_every_run_has_a_row_and_every_epoch_a_column(picture):
    rows = {(row.arm, row.seed): row.values for row in picture.curves.rows}
    assert picture.curves.epochs == (1, 2, 3)
    assert rows["MLP 1 × 512", "1"] == (0.3, 0.4, 0.5)
    assert rows["CNN 16-32-64", "2"] == (0.5, 0.5, None)
    assert list(rows)[:3] == [("MLP 1 × 512", "1"), ("MLP 1 × 512", "2"), ("MLP 1 × 512", "mean")]


def test_the_mean_ends_with_the_shortest_run_as_it_does_in_the_drawing(picture):
    means = {row.arm: row.values for row in picture.curves.rows if row.seed == "mean"}
    assert means["MLP 1 × 512"] == pytest.approx((0.25, 0.3, 0.4))
    assert means["CNN 16-32-64"][:2] == pytest.approx((0.45, 0.55))
    assert means["CNN 16-32-64"][2] is None
    assert mean_points([]) == {}


def test_a_run_that_diverged_says_so(picture):
    marks = {(row.arm, row.seed): row.mark.word for row in picture.curves.rows if row.mark}
    assert marks == {("CNN 16-32-64", "2"): "diverged"}


def test_every_line_of_the_table_is_a_line_of_the_drawing(picture):
    drawn = set(re.findall(r'class="curve (arm-\d+) (seed-\d+|mean)"', picture.svg))
    named = {(f"arm-{r.place}", "mean" if r.seed == "mean" else f"seed-{r.seed}") for r in picture.curves.rows}
    assert drawn == named


def test_tables_that_belong_to_a_figure_stand_nowhere_else(interactive):
    inputs, _ = interactive
    facts = gather_facts(inputs, inputs.entries[0])
    assert build_other_tables(facts, TableFiles("01")) == ()


def test_only_tables_of_curves_are_turned():
    assert is_curves(Table(name="c", title="t", columns=("arm", "seed", "outcome", "epoch", "val_loss"), rows=()))
    assert not is_curves(Table(name="c", title="t", columns=("arm", "seeds", "test_accuracy"), rows=()))


def test_a_column_named_like_a_metric_is_printed_in_its_unit():
    table = Table(name="t", title="T", columns=("arm", "test_accuracy", "depth"), rows=(("a", 0.5, 3),))
    shown = build_published_table(table, "t", "t.csv")
    assert [cell.unit for cell in shown.rows[0]] == ["number", "metric:test_accuracy", "number"]
    assert [column.label for column in shown.columns] == ["Arm", "Test accuracy", "Depth"]
