"""Edges as numbers: structure tensors and their coherence on patches whose answer is known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kerascnn.looking import edges
from kerascnn.looking.deconvnet import Stage

RANDOM = np.random.default_rng(3)


def ramp(rows: float, columns: float, size: int = 5) -> np.ndarray:
    """(1, size, size, 3): a picture that rises by `rows` from row to row and by `columns` from column to column."""
    places = np.arange(size)
    return np.repeat((rows * places[:, None] + columns * places[None, :])[None, ..., None], 3, axis=-1)


def test_a_structure_tensor_adds_up_the_products_of_slopes_over_pixels_and_channels() -> None:
    (tensor,) = edges.structure_tensors(ramp(2, -1))
    np.testing.assert_allclose(tensor, 3 * 16 * np.array([[4, -2], [-2, 1]]))


def test_coherence_is_what_the_eigenvalues_say() -> None:
    slopes = RANDOM.normal(size=(7, 20, 2))
    tensors = np.einsum("nki,nkj->nij", slopes, slopes)
    small, large = np.linalg.eigvalsh(tensors).T
    np.testing.assert_allclose(edges.coherence(tensors), (large - small) / (large + small))


@pytest.mark.parametrize("angle", [0.0, 0.3, 1.2, 2.0])
def test_a_straight_edge_has_coherence_one_in_any_direction(angle: float) -> None:
    assert edges.common_coherence(ramp(np.sin(angle), np.cos(angle))) == pytest.approx(1)


def test_a_flat_patch_and_a_round_spot_have_none() -> None:
    assert edges.common_coherence(np.full((2, 3, 3, 3), 7, np.uint8)) == 0
    squares = (np.arange(7) - 3.0) ** 2
    spot = np.exp(-(squares[:, None] + squares[None, :]) / 4)[None, ..., None]
    assert edges.common_coherence(spot) == pytest.approx(0, abs=1e-12)


def test_edges_that_run_across_each_other_cancel_and_those_in_line_do_not() -> None:
    down, across = ramp(1, 0), ramp(0, 1)
    assert edges.common_coherence(np.concatenate([down, across])) == pytest.approx(0)
    assert edges.common_coherence(np.concatenate([down, -3 * down])) == pytest.approx(1), (
        "dark to light or light to dark"
    )


def test_brightness_and_contrast_change_nothing() -> None:
    patches = RANDOM.uniform(size=(4, 3, 3, 3))
    assert edges.common_coherence(100 * patches + 20) == pytest.approx(edges.common_coherence(patches))


def test_gains_are_strongest_minus_blind_and_their_means_are_over_seeds() -> None:
    shares = {"net": {1: (0.75, 0.25), 2: (0.5, 0.25)}}
    assert edges.edge_gains(shares) == {"net": {1: 0.5, 2: 0.25}}
    assert edges.mean_shares(shares, "net") == (0.625, 0.25)
    assert np.isnan(edges.mean_shares(shares, "another")).all()


def shares_of(kernel: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> tuple[float, float]:
    """Of the strongest and of blind patches, where `kernel` (3, 3) is the only one of a first layer.

    Each of 30 noisy pictures has a spot and an edge, an upright one in one half of them and a lying one in the other.
    """
    random = np.random.default_rng(8)
    pictures = random.uniform(0, 20, size=(30, 16, 16, 1))
    for number, place in enumerate(random.integers(4, 12, size=30)):
        half = (slice(None), slice(place, None))
        pictures[number][half if number % 2 else half[::-1]] += 80
        pictures[number, place - 3, place - 3] += 90
    stages = (Stage("conv1", kernel[:, :, None, None].astype(float), np.zeros(1)),)
    net: Any = SimpleNamespace(images=pictures, stages=stages, seed=1, pixels=lambda images: images)
    monkeypatch.setattr(edges, "lookers", lambda results, arm, images: [net])
    none: Any = None
    return edges.edge_shares(none, "net")["net"][1]


def test_a_map_of_edges_has_edges_in_its_strongest_patches_and_a_map_of_spots_has_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    upright, blind = shares_of(steps, monkeypatch)
    lying, _ = shares_of(steps.T, monkeypatch)
    spots, _ = shares_of(np.pad([[9]], 1) - 1, monkeypatch)
    assert min(upright, lying) > 0.9 > blind + 0.1
    assert spots < 0.3
