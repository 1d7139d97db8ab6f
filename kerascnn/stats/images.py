"""The part of a difference's uncertainty that comes from which test images there happen to be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

Right = tuple["np.ndarray", "np.ndarray"]
"""Whether two networks were right, boolean (images,) each, about the same test images in the same order."""


def image_error(pairs: Sequence[Right]) -> float | None:
    """Standard error of the difference in accuracy between two arms if the test images were drawn anew.

    `pairs`: one for each seed. All seeds are scored on the same images, so more seeds do not shrink it: it is
    the root mean square over the seeds. None without pairs.
    Source: paired proportions, Dietterich (1998), Approximate statistical tests, section 3.1.
    """
    if not pairs:
        return None
    variances = [(first.astype(float) - second).var(ddof=1) / len(first) for first, second in pairs]
    return math.sqrt(math.fsum(variances) / len(variances))
