"""The formula in the notebook that `new` writes: one weight and one bias."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose
from stating import Checks, draws

from kerascnn.byhand import convolve

CHECKS = Checks()


@CHECKS.of(r"y = w\,x + b")
def line() -> None:
    w, x, b = draws().standard_normal(3)
    images, kernel = np.full((1, 1, 1, 1), x), np.full((1, 1, 1, 1), w)
    assert_allclose(convolve(images, kernel, b).item(), w * x + b)
