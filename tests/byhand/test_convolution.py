"""The convolution by hand: small cases reckoned on paper, SciPy, and gradients by finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from slopes import slopes

from kerascnn.byhand import convolve, convolve_backward
from kerascnn.errors import UsageError

RANDOM = np.random.default_rng(7)
SHAPES = {
    "1-D, even": ((2, 9, 3), (4,), 2, 1),
    "2-D, not square": ((2, 5, 6, 2), (3, 2), (2, 1), [(1, 0), (0, 2)]),
    "3-D": ((1, 4, 3, 5, 2), (2, 3, 2), 1, 1),
    "stride beyond the window": ((1, 7, 7, 1), (2, 2), 3, 0),
}
"""Images, window, stride, padding."""


def test_a_sum_of_products_reckoned_on_paper() -> None:
    image = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]).reshape(1, 3, 3, 1)
    kernel = np.array([[1.0, 0.0], [0.0, -1.0]]).reshape(2, 2, 1, 1)
    assert convolve(image, kernel, bias=10.0)[0, :, :, 0].tolist() == [[6.0, 6.0], [6.0, 6.0]]
    assert convolve(image, kernel, stride=2, padding=1)[0, :, :, 0].tolist() == [[-1.0, -3.0], [-7.0, -4.0]]


def test_a_kernel_reads_all_channels_and_every_map_has_its_own_kernel_and_bias() -> None:
    image = np.array([2.0, 3.0]).reshape(1, 1, 1, 2)
    kernel = np.array([[1.0, 10.0, 0.0], [100.0, 0.0, -1.0]]).reshape(1, 1, 2, 3)
    assert convolve(image, kernel, np.array([0.0, 1.0, 2.0])).ravel().tolist() == [302.0, 21.0, -1.0]


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_it_is_the_cross_correlation_of_scipy(axes: int) -> None:
    from scipy.signal import correlate  # here: loading it takes a second of every process that collects tests

    image, kernel = RANDOM.normal(size=(7, 6, 8)[:axes]), RANDOM.normal(size=(2, 3, 4)[:axes])
    found = convolve(image[None, ..., None], kernel[..., None, None])[0, ..., 0]
    np.testing.assert_allclose(found, correlate(image, kernel, mode="valid"), atol=1e-12)


@pytest.mark.parametrize("name", SHAPES)
def test_the_gradients_are_the_slopes_of_the_loss(name: str) -> None:
    shape, window, stride, padding = SHAPES[name]
    images, kernel, bias = RANDOM.normal(size=shape), RANDOM.normal(size=(*window, shape[-1], 2)), RANDOM.normal(size=2)
    upstream = RANDOM.normal(size=convolve(images, kernel, bias, stride, padding).shape)

    def loss(images=images, kernel=kernel, bias=bias):
        return float((upstream * convolve(images, kernel, bias, stride, padding)).sum())

    found = convolve_backward(images, kernel, upstream, stride, padding)
    expected = (
        slopes(lambda values: loss(images=values), images),
        slopes(lambda values: loss(kernel=values), kernel),
        slopes(lambda values: loss(bias=values), bias),
    )
    for gradient, slope in zip(found, expected, strict=True):
        np.testing.assert_allclose(gradient, slope, atol=1e-6)


def test_a_pixel_that_no_place_sees_gets_no_gradient() -> None:
    images, kernel = np.ones((1, 6, 1)), np.ones((1, 1, 1))
    gradient, _, _ = convolve_backward(images, kernel, np.ones((1, 3, 1)), stride=2)
    assert gradient.ravel().tolist() == [1, 0, 1, 0, 1, 0]


@pytest.mark.parametrize("call", [convolve, lambda images, kernel: convolve_backward(images, kernel, np.zeros(()))])
def test_images_with_another_number_of_channels_are_refused_with_both_shapes(call) -> None:
    with pytest.raises(UsageError, match=r"\(1, 32, 32, 1\), so 1 channels.*\(5, 5, 3, 4\), made for 3"):
        call(np.zeros((1, 32, 32, 1)), np.zeros((5, 5, 3, 4)))
