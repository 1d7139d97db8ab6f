"""The number of seeds that a plan names does what it promises, and no plan is made from nothing."""

from __future__ import annotations

import numpy as np
import pytest
from factories import make_runs

from kerascnn.specs import Comparison
from kerascnn.stats import judge
from kerascnn.stats.judging.seeds import seeds_needed
from kerascnn.stats.judging.verdicts import decide

SPREAD = (-0.04, 0.01, 0.03, 0.0, 0.0)  # sd .0255


def share_clear(rule, n, effect, verdicts, trials=1500):
    """How often `n` seeds with that true effect and the spread above give one of the verdicts."""
    draws = np.random.default_rng(7).normal(effect, np.std(SPREAD, ddof=1), (trials, n))
    return np.mean([decide(rule, draw.tolist(), 0.02) in verdicts for draw in draws])


@pytest.mark.parametrize(
    ("rule", "verdict"), [("effect", "too small to matter"), ("sameness", "supported"), ("line", "supported")]
)
def test_the_planned_seeds_rule_out_an_effect_that_is_not_there_four_times_in_five(rule, verdict):
    n = seeds_needed(rule, SPREAD, 0.02)
    assert share_clear(rule, n, 0.0, [verdict]) == pytest.approx(0.82, abs=0.05)
    assert share_clear(rule, n - 3, 0.0, [verdict]) < 0.8


def test_the_planned_seeds_also_find_an_effect_of_twice_the_size_of_interest():
    assert share_clear("effect", seeds_needed("effect", SPREAD, 0.02), 0.04, ["supported"], trials=400) > 0.8


def test_a_plan_asks_for_at_least_one_seed_more():
    assert seeds_needed("effect", (0.005, 0.025, 0.012, 0.018, 0.015), 0.02) > 5


def test_more_claims_on_a_page_ask_for_more_seeds():
    assert seeds_needed("effect", SPREAD, 0.02, claims=8) > seeds_needed("effect", SPREAD, 0.02)


@pytest.mark.parametrize(
    ("effects", "smallest"), [((), 0.02), ((0.1,), 0.02), ((0.1, 0.1), 0.02), (SPREAD, 0.0), ((-0.9, 0.9), 0.001)]
)
def test_without_spread_or_size_of_interest_there_is_no_plan(effects, smallest):
    assert seeds_needed("effect", effects, smallest) is None


def test_a_claim_that_is_open_says_how_many_seeds_would_tell():
    claim = Comparison(name="c", says="s", arm="he", baseline="glorot", smallest_effect=0.02)
    arms = {"he": make_runs("he", (0.40, 0.45, 0.42)), "glorot": make_runs("glorot", (0.41, 0.42, 0.42))}
    judgement = judge(claim, arms, 0.1, {})
    assert judgement.verdict == "cannot tell"
    assert judgement.seeds_needed > 3
    clear = {"he": make_runs("he", (0.40, 0.45, 0.42)), "glorot": make_runs("glorot", (0.1, 0.1, 0.1))}
    assert judge(claim, clear, 0.1, {}).seeds_needed is None
