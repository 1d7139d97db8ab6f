"""The builders of this package: their layers, their parameters, and what they refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from kerascnn.errors import UsageError
from kerascnn.models import BUILDERS, load_builder
from kerascnn.training.initialise import named_weights

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("builders")]  # each loads what it needs once

SHAPE = (32, 32, 3)


def build(name: str, classes: int = 10, shape: tuple[int, int, int] = SHAPE, **arguments: Any) -> keras.Model:
    """The network of `models.<name>`."""
    return load_builder(f"models.{name}", Path())(shape, classes, **arguments)


def convolution(kernel_size: int, maps_in: int, maps_out: int) -> int:
    """Parameters of a convolution with biases."""
    return (kernel_size**2 * maps_in + 1) * maps_out


def dense(units_in: int, units_out: int) -> int:
    """Parameters of a dense layer with biases."""
    return (units_in + 1) * units_out


def layers_of(network: keras.Model, *kinds: str) -> list[Any]:
    """The layers whose class is one of `kinds`, from input to output."""
    return [layer for layer in network.layers if type(layer).__name__ in kinds]


def widths(network: keras.Model) -> list[int]:
    """Number of kernels of every convolution, from input to output."""
    return [layer.filters for layer in layers_of(network, "Conv2D")]


PIXELWISE = ("models.unet",)
"""Builders whose networks answer about every pixel."""


@pytest.mark.parametrize("name", BUILDERS)
def test_every_builder_gives_finite_float32_logits_for_every_image_and_class(name: str) -> None:
    network = load_builder(name, Path())((24, 16, 1), 7)
    logits = network(np.random.default_rng(1).normal(size=(3, 24, 16, 1)).astype(np.float32))
    assert tuple(logits.shape) == ((3, 24, 16, 7) if name in PIXELWISE else (3, 7))
    assert logits.dtype == "float32"
    assert np.isfinite(logits).all()
    assert np.ptp(logits, axis=0).max() > 0, "the logits must depend on the image"


@pytest.mark.parametrize("name", BUILDERS)
def test_layers_have_the_same_names_however_often_a_network_is_built(name: str) -> None:
    first, second = (list(named_weights(load_builder(name, Path())(SHAPE, 10))) for _ in range(2))
    assert first == second


PARAMETERS = [
    ("linear", {}, dense(3072, 10)),
    ("mlp", {}, dense(3072, 512) + dense(512, 10)),
    ("mlp", {"hidden": [8, 4]}, dense(3072, 8) + dense(8, 4) + dense(4, 10)),
    ("mlp", {"hidden": [8], "normalisation": "batch"}, dense(3072, 8) + 4 * 8 + dense(8, 10)),
    ("small_cnn", {}, convolution(3, 3, 16) + convolution(3, 16, 32) + convolution(3, 32, 64) + dense(1024, 10)),
    ("lenet", {}, 62_006),
    ("lenet", {"activation": "sigmoid", "pooling": "average"}, 62_006),
    (
        "vgg",
        {},
        convolution(3, 3, 32)
        + convolution(3, 32, 32)
        + convolution(3, 32, 64)
        + convolution(3, 64, 64)
        + dense(8 * 8 * 64, 10),
    ),
    ("vgg", {"blocks": [[8]], "kernel_size": 5}, convolution(5, 3, 8) + dense(16 * 16 * 8, 10)),
    ("vgg", {"blocks": [[8]], "pooling": "stride"}, convolution(3, 3, 8) + dense(2048, 10)),
    ("vgg", {"blocks": [[8]], "head": "gap"}, convolution(3, 3, 8) + dense(8, 10)),
    ("vgg", {"blocks": [[8]], "head": "dense"}, convolution(3, 3, 8) + dense(2048, 256) + dense(256, 10)),
    ("vgg", {"blocks": [[8]], "normalisation": "batch"}, convolution(3, 3, 8) + 4 * 8 + dense(2048, 10)),
    ("vgg", {"blocks": [[8]], "normalisation": "keras-batch"}, convolution(3, 3, 8) + 4 * 8 + dense(2048, 10)),
    ("vgg", {"blocks": [[8]], "normalisation": "group"}, convolution(3, 3, 8) + 2 * 8 + dense(2048, 10)),
    (
        "vgg",
        {"blocks": [[8]], "normalisation": "layer"},
        convolution(3, 3, 8) + 2 * 8 + dense(2048, 10),
    ),
    ("vgg", {"blocks": [[8]], "pool_last": False}, convolution(3, 3, 8) + dense(32 * 32 * 8, 10)),
    ("mlp", {"hidden": [16], "normalisation": "layer"}, dense(3072, 16) + 2 * 16 + dense(16, 10)),
    ("mlp", {"hidden": [16], "normalisation": "local-response"}, dense(3072, 16) + dense(16, 10)),
    (
        "deep",
        {"depth": 6},
        convolution(3, 3, 16)
        + convolution(3, 16, 16)
        + convolution(3, 16, 32)
        + convolution(3, 32, 32)
        + convolution(3, 32, 64)
        + convolution(3, 64, 64)
        + dense(4 * 4 * 64, 10),
    ),
    (
        "cheap",
        {"depth": 10},
        convolution(3, 3, 16) + convolution(3, 16, 32) + 8 * convolution(3, 32, 32) + dense(4 * 4 * 32, 10),
    ),
    (
        "tapered",
        {"depth": 3, "kernels": 8},
        convolution(3, 3, 8) + 2 * convolution(3, 8, 8) + dense(4 * 4 * 8, 10),
    ),
    (
        "tapered",
        {"depth": 3, "kernels": 8, "widening": "doubling"},
        convolution(3, 3, 8) + convolution(3, 8, 16) + convolution(3, 16, 32) + dense(4 * 4 * 32, 10),
    ),
]


@pytest.mark.parametrize(("name", "arguments", "parameters"), PARAMETERS)
def test_parameters_are_as_many_as_the_formula_says(name: str, arguments: dict[str, Any], parameters: int) -> None:
    network = build(name, **arguments)
    assert network.count_params() == parameters


@pytest.mark.parametrize("name", ["deep", "cheap"])
@pytest.mark.parametrize("depth", [1, 2, 3, 4, 7, 12])
def test_depth_is_the_number_of_convolutions(name: str, depth: int) -> None:
    assert len(widths(build(name, depth=depth))) == depth


def test_deep_networks_put_their_extra_layers_into_the_later_blocks() -> None:
    assert widths(build("deep", depth=10)) == [16] * 2 + [32] * 4 + [64] * 4
    assert widths(build("deep", depth=9)) == [16] * 2 + [32] * 3 + [64] * 4
    assert widths(build("cheap", depth=5)) == [16, 32, 32, 32, 32]
    assert len(layers_of(build("deep", depth=10), "MaxPooling2D")) == 3


@pytest.mark.parametrize("name", ["deep", "cheap"])
def test_a_network_without_layers_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"`depth` must be at least 1. Received: depth=0"):
        build(name, depth=0)


def test_lenet_shrinks_the_image_as_in_the_paper() -> None:
    network = build("lenet")
    sizes = [tuple(layer.output.shape[1:]) for layer in layers_of(network, "Conv2D", "MaxPooling2D", "Flatten")]
    assert sizes == [(28, 28, 6), (14, 14, 6), (10, 10, 16), (5, 5, 16), (400,)]


@pytest.mark.parametrize(("position", "order"), [("before", ["norm1", "act1"]), ("after", ["act1", "norm1"])])
def test_normalisation_stands_on_the_chosen_side_of_the_activation(position: str, order: list[str]) -> None:
    network = build("vgg", blocks=[[8]], normalisation="batch", norm_position=position)
    assert [layer.name for layer in network.layers if layer.name in order] == order


@pytest.mark.parametrize(
    ("normalisation", "kind"),
    [
        ("batch", "FastBatchNormalization"),
        ("keras-batch", "BatchNormalization"),
        ("layer", "GroupNormalization"),
        ("group", "GroupNormalization"),
    ],
)
def test_every_convolution_has_the_chosen_normalisation(normalisation: str, kind: str) -> None:
    network = build("vgg", blocks=[[8, 8], [16]], normalisation=normalisation)
    assert len(layers_of(network, kind)) == 3


@pytest.mark.parametrize("normalisation", ["batch", "keras-batch"])
def test_the_momentum_of_the_moving_averages_reaches_the_layer(normalisation: str) -> None:
    network = build("vgg", blocks=[[8]], normalisation=normalisation, norm_momentum=0.7)
    assert network.get_layer("norm1").momentum == 0.7


def test_style_reaches_every_layer() -> None:
    network = build("deep", depth=3, activation="tanh", initialiser="glorot_normal", kernel_size=5, dropout=0.25)
    assert {layer.activation.__name__ for layer in layers_of(network, "Activation")} == {"tanh"}
    assert {layer.kernel_size for layer in layers_of(network, "Conv2D")} == {(5, 5)}
    assert {type(layer.kernel_initializer).__name__ for layer in layers_of(network, "Conv2D")} == {"GlorotNormal"}
    assert [layer.rate for layer in layers_of(network, "Dropout")] == [0.25]


def test_pooling_and_head_are_the_chosen_ones() -> None:
    assert layers_of(build("vgg", pooling="average"), "AveragePooling2D")
    assert layers_of(build("lenet", pooling="average"), "AveragePooling2D")


def test_a_stride_replaces_pooling_without_a_layer_more() -> None:
    strided, pooled = (build("vgg", blocks=[[8, 8], [8]], pooling=kind) for kind in ("stride", "max"))
    assert not layers_of(strided, "AveragePooling2D", "MaxPooling2D")
    assert [layer.strides for layer in layers_of(strided, "Conv2D")] == [(1, 1), (2, 2), (2, 2)]
    assert strided.count_params() == pooled.count_params()


@pytest.mark.parametrize("kind", ["bottleneck", "separable"])
def test_a_stride_is_taken_once_where_several_layers_stand_for_a_convolution(kind: str) -> None:
    network = build("vgg", blocks=[[8], [8]], pooling="stride", convolution=kind, head="gap")
    assert layers_of(network, "GlobalAveragePooling2D")[0].input.shape[1:3] == (8, 8)


def test_maps_that_are_not_pooled_at_the_end_come_from_the_same_convolutions() -> None:
    late, early = (build("vgg", blocks=[[8], [8], [8]], pool_last=last) for last in (True, False))
    shapes = [[layer.output.shape[1:3] for layer in layers_of(net, "Conv2D")] for net in (late, early)]
    assert shapes[0] == shapes[1] == [(32, 32), (16, 16), (8, 8)]
    assert [layers_of(net, "Flatten")[0].output.shape[1] for net in (late, early)] == [4 * 4 * 8, 8 * 8 * 8]


@pytest.mark.parametrize("name", ["alexnet", "zfnet"])
def test_dropout_follows_the_two_dense_layers(name: str) -> None:
    order = [layer.name for layer in build(name).layers]
    dense = order[order.index("flatten") + 1 :]
    assert dense == ["dense6", "dense6_act", "dropout6", "dense7", "dense7_act", "dropout7", "logits"]


def test_network_in_network_pools_by_the_maximum_and_then_by_the_average() -> None:
    order = [type(layer).__name__ for layer in build("network_in_network").layers if "Pooling" in type(layer).__name__]
    assert order == ["MaxPooling2D", "AveragePooling2D", "GlobalAveragePooling2D"]


@pytest.mark.parametrize("kind", ["batch", "layer", "group", "local-response"])
def test_every_normalisation_works_on_units_as_well_as_on_maps(kind: str) -> None:
    network = build("mlp", hidden=[16], normalisation=kind)
    assert network(np.ones((2, *SHAPE), np.float32)).shape == (2, 10)


def test_the_head_is_the_chosen_one() -> None:
    assert not layers_of(build("vgg", head="gap"), "Flatten")
    assert layers_of(build("lenet", pooling="average"), "AveragePooling2D")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("normalisation", "bach"),
        ("norm_position", "inside"),
        ("pooling", "min"),
        ("head", "avg"),
    ],
)
def test_an_unknown_style_is_refused_and_the_known_ones_are_named(field: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"`{field}` must be one of .*, .*Received: '{value}'"):
        build("deep", **{field: value})


def test_an_unknown_pooling_of_lenet_is_refused() -> None:
    with pytest.raises(UsageError, match=r"`pooling` must be max or average. Received: 'stride'"):
        build("lenet", pooling="stride")


@pytest.mark.parametrize(
    ("name", "wrong", "near"),
    [
        ("vgg", "normalization", "normalisation"),
        ("vgg", "block", "blocks"),
        ("deep", "dept", "depth"),
        ("tapered", "kernel", "kernels"),
        ("cheap", "poling", "pooling"),
    ],
)
def test_an_unknown_style_argument_is_refused_with_a_near_match(name: str, wrong: str, near: str) -> None:
    with pytest.raises(UsageError, match=f"`{name}` has no argument '{wrong}'. Did you mean '{near}'"):
        build(name, **{wrong: 3})


def test_a_style_argument_of_another_builder_is_refused() -> None:
    with pytest.raises(UsageError, match="`cheap` has no argument 'blocks'"):
        build("cheap", blocks=[[8]])
