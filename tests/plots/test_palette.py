"""The palette keeps its promises to every pair of eyes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from factories import make_arm

from kerascnn.errors import UsageError
from kerascnn.plots.drawing.palette import CHROME, MEANINGS, SERIES, TONES, series_tone, tone_of

VISION = {
    "normal": np.eye(3),
    "protanopia": np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
    "deuteranopia": np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
    "tritanopia": np.array([[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]]),
}
"""Linear RGB as each eye sees it (Machado et al. 2009, severity 1)."""

TO_CONES = np.array([[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.63]])
TO_OKLAB = np.array([[0.2105, 0.7936, -0.0041], [1.978, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]])

FAMILIES = [("sigmoid", "relu", "tanh"), ("glorot", "he"), ("batch-norm", "zero-mean", "both"), tuple(SERIES)[:4]]


def linear(colour):
    channels = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    low, high = sorted(float(linear(colour) @ (0.2126, 0.7152, 0.0722)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def distance(one, other, vision):
    seen = [np.clip(VISION[vision] @ linear(colour), 0, 1) for colour in (one, other)]
    return np.linalg.norm(np.subtract(*(TO_OKLAB @ np.cbrt(TO_CONES @ colour) for colour in seen)))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", [*MEANINGS, *SERIES])
def test_every_line_stands_out_from_the_surface(name, theme):
    assert contrast(getattr(TONES[name], theme), getattr(TONES["surface"], theme)) >= 3


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["ink", "muted"])
def test_text_can_be_read(name, theme):
    assert contrast(getattr(TONES[name], theme), getattr(TONES["surface"], theme)) >= 4.5


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_tones_of_one_family_differ_for_every_eye(theme, vision):
    for family in FAMILIES:
        for one, other in itertools.combinations(family, 2):
            colours = [getattr(TONES[name], theme) for name in (one, other)]
            assert distance(*colours, vision) > 0.1, (one, other)


def test_a_light_colour_names_exactly_one_tone():
    assert len({tone.light for tone in TONES.values()}) == len(TONES) == len(MEANINGS) + len(SERIES) + len(CHROME)


def test_an_arm_has_its_own_tone_or_that_of_its_position():
    assert tone_of(make_arm(tone="he"), 3) == "he"
    assert tone_of(make_arm(), 3) == "series-4"
    assert series_tone(8) == "series-1"


def test_an_unknown_tone_is_an_error_with_a_near_match():
    with pytest.raises(UsageError, match="Did you mean 'sigmoid'"):
        tone_of(make_arm(tone="sigmod"), 0)
