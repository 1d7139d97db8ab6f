"""Pictures of arithmetic show the numbers they were given, in the drawing and in words."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest

from kerascnn import plots
from kerascnn.byhand import Agreement
from kerascnn.errors import UsageError

IMAGE = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
KERNEL = [[1, 0], [0, -1]]


def texts(picture):
    return [text.get_text() for text in picture.figure.findobj(matplotlib.text.Text)]


def test_a_sliding_kernel_has_its_numbers_in_the_cells_and_its_sum_in_words():
    picture = plots.plot_sliding(IMAGE, [[1, 2]], [(1, 0)])
    assert {"5", "8", "14", "17", "23", "26"} <= set(texts(picture))
    assert "Stride 1, padding 0: 3 x 2 outputs" in texts(picture)
    assert "Row 2, column 2 of the output is the sum of 5 times 1, 6 times 2: 17." in picture.alt


def test_every_output_of_every_setting_stands_in_the_table():
    picture = plots.plot_sliding(IMAGE, KERNEL, [(1, 0), (2, 1)])
    rows = picture.table.rows
    assert [row[4] for row in rows if row[:2] == (1, 0)] == [-4.0] * 4
    assert [row[4] for row in rows if row[:2] == (2, 1)] == [-1.0, -3.0, -7.0, -4.0]


@pytest.mark.parametrize("kernel", [[], [[]], [[1, 2], [3]]])
def test_a_kernel_that_is_no_grid_is_refused(kernel):
    with pytest.raises(UsageError, match="The kernel must be rows of numbers, all of one length"):
        plots.plot_sliding(IMAGE, kernel, [(1, 0)])


@pytest.mark.parametrize("channels", [1, 3])
def test_edges_of_a_picture_answer_where_the_brightness_changes(channels):
    image = np.zeros((8, 8, channels), np.uint8)
    image[:, 4:] = 255
    picture = plots.plot_kernels_on_image(image, "half")
    assert "vertical edges: 0.00 to 4.00; horizontal edges: 0.00 to 0.00" in picture.alt
    assert "the picture: half" in texts(picture)
    assert "data:image/png" in plots.to_svg(picture.figure, picture.title, picture.alt, "x")


def test_agreement_gives_median_and_largest_of_every_pass():
    picture = plots.plot_agreement([Agreement("pooling", (0.0, 1e-7, 3e-7), (2e-8, 2e-8, 4e-8))], 1e-5)
    assert picture.table.rows == (
        ("pooling", "forward", 3, 1e-7, 3e-7),
        ("pooling", "backward", 3, 2e-8, 4e-8),
    )
    assert "pooling, forward: median 1.0e-07, largest 3.0e-07" in picture.alt


def test_receptive_fields_and_costs_are_those_counted():
    fields = plots.plot_receptive_fields({"small": [(3, 1)] * 2})
    assert [row[2] for row in fields.table.rows] == [1, 3, 5]
    costs = {row[0]: row[1:] for row in plots.plot_layer_costs(channels=2, size=4).table.rows}
    assert costs["3 x 3"] == (3, 9, 38, 9 * 2 * 2 * 16)
    assert costs["two 3 x 3"][:2] == (5, 18)
    assert costs["5 x 5"][:2] == (5, 25)
