"""Which runs learned, and what the share of them that did may be."""

from __future__ import annotations

import pytest
from factories import make_ended, make_runs
from scipy import stats

from kerascnn.specs import Comparison
from kerascnn.stats import judge
from kerascnn.stats.describing.outcomes import count_learned, proportion_interval


@pytest.mark.parametrize(("count", "total"), [(0, 5), (1, 5), (2, 5), (5, 5), (3, 3), (7, 40)])
def test_the_interval_of_a_proportion_is_scipys_exact_one(count, total):
    expected = stats.binomtest(count, total).proportion_ci(method="exact")
    interval = proportion_interval(count, total)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))


def test_seeds_that_ended_no_better_than_guessing_have_not_learned():
    learned = count_learned(make_ended("a", (0.1, 0.102, 0.119, 0.3, 0.4)), chance=0.1)
    assert (learned.count, learned.total) == (2, 5)
    assert learned.is_all_or_nothing


@pytest.mark.parametrize("values", [(0.1, 0.1, 0.1), (0.4, 0.5, 0.6)])
def test_an_arm_whose_seeds_agree_is_not_all_or_nothing(values):
    assert not count_learned(make_ended("a", values), chance=0.1).is_all_or_nothing


def test_an_arm_without_runs_has_no_outcome():
    assert count_learned(make_runs("a", ()), chance=0.1) is None


def test_a_claim_about_an_all_or_nothing_arm_says_so_with_the_exact_interval():
    claim = Comparison(name="c", says="s", arm="he", baseline="glorot", smallest_effect=0.02)
    arms = {"he": make_ended("he", (0.4,) * 5), "glorot": make_ended("glorot", (0.1, 0.1, 0.1, 0.4, 0.4))}
    warnings = judge(claim, arms, 0.1, {}).warnings
    expected = "Glorot: all or nothing. 2 of 5 seeds learned (exact 95 % interval 5 % to 85 %)"
    assert any(warning.startswith(expected) for warning in warnings)
    assert not any(warning.startswith("He: all or nothing") for warning in warnings)


def test_a_metric_at_initialisation_knows_nothing_of_learning():
    claim = Comparison(
        name="c", says="s", arm="he", baseline="glorot", smallest_effect=1, metric="parameters", direction="lower"
    )
    arms = {"he": make_ended("he", (0.4, 0.4)), "glorot": make_ended("glorot", (0.1, 0.4))}
    assert not any("all or nothing" in warning for warning in judge(claim, arms, 0.1, {}).warnings)
