"""Intervals and summaries agree with SciPy, and degenerate on purpose."""

from __future__ import annotations

import subprocess
import sys

import pytest
from scipy import stats

from kerascnn.stats import summarise, t_interval
from kerascnn.stats.describing.intervals import are_identical


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
@pytest.mark.parametrize("values", [(0.1, 0.2), (0.31, 0.29, 0.35), (1.0, 2.0, 4.0, 8.0, 16.0)])
def test_the_interval_is_that_of_scipy(values, level):
    expected = stats.t.interval(level, len(values) - 1, loc=sum(values) / len(values), scale=stats.sem(values))
    interval = t_interval(values, level)
    assert (interval.low, interval.high) == pytest.approx(expected)


def test_three_values_by_hand():
    interval = t_interval((1.0, 2.0, 3.0))
    assert interval.high - 2.0 == pytest.approx(4.302653 / 3**0.5, rel=1e-6)


@pytest.mark.parametrize("values", [(), (0.5,)])
def test_fewer_than_two_values_have_no_interval(values):
    assert t_interval(values) is None


def test_identical_values_give_a_point():
    interval = t_interval((0.1, 0.1, 0.1))
    assert interval.is_point
    assert interval.low == pytest.approx(0.1)


def test_values_that_differ_by_rounding_only_are_identical():
    assert are_identical((0.3 - 0.1, 0.4 - 0.2))
    assert not are_identical((0.2, 0.2001))
    assert not are_identical((0.2,))


def test_a_summary_has_what_its_n_allows():
    assert summarise(()).mean is None
    assert (summarise((0.5,)).mean, summarise((0.5,)).sd) == (0.5, None)
    full = summarise([0.2, 0.4, 0.6])
    assert (full.n, full.mean, full.sd, full.values) == (3, pytest.approx(0.4), pytest.approx(0.2), (0.2, 0.4, 0.6))
    assert full.low == pytest.approx(0.4 - 4.302653 * 0.2 / 3**0.5, rel=1e-6)


def test_importing_the_statistics_loads_neither_scipy_nor_numpy():
    code = "import sys, kerascnn.stats; print(sorted({'scipy', 'numpy', 'keras', 'matplotlib'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
