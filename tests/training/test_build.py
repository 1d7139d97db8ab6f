"""A ModelSpec becomes a checked network, or a UsageError that says what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import pytest
from tiny_runs import CLASSES, SHAPE

from kerascnn.errors import UsageError
from kerascnn.specs import model
from kerascnn.training.build import build_model


def build(builder: str, precision: str = "float32", **arguments: Any) -> keras.Model:
    """The network of `builder` on tiny images; a user's own modules lie beside this file."""
    return build_model(
        model(builder, **arguments), SHAPE, CLASSES, precision=precision, search_path=Path(__file__).parent
    )


def test_a_users_own_builder_takes_its_arguments() -> None:
    assert build("own_networks:sequential", units=7).count_params() == 193 * 7 + 8 * CLASSES


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_layers_compute_in_the_precision_and_logits_and_variables_are_float32(precision: str) -> None:
    network = build("models.vgg", precision, blocks=[[4]])
    assert network.get_layer("conv1").compute_dtype == precision
    assert network.get_layer("logits").compute_dtype == "float32"
    assert {variable.dtype for variable in network.trainable_variables} == {"float32"}


def test_the_precision_of_a_network_does_not_stay_behind() -> None:
    build("models.linear", "bfloat16")
    with pytest.raises(UsageError):
        build("models.vgg", "bfloat16", head="none")
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize(
    ("builder", "wrong", "near"),
    [
        ("models.mlp", "hiden", "hidden"),
        ("models.lenet", "initializer", "initialiser"),
        ("models.deep", "depht", "depth"),
        ("own_networks:sequential", "unit", "units"),
    ],
)
def test_an_unknown_argument_is_refused_with_a_near_match(builder: str, wrong: str, near: str) -> None:
    with pytest.raises(UsageError, match=f"has no argument '{wrong}'. Did you mean '{near}'"):
        build(builder, **{wrong: 1})


@pytest.mark.parametrize("builder", ["no_model", "unbuilt"])
def test_what_is_no_functional_model_is_refused(builder: str) -> None:
    with pytest.raises(UsageError, match=r"must give a functional keras.Model. Received: (str|Sequential)"):
        build(f"own_networks:{builder}")


@pytest.mark.parametrize(("builder", "received"), [("wrong_classes", r"\(None, 5\)"), ("feature_maps", "8, 8, 4")])
def test_logits_of_the_wrong_shape_are_refused(builder: str, received: str) -> None:
    with pytest.raises(UsageError, match=rf"must give logits \(n, 4\). Received: .*{received}"):
        build(f"own_networks:{builder}")


def test_a_model_inside_a_model_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match=r"must have no model as a layer: .*Received: 'inner'"):
        build("own_networks:nested")
