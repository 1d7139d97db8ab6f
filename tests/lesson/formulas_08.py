"""Batch size and normalisations: over which values each takes its statistics, and how sure these are."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose
from stating import Checks, draws

from kerascnn.byhand.normalisation import EPSILON, normalise_batch
from kerascnn.byhand.normalisations import (
    NORMALISATIONS,
    normalise_group,
    normalise_local_response,
    response_spread,
)

CHECKS = Checks()


@CHECKS.of(r"y = \gamma\,\frac{x - \mu_S}{\sqrt{\sigma_S^2 + \epsilon}} + \beta")
def sets_of_values() -> None:
    import keras

    from kerascnn.models.blocks import GROUPS, normalisation_layer

    random, channels = draws(), 2 * GROUPS
    x = random.standard_normal((3, 4, 5, channels)) * 2 + random.standard_normal((3, 1, 1, channels))
    gamma, beta = random.standard_normal(channels), random.standard_normal(channels)
    for kind, images, depth in (("batch", 3, 1), ("layer", 1, channels), ("group", 1, 2)):
        said = np.empty_like(x)
        for first in range(0, 3, images):
            for c in range(0, channels, depth):
                S = x[first : first + images, :, :, c : c + depth]
                part = (S - S.mean()) / np.sqrt(S.var() + EPSILON)
                said[first : first + images, :, :, c : c + depth] = part
        assert_allclose(NORMALISATIONS[kind](x), said)
        layer = normalisation_layer(kind, kind)
        layer.build(x.shape)
        layer.gamma.assign(gamma)
        layer.beta.assign(beta)
        outputs = layer(keras.ops.convert_to_tensor(x, "float32"), training=True)
        assert_allclose(outputs, gamma * said + beta, atol=1e-4)
    assert_allclose(normalise_group(x, GROUPS), said)


@CHECKS.of(r"(2 + 10^{-4} \sum x_j^2)^{3/4}")
def local_response() -> None:
    from kerascnn.models.blocks import normalisation_layer

    x = draws().standard_normal((2, 3, 3, 9)) * 200  # as AlexNet's input
    said = np.empty_like(x)
    for c in range(9):
        near = x[..., max(0, c - 2) : c + 3]
        assert near.shape[-1] == 5 or c in (0, 1, 7, 8)
        said[..., c] = x[..., c] / (2 + 10**-4 * np.sum(near**2, axis=-1)) ** (3 / 4)
    assert_allclose(normalise_local_response(x), said)
    assert_allclose(normalisation_layer("local-response", "norm")(x.astype(np.float32)), said, rtol=1e-4)


@CHECKS.of(r"10^{-4} \sum x_j^2", r"2^{3/4} \approx 1.7", "2^{3/4}")
def with_unit_variance() -> None:
    x = draws().standard_normal((32, 8, 8, 16))
    squares = np.sum(x[..., 5:10] ** 2, axis=-1)
    divisors = x / normalise_local_response(x)
    assert_allclose(divisors[..., 7] ** (4 / 3) - 2, 10**-4 * squares, rtol=1e-6)
    assert squares.max() < 50  # so the sum is under a 400th of 2
    assert_allclose(divisors, 2 ** (3 / 4), rtol=0.002)
    assert response_spread() < 0.002
    assert round(2 ** (3 / 4), 1) == 1.7


@CHECKS.of(r"1/\sqrt{n}")
def error_of_a_mean() -> None:
    for n in (2, 16, 128):  # images of a dense layer
        batches = draws().standard_normal((4000, n, 1, 1, 1))
        means = [normalise_batch(batch)[1].item() for batch in batches]
        assert_allclose(np.std(means), 1 / np.sqrt(n), rtol=0.05)


@CHECKS.of("+1", "-1")
def two_values() -> None:
    values = draws().standard_normal((2, 1, 1, 20)) * 100
    normalised = normalise_batch(values)[0]
    assert_allclose(np.abs(normalised).min(axis=0), 1, rtol=0.01)
    assert_allclose(normalised[0], np.where(values[0] > values[1], +1, -1), rtol=0.01)
    assert_allclose(normalised[0], -normalised[1])


@CHECKS.of("1/(1 - m)")
def moving_average() -> None:
    from kerascnn.models.blocks import normalisation_layer

    for m in (0.5, 0.8):
        layer = normalisation_layer("batch", "norm", momentum=m)
        layer.build((None, 1))
        weights = []  # of the first of so many batches in the average
        for number in range(40):
            layer(np.full((2, 1), 1.0 if number == 0 else 0.0, np.float32), training=True)
            weights.append(float(layer.moving_mean[0]))
        assert_allclose(sum(weights), 1, rtol=0.01)
        mean_age = np.average(np.arange(1, 41), weights=weights)
        assert_allclose(mean_age, 1 / (1 - m), rtol=0.02)
