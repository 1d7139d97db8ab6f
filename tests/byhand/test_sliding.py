"""How many places a window finds, and what it sees there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerascnn.byhand import Sliding, output_size, same_padding
from kerascnn.errors import UsageError


@pytest.mark.parametrize(
    ("size", "window", "stride", "padding", "expected"),
    [(32, 5, 1, 0, 28), (32, 3, 1, 1, 32), (7, 3, 2, 0, 3), (8, 3, 2, 0, 3), (5, 5, 3, 0, 1), (4, 2, 1, 1, 5)],
)
def test_output_sizes_reckoned_on_paper(size: int, window: int, stride: int, padding: int, expected: int) -> None:
    assert output_size(size, window, stride, padding) == expected


@given(st.integers(1, 20), st.integers(1, 6), st.integers(1, 4), st.integers(0, 3))
def test_the_output_size_is_the_number_of_places_where_the_window_fits(
    size: int, window: int, stride: int, padding: int
) -> None:
    padded = size + 2 * padding
    starts = [start for start in range(0, padded, stride) if start + window <= padded]
    if starts:
        assert output_size(size, window, stride, padding) == len(starts)
    else:
        with pytest.raises(UsageError, match=f"a window of {window} for {padded} values"):
            output_size(size, window, stride, padding)


@given(st.integers(1, 20), st.integers(1, 6), st.integers(1, 4))
def test_same_padding_gives_one_output_for_every_stride_begun(size: int, window: int, stride: int) -> None:
    before, after = same_padding(size, window, stride)
    sliding = Sliding.over((window,), stride, [(before, after)])
    assert sliding.output_sizes(np.zeros((1, size, 1))) == (-(-size // stride),)
    assert after - before in (0, 1)


def test_what_lies_under_one_position_is_one_value_for_each_place() -> None:
    sliding = Sliding.over((3,), stride=2)
    images = np.arange(8.0).reshape(1, 8, 1)
    seen = [images[sliding.seen_at(p, sliding.output_sizes(images))].ravel().tolist() for p in sliding.positions()]
    assert seen == [[0, 2, 4], [1, 3, 5], [2, 4, 6]]


def test_padding_is_taken_off_again_on_either_side() -> None:
    sliding = Sliding.over((2, 3), padding=[(0, 1), (2, 0)])
    images = np.random.default_rng(1).normal(size=(2, 3, 4, 2))
    padded = sliding.pad(images, value=7.0)
    assert padded.shape == (2, 4, 6, 2)
    assert (padded[:, 3] == 7).all()
    assert (padded[:, :, :2] == 7).all()
    np.testing.assert_array_equal(sliding.unpad(padded), images)


def test_a_window_of_other_axes_than_the_images_is_refused() -> None:
    with pytest.raises(UsageError, match=r"A window of 2 axes needs images of as many.*\(1, 8, 3\)"):
        Sliding.over((3, 3)).output_sizes(np.zeros((1, 8, 3)))
