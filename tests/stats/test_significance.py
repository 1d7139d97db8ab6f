"""p-values: SciPy and hand-worked cases as the measure, and what happens at their edges."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from kerascnn.stats.describing.intervals import t_interval
from kerascnn.stats.judging.significance import false_discovery, p_above, p_below, p_different, sign_flip_p_value

SAMPLES = [np.random.default_rng(number).normal(0.3, 1.0, 2 + number % 9).tolist() for number in range(30)]


@pytest.mark.parametrize("effects", SAMPLES)
def test_the_t_test_is_scipys(effects):
    assert p_above(effects, 0.1) == pytest.approx(stats.ttest_1samp(effects, 0.1, alternative="greater").pvalue)
    assert p_below(effects, 0.1) == pytest.approx(stats.ttest_1samp(effects, 0.1, alternative="less").pvalue)
    assert p_different(effects) == pytest.approx(stats.ttest_1samp(effects, 0.0).pvalue)


@pytest.mark.parametrize("effects", SAMPLES)
def test_a_p_value_under_five_percent_is_an_interval_without_zero(effects):
    interval = t_interval(effects)
    assert interval is not None
    assert (p_different(effects) < 0.05) == (not interval.low <= 0 <= interval.high)


@pytest.mark.parametrize(
    ("effects", "above", "below"),
    [([], 1, 1), ([0.3], 1, 1), ([0.2, 0.2, 0.2], 1 / 64, 1), ([-0.2, -0.2], 1, 1 / 16), ([0.0, 0.0, 0.0], 1, 1)],
)
def test_too_few_values_and_values_that_are_all_the_same(effects, above, below):
    assert (p_above(effects), p_below(effects)) == (above, below)


@pytest.mark.parametrize("effects", [sample for sample in SAMPLES if len(sample) >= 6])
def test_the_sign_flip_test_is_scipys_permutation_test_over_every_pattern(effects):
    expected = stats.permutation_test(
        (np.asarray(effects),), np.sum, permutation_type="samples", alternative="two-sided", n_resamples=np.inf
    )
    assert sign_flip_p_value(effects) == pytest.approx(expected.pvalue)


def test_the_sign_flip_test_by_hand():
    assert sign_flip_p_value([1, 2, 3, 4, 5, 6]) == 2 / 64
    assert sign_flip_p_value([1, 2, 3, 4, 5, -1]) == np.mean(
        [
            abs(sum(s * e for s, e in zip(signs, (1, 2, 3, 4, 5, 1), strict=True))) >= 14
            for signs in itertools.product((1, -1), repeat=6)
        ]
    )
    assert sign_flip_p_value([0.1] * 3 + [0.0] * 4) == 2 / 8
    assert sign_flip_p_value([0.0] * 8) == 1


def test_sign_flips_need_enough_seeds_to_reject_and_few_enough_to_count():
    assert sign_flip_p_value([1.0] * 5) is None
    assert sign_flip_p_value([1.0] * 6) == 2 / 64
    assert sign_flip_p_value([1.0] * 21) is None


def adjusted(p_values, weights=None, family=None):
    return false_discovery(p_values, weights or dict.fromkeys(p_values, 1.0), family or len(p_values))


def test_the_share_of_wrong_verdicts_by_hand():
    found = adjusted({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert found == pytest.approx({"a": 0.02, "b": 0.04, "c": 0.04, "d": 0.02})
    assert list(found) == ["a", "b", "c", "d"]
    assert adjusted({"a": 0.04}) == {"a": 0.04}
    assert adjusted({"a": 0.9, "b": 0.8}) == {"a": 0.9, "b": 0.9}
    assert adjusted({}) == {}


@pytest.mark.parametrize("seed", range(10))
def test_the_share_of_wrong_verdicts_is_scipys(seed):
    p_values = dict(enumerate((np.random.default_rng(seed).random(12) / 20).tolist()))
    assert list(adjusted(p_values).values()) == pytest.approx(stats.false_discovery_control(list(p_values.values())))


def test_what_has_no_runs_counts_as_a_question_all_the_same():
    assert adjusted({"a": 0.01}, family=4) == {"a": 0.04}


def test_a_heavier_claim_needs_less_and_no_weight_decides_what_is_not_clear_alone():
    weights = {"main": 1.5, "other": 0.5}
    assert adjusted({"main": 0.03, "other": 0.9}, weights)["main"] == pytest.approx(0.04)
    assert adjusted({"main": 0.06, "other": 0.001}, weights)["main"] == 0.06
