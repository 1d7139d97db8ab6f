"""Weights that a builder sets are kept, bit for bit; everything else is drawn from the run's seed as before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import lying_networks
import msgspec
import numpy as np
import pytest
from tiny_runs import CLASSES, SHAPE, make_spec, train, without_costs

from kerascnn.data import Dataset
from kerascnn.models import BUILDERS
from kerascnn.specs import OptimiserSpec, model
from kerascnn.training.build import build_model
from kerascnn.training.heads import unnamed_head
from kerascnn.training.initialise import initialise, named_weights, noting_assignments, weights_set_by_builder
from kerascnn.training.run import Workshop

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("kept-weights")]  # each loads what it needs once

SLOW = OptimiserSpec(name="sgd", learning_rate=1e-12)
"""A step so small that the trained weights are those of the start."""
SET = {
    "set_weights": {"edges/kernel": lying_networks.EDGES, "edges/bias": np.full(1, 0.5, np.float32)},
    "assigned": {"edges/kernel": lying_networks.EDGES},
    "assigned_below_keras": {"edges/kernel": lying_networks.EDGES},
    "statistics_set": {"norm/gamma": np.full(1, 0.25, np.float32)},
    "from_a_stateful_seed": {"edges/kernel": lying_networks.EDGES},
    "constant": {"edges/kernel": lying_networks.EDGES},
    "function": {"edges/kernel": lying_networks.EDGES},
    "set_inside_a_layer": {"doubled/inner/kernel": np.full((192, 2), 0.125, np.float32)},
}


def build(builder: str, **arguments: Any) -> tuple[keras.Model, dict[int, np.ndarray]]:
    """A network of `lying_networks` and what its builder set."""
    with noting_assignments() as assigned:
        network = build_model(
            model(f"lying_networks:{builder}", **arguments),
            SHAPE,
            CLASSES,
            precision="float32",
            search_path=Path(__file__).parent,
        )
    return network, weights_set_by_builder(network, assigned)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("builder", sorted(SET))
def test_what_a_builder_set_is_in_the_trained_net(dataset: Dataset, builder: str, precision: Any) -> None:
    spec = make_spec(model(f"lying_networks:{builder}"), epochs=1, optimiser=SLOW, precision=precision)
    weights = train(spec, dataset).weights
    for name, wanted in SET[builder].items():
        np.testing.assert_allclose(weights[name], wanted, rtol=0, atol=1e-9)


def test_a_frozen_layer_stays_as_it_was_set_however_long_the_rest_is_trained(dataset: Dataset) -> None:
    spec = make_spec(model("lying_networks:set_weights"), optimiser=OptimiserSpec(learning_rate=0.1))
    np.testing.assert_array_equal(train(spec, dataset).weights["edges/kernel"], lying_networks.EDGES)


def test_moving_averages_that_were_set_are_where_training_begins() -> None:
    network, kept = build("statistics_set")
    assert not initialise(network, 1, kept)
    np.testing.assert_array_equal(named_weights(network)["norm/moving_mean"], [3.0])


def test_one_value_that_was_set_keeps_its_whole_variable() -> None:
    network, kept = build("one_value_set")
    before = named_weights(network)["edges/kernel"]
    initialise(network, 1, kept)
    np.testing.assert_array_equal(named_weights(network)["edges/kernel"], before)


def test_what_was_not_set_beside_it_is_drawn_from_the_seed_as_in_a_net_that_sets_nothing() -> None:
    drawn = []
    for builder in ("assigned", "untouched"):
        network, kept = build(builder)
        initialise(network, 5, kept)
        drawn.append(named_weights(network)["scores/kernel"])
    np.testing.assert_array_equal(*drawn)


@pytest.mark.parametrize("seed", [1, 2])
def test_an_initialiser_that_goes_on_where_it_was_counts_as_drawn_where_nothing_was_assigned(seed: int) -> None:
    network, kept = build("from_a_stateful_seed", is_set=False)
    assert kept == {}
    assert initialise(network, seed, kept)


@pytest.mark.parametrize("builder", sorted(BUILDERS))
def test_a_model_of_ours_sets_no_weights_can_be_reset_and_ends_in_logits(builder: str) -> None:
    shape, labels = (32, 32, 3), (32, 32) if builder == "models.unet" else ()
    with noting_assignments() as assigned:
        network = build_model(
            model(builder), shape, 2, precision="float32", search_path=Path("nowhere"), label_shape=labels
        )
    kept = weights_set_by_builder(network, assigned)
    assert kept == {}
    assert initialise(network, 1, kept)
    assert unnamed_head(network) is None


def test_layers_inside_a_layer_are_drawn_each_from_its_own_stream() -> None:
    network, kept = build("twins")
    assert initialise(network, 1, kept)
    weights = named_weights(network)
    first, second = (weights[f"twins/{part}/kernel"] for part in ("first", "second"))
    assert (first != second).all()


def test_a_variable_that_something_else_drew_than_its_layer_says_is_kept_and_follows_the_seed(dataset: Dataset) -> None:
    specs = [make_spec(model("lying_networks:attention"), seed=seed, epochs=1, optimiser=SLOW) for seed in (1, 2)]
    first, second = (train(spec, dataset).weights for spec in specs)
    assert (first["attention/query/kernel"] != first["attention/key/kernel"]).all()
    assert (first["attention/query/kernel"] != second["attention/query/kernel"]).all()


DRAWN_AT_BUILDING = {
    "set_weights": "float32",
    "from_the_global_generator": "bfloat16",
    "from_the_modules_table": "float32",
    "from_a_stateful_seed": "bfloat16",
    "attention": "float32",
}
"""Builder -> the number format it is always tried in; in the other one `pytest -m thorough` tries it."""


def in_one_format_and_thoroughly_in_the_other() -> list[Any]:
    return [
        pytest.param(builder, precision, marks=[] if precision == usual else pytest.mark.thorough)
        for builder, usual in DRAWN_AT_BUILDING.items()
        for precision in ("float32", "bfloat16")
    ]


@pytest.mark.parametrize(("builder", "precision"), in_one_format_and_thoroughly_in_the_other())
def test_a_net_with_weights_set_has_the_same_bits_alone_and_after_others(
    dataset: Dataset, builder: str, precision: Any
) -> None:
    spec = make_spec(model(f"lying_networks:{builder}"), precision=precision)
    warm = Workshop()
    train(msgspec.structs.replace(spec, seed=5), dataset, warm)
    after_others = train(spec, dataset, warm)
    alone = train(spec, dataset)
    assert without_costs(after_others.record) == without_costs(alone.record)


def test_weights_from_a_global_generator_follow_the_runs_seed(dataset: Dataset) -> None:
    first, again, other = (
        train(
            make_spec(model("lying_networks:from_the_global_generator"), seed=seed, epochs=1, optimiser=SLOW), dataset
        )
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.weights["edges/kernel"], again.weights["edges/kernel"])
    assert (first.weights["edges/kernel"] != other.weights["edges/kernel"]).all()
