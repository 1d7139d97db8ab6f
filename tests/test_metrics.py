"""Every metric a claim may name can be measured in a record, and says so when it cannot."""

from __future__ import annotations

import math

import pytest
from factories import make_probe, make_record

from kerascnn.errors import UsageError
from kerascnn.metrics import FLOAT32_FLOOR, MEASURES, measure
from kerascnn.specs import METRICS, NOTEBOOK_METRICS


def test_exactly_the_declared_metrics_can_be_measured():
    assert set(MEASURES) == set(METRICS)


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_of_a_whole_record_is_a_number_but_those_that_notebooks_measure(metric):
    assert isinstance(measure(make_record(), metric), float) == (metric not in NOTEBOOK_METRICS)


def test_an_unknown_metric_is_an_error_with_a_near_match():
    with pytest.raises(UsageError, match="Did you mean 'test_accuracy'"):
        measure(make_record(), "test_acuracy")


def test_the_generalisation_gap_is_training_minus_test_accuracy():
    assert measure(make_record(test_accuracy=0.5, train_accuracy=0.8), "generalisation_gap") == pytest.approx(0.3)


def test_the_gradient_ratio_compares_the_first_kernel_with_the_last():
    record = make_record(probes=(make_probe(gradients=(1e-6, 1e-4, 1e-2), stds=(1, 1, 1)),))
    assert measure(record, "gradient_ratio_log10") == pytest.approx(-4)


def test_a_gradient_that_shrinks_towards_the_input_has_a_negative_factor():
    record = make_record(probes=(make_probe(gradients=(1e-6, 1e-4, 1e-2), stds=(1, 1, 1)),))
    assert measure(record, "gradient_factor_log10") == pytest.approx(-2)


def test_the_signal_leaves_out_the_logits():
    record = make_record(probes=(make_probe(gradients=(1, 1, 1, 1), stds=(0.8, 0.4, 0.2, 99.0)),))
    assert measure(record, "signal_ratio_log10") == pytest.approx(math.log10(0.25))
    assert measure(record, "variance_factor") == pytest.approx(0.25)


def test_the_mean_square_factor_is_the_geometric_mean_of_the_steps():
    record = make_record(probes=(make_probe(gradients=(1, 1, 1, 1), stds=(0.8, 0.4, 0.2, 99.0)),))
    assert measure(record, "mean_square_factor") == pytest.approx(0.25)


def test_gradients_that_fall_by_one_factor_have_no_bend():
    straight = make_record(probes=(make_probe(gradients=(1e-9, 1e-6, 1e-3, 1), stds=(1, 1, 1, 1)),))
    assert measure(straight, "gradient_bend_log10") == pytest.approx(0, abs=1e-12)


def test_the_bend_is_the_largest_distance_from_the_least_squares_line():
    bent = make_record(
        probes=(make_probe(gradients=(1, 1, 1e-3), stds=(1, 1, 1)),)
    )  # heights 0, 0, -3: line .5 - 1.5 x
    assert measure(bent, "gradient_bend_log10") == pytest.approx(1.0)


def test_log_odds_are_those_of_a_right_answer():
    record = make_record(test_accuracy=0.75)
    n = record.test.images
    assert measure(record, "test_log_odds") == pytest.approx(math.log((0.75 * n + 0.5) / (0.25 * n + 0.5)))
    assert math.isfinite(measure(make_record(test_accuracy=1.0), "test_log_odds"))


def test_counts_are_compared_by_their_ratio():
    few, many = (measure(make_record(parameters=count), "parameters_log2") for count in (1000, 8000))
    assert many - few == pytest.approx(3)


def test_a_ratio_of_zero_stops_at_the_smallest_float32():
    record = make_record(probes=(make_probe(gradients=(0.0, 1e-4, 1e-2), stds=(0.5, 0.0, 1)),))
    assert measure(record, "gradient_ratio_log10") == pytest.approx(math.log10(FLOAT32_FLOOR))
    assert measure(record, "signal_ratio_log10") == pytest.approx(math.log10(FLOAT32_FLOOR))


@pytest.mark.parametrize(
    "probes",
    [
        (),
        (make_probe(moment="final"),),
        (make_probe(gradients=(1.0,), stds=(1.0,)),),
        (make_probe(gradients=(1.0, 0.0), stds=(0.0, 1.0)),),
        (make_probe(gradients=(None, 1.0, 1.0), stds=(None, 1.0, 1.0), loss=None),),
    ],
    ids=["no probe", "no initial probe", "one layer", "last gradient zero", "overflow"],
)
@pytest.mark.parametrize("metric", [name for name in METRICS if "ratio" in name or "factor" in name or "bend" in name])
def test_what_a_probe_does_not_show_is_not_measured(metric, probes):
    assert measure(make_record(probes=probes), metric) is None


def test_a_diverged_run_has_an_accuracy_but_no_loss():
    record = make_record(test_accuracy=0.1, test_loss=None, outcome="diverged")
    assert measure(record, "test_accuracy") == 0.1
    assert measure(record, "test_loss") is None
