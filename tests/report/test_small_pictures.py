"""Pictures of notebooks on their pages: smaller, and still the same picture."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from kerascnn.report.pictures.shrinking import shrink_png


def encoded(picture: Image.Image) -> str:
    target = io.BytesIO()
    picture.save(target, format="PNG", compress_level=1)
    return base64.b64encode(target.getvalue()).decode()


def decoded(address: str) -> np.ndarray:
    content = address.partition(",")[2]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("RGB"))


def test_a_chart_of_few_colours_keeps_every_pixel_and_gets_smaller():
    pixels = np.full((200, 300, 4), 255, np.uint8)
    pixels[50:60, :, :3] = (26, 79, 156)
    pixels[:, 100:110, :3] = (181, 65, 13)
    before = encoded(Image.fromarray(pixels))
    after = shrink_png(before)
    assert after.startswith("data:image/webp;base64,")
    assert len(after) < len(before) / 3
    np.testing.assert_array_equal(decoded(after), pixels[..., :3])


def test_what_is_transparent_becomes_the_white_that_the_page_puts_behind_it():
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[:32] = (10, 20, 30, 255)
    after = decoded(shrink_png(encoded(Image.fromarray(pixels))))
    assert after[40, 5].tolist() == [255, 255, 255]
    assert after[3, 5].tolist() == [10, 20, 30]


def test_a_picture_too_wide_for_webp_stays_as_it_is():
    content = encoded(Image.new("L", (17_000, 20)))
    assert shrink_png(content) == f"data:image/png;base64,{content}"


@pytest.mark.parametrize("content", ["AAAA", base64.b64encode(b"no picture").decode()])
def test_what_is_no_picture_stays_as_it_is(content):
    assert shrink_png(content) == f"data:image/png;base64,{content}"
