"""Numbers as readers see them."""

from __future__ import annotations

import math

import pytest

from kerascnn.report.parts.axes import Axis, draw_strip, effect_axis, round_up
from kerascnn.report.parts.elements import Cell, Mark
from kerascnn.report.parts.filters import sort_key
from kerascnn.report.text.numbers import date, plural, quantity


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "seconds", "–"),
        (0.3651, "metric:test_accuracy", "36.5 %"),
        (-0.0213, "effect:test_accuracy", "−2.1 points"),
        (0.0, "effect:test_accuracy", "0.0 points"),
        (1_580_000, "count", "1,580,000"),
        (41_200_000, "short", "41.2 M"),
        (8.04, "seconds", "8.0 s"),
        (1234.5, "seconds", "1,234 s"),
        (512 * 2**20, "bytes", "512 MiB"),
        (True, "number", "yes"),
        (-0.00003, "number", "−3.00 × 10^−5"),
        (0.25, "number", "0.25"),
        (28, "number", "28"),
        (123456, "number", "123,456"),
        (math.inf, "number", "not finite"),
        ("text", "number", "text"),
        (0.4567, "percent", "46 %"),
    ],
)
def test_a_quantity_has_its_unit_and_sensible_digits(value, unit, text):
    assert quantity(value, unit).replace("\xa0", " ") == text


@pytest.mark.parametrize(
    ("cell", "key"),
    [
        (Cell(0.3651, "metric:test_accuracy"), None),
        (Cell(123456, "number"), None),
        (Cell(-0.25, "number"), None),
        (Cell("words"), None),
        (Cell(None, "seconds"), None),
        (Cell(8.04, "seconds"), "8.04"),
        (Cell(41_200_000, "short"), "41200000"),
        (Cell(-0.00003, "number"), "-3e-05"),
        (Cell(True, "number"), "True"),
        (Cell(0.3651, "share", mark=Mark("diverged", "is-failed")), "0.3651"),
    ],
)
def test_a_cell_has_a_key_to_be_sorted_by_only_where_its_text_is_not_that_number(cell, key):
    assert sort_key(cell) == key


def test_dates_are_to_the_minute_and_nouns_in_the_right_number():
    assert date("2026-03-01T10:05:59Z").replace("\xa0", " ") == "2026-03-01, 10:05 UTC"
    assert date("") == "–"
    assert [plural(n, "seed").replace("\xa0", " ") for n in (0, 1, 2)] == ["0 seeds", "1 seed", "2 seeds"]


def test_the_effect_axis_shows_every_seed_and_cuts_only_wide_intervals():
    axis = effect_axis([0.03, -0.01], [0.9, -0.8])
    assert (axis.low, axis.high) == (-0.04, 0.04)
    strip = draw_strip(axis, [0.03], (0.03, -0.8, 0.02), "effect:test_accuracy", band=0.01, line=0.0)
    assert strip.cut_low
    assert not strip.cut_high
    assert strip.line == pytest.approx(50.0)
    assert strip.dots[0] > strip.line > strip.band_start


def test_the_axis_of_nothing_is_still_an_axis():
    assert effect_axis([], []) == Axis(-1.0, 1.0)
    assert [round_up(value) for value in (0.021, 1.0, 7.0, 950.0)] == [0.03, 1.0, 8.0, 1000.0]
