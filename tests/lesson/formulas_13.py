"""Famous architectures: what a layer costs, and which factor of it each changed."""

from __future__ import annotations

from typing import Any

from stating import Checks

from kerascnn.byhand import count_products

CHECKS = Checks()
SIZES = ((3, 16, 32, 8, 8), (5, 3, 6, 12, 10), (1, 64, 16, 4, 6))
"""(k, M, N, H, W)."""


def cost(*layers: Any, maps: tuple[int, int, int]) -> tuple[int, int]:
    """Weights without biases, and multiply-adds, of a Keras network of `layers`, counted."""
    import keras

    from kerascnn.training.cost import count_multiply_adds

    network = keras.Sequential([keras.Input(maps), *layers])
    weights = sum(v.shape.num_elements() for v in network.variables if "kernel" in v.name)
    return int(weights), count_multiply_adds(network)


@CHECKS.of(r"k \times k")
def window() -> None:
    for k in (1, 3, 5):
        assert count_products((k, k)) == k * k


@CHECKS.of(r"k^2\,M\,N \text{ weights and } k^2\,M\,N\,H\,W \text{ multiply-adds,}", r"H \times W", "k^2 M N")
def convolution() -> None:
    import keras

    for k, M, N, H, W in SIZES:
        layer = keras.layers.Conv2D(N, k, use_bias=False)
        assert cost(layer, maps=(H + k - 1, W + k - 1, M)) == (k**2 * M * N, k**2 * M * N * H * W)
        assert layer.output.shape == (None, H, W, N)  # the maps that come out
        assert count_products((k, k), M) * N == k**2 * M * N


@CHECKS.of(r"18\,C^2 < 25\,C^2")
def two_of_three() -> None:
    for C in (16, 64):
        small, large = (count_products((k, k), C) * C for k in (3, 5))
        assert 2 * small == 18 * C**2
        assert large == 25 * C**2
        assert 2 * small < large


@CHECKS.of("k^2 M + M N")
def depthwise() -> None:
    from kerascnn.models.blocks import convolution_layers

    for k, M, N, H, W in SIZES:
        layers = convolution_layers("separable", N, k, "he_normal", "conv")
        said = k**2 * M + M * N
        assert cost(*layers, maps=(H, W, M)) == (said, said * H * W)
