"""An MLP against a CNN: how many weights there are."""

from __future__ import annotations

import numpy as np
from stating import Checks

from kerascnn.byhand import convolution_weights, convolve, convolve_backward, count_parameters
from kerascnn.byhand.dense import dense_weights

CHECKS = Checks()


@CHECKS.of(r"10^6 \cdot 10^6 = 10^{12} \ \text{weights}", "10^{12}")
def fully_connected() -> None:
    grey = np.broadcast_to(np.uint8(0), (1000, 1000, 1))
    assert grey.size == 10**6
    assert dense_weights(grey.size, 10**6) == 10**6 * 10**6 == 10**12


@CHECKS.of(r"k \times k")
def window() -> None:
    for k in (1, 3, 5):
        images, kernel = np.ones((1, 9, 9, 1)), np.ones((k, k, 1, 1))
        upstream = np.zeros_like(convolve(images, kernel))
        upstream[0, 0, 0] = 1.0
        rows, columns = np.nonzero(convolve_backward(images, kernel, upstream)[0][0, ..., 0])
        assert (len(set(rows)), len(set(columns)), len(rows)) == (k, k, k * k)


@CHECKS.of(r"k^2 \, C_{in} \, C_{out}")
def shared() -> None:
    for k, c_in, c_out in ((3, 3, 16), (5, 16, 32)):
        weights = k**2 * c_in * c_out
        assert convolution_weights(k, c_in, c_out) == weights
        assert count_parameters((k, k), c_in, c_out) - c_out == weights
        kernel = np.zeros((k, k, c_in, c_out))
        assert kernel.size == weights
        for side in (8, 32):  # whatever the size of the picture
            assert convolve(np.zeros((1, side, side, c_in)), kernel).shape[-1] == c_out
