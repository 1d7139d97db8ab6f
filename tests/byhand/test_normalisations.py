"""The normalisations by hand agree with the layers that nets are made of; only one of them sees its neighbours."""

from __future__ import annotations

import os

import numpy as np
import pytest

from kerascnn.byhand.normalisations import NORMALISATIONS, batch_dependence, response_spread

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(scope="module")
def activations() -> np.ndarray:
    """float32 (3, 4, 5, 16), every channel with a scale of its own."""
    random = np.random.default_rng(2)
    return (random.normal(size=(3, 4, 5, 16)) * random.uniform(0.5, 40, 16)).astype(np.float32)


@pytest.mark.parametrize("kind", NORMALISATIONS)
def test_a_normalisation_by_hand_is_the_one_of_the_networks_layer(kind: str, activations: np.ndarray) -> None:
    from pathlib import Path

    from kerascnn.models import load_builder

    network = load_builder("models.vgg", Path())((32, 32, 3), 10, blocks=[[16]], normalisation=kind)
    layer = type(network.get_layer("norm1")).from_config(network.get_layer("norm1").get_config())
    layer.build(activations.shape)
    np.testing.assert_allclose(
        layer(activations, **({"training": True} if kind == "batch" else {})),
        NORMALISATIONS[kind](activations),
        rtol=1e-3,
        atol=1e-3,
    )


@pytest.mark.parametrize("kind", [kind for kind in NORMALISATIONS if kind != "batch"])
def test_only_batch_normalisation_depends_on_the_rest_of_the_batch(kind: str) -> None:
    for positions in (1, 8):
        assert batch_dependence(kind, 2, positions=positions) == 0.0
        assert batch_dependence("batch", 2, positions=positions) > 0.1


def test_the_larger_the_batch_the_less_it_matters_who_else_is_in_it() -> None:
    assert batch_dependence("batch", 2) > 2 * batch_dependence("batch", 64) > 0


def test_two_images_in_a_dense_layer_become_plus_one_and_minus_one() -> None:
    normalised = NORMALISATIONS["batch"](np.array([[3.0, -40.0], [7.0, 2.0]]).reshape(2, 1, 1, 2))
    np.testing.assert_allclose(normalised.reshape(2, 2), [[-1, -1], [1, 1]], atol=1e-3)


def test_local_response_normalisation_of_unit_variance_is_nearly_a_division_by_a_constant() -> None:
    assert 0 < response_spread() < 0.005
