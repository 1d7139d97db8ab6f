"""Models are built as for training, and what is wrong with one is one sentence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from kerascnn.execution.building import BuildTask, Built, build
from kerascnn.specs import model

pytestmark = pytest.mark.slow

NETS = """
import keras

def small(image_shape, classes, units=4, activation=None, outputs=0):
    inputs = keras.Input(image_shape)
    features = keras.layers.Dense(units)(keras.layers.Flatten()(inputs))
    return keras.Model(inputs, keras.layers.Dense(outputs or classes, activation=activation, name="end")(features))

def setting_weights(image_shape, classes):
    network = small(image_shape, classes)
    network.layers[-1].set_weights([weights * 0 for weights in network.layers[-1].get_weights()])
    return network

def sequential(image_shape, classes):
    return keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(classes)])

def raising(image_shape, classes):
    raise ValueError("first line\\nsecond line")

def leaving(image_shape, classes):
    raise SystemExit(0)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all: a process takes a module from one place only."""
    folder = tmp_path_factory.mktemp("nets")
    (folder / "nets_to_build.py").write_text(NETS)
    return folder


def built(folder: Path, name: str, **arguments: Any) -> Built:
    task = BuildTask(
        model=model(name, **arguments),
        task="classification",
        image_shape=(8, 8, 3),
        classes=4,
        search_path=str(folder),
    )
    return Built.from_json(build(task.canonical_json()))


def test_a_model_that_can_be_trained_is_measured(folder: Path) -> None:
    small = built(folder, "nets_to_build:small")
    assert (small.parameters, small.multiply_adds, small.variables) == (193 * 4 + 5 * 4, 784, 4)
    assert sorted(small.shapes.values()) == [(4,), (4,), (4, 4), (192, 4)]
    assert built(folder, "nets_to_build:setting_weights").fault == ""
    found = built(folder, "models.deep", depth=2)
    assert (found.fault, found.parameters > 1000) == ("", True)


def test_of_our_own_builders_no_weight_is_allocated(folder: Path) -> None:
    assert built(folder, "models.mlp", hidden=[10**9]).parameters > 10**11


@pytest.mark.parametrize(
    ("name", "arguments", "fault"),
    [
        ("nets_to_build:small", {"activation": "softmax"}, "must end in logits.*'end' .* ends in softmax"),
        ("nets_to_build:small", {"outputs": 7}, r"must give logits \(n, 4\). Received: \(None, 7\)"),
        ("nets_to_build:small", {"unitz": 7}, "has no argument 'unitz'. Did you mean 'units'"),
        ("nets_to_build:small", {"units": "many"}, "cannot be built with these arguments: .*Error: "),
        ("nets_to_build:smal", {}, "has no 'smal'. Did you mean 'small'"),
        ("nets_to_build:sequential", {}, "must give a functional keras.Model. Received: Sequential"),
        ("nets_to_build:raising", {}, "cannot be built with these arguments: ValueError: first line$"),
        ("models.mlp", {"hidden": [-1]}, "cannot be built with these arguments: ValueError"),
    ],
)
def test_what_is_wrong_with_a_model_is_one_sentence(
    folder: Path, name: str, arguments: dict[str, Any], fault: str
) -> None:
    found = built(folder, name, **arguments)
    assert re.search(fault, found.fault), found.fault
    assert "\n" not in found.fault
    assert len(found.fault) < 450


def test_a_builder_that_leaves_is_a_fault_and_ends_nothing(folder: Path) -> None:
    assert "SystemExit: 0" in built(folder, "nets_to_build:leaving").fault
