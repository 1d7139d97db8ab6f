"""The page of searches: every trial, where the ranges end, and the way there."""

from __future__ import annotations

import re

import pytest
from factories import make_record
from interactive_report import SPACE, make_search

from kerascnn import Choice
from kerascnn.report.pages.search import build_ranges, edge_words, edges_of
from kerascnn.report.tables.published import spent_words


@pytest.fixture(scope="module")
def text(interactive):
    return (interactive[1] / "01_mlp_vs_cnn.search.html").read_text(encoding="utf-8")


def test_a_best_value_at_the_end_of_its_range_is_flagged():
    edges = edges_of(make_search("r", "R", 0.1, 0.2, 0.5), SPACE)
    assert [(choice.name, value) for choice, value in edges] == [("depth", 3.0)]
    assert edge_words(*edges[0]) == (
        "The best depth, 3, is the largest that could be chosen: a better one may lie above."
    )


def test_a_search_says_how_many_images_its_trials_saw_and_for_how_long():
    runs = [make_record("relu", 1), make_record("relu", 2)]  # 3 epochs of 100 images each
    assert spent_words(runs, 4000).replace("\u00a0", " ") == "2 trials saw 600 images in 16.0 s of training."
    assert spent_words([], 4000) == ""


def test_the_smallest_value_is_an_end_too():
    ((choice, value),) = edges_of(make_search("r", "R", 0.9, 0.2, 0.5), SPACE)
    assert "the smallest that could be chosen: a better one may lie below" in edge_words(choice, value)


def test_a_value_inside_and_a_name_are_no_ends():
    best_in_the_middle = make_search("r", "R", 0.1, 0.9, 0.5)
    assert edges_of(best_in_the_middle, SPACE) == []
    rows = build_ranges(best_in_the_middle, SPACE, "a", "a.csv").rows
    assert [row[3].mark.word if row[3].mark else None for row in rows] == [
        "inside its range",
        "inside its range",
        None,
    ]


def test_a_search_without_scores_has_ranges_but_no_best():
    failed = make_search("r", "R", None, None)
    assert edges_of(failed, SPACE) == []
    assert [row[2].value for row in build_ranges(failed, SPACE, "a", "a.csv").rows] == [None, None, None]


def test_the_order_in_which_values_are_written_does_not_matter():
    unordered = (Choice(name="depth", values=(3, 1, 2)),)
    assert [value for _, value in edges_of(make_search("r", "R", 0.1, 0.9, 0.2), unordered)] == []
    assert [value for _, value in edges_of(make_search("r", "R", 0.1, 0.2, 0.9), unordered)] == [3.0]


def test_the_page_shows_every_trial_every_chart_and_the_ends_of_ranges(text):
    keys = re.findall(r">((?:random|bayesian)\d0+)<", text)
    assert len(set(keys)) == len(keys) == 10 + 3
    for anchor in (
        "figure-search-spent",
        "figure-search-parallel-random",
        "figure-search-choices-random",
        "figure-search-parallel-bayesian",
        "search-random-trials",
        "search-bayesian-ranges",
    ):
        assert f'id="{anchor}"' in text
    assert "The best depth, 3, is the largest that could be chosen" in text
    assert "on the boundary" in text


def test_the_experiment_leads_to_its_searches_and_keeps_their_best(interactive):
    text = (interactive[1] / "01_mlp_vs_cnn.html").read_text(encoding="utf-8")
    assert 'href="01_mlp_vs_cnn.search.html#search-random"' in text
    assert "trial 2 with depth = 3, width = 16, kind = a" in text
    assert "Trials of random search" not in text


def test_an_experiment_without_searches_has_no_page_for_them(sample):
    assert not (sample[1] / "04_glorot_vs_he.search.html").exists()
    assert (sample[1] / "01_mlp_vs_cnn.search.html").exists()


def test_trials_are_kept_as_csv(interactive):
    lines = (interactive[1] / "data" / "01_mlp_vs_cnn.search-random.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 10
    assert lines[0].startswith("trial,")
