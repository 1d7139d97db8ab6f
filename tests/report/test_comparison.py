"""The page of all arms: its two tables tell the same arms, its scripts only those a page needs."""

from __future__ import annotations

import re

import pytest

from kerascnn.report.facts.results import gather_facts
from kerascnn.report.pages.comparison import build_comparison_page
from kerascnn.report.parts.elements import Shell
from kerascnn.report.render import SCRIPTS


@pytest.fixture
def page(sample):
    facts = [gather_facts(sample[0], entry) for entry in sample[0].entries]
    return build_comparison_page(facts, Shell("All arms", "shapes", "quick", None, "comparison.html", "run"))[0]


def row_of(table, label):
    headings = [column.key for column in table.columns]
    (cells,) = [row for row in table.rows if row[0].value == label]
    return dict(zip(headings, cells, strict=True))


def test_both_tables_have_the_same_arms_in_the_same_order(page):
    arms = [[row[0].value for row in table.rows] for table in (page.table, page.settings)]
    assert arms[0] == arms[1] == ["MLP 1 × 512", "MLP 4 × 512", "CNN 16-32-64", "Glorot", "He"]


def test_settings_name_everything_that_can_change_a_result(page):
    cells = row_of(page.settings, "MLP 4 × 512")
    assert cells["model.arguments.depth"].value == 4
    assert cells["batch_size"].value == 32
    assert cells["epochs"].value == 4
    assert cells["train_images"].value == 5000
    assert cells["precision"].value == "bfloat16"


def test_a_setting_is_the_default_only_where_the_model_has_it(page):
    assert row_of(page.settings, "MLP 1 × 512")["model.arguments.depth"].value == "default"
    assert row_of(page.settings, "Glorot")["model.arguments.depth"].value is None


def test_the_table_tells_the_gap_between_training_and_test(page):
    gaps = (0.71 - 0.41, 0.71 - 0.39, 0.0)
    assert row_of(page.table, "MLP 4 × 512")["generalisation_gap_mean"].value == pytest.approx(sum(gaps) / 3)


def test_every_script_is_written_and_loaded_deferred_by_some_page(sample):
    pages = {path.name: path.read_text(encoding="utf-8") for path in sample[1].glob("*.html")}
    loaded = {name for text in pages.values() for name in re.findall(r'<script src="([^"]+)" defer></script>', text)}
    assert loaded == set(SCRIPTS)
    assert all((sample[1] / name).is_file() for name in SCRIPTS)
    assert "<script" not in pages["methods.html"]
    assert "compare.js" not in pages["01_mlp_vs_cnn.html"]
