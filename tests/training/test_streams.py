"""Named streams: the same for ever, and each on its own."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from kerascnn.training.streams import generator, stream_seed


@pytest.mark.parametrize(
    ("seed", "names", "value"),
    [
        (1, ("order", "0"), 100823674),
        (1, ("initialisation", "conv1", "kernel"), 1811898472),
        (2, ("subset",), 2013756987),
        (0, ("split",), 877757775),
    ],
)
def test_a_stream_never_changes_its_seed(seed: int, names: tuple[str, ...], value: int) -> None:
    assert stream_seed(seed, *names) == value


def test_a_stream_never_changes_its_numbers() -> None:
    assert generator(1, "order", "0").permutation(8).tolist() == [3, 1, 4, 2, 7, 5, 6, 0]


def test_seeds_fit_into_a_signed_32_bit_integer() -> None:
    assert all(0 <= stream_seed(seed, "order", str(seed)) < 2**31 for seed in range(500))


def test_streams_of_other_names_or_seeds_have_other_seeds() -> None:
    names = [("order", "0"), ("order", "1"), ("order",), ("augmentation",), ("initialisation", "conv1", "kernel")]
    seeds = {stream_seed(seed, *name) for seed, name in itertools.product(range(100), names)}
    assert len(seeds) == 500


def test_streams_of_one_run_are_uncorrelated() -> None:
    first, second = (generator(1, "order", epoch).normal(size=4000) for epoch in ("0", "1"))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.06


def test_drawing_from_one_stream_leaves_the_others_alone() -> None:
    before = generator(1, "subset").integers(1000, size=5).tolist()
    generator(1, "order").integers(1000, size=100)
    assert generator(1, "subset").integers(1000, size=5).tolist() == before
