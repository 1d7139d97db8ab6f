"""Parameters, multiply-adds and receptive fields; and the checks whose numbers the experiment's claims are about."""

from __future__ import annotations

import math
from typing import get_args

import keras
import pytest

from kerascnn import byhand
from kerascnn.byhand import checks, counting


def test_parameters_of_known_layers() -> None:
    assert byhand.count_parameters((5, 5), 3, 4) == 304
    assert byhand.count_parameters((3, 3), 64, 64) == 36_928, "VGG's second layer"
    assert byhand.count_parameters((1, 1), 16, 8) == 17 * 8
    assert byhand.count_parameters((7,), 2, 3) == 45


@pytest.mark.parametrize(
    ("window", "products"), [((3, 3), 9), ((5, 5), 25), ((1, 1), 1), ((2, 5), 10), ((3, 3, 3), 27)]
)
def test_products_behind_one_value_are_counted(window: tuple[int, ...], products: int) -> None:
    assert byhand.count_products(window) == products
    assert byhand.count_products(window, channels=4) == 4 * products


@pytest.mark.parametrize(
    ("layers", "field"),
    [([], 1), ([(3, 1)], 3), ([(3, 1)] * 2, 5), ([(5, 1)], 5), ([(3, 2), (3, 2)], 7), ([(3, 1), (2, 2), (3, 1)], 8)],
)
def test_receptive_fields_reckoned_on_paper_are_those_seen(layers: list[tuple[int, int]], field: int) -> None:
    assert byhand.receptive_field(layers) == field
    assert byhand.measure_receptive_field(layers) == field


@pytest.mark.parametrize(("kind", "products"), [("full", 5184), ("bottleneck", 612), ("separable", 792)])
def test_kinds_of_convolutions_cost_what_their_formulas_say(kind: counting.Kind, products: int) -> None:
    assert byhand.products_of_kind(kind, channels=24) == products


@pytest.mark.parametrize("kind", get_args(counting.Kind))
def test_kinds_of_convolutions_have_as_many_weights_as_the_layers_that_are_trained(kind: counting.Kind) -> None:
    from kerascnn.models.blocks import REDUCTION, convolution_layers

    assert counting.NARROWER == REDUCTION
    features, weights = keras.Input((8, 8, 24)), 0
    for layer in convolution_layers("plain" if kind == "full" else kind, 24, 3, "he_normal", "conv"):
        features = layer(features)
        weights += math.prod(layer.kernel.shape)
    assert weights == byhand.products_of_kind(kind, channels=24)


def test_a_separable_convolution_is_cheaper_than_a_bottleneck_only_beyond_144_channels() -> None:
    assert byhand.widest_without_gain() == 144
    assert byhand.products_of_kind("separable", 144) == byhand.products_of_kind("bottleneck", 144)
    assert [byhand.kinds_cheaper_than_separable(channels) for channels in (24, 140, 144, 148, 256)] == [1, 1, 0, 0, 0]


def test_a_stride_beyond_the_window_leaves_inputs_unseen() -> None:
    layers = [(1, 2), (3, 1)]
    assert byhand.receptive_field(layers) == 5, "from the first to the last"
    assert byhand.measure_receptive_field(layers) == 3, "every second of them"


def test_the_lessons_formulas_hold_and_the_notes_does_not() -> None:
    assert byhand.lesson_example_mismatches() == 0
    assert byhand.product_mismatches() == 0
    assert byhand.receptive_field_mismatches() == 0
    assert byhand.notes_formula_failures() > len(byhand.GRID) * 0.9


def test_read_kindly_the_notes_formula_holds_at_stride_one_without_padding(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = [point for point in checks.GRID if point[2:] == (1, 0)]
    monkeypatch.setattr(checks, "GRID", plain)
    assert len(plain) == 35
    assert checks.notes_formula_failures(read_kindly=True) == 0


def test_one_by_one_is_a_dense_layer_and_stride_two_keeps_every_second_value() -> None:
    assert byhand.pointwise_difference(seed=2) < 1e-12
    assert byhand.stride_difference(seed=2) < 1e-12
