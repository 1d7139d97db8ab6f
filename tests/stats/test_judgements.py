"""Claims judged on cases small enough to work out by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from factories import by_name, make_arm, make_ended, make_probe, make_record, make_runs
from msgspec.structs import replace

from kerascnn.errors import UsageError
from kerascnn.records import ArmRuns
from kerascnn.specs import METRICS, Comparison, Equivalence, Identity, Interaction, NonInferiority, Threshold, Trend
from kerascnn.stats import Judgement, judge, judge_all
from kerascnn.stats.describing.units import UNITS
from kerascnn.stats.judging.verdicts import decide

HIGHER = Comparison(name="he-wins", says="He is better", arm="he", baseline="glorot", smallest_effect=0.02)


def judged(claim, *runs, numbers=None, chance=0.1):
    return judge(claim, by_name(*runs), chance, numbers or {})


def compared(he, glorot, **fields):
    claim = Comparison(
        **{"name": "c", "says": "s", "arm": "he", "baseline": "glorot", "smallest_effect": 0.02, **fields}
    )
    return judged(claim, make_runs("he", he), make_runs("glorot", glorot))


@pytest.mark.parametrize(
    ("effects", "smallest", "verdict"),
    [
        ((0.10, 0.11, 0.12), 0.02, "supported"),
        ((-0.10, -0.11, -0.12), 0.02, "contradicted"),
        ((0.001, 0.0, -0.001), 0.02, "too small to matter"),
        ((0.010, 0.011, 0.012), 0.02, "too small to matter"),
        ((0.10, -0.05, 0.02), 0.02, "cannot tell"),
        ((0.018, 0.019, 0.0195), 0.0189, "cannot tell"),
        ((-0.018, -0.019, -0.0195), 0.0189, "cannot tell"),
        ((0.5,), 0.02, "cannot tell"),
        ((), 0.02, "not judged"),
        ((0.3, 0.3, 0.3), 0.02, "supported"),
        ((0.0, 0.0, 0.0), 0.02, "too small to matter"),
        ((0.0, 0.0, 0.0), 0.0, "cannot tell"),
    ],
)
def test_an_effect_is_judged_by_its_interval_and_its_size(effects, smallest, verdict):
    assert decide("effect", effects, smallest) == verdict


@pytest.mark.parametrize(
    ("effects", "verdict"),
    [
        ((0.001, 0.0, -0.001), "supported"),
        ((0.10, 0.11, 0.12), "contradicted"),
        ((-0.10, -0.11, -0.12), "contradicted"),
        ((0.03, -0.03, 0.0), "cannot tell"),
        ((0.0,), "cannot tell"),
        ((0.0, 0.0), "cannot tell"),
        ((0.0, 0.0, 0.0), "supported"),
    ],
)
def test_sameness_needs_the_whole_interval_inside_the_margins(effects, verdict):
    assert decide("sameness", effects, 0.02) == verdict


@pytest.mark.parametrize(
    ("effects", "verdict"),
    [
        ((0.10, 0.11, 0.12), "supported"),
        ((0.001, 0.0, -0.001), "supported"),
        ((-0.010, -0.011, -0.012), "supported"),
        ((-0.10, -0.11, -0.12), "contradicted"),
        ((-0.018, -0.019, -0.0195), "cannot tell"),
        ((0.05, -0.05, 0.0), "cannot tell"),
        ((0.1,), "cannot tell"),
    ],
)
def test_no_worse_needs_the_whole_interval_above_the_margin(effects, verdict):
    assert decide("no worse", effects, 0.02) == verdict


@pytest.mark.parametrize("rule", ["sameness", "line", "no worse"])
def test_a_mean_beyond_half_the_margin_is_still_inside_it(rule):
    assert decide(rule, (-0.015, -0.0155, -0.0145, -0.0152, -0.0148), 0.02) == "supported"


def test_two_seeds_that_agree_by_luck_decide_nothing():
    assert decide("effect", (0.0, 0.0), 0.02) == "cannot tell"


def test_sameness_is_decided_by_the_90_percent_interval():
    effects = (0.0, 0.012, 0.006)  # half-widths: 90 % .0101, 95 % .0149
    assert decide("sameness", effects, 0.017) == "supported"
    assert decide("effect", effects, 0.017) == "cannot tell"


@pytest.mark.parametrize(
    ("effects", "tolerance", "verdict"),
    [
        ((0.02, 0.021, 0.022), 0.0, "supported"),
        ((0.0, 0.0, 0.0), 0.0, "supported"),
        ((0.003, 0.0, -0.003), 0.02, "supported"),
        ((0.003, 0.0, -0.003), 0.0, "cannot tell"),
        ((-0.2, -0.21, -0.22), 0.02, "contradicted"),
        ((-0.2,), 0.02, "cannot tell"),
    ],
)
def test_a_line_is_kept_when_the_interval_stays_on_its_side(effects, tolerance, verdict):
    assert decide("line", effects, tolerance) == verdict


def test_a_comparison_pairs_its_seeds_by_number():
    judgement = judged(
        HIGHER, make_runs("he", {1: 0.5, 2: 0.6, 4: 0.9}), make_runs("glorot", {2: 0.4, 1: 0.35, 3: 0.1})
    )
    assert judgement.effects == {1: pytest.approx(0.15), 2: pytest.approx(0.2)}
    assert judgement.n == 2
    assert any("seeds 3, 4" in warning for warning in judgement.warnings)


def test_the_effect_is_the_mean_and_the_interval_students():
    judgement = compared((0.5, 0.6, 0.7), (0.4, 0.45, 0.45))
    assert judgement.effect == pytest.approx(1 / 6)
    assert judgement.high - judgement.effect == pytest.approx(4.302653 * 0.0763763 / 3**0.5, rel=1e-5)


def test_lower_is_better_turns_the_effect_round():
    claim = replace(HIGHER, direction="lower")
    judgement = judged(claim, make_runs("he", (0.1, 0.11)), make_runs("glorot", (0.5, 0.512)))
    assert judgement.effect == pytest.approx(0.401)
    assert judgement.verdict == "supported"
    assert "Glorot minus He" in judgement.contrast


def test_a_trend_is_the_least_squares_slope_of_each_seed():
    claim = Trend(
        name="t",
        says="s",
        arms=("a", "b", "c"),
        values=(2, 4, 8),
        unit="layer",
        smallest_effect=0.01,
        direction="lower",
    )
    runs = [make_runs("a", (0.6, 0.5)), make_runs("b", (0.5, 0.4)), make_runs("c", (0.3, 0.21))]
    judgement = judged(claim, *runs)
    assert judgement.effects[1] == pytest.approx(0.05)
    assert judgement.effects[2] == pytest.approx(0.9 / (56 / 3))
    assert judgement.verdict == "supported"
    assert "points per layer" in judgement.sentence


def test_a_trend_without_a_place_for_each_arm_is_an_error():
    claim = Trend(name="t", says="s", arms=("a", "b"), values=(2,), smallest_effect=0.01)
    with pytest.raises(UsageError, match="one number for each arm"):
        judged(claim, make_runs("a", (0.6,)), make_runs("b", (0.6,)))


def test_an_interaction_is_the_difference_of_differences():
    claim = Interaction(
        name="i", says="s", arm="a", baseline="b", other_arm="c", other_baseline="d", smallest_effect=0.02
    )
    runs = [
        make_runs("a", (0.6, 0.61)),
        make_runs("b", (0.1, 0.1)),
        make_runs("c", (0.5, 0.5)),
        make_runs("d", (0.4, 0.4)),
    ]
    judgement = judged(claim, *runs)
    assert judgement.effects == {1: pytest.approx(0.4), 2: pytest.approx(0.41)}
    assert judgement.contrast == "Test accuracy, (A minus B) minus (C minus D)"


def test_an_arm_on_other_images_is_judged_by_the_chance_of_guessing_there():
    claim = Threshold(name="t", says="s", arm="a", relation="above", value="chance", smallest_effect=0.05)
    runs = make_runs("a", (0.31, 0.30, 0.32))
    of_four_classes = dataclasses.replace(runs, chance=0.25)
    judgement = judged(claim, of_four_classes)
    assert judgement.effect == pytest.approx(0.06)
    assert "chance (25.0 %)" in judgement.sentence
    of_two_classes = [dataclasses.replace(make_ended(name, (0.50, 0.51, 0.9), chance=0.5), chance=0.5) for name in "ab"]
    rule = Comparison(name="c", says="s", arm="a", baseline="b", smallest_effect=0.05)
    assert any("1 of 3" in warning for warning in judged(rule, *of_two_classes).warnings)


def test_a_threshold_above_chance_is_the_distance_to_it():
    claim = Threshold(name="t", says="s", arm="a", relation="above", value="chance", smallest_effect=0.05)
    judgement = judged(claim, make_runs("a", (0.4, 0.41, 0.42)))
    assert judgement.effect == pytest.approx(0.31)
    assert judgement.verdict == "supported"
    assert "chance (10.0 %)" in judgement.sentence


def test_a_net_that_learns_nothing_stays_below_the_line_and_the_lack_of_spread_is_said():
    claim = Threshold(name="t", says="s", arm="a", relation="below", value=0.13)
    judgement = judged(claim, make_runs("a", (0.1, 0.1, 0.1)))
    assert judgement.verdict == "supported"
    assert judgement.low == judgement.high == pytest.approx(0.03)
    assert "A: all 3 seeds gave the same value, 10.0 %." in judgement.warnings
    assert any("single point" in warning for warning in judgement.warnings)


def test_an_identity_is_exact_within_its_tolerance():
    claim = Identity(name="i", says="s", number="size", expected=28, tolerance=0)
    right, wrong = judged(claim, numbers={"size": 28.0}), judged(claim, numbers={"size": 27.0})
    assert (right.verdict, right.n, right.low) == ("supported", 0, None)
    assert wrong.verdict == "contradicted"
    assert wrong.sentence == "size is 27, expected 28. They differ by more than 0, so they are not equal."


@pytest.mark.parametrize("numbers", [{}, {"size": float("nan")}])
def test_a_number_that_is_missing_is_not_judged(numbers):
    claim = Identity(name="i", says="s", number="size", expected=28, tolerance=0)
    assert judged(claim, numbers=numbers).verdict == "not judged"


@pytest.mark.parametrize(
    ("runs", "reason"),
    [
        ([make_runs("he", (0.5,))], "glorot: not trained under this profile"),
        ([make_runs("he", (0.5,)), make_runs("glorot")], "Glorot: no run yet"),
        ([make_runs("he", (0.5,)), make_runs("glorot", failed=(1, 2))], "Glorot: all runs failed (out of memory)"),
        ([make_runs("he", {1: 0.5}), make_runs("glorot", {2: 0.5})], "no seed in common"),
        ([make_runs("he", (0.5,)), make_runs("glorot", (0.5,), platform="other")], "different platforms"),
    ],
)
def test_missing_runs_are_shown_as_missing(runs, reason):
    judgement = judged(HIGHER, *runs)
    assert (judgement.verdict, judgement.label) == ("not judged", "not judged")
    assert reason in judgement.reason
    assert reason in judgement.sentence
    assert judgement.effect is None


def test_a_metric_that_no_run_shows_is_missing_too():
    claim = replace(HIGHER, metric="variance_factor")
    runs = [make_runs(name, (0.5, 0.6), probes=()) for name in ("he", "glorot")]
    assert "variance factor per layer cannot be measured" in judged(claim, *runs).reason


def test_one_seed_cannot_tell():
    judgement = compared((0.9,), (0.1,))
    assert judgement.label == "cannot tell with 1 seed"
    assert judgement.low is None
    assert "no interval" in judgement.sentence
    assert any("Only 1 seed" in warning for warning in judgement.warnings)


def test_failed_and_diverged_runs_are_named_in_the_warnings():
    he, glorot = make_arm("he"), make_arm("glorot")
    diverged = ArmRuns(
        he, {seed: make_record(he, seed, 0.1 * seed, outcome="diverged", test_loss=None) for seed in (1, 2, 3)}
    )
    warnings = judged(HIGHER, diverged, make_runs(glorot, (0.3, 0.35, 0.4), failed=(4,))).warnings
    assert any("He: training diverged with seeds 1, 2, 3" in warning for warning in warnings)
    assert "Glorot: seed 4 left out because the run failed." in warnings


def test_seeds_of_different_platforms_are_never_paired():
    he, glorot = make_runs("he", (0.5, 0.6, 0.7)), make_runs("glorot", (0.4, 0.4, 0.4))
    he.records[2] = make_record("he", 2, 0.9, platform="other")
    judgement = judged(HIGHER, he, glorot)
    assert set(judgement.effects) == {1, 3}
    assert any("different platforms: seed 2" in warning for warning in judgement.warnings)


def test_the_sentence_says_points_and_the_verdict():
    sentence = compared((0.50, 0.51, 0.52), (0.40, 0.40, 0.41)).sentence
    assert sentence.startswith("Test accuracy, He minus Glorot: +10.7 points (95 % interval +9.2 to +12.1, 3 seeds).")
    assert "This is what this page claims" in sentence


def test_small_slopes_keep_two_digits():
    claim = Trend(name="t", says="s", arms=("a", "b"), values=(0, 100), smallest_effect=0.0001)
    sentence = judged(claim, make_runs("a", (0.5, 0.5)), make_runs("b", (0.52, 0.54))).sentence
    assert "+0.030 points per unit" in sentence


def test_every_metric_has_a_unit():
    assert set(UNITS) == set(METRICS)


def test_a_logarithmic_metric_is_judged_in_decades():
    arms = [make_arm("he"), make_arm("glorot")]
    probes = {
        "he": make_probe(gradients=(1e-2, 1e-2), stds=(1, 1)),
        "glorot": make_probe(gradients=(1e-6, 1e-2), stds=(1, 1)),
    }
    runs = [make_runs(arm, (0.5, 0.6, 0.55), probes=(probes[arm.name],)) for arm in arms]
    claim = replace(HIGHER, metric="gradient_ratio_log10", smallest_effect=1.0)
    judgement = judged(claim, *runs)
    assert judgement.effect_text == "+4.00 decades"
    assert judgement.verdict == "supported"


def test_judgements_survive_a_round_trip():
    judgement = compared((0.5, 0.6, 0.7), (0.4, 0.45, 0.45))
    assert Judgement.from_json(judgement.canonical_json()) == judgement


def test_all_claims_are_judged_in_their_order():
    claims = (HIGHER, Equivalence(name="same", says="s", arm="he", baseline="glorot", smallest_effect=0.02))
    assert list(judge_all(claims, {}, 0.1, {})) == ["he-wins", "same"]


# --- several claims on a page -------------------------------------------------------------------------------


NEAR, FAR = (0.50, 0.53, 0.52), (0.42, 0.40, 0.44)  # p = .02 for their difference


def test_claims_of_a_page_are_corrected_for_each_other():
    claims = [HIGHER] + [replace(HIGHER, name=f"c{number}", arm="glorot", baseline="like it") for number in range(9)]
    arms = by_name(make_runs("he", NEAR), make_runs("glorot", FAR), make_runs("like it", (0.43, 0.40, 0.42)))
    alone = judge(HIGHER, arms, 0.1, {})
    among = judge_all(claims, arms, 0.1, {})["he-wins"]
    assert alone.verdict == "supported"
    assert among.verdict == "cannot tell"
    assert among.adjusted_p_value == pytest.approx(10 * alone.p_value)
    assert among.family == 10
    assert any("After correction for the 10 claims of this page it is not." in warning for warning in among.warnings)


def test_claims_that_are_clear_together_bear_each_other_out():
    claims = [replace(HIGHER, name=f"c{number}") for number in range(10)]
    arms = by_name(make_runs("he", NEAR), make_runs("glorot", FAR))
    together = judge_all(claims, arms, 0.1, {})
    assert {judgement.verdict for judgement in together.values()} == {"supported"}
    assert together["c3"].adjusted_p_value == pytest.approx(together["c3"].p_value)


def test_a_claim_without_runs_counts_among_the_others_and_one_about_a_number_does_not():
    gone = replace(HIGHER, name="gone", arm="nobody")
    number = Identity(name="n", says="s", number="x", expected=1, tolerance=0)
    arms = by_name(make_runs("he", NEAR), make_runs("glorot", FAR))
    alone = judge(HIGHER, arms, 0.1, {}).p_value
    assert judge_all([HIGHER, number], arms, 0.1, {"x": 1})["he-wins"].adjusted_p_value == alone
    assert judge_all([HIGHER, gone], arms, 0.1, {})["he-wins"].adjusted_p_value == pytest.approx(min(1, 2 * alone))


def test_a_main_claim_weighs_more_than_its_neighbours():
    others = [replace(HIGHER, name=f"c{number}", arm="nobody") for number in range(3)]
    arms = by_name(make_runs("he", NEAR), make_runs("glorot", FAR))
    plain, main = (judge_all([HIGHER, *others], arms, 0.1, {}, main=names)["he-wins"] for names in ([], ["he-wins"]))
    assert main.adjusted_p_value == pytest.approx(plain.adjusted_p_value / 2)  # 3 of the mean (3 + 1 + 1 + 1) / 4


def test_too_small_to_matter_is_corrected_like_any_verdict():
    same = ((0.5, 0.52, 0.51), (0.501, 0.518, 0.513))  # alone p = .02 for less than the margin
    claim = replace(HIGHER, smallest_effect=0.012)
    others = [replace(claim, name=f"c{number}", arm="nobody") for number in range(9)]
    arms = by_name(make_runs("he", same[0]), make_runs("glorot", same[1]))
    assert judge(claim, arms, 0.1, {}).verdict == "too small to matter"
    assert judge_all([claim, *others], arms, 0.1, {})["he-wins"].verdict == "cannot tell"


def test_what_is_counted_and_not_measured_needs_no_test():
    claim = replace(HIGHER, metric="parameters", smallest_effect=100, direction="lower")
    runs = [make_runs("he", (0.5, 0.5), parameters=10), make_runs("glorot", (0.5, 0.5), parameters=1000)]
    counted = judged(claim, *runs)
    assert counted.sentence.endswith(
        "+990 (counted). This is what this page claims (smallest difference of interest: 100)."
    )
    assert (counted.low, counted.high, counted.p_value, counted.adjusted_p_value, counted.n) == (None,) * 4 + (0,)
    one_seed = [make_runs("he", (0.5,), parameters=10), make_runs("glorot", (0.5,), parameters=1000)]
    assert judged(claim, *one_seed).sentence == counted.sentence
    assert judged(claim, *one_seed).warnings == ()
    assert judged(replace(claim, smallest_effect=1000), *one_seed).verdict == "too small to matter"
    assert judged(replace(claim, direction="higher"), *one_seed).verdict == "contradicted"
    assert judged(claim, runs[0]).verdict == "not judged"
    assert judged(claim, *runs).verdict == "supported"


def test_the_correlation_of_a_pair_is_pearsons():
    he, glorot = (0.5, 0.6, 0.7, 0.65), (0.4, 0.45, 0.5, 0.41)
    expected = float(np.corrcoef(he, glorot)[0, 1])
    assert compared(he, glorot).correlation == pytest.approx(expected)
    assert compared((0.5, 0.5, 0.5), (0.4, 0.41, 0.42)).correlation is None
    assert compared((0.5, 0.6), (0.4, 0.41)).correlation is None


def test_six_seeds_must_also_pass_the_test_that_assumes_no_shape():
    outlier = (0.05, 0.06, 0.055, 0.052, 0.058, -0.005)
    assert decide("effect", outlier, 0.0) == "cannot tell"
    assert decide("effect", outlier[:5], 0.0) == "supported"


def no_worse(first, second, **fields):
    claim = NonInferiority(
        **{"name": "n", "says": "s", "arm": "he", "baseline": "glorot", "smallest_effect": 0.02, **fields}
    )
    return judged(claim, make_runs("he", first), make_runs("glorot", second))


def test_an_arm_that_is_better_or_hardly_worse_is_at_least_as_good():
    assert no_worse((0.5, 0.51, 0.52), (0.4, 0.41, 0.42)).verdict == "supported"
    slightly = no_worse((0.50, 0.60, 0.70), (0.505, 0.605, 0.706))
    assert slightly.verdict == "supported"
    assert "if the first is worse at all, then by less than 2.0 points" in slightly.sentence


def test_an_arm_that_is_worse_by_the_margin_is_not_at_least_as_good():
    worse = no_worse((0.4, 0.41, 0.42), (0.5, 0.51, 0.52))
    assert worse.verdict == "contradicted"
    assert "The first is worse by 2.0 points or more" in worse.sentence


def test_for_a_metric_that_should_be_low_no_worse_means_no_higher():
    assert no_worse((0.4, 0.41, 0.42), (0.5, 0.51, 0.52), direction="lower").verdict == "supported"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"speaker": "notes"}, "This is what the course notes say"),
        ({"speaker": "paper", "source": "He et al. 2015, section 2.2"}, "This is what the paper says"),
        ({}, "This is what this page claims"),
    ],
)
def test_the_sentence_names_who_says_it(fields, words):
    assert words in compared((0.5, 0.51, 0.52), (0.4, 0.41, 0.42), **fields).sentence


def test_a_paper_that_is_not_named_is_no_speaker():
    with pytest.raises(UsageError, match="`source` is empty"):
        replace(HIGHER, speaker="paper")


def test_a_claim_for_the_full_profile_is_listed_and_not_judged_in_a_smaller_one():
    claims = [HIGHER, replace(HIGHER, name="later", judged_in="full")]
    arms = by_name(make_runs("he", (0.5, 0.52, 0.51, 0.53)), make_runs("glorot", (0.4, 0.41, 0.41, 0.42)))
    quick, full = (judge_all(claims, arms, 0.1, {}, profile=profile) for profile in ("quick", "full"))
    assert (quick["later"].verdict, quick["later"].label) == ("not judged", "judged in full")
    assert "The profile `full` judges it." in quick["later"].sentence
    assert (quick["he-wins"].family, full["he-wins"].family) == (1, 2)
    assert full["later"].verdict == "supported"


def test_a_ratio_of_counts_is_said_as_one():
    claim = replace(HIGHER, metric="parameters_log2", smallest_effect=np.log2(10), direction="lower")
    runs = [make_runs("he", (0.5,), parameters=1000), make_runs("glorot", (0.5,), parameters=46_700)]
    said = judged(claim, *runs)
    assert said.verdict == "supported"
    assert said.sentence.startswith("Parameters, Glorot over He: 46.7 times (counted).")
    assert said.sentence.endswith("(smallest ratio of interest: 10 times).")
    assert judged(claim, runs[0], make_runs("glorot", (0.5,), parameters=2000)).verdict == "too small to matter"
