"""What pooling keeps: the maximum what is large, the average both sides, faded."""

from __future__ import annotations

import numpy as np
import pytest

from kerascnn import plots
from kerascnn.plots.pooling import POOLINGS, pool_pixels


def test_pooled_pixels_are_the_maximum_the_mean_and_the_first_of_their_window() -> None:
    image = np.arange(64.0).reshape(8, 8)
    assert pool_pixels(image, "max").tolist() == [[27, 31], [59, 63]]
    assert pool_pixels(image, "average").tolist() == [[13.5, 17.5], [45.5, 49.5]]
    assert pool_pixels(image, "every 4th pixel").tolist() == [[0, 4], [32, 36]]


@pytest.mark.parametrize("how", POOLINGS)
def test_what_is_left_over_at_the_border_is_left_out(how: str) -> None:
    assert pool_pixels(np.zeros((10, 7)), how).shape == (2, 1)


def test_max_pooling_keeps_bright_lines_whole_and_loses_dark_ones() -> None:
    picture = plots.plot_pooling(np.full((32, 32, 3), 7, np.uint8))
    assert picture.table is not None
    kept = {row[0]: dict(zip(picture.table.columns[1:], row[1:], strict=True)) for row in picture.table.rows}
    assert kept["white lines"]["max"] == 1.0
    assert kept["black lines"]["max"] == 0.0
    assert kept["white lines"]["average"] == pytest.approx(kept["black lines"]["average"])
    assert set(kept["photo"].values()) == {0.0}
    assert "black lines: max 0.00" in picture.alt
