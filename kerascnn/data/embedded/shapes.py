"""The ten classes as integer inequalities, and how much of each pixel such a shape covers.

A shape takes int32 coordinates across (u) and up (v) in 1/1024 of the object's radius, and says where it is: bool of the same
shape. Every class is its own mirror image, so flips keep labels true.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kerascnn.data.embedded.integers import PIXEL, SIDE, UNIT, Array, cosine_of, sine_of


def _disc(u: Array, v: Array) -> Array:
    return u * u + v * v <= 880 * 880


def _ring(u: Array, v: Array) -> Array:
    square = u * u + v * v
    return (square <= 960 * 960) & (square >= 540 * 540)


def _square(u: Array, v: Array) -> Array:
    return np.maximum(np.abs(u), np.abs(v)) <= 780


def _triangle(u: Array, v: Array) -> Array:
    return (v >= -560) & (np.abs(u) * 887 + v * 512 <= 560 * 1024)


def _star(u: Array, v: Array) -> Array:
    """Five lines; a point belongs to the star when it lies inside at least four of them."""
    inside = (v <= 345).astype(np.int8)
    for across, up in ((974, 316), (602, -828)):
        inside += across * u + up * v <= 345 * 1024
        inside += up * v - across * u <= 345 * 1024
    return inside >= 4


def _cross(u: Array, v: Array) -> Array:
    u, v = np.abs(u), np.abs(v)
    return (np.minimum(u, v) <= 300) & (np.maximum(u, v) <= 960)


def _crescent(u: Array, v: Array) -> Array:
    bite = v - 460
    square = u * u
    return (square + v * v <= 1000 * 1000) & (square + bite * bite >= 760 * 760)


def _heart(u: Array, v: Array) -> Array:
    """A square on its corner with a disc on each of the two upper sides."""
    u, v = np.abs(u), v + 180
    lobe_u, lobe_v = u - 400, v - 400
    return (u + np.abs(v) <= 800) | (lobe_u * lobe_u + lobe_v * lobe_v <= 566 * 566)


def _arrow(u: Array, v: Array) -> Array:
    u = np.abs(u)
    head = (v >= 60) & (u + v <= 1024)
    return head | ((u <= 270) & (v >= -980) & (v <= 60))


def _bars(u: Array, v: Array) -> Array:
    """Three bars with gaps as wide as they are."""
    v = np.abs(v)
    return (np.abs(u) <= 800) & ((v <= 170) | ((v >= 510) & (v <= 850)))


_SHAPES: dict[str, Callable[[Array, Array], Array]] = {
    "disc": _disc,
    "ring": _ring,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "cross": _cross,
    "crescent": _crescent,
    "heart": _heart,
    "arrow": _arrow,
    "bars": _bars,
}
CLASS_NAMES: tuple[str, ...] = tuple(_SHAPES)


@dataclass(frozen=True)
class Pose:
    """Where the objects are: centres `across`, `down` from the upper left corner, `radii` (1/256 pixel), `angles`; int32 `(n,)`."""

    across: Array
    down: Array
    radii: Array
    angles: Array

    def take(self, chosen: Array) -> Pose:
        """The poses at the positions `chosen`."""
        return Pose(self.across[chosen], self.down[chosen], self.radii[chosen], self.angles[chosen])


def _cover_shape(shape: Callable[[Array, Array], Array], pose: Pose) -> Array:
    """How much of each pixel one shape covers, int32 `(n, 32, 32)` in 1/256, from 3 x 3 samples a pixel."""
    cosine = (cosine_of(pose.angles) * (4 * UNIT)) // pose.radii
    sine = (sine_of(pose.angles) * (4 * UNIT)) // pose.radii
    samples = np.zeros((len(pose.radii), SIDE, SIDE), dtype=np.uint8)
    places = np.arange(SIDE, dtype=np.int32) * PIXEL
    for row in (43, 128, 213):
        down = (places + row) - pose.down[:, None]
        for column in (43, 128, 213):
            across = (places + column) - pose.across[:, None]
            u = ((cosine[:, None] * across)[:, None, :] + (sine[:, None] * down)[:, :, None]) >> 16
            v = ((sine[:, None] * across)[:, None, :] - (cosine[:, None] * down)[:, :, None]) >> 16
            samples += shape(u, v)
    return (samples.astype(np.int32) * 57) >> 1


def cover_objects(labels: Array, pose: Pose) -> Array:
    """How much of each pixel the objects cover, int32 `(n, 32, 32)` in 1/256."""
    cover = np.empty((len(labels), SIDE, SIDE), dtype=np.int32)
    for label, shape in enumerate(_SHAPES.values()):
        chosen = np.flatnonzero(labels == label)
        cover[chosen] = _cover_shape(shape, pose.take(chosen))
    return cover
