"""What functions of this room hand to `plots.plot_images`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Strip(NamedTuple):
    """Rows of uint8 pictures (n, height, width, channels) by their label, and a text under each picture."""

    pictures: dict[str, np.ndarray]
    captions: dict[str, list[str]]
