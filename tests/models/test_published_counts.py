"""The famous architectures at their original sizes have the published numbers of parameters and multiply-adds.

Counted are trained parameters; moving averages of Batch Normalization are not among them. No weight is made here:
only their shapes matter, and drawing hundreds of millions of random numbers takes minutes.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from kerascnn.errors import UsageError
from kerascnn.models import load_builder
from kerascnn.models.lenet5 import TABLE
from kerascnn.training.cost import count_multiply_adds

pytestmark = [pytest.mark.slow, pytest.mark.thorough]

IMAGENET = (224, 224, 3)
CIFAR = (32, 32, 3)


@pytest.fixture(autouse=True)
def _no_weights() -> Iterator[None]:
    """No kernel has numbers, only its shape, and nothing is kept from test to test."""
    keras.utils.clear_session()
    with keras.StatelessScope(initialize_variables=False):
        yield


def build(name: str, shape: tuple[int, int, int] = CIFAR, classes: int = 10, **arguments: Any) -> keras.Model:
    """The network of `models.<name>`."""
    return load_builder(f"models.{name}", Path())(shape, classes, **arguments)


def original(name: str, shape: tuple[int, int, int] = IMAGENET, classes: int = 1000, **changes: Any) -> keras.Model:
    """The network at the size of its paper."""
    arguments = importlib.import_module(f"kerascnn.models.{name}").ORIGINAL
    return build(name, shape, classes, **arguments | changes)


def trained(network: keras.Model) -> int:
    """Number of trained parameters."""
    return sum(prod(variable.shape) for variable in network.trainable_variables)


def sizes(network: keras.Model, *names: str) -> list[tuple[int, ...]]:
    """Shapes of the named layers' outputs, without the batch."""
    return [tuple(network.get_layer(name).output.shape[1:]) for name in names]


# --- LeNet-5: LeCun et al. 1998, section II.B ---------------------------------------------------------------


def test_lenet5_has_60000_trained_parameters_and_those_of_the_paper_in_every_layer() -> None:
    network = build("lenet5", (32, 32, 1))
    assert trained(network) == 60_000
    by_layer = {name: network.get_layer(name).count_params() for name in ("c1", "s2", "c3", "s4", "c5", "f6")}
    assert by_layer == {"c1": 156, "s2": 12, "c3": 1516, "s4": 32, "c5": 48_120, "f6": 10_164}


def test_lenet5_has_the_sizes_of_the_paper() -> None:
    network = build("lenet5", (32, 32, 1))
    expected = [(28, 28, 6), (14, 14, 6), (10, 10, 16), (5, 5, 16), (120,), (84,), (10,)]
    assert sizes(network, "c1", "s2", "c3", "s4", "c5", "f6", "logits") == expected


def test_the_connection_table_is_that_of_the_paper() -> None:
    assert [len(row) for row in TABLE] == [3] * 6 + [4] * 9 + [6]
    assert len(set(TABLE)) == 16
    assert [sum(seen in row for row in TABLE) for seen in range(6)] == [10] * 6, "every map is seen ten times"


def test_a_map_that_the_table_does_not_name_is_not_seen() -> None:
    layer = build("lenet5", (32, 32, 1)).get_layer("c3")
    layer.kernel.assign(np.ones(layer.kernel.shape))
    for seen in range(6):
        maps = np.zeros((1, 5, 5, 6), np.float32)
        maps[..., seen] = 1.0
        assert np.flatnonzero(np.ravel(layer(maps))).tolist() == [made for made, row in enumerate(TABLE) if seen in row]


def test_sub_sampling_is_a_trained_multiple_of_the_sum_of_four_plus_a_bias() -> None:
    layer = build("lenet5", (32, 32, 1)).get_layer("s2")
    layer.coefficient.assign([2.0] * 6)
    layer.bias.assign([0.5] * 6)
    maps = np.broadcast_to(np.arange(16.0, dtype=np.float32).reshape(1, 4, 4, 1), (1, 4, 4, 6))
    np.testing.assert_allclose(layer(maps)[0, ..., 0], 2 * np.array([[10.0, 18], [42, 50]]) + 0.5)


def test_the_gaussian_output_is_half_the_squared_distance_to_codes_of_signs() -> None:
    layer = build("lenet5", (32, 32, 1)).get_layer("logits")
    codes = np.asarray(layer.codes)
    assert set(np.unique(codes)) == {-1.0, 1.0}
    features = np.random.default_rng(1).normal(size=(3, 84)).astype(np.float32)
    distances = ((features[:, :, None] - codes) ** 2).sum(axis=1)
    np.testing.assert_allclose(layer(features), -0.5 * distances, rtol=1e-5)


def test_lenet5_without_its_old_ideas_is_the_modern_variant() -> None:
    network = build("lenet5", connections="full", subsampling="max", output="softmax")
    assert trained(network) == build("lenet").count_params()
    assert count_multiply_adds(network) == count_multiply_adds(build("lenet"))


# --- AlexNet, ZFNet, Network in Network, VGG ----------------------------------------------------------------


def test_alexnet_has_60_million_parameters() -> None:
    """Krizhevsky et al. 2012, abstract: 60 million; exactly, from the shapes in section 3.5, with groups and biases."""
    network = original("alexnet", (227, 227, 3))
    convolutions = [34_944, 307_456, 885_120, 663_936, 442_624]
    dense = [37_752_832, 16_781_312, 4_097_000]
    assert [network.get_layer(f"conv{n}").count_params() for n in range(1, 6)] == convolutions
    assert trained(network) == sum(convolutions) + sum(dense) == 60_965_224
    assert sizes(network, "conv1", "pool1", "pool2", "pool5") == [
        (55, 55, 96),
        (27, 27, 96),
        (13, 13, 256),
        (6, 6, 256),
    ]


def test_alexnet_takes_720_million_multiply_adds() -> None:
    """Howard et al. 2017, table 9."""
    assert count_multiply_adds(original("alexnet", (227, 227, 3))) / 1e6 == pytest.approx(720, rel=0.01)


def test_zfnet_has_the_sizes_of_its_figure_and_62_million_parameters() -> None:
    """Zeiler and Fergus 2014, figure 3; the paper gives no number, this one is counted from the figure by hand."""
    network = original("zfnet")
    names = ("conv1", "pool1", "conv2", "pool2", "conv5", "pool5")
    expected = [(110, 110, 96), (55, 55, 96), (26, 26, 256), (13, 13, 256), (13, 13, 256), (6, 6, 256)]
    assert sizes(network, *names) == expected
    convolutions = 14_208 + 614_656 + 885_120 + 1_327_488 + 884_992
    assert trained(network) == convolutions + 37_752_832 + 16_781_312 + 4_097_000 == 62_357_608


def test_network_in_network_has_about_a_million_parameters() -> None:
    """The authors' CIFAR-10 configuration, by hand; Springenberg et al. 2015, table 3, says about 1 million."""
    blocks = [14_592 + 30_880 + 15_456, 460_992 + 2 * 37_056, 331_968 + 37_056 + 1_930]
    assert trained(original("network_in_network", CIFAR, 10)) == sum(blocks) == 966_986


def test_vgg16_has_138_million_parameters() -> None:
    """Simonyan and Zisserman 2015, table 2: 138 million; Keras' own has the same."""
    oracle = keras.applications.VGG16(weights=None)
    network = original("vgg16")
    assert trained(network) == trained(oracle) == 138_357_544
    assert count_multiply_adds(network) == count_multiply_adds(oracle)
    assert count_multiply_adds(network) / 1e6 == pytest.approx(15_300, rel=0.02), "Howard et al. 2017, table 8"


# --- GoogLeNet: Szegedy et al. 2015, table 1 ----------------------------------------------------------------

TABLE_1 = {"3a": 159, "3b": 380, "4a": 364, "4b": 437, "4c": 463, "4d": 580, "4e": 840, "5a": 1072, "5b": 1388}
"""Thousands of parameters, of 1024 in the first rows. Not all of them follow from the table's own kernels: 4c has 8 % more,
5a has 5 % less. Together they do."""


@pytest.fixture
def inception_parameters() -> dict[str, int]:
    network = original("googlenet")
    names = {name: f"inception{name}_" for name in TABLE_1}
    return {n: sum(x.count_params() for x in network.layers if x.name.startswith(p)) for n, p in names.items()}


def test_inception_modules_have_the_parameters_of_the_table(inception_parameters: dict[str, int]) -> None:
    for name, thousands in TABLE_1.items():
        assert inception_parameters[name] / 1024 == pytest.approx(thousands, rel=0.08), name
    for name in ("3a", "3b", "4a"):
        assert inception_parameters[name] / 1024 == pytest.approx(TABLE_1[name], rel=0.01), name
    assert sum(inception_parameters.values()) / 1024 == pytest.approx(sum(TABLE_1.values()), rel=0.02)


def test_googlenet_has_7_million_parameters_and_takes_1500_million_multiply_adds() -> None:
    """Exactly by hand from the kernels of table 1 with biases, auxiliary classifiers left out; section 1: 1.5 billion."""
    network = original("googlenet")
    assert trained(network) == 6_998_552
    assert count_multiply_adds(network) / 1e6 == pytest.approx(1550, rel=0.03), "Howard et al. 2017, table 8"
    assert sizes(network, "pool2", "inception3b", "inception4e", "inception5b") == [
        (28, 28, 192),
        (28, 28, 480),
        (14, 14, 832),
        (7, 7, 1024),
    ]


def test_reductions_save_most_of_an_inception_network_and_change_no_output() -> None:
    cheap, naive = (build("googlenet", reductions=reductions) for reductions in (True, False))
    names = ["inception3a", "inception4e", "inception5b"]
    assert sizes(cheap, *names) == sizes(naive, *names)
    assert count_multiply_adds(naive) > 2 * count_multiply_adds(cheap)


def test_the_second_version_of_inception_has_two_3x3_instead_of_a_5x5() -> None:
    network = build("googlenet", version=2)
    kernels = [layer.kernel_size for layer in network.layers if layer.name.startswith("inception3a_5x5")
               and isinstance(layer, keras.layers.Conv2D)]  # fmt: skip
    assert kernels == [(1, 1), (3, 3), (3, 3)]
    assert not [layer for layer in network.layers if getattr(layer, "kernel_size", None) == (5, 5)]


# --- ResNet: He et al. 2016 ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("depth", "parameters", "billions"),
    [(18, 11_689_512, 1.8), (34, 21_797_672, 3.6), (50, 25_557_032, 3.8), (101, 44_549_160, 7.6), (152, 60_192_808, 11.3)],
)  # fmt: skip
def test_resnets_have_the_published_numbers_up_to_152_layers(depth: int, parameters: int, billions: float) -> None:
    """Parameters: torchvision's models, which have no convolution biases either. Multiply-adds: table 1."""
    network = original("resnet", depth=depth)
    assert trained(network) == parameters
    assert count_multiply_adds(network) / 1e9 == pytest.approx(billions, rel=0.025)


def test_resnet50_is_keras_own_without_convolution_biases() -> None:
    oracle = keras.applications.ResNet50(weights=None)
    biases = sum(layer.filters for layer in oracle.layers if isinstance(layer, keras.layers.Conv2D))
    assert trained(original("resnet", depth=50)) == trained(oracle) - biases


@pytest.mark.parametrize(("depth", "millions"), [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85), (110, 1.7)])
def test_residual_networks_for_cifar_have_the_parameters_of_table_6(depth: int, millions: float) -> None:
    network = build("residual", depth=depth)
    assert trained(network) / 1e6 == pytest.approx(millions, abs=0.05 if depth == 110 else 0.005)
    weights = [x for x in network.layers if isinstance(x, keras.layers.Conv2D | keras.layers.Dense)]
    assert len(weights) == depth


def test_a_plain_network_has_the_weights_of_its_residual_twin() -> None:
    plain, skip = (build("residual", depth=20, skips=skips) for skips in (False, True))
    assert [v.path for v in plain.trainable_variables] == [v.path for v in skip.trainable_variables]
    assert [v.shape for v in plain.variables] == [v.shape for v in skip.variables]
    assert not [layer for layer in plain.layers if isinstance(layer, keras.layers.Add)]
    assert len([layer for layer in skip.layers if isinstance(layer, keras.layers.Add)]) == 9


def test_a_skip_without_parameters_takes_every_second_position_and_adds_empty_channels() -> None:
    layer = build("residual", depth=8).get_layer("stage2_1_skip")
    maps = np.random.default_rng(1).normal(size=(2, 6, 6, 16)).astype(np.float32)
    found = np.asarray(layer(maps))
    np.testing.assert_array_equal(found[..., :16], maps[:, ::2, ::2])
    assert found.shape == (2, 3, 3, 32)
    assert not found[..., 16:].any()


# --- MobileNet, DenseNet, ConvNeXt --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "millions", "multiply_adds"), [(1.0, 4.2, 569), (0.75, 2.6, 325), (0.5, 1.3, 149), (0.25, 0.5, 41)]
)
def test_mobilenets_have_the_numbers_of_table_6(width: float, millions: float, multiply_adds: int) -> None:
    network = original("mobilenet", width=width)
    assert trained(network) == trained(keras.applications.MobileNet(alpha=width, weights=None))
    assert trained(network) / 1e6 == pytest.approx(millions, abs=0.05)
    assert count_multiply_adds(network) / 1e6 == pytest.approx(multiply_adds, rel=0.015)


@pytest.mark.parametrize(("resolution", "multiply_adds"), [(192 / 224, 418), (160 / 224, 290), (128 / 224, 186)])
def test_the_resolution_multiplier_saves_what_table_7_says(resolution: float, multiply_adds: int) -> None:
    network = original("mobilenet", resolution=resolution)
    assert count_multiply_adds(network) / 1e6 == pytest.approx(multiply_adds, rel=0.01)
    assert trained(network) == 4_231_976


def test_a_mobilenet_of_whole_convolutions_has_the_numbers_of_table_4() -> None:
    network = original("mobilenet", separable=False)
    assert trained(network) / 1e6 == pytest.approx(29.3, abs=0.05)
    assert count_multiply_adds(network) / 1e6 == pytest.approx(4866, rel=0.001)


def test_densenet121_has_the_parameters_of_keras_own() -> None:
    assert trained(original("densenet")) == trained(keras.applications.DenseNet121(weights=None)) == 7_978_856


@pytest.mark.parametrize(
    ("arguments", "millions"),
    [
        ({"blocks": [12] * 3, "growth": 12}, 1.0),
        ({"blocks": [16] * 3, "growth": 12, "bottleneck": True, "compression": 0.5}, 0.8),
    ],
)
def test_densenets_for_cifar_have_the_parameters_of_table_2(arguments: dict[str, Any], millions: float) -> None:
    assert trained(build("densenet", **arguments)) / 1e6 == pytest.approx(millions, abs=0.05)


def test_a_dense_layer_sees_all_maps_before_it_and_adds_its_growth() -> None:
    network = build("densenet", blocks=[4], growth=6)
    seen = [network.get_layer(f"block1_{n}_conv").input.shape[-1] for n in range(1, 5)]
    assert seen == [16, 22, 28, 34]


def test_convnext_t_has_29_million_parameters_and_takes_4500_million_multiply_adds() -> None:
    """Liu et al. 2022, table 1: 29 M, 4.5 G. Keras' own has as many."""
    network = original("convnext")
    assert trained(network) == trained(keras.applications.ConvNeXtTiny(weights=None)) == 28_589_128
    assert count_multiply_adds(network) / 1e9 == pytest.approx(4.5, abs=0.05)


# --- at CIFAR size ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lenet5", {"s2": (14, 14, 6), "s4": (5, 5, 16), "c5": (120,)}),
        ("network_in_network", {"conv1_3": (32, 32, 24), "conv2_3": (16, 16, 48), "conv3_3": (8, 8, 10)}),
        ("alexnet", {"conv1": (16, 16, 24), "pool1": (8, 8, 24), "pool2": (4, 4, 64), "pool5": (2, 2, 64)}),
        ("zfnet", {"conv1": (32, 32, 24), "conv2": (8, 8, 64), "pool2": (4, 4, 64), "pool5": (2, 2, 64)}),
        ("vgg16", {"pool1": (16, 16, 16), "pool3": (4, 4, 64), "pool5": (1, 1, 128)}),
        ("googlenet", {"pool1": (16, 16, 16), "inception3b": (16, 16, 120), "inception5b": (4, 4, 256)}),
        ("residual", {"conv1": (32, 32, 16), "stage2_3_act": (16, 16, 32), "stage3_3_act": (8, 8, 64)}),
        ("resnet", {"stage1_2_act": (32, 32, 16), "stage4_2_act": (4, 4, 128)}),
        ("mobilenet", {"conv1": (32, 32, 8), "conv14_pointwise": (4, 4, 256)}),
        ("densenet", {"block1_4": (32, 32, 64), "transition1_pool": (16, 16, 64), "block3_4": (8, 8, 160)}),
        ("convnext", {"stem": (16, 16, 24), "stage3_3_add": (4, 4, 96), "stage4_1_add": (2, 2, 192)}),
    ],
)
def test_maps_shrink_to_a_few_pixels_at_cifar_size(name: str, expected: dict[str, tuple[int, ...]]) -> None:
    network = build(name)
    assert sizes(network, *expected) == list(expected.values())
    assert network.output_shape == (None, 10)


# --- what is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("lenet5", {"connections": "half"}, "`connections` must be table or full. Received: 'half'"),
        ("googlenet", {"modules": ["3c"]}, "`modules` must be names of table 1. Received: '3c'. Did you mean"),
        ("googlenet", {"modules": []}, "`modules` must name at least one module"),
        ("googlenet", {"version": 3}, "`version` must be 1 or 2. Received: 3"),
        ("googlenet", {"stem": "small"}, "`stem` must be cifar or imagenet. Received: 'small'"),
        ("resnet", {"depth": 20}, "`depth` must be one of 18, 34, 50, 101, 152. Received: depth=20"),
        ("residual", {"depth": 18}, "`depth` must be 6n . 2: 8, 14, 20, ... Received: depth=18"),
        ("mobilenet", {"strides": [1, 2]}, "`strides` must be 5 numbers. Received: .1, 2."),
        ("mobilenet", {"resolution": 2.0}, "`resolution` must be above 0 and at most 1. Received: 2.0"),
        ("densenet", {"stem": "small"}, "`stem` must be cifar or imagenet. Received: 'small'"),
        ("convnext", {"depths": [1]}, "`depths` and `widths` must be as long"),
    ],
)
def test_arguments_that_make_no_network_are_refused(name: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        build(name, **arguments)
