"""The values behind a figure of curves: every run, every epoch, and the mean that is drawn."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from msgspec import structs

from kerascnn.records import PublishedTable
from kerascnn.report.facts.results import gather_facts
from kerascnn.report.pictures.figures import build_figures, build_other_tables
from kerascnn.report.tables.csv_files import TableFiles
from kerascnn.report.tables.curves import mean_points
from kerascnn.report.tables.published import build_published_table
from kerascnn.report.text.prose import Prose


@pytest.fixture(scope="module")
def picture(interactive):
    inputs, _ = interactive
    files = TableFiles("01")
    (shown,) = build_figures(gather_facts(inputs, inputs.entries[0]), files, Prose())
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


def test_curves_are_known_by_their_kind_whatever_they_are_called(interactive):
    inputs, _ = interactive
    entry = inputs.entries[0]
    (figure,), (table,) = entry.published.figures, entry.published.tables
    for kind, is_turned in (("curves", True), ("finals", False)):
        published = structs.replace(
            entry.published,
            figures=(structs.replace(figure, name="both", kind=kind),),
            tables=(structs.replace(table, name="both"),),
        )
        facts = gather_facts(inputs, replace(entry, published=published))
        (shown,) = build_figures(facts, TableFiles("01"), Prose())
        assert (shown.curves is not None) == is_turned
        assert (shown.behind is None) == is_turned


def test_a_column_is_printed_in_the_unit_of_the_metric_that_it_is_said_to_be():
    table = PublishedTable(
        name="t", title="T", columns=("arm", "share", "parameters"), rows=(("a", 0.5, 3),),
        metrics={"share": "test_accuracy"},
    )  # fmt: skip
    shown = build_published_table(table, "t", "t.csv")
    assert [cell.unit for cell in shown.rows[0]] == ["number", "metric:test_accuracy", "number"]
    assert [column.label for column in shown.columns] == ["Arm", "Share", "Parameters"]
