"""Kernel size: what each kind of convolution costs, counted."""

from __future__ import annotations

from stating import Checks

from kerascnn.byhand import (
    count_parameters,
    count_products,
    measure_receptive_field,
    products_of_kind,
    receptive_field,
    widest_without_gain,
)
from kerascnn.byhand.counting import NARROWER

CHECKS = Checks()
WIDTHS = (16, 24, 144, 256)


@CHECKS.of(r"k \times k")
def window() -> None:
    for k in (3, 5):
        assert count_products((k, k)) == k * k


@CHECKS.of("k^2 C^2")
def one_convolution() -> None:
    for k in (1, 3, 5):
        for C in WIDTHS:
            assert products_of_kind("full", C, k) == k**2 * C**2
            assert count_parameters((k, k), C, C) - C == k**2 * C**2


@CHECKS.of(r"5 \times 5")
def view() -> None:
    for see in (receptive_field, measure_receptive_field):
        assert see([(3, 1), (3, 1)]) == see([(5, 1)]) == 5


@CHECKS.of(r"2 \cdot 3^2 C^2 = 18\,C^2 \;<\; 5^2 C^2 = 25\,C^2")
def two_of_three() -> None:
    for C in WIDTHS:
        small, large = 2 * products_of_kind("full", C, 3), products_of_kind("full", C, 5)
        assert small == 2 * 3**2 * C**2 == 18 * C**2
        assert large == 5**2 * C**2 == 25 * C**2
        assert small < large


@CHECKS.of("C/4")
def narrow() -> None:
    from kerascnn.models.blocks import REDUCTION, convolution_layers

    assert NARROWER == REDUCTION == 4
    for C in WIDTHS:
        down, inside, up = convolution_layers("bottleneck", C, 3, "he_normal", "conv")
        assert (down.filters, inside.filters, up.filters) == (C / 4, C / 4, C)


@CHECKS.of(r"\tfrac{C^2}{4} + \tfrac{9 C^2}{16} + \tfrac{C^2}{4} = \tfrac{17}{16} C^2")
def bottleneck() -> None:
    for C in WIDTHS:
        parts = [
            count_products((1, 1), C) * (C // 4),
            count_products((3, 3), C // 4) * (C // 4),
            count_products((1, 1), C // 4) * C,
        ]
        assert parts == [C**2 / 4, 9 * C**2 / 16, C**2 / 4]
        assert products_of_kind("bottleneck", C) == sum(parts) == 17 / 16 * C**2


@CHECKS.of("9 C^2")
def full() -> None:
    for C in WIDTHS:
        assert products_of_kind("full", C) == 9 * C**2


@CHECKS.of(r"9\,C + C^2")
def separable() -> None:
    for C in WIDTHS:
        assert products_of_kind("separable", C) == 9 * C + C**2


@CHECKS.of("C > 144", r"9\,C + C^2 < \tfrac{17}{16} C^2")
def where_it_is_worth_it() -> None:
    assert widest_without_gain() == 144
    for C in range(4, 513, 4):
        is_less = products_of_kind("separable", C) < products_of_kind("bottleneck", C)
        assert is_less == (9 * C + C**2 < 17 / 16 * C**2) == (C > 144)


@CHECKS.of(r"k^2 (3\,C + 2\,C^2)")
def all_three() -> None:
    from kerascnn.models.vgg import vgg

    for k, C in ((1, 73), (3, 24), (7, 10)):
        network = vgg((32, 32, 3), 10, blocks=[[C]] * 3, kernel_size=k)
        kernels = [layer.kernel.shape for layer in network.layers if type(layer).__name__ == "Conv2D"]
        assert sum(shape.num_elements() for shape in kernels) == k**2 * (3 * C + 2 * C**2)
