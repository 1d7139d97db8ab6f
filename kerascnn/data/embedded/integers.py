"""Integers only: random numbers, sines and the units that the embedded pictures are drawn in.

Why every operation that reaches a pixel is on integers: NumPy's float routines (`sin`, `sum`, `matmul`) may differ in the last
bit between versions and between instruction sets, and its generators' streams may change between versions; integer addition,
multiplication and shifts may not.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]

SIDE = 32
"""Height and width of an image in pixels."""
PIXEL = 256
"""A pixel's side in units of length."""
UNIT = 1024
"""An object's nominal radius in the object's own coordinates."""
TURN = 1024
"""A whole turn in units of angle."""
OPAQUE = 256
"""The weight that hides everything below."""


class Stream:
    """SplitMix64 counters, one for each image: image `i` of a split gets the same numbers whatever else is generated."""

    _STEP = np.uint64(0x9E3779B97F4A7C15)

    def __init__(self, split: int, indices: Array) -> None:
        seeds = indices.astype(np.uint64) + np.uint64(split << 40)
        self._keys = _mix(_mix(seeds * self._STEP + self._STEP))
        self._drawn = 0

    def words(self, *shape: int) -> Array:
        """The next words, uint64 `(n, *shape)`, uniform over 64 bits."""
        count = int(np.prod(shape, dtype=np.int64))
        steps = np.arange(self._drawn + 1, self._drawn + 1 + count, dtype=np.uint64) * self._STEP
        self._drawn += count
        return _mix(self._keys[:, None] + steps).reshape(-1, *shape)

    def integers(self, low: int, high: int, *shape: int) -> Array:
        """The next integers, int32 `(n, *shape)`, uniform over `low`..`high` inclusive."""
        span = np.uint64(high - low + 1)
        scaled = ((self.words(*shape) >> np.uint64(32)) * span) >> np.uint64(32)
        return scaled.astype(np.int32) + np.int32(low)


def _mix(words: Array) -> Array:
    """SplitMix64's finaliser on uint64 arrays of any shape with at least one axis.

    Source: Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators", function mix64variant13.
    """
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def _build_sines() -> Array:
    """Sines of `TURN` angles over one turn, int32 in 1/2**14.

    One step's rotation is applied again and again in Python integers with 62 fractional bits; the error after a whole turn
    stays below 2**-50, far from any rounding boundary that matters.
    """
    cosine_step, sine_step = 4611599204741358747, 28296773447188932  # cos, sin of 2 pi / 1024, in 1/2**62
    cosine, sine, sines = 1 << 62, 0, []
    for _ in range(TURN):
        sines.append((sine + (1 << 47)) >> 48)
        cosine, sine = (
            (cosine * cosine_step - sine * sine_step) >> 62,
            (sine * cosine_step + cosine * sine_step) >> 62,
        )
    return np.array(sines, dtype=np.int32)


_SINES = _build_sines()


def sine_of(angles: Array) -> Array:
    """Sines in 1/2**14, int32, of int32 angles of any size and sign, in 1/1024 turn."""
    return _SINES[angles & (TURN - 1)]


def cosine_of(angles: Array) -> Array:
    """Cosines in 1/2**14, int32, of int32 angles of any size and sign, in 1/1024 turn."""
    return sine_of(angles + TURN // 4)
