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
    """Standard error of the mean difference in accuracy between two arms if the test images were drawn anew.

    `pairs`: one for each seed, all scored on the same images. The luck of single networks averages out over
    the seeds. The luck of the test images does not: some suit one arm, some the other. None without pairs.
    Source: paired proportions, Dietterich (1998), Approximate statistical tests, section 3.1.
    """
    if not pairs:
        return None
    import numpy as np

    difference = np.mean([first.astype(float) - second for first, second in pairs], axis=0)
    return math.sqrt(difference.var(ddof=1) / len(difference))
