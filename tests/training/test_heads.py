"""A net that ends in probabilities is refused by name; one that ends in logits, of any kind, is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import pytest
from tiny_runs import CLASSES, SHAPE, make_spec, train

from kerascnn.data import Dataset
from kerascnn.errors import UsageError
from kerascnn.specs import model
from kerascnn.training.build import build_model
from kerascnn.training.heads import refuse_probabilities


def check(builder: str, label_shape: tuple[int, ...] = (), **arguments: Any) -> keras.Model:
    """Build a network of `lying_networks` and look at its head."""
    name = f"lying_networks:{builder}"
    network = build_model(
        model(name, **arguments),
        SHAPE,
        CLASSES,
        precision="float32",
        search_path=Path(__file__).parent,
        label_shape=label_shape,
    )
    refuse_probabilities(network, name)
    return network


@pytest.mark.parametrize("activation", ["softmax", "sigmoid", "hard_sigmoid", "sparsemax"])
def test_a_dense_layer_that_ends_in_probabilities_is_refused_by_name(activation: str) -> None:
    with pytest.raises(
        UsageError, match=rf"lying_networks:dense_head.*logits.*'scores' \(Dense\) ends in {activation}"
    ):
        check("dense_head", activation=activation)


@pytest.mark.parametrize("what", ["Softmax", "Activation", "reshaped", "dropped", "linear", "float32"])
def test_a_layer_of_probabilities_is_found_behind_what_only_passes_values_on(what: str) -> None:
    with pytest.raises(UsageError, match=r"the last layer 'end' .* ends in (softmax|sigmoid)"):
        check("then", what=what)


@pytest.mark.parametrize("what", ["ops.softmax", "ops.sigmoid"])
def test_an_operation_of_keras_is_found_too(what: str) -> None:
    with pytest.raises(UsageError, match=f"ends in {what.removeprefix('ops.')}"):
        check("then", what=what)


@pytest.mark.parametrize("what", ["lambda", "hidden sigmoid", "own layer", "own function"])
def test_a_softmax_hidden_in_a_users_own_code_is_found_in_the_graph(what: str) -> None:
    with pytest.raises(UsageError, match=r"the last layer 'end' .* computes a (softmax|sigmoid)"):
        check("then", what=what)


@pytest.mark.parametrize("what", ["own layer by hand", "mean of two"])
def test_probabilities_that_nothing_names_are_found_by_their_numbers(what: str) -> None:
    with pytest.raises(UsageError, match=r"outputs of layer 'end' are in \[0, 1\] and sum to one"):
        check("then", what=what)


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_a_mask_of_probabilities_is_refused(activation: str) -> None:
    with pytest.raises(UsageError, match=f"'mask' .* ends in {activation}"):
        check("mask_head", SHAPE[:2], activation=activation)


@pytest.mark.parametrize("what", ["LogSoftmax", "tanh", "relu", "scaled softmax"])
def test_other_ends_are_somebodys_question_and_are_trained(what: str) -> None:
    assert check("then", what=what).output_shape == (None, CLASSES)


def test_logits_that_begin_at_zero_are_logits() -> None:
    assert check("dense_head", zeros=True).output_shape == (None, CLASSES)


def test_a_mask_of_logits_is_trained() -> None:
    assert check("mask_head", SHAPE[:2]).output_shape == (None, *SHAPE[:2], CLASSES)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_run_of_such_a_net_fails_before_its_first_step(dataset: Dataset, precision: Any) -> None:
    with pytest.raises(UsageError, match="must end in logits"):
        train(make_spec(model("lying_networks:dense_head", activation="softmax"), precision=precision), dataset)
