"""A claim is judged after numbers of seeds that were fixed beforehand, each at its share of the level."""

from __future__ import annotations

import pytest
from factories import by_name, make_ended, make_runs

from kerascnn.specs import Comparison
from kerascnn.specs.seeds import FRESH_SEEDS, place_of, schedule
from kerascnn.stats import judge_all

CLAIM = Comparison(name="wins", says="s", arm="a", baseline="b", smallest_effect=0.01)
LEADS = (0.10, 0.07, 0.13, 0.10, 0.09, 0.11, 0.10, 0.12)
LOW = (0.40, 0.42, 0.41, 0.39, 0.40, 0.43, 0.41, 0.40)


def judged(leads, first=3, most=12, low=LOW, make=make_runs):
    """The judgement of CLAIM where `a` leads by so much in each seed."""
    high = [value + lead for value, lead in zip(low, leads, strict=False)]
    arms = by_name(make_runs("a", high), make("b", low[: len(high)]))
    return judge_all([CLAIM], arms, 0.1, {}, lambda claim: schedule(first, most))["wins"]


@pytest.mark.parametrize(
    ("first", "most", "seeds", "shares"),
    [
        (3, 12, (3, 6, 12), (0.3, 0.3, 0.4)),
        (5, 8, (5, 8), (0.45, 0.55)),
        (3, 20, (3, 6, 12, 20), (0.225, 0.225, 0.225, 0.325)),
        (5, 5, (5,), (1.0,)),
    ],
)
def test_each_look_has_twice_the_seeds_and_the_shares_are_the_whole_level(first, most, seeds, shares):
    looks = schedule(first, most)
    assert tuple(look.seeds for look in looks) == seeds
    assert tuple(look.share for look in looks) == pytest.approx(shares)
    assert sum(look.share for look in looks) == pytest.approx(1)


def test_the_first_look_has_its_share_of_the_level_alone():
    once, first = judged(LEADS[:3], most=3), judged(LEADS[:3])
    assert once.p_value == first.p_value
    assert first.adjusted_p_value == pytest.approx(once.adjusted_p_value / 0.3)
    assert first.looks == (3, 6, 12)


def test_seeds_between_two_looks_change_nothing():
    between, before = judged(LEADS[:5]), judged(LEADS[:3])
    assert (between.n, between.effects, between.p_value) == (3, before.effects, before.p_value)
    assert judged(LEADS[:6]).n == 6


def test_the_look_that_decided_stays_the_answer_when_others_get_more_seeds():
    clear = (0.10, 0.101, 0.099)
    assert judged(clear).verdict == "supported"
    later = judged((*clear, 0.3, -0.2, 0.0))
    assert (later.verdict, later.n, later.effects) == ("supported", 3, judged(clear).effects)


def test_an_open_claim_shows_its_last_look():
    unclear = (0.10, -0.05, 0.02, 0.08, -0.03, 0.01)
    assert (judged(unclear).verdict, judged(unclear).n) == ("cannot tell", 6)


def test_before_the_first_look_nothing_is_told():
    early = judged((0.10, 0.101))
    assert (early.verdict, early.n, early.p_value) == ("cannot tell", 2, None)


def test_where_a_run_did_not_learn_three_seeds_tell_nothing():
    nothing, leads = (0.1,) * 6, (0.40, 0.401, 0.399, 0.4, 0.402, 0.4)
    early, later = (judged(leads[:n], low=nothing, make=make_ended) for n in (3, 6))
    assert early.verdict == "cannot tell"
    assert any("judged from 6 seeds on" in warning for warning in early.warnings)
    assert early.seeds_needed >= 6
    assert (later.verdict, later.n) == ("supported", 6)


def test_a_failed_run_does_not_hold_up_the_look():
    low = make_runs("b", {1: 0.40, 3: 0.41}, failed=(2,))
    arms = by_name(make_runs("a", (0.50, 0.52, 0.512)), low)
    found = judge_all([CLAIM], arms, 0.1, {}, lambda claim: schedule(3, 6))["wins"]
    assert found.n == 2
    assert found.p_value is not None


def test_seeds_that_failed_are_none_to_judge_by():
    low, high = make_ended("b", (0.1,) * 3), make_runs("a", (0.5, 0.501, 0.499), failed=(4, 5, 6))
    low.failures.update(high.failures)
    found = judge_all([CLAIM], by_name(high, low), 0.1, {}, lambda claim: schedule(6, 6))["wins"]
    assert (found.verdict, found.n) == ("cannot tell", 3)


def test_an_open_claim_shows_the_p_value_of_the_look_whose_effect_it_shows():
    found = judged((0.10, 0.07, 0.13, 0.01, -0.2, 0.3))
    once = judged((0.10, 0.07, 0.13, 0.01, -0.2, 0.3), first=6, most=6)
    assert (found.verdict, found.n, found.p_value) == ("cannot tell", 6, once.p_value)


def test_a_winners_fresh_seeds_are_counted_from_one():
    assert [place_of(seed) for seed in (1, 12, FRESH_SEEDS + 1, FRESH_SEEDS + 12)] == [1, 12, 1, 12]
