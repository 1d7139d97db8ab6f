"""Paint scenes from back to front: textured background, stray strokes, object, occluding strokes, lighting, sensor noise.

A canvas is int32 `(n, 3, 32, 32)`: grey levels that may leave 0..255 until the end. Nothing here but the object's outline
depends on the class.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kerascnn.data.embedded.integers import OPAQUE, PIXEL, SIDE, TURN, Array, Stream, cosine_of, sine_of
from kerascnn.data.embedded.shapes import Pose, cover_objects


@dataclass(frozen=True)
class Scene:
    """What a variant draws from; pairs are inclusive ranges.

    radius, shift (of the centre from the middle, each way): 1/256 pixel. rotation (each way): 1/1024 turn. contrast (luminance
    step between object and background), chroma, texture, noise: grey levels. strokes, occluders: the most there can be.
    lighting: change from the middle to a corner in 1/256.
    """

    radius: tuple[int, int]
    shift: int
    rotation: int
    contrast: tuple[int, int]
    chroma: int
    texture: tuple[int, int]
    strokes: int
    occluders: int
    lighting: int
    noise: tuple[int, int]


# Frozen: benchmarks/embedded_difficulty.py measured "standard" before any effect of the lesson was looked at. A change here
# changes the bytes: VERSION and the pinned hashes change with it.
VARIANTS = {
    "standard": Scene(
        radius=(5 * PIXEL, 23 * PIXEL // 2),
        shift=7 * PIXEL,
        rotation=TURN // 6,
        contrast=(50, 120),
        chroma=40,
        texture=(8, 36),
        strokes=3,
        occluders=2,
        lighting=90,
        noise=(2, 32),
    ),
    "easy": Scene(
        radius=(10 * PIXEL, 10 * PIXEL),
        shift=2 * PIXEL,
        rotation=TURN // 32,
        contrast=(90, 110),
        chroma=40,
        texture=(0, 0),
        strokes=0,
        occluders=0,
        lighting=0,
        noise=(0, 0),
    ),
}
VARIANTS["small"] = replace(VARIANTS["standard"], radius=(5 * PIXEL, 6 * PIXEL))
VARIANTS["large"] = replace(VARIANTS["standard"], radius=(21 * PIXEL // 2, 23 * PIXEL // 2))


def _draw_pose(stream: Stream, scene: Scene) -> Pose:
    """Poses that know nothing of the class."""
    middle = SIDE * PIXEL // 2
    return Pose(
        across=stream.integers(middle - scene.shift, middle + scene.shift),
        down=stream.integers(middle - scene.shift, middle + scene.shift),
        radii=stream.integers(*scene.radius),
        angles=stream.integers(-scene.rotation, scene.rotation),
    )


def _draw_colours(stream: Stream, scene: Scene) -> tuple[Array, Array]:
    """Colours of background and object, int32 `(n, 3)` each: a luminance step of random sign, seldom small, and free hues."""
    step = stream.integers(*scene.contrast, 2).max(1) * (stream.integers(0, 1) * 2 - 1)
    middle = stream.integers(90, 165)
    half = step >> 1
    hues = stream.integers(-scene.chroma, scene.chroma, 2, 3)
    hues = hues - ((hues[:, :, :1] * 5 + hues[:, :, 1:2] * 9 + hues[:, :, 2:] * 2) >> 4)
    return (middle - half)[:, None] + hues[:, 0], (middle + half)[:, None] + hues[:, 1]


def _draw_texture(stream: Stream, cell: int) -> Array:
    """Smooth noise with one knot every `cell` pixels, int32 `(n, 32, 32)` in -256..256."""
    knots = stream.integers(-256, 256, SIDE // cell + 1, SIDE // cell + 1)
    places = np.arange(SIDE, dtype=np.int32)
    left, weight = places // cell, places % cell
    rows = knots[:, left] * (cell - weight)[:, None] + knots[:, left + 1] * weight[:, None]
    return (rows[:, :, left] * (cell - weight) + rows[:, :, left + 1] * weight) // (cell * cell)


def _tint(texture: Array, strength: Array) -> Array:
    """A grey texture in colour, int32 `(n, 3, 32, 32)`; `strength` is int32 `(n, 3)` in grey levels."""
    tinted = texture[:, None] * strength[:, :, None, None]
    tinted >>= 8
    return tinted


def _draw_strength(stream: Stream, scene: Scene) -> Array:
    """Texture amplitudes, int32 `(n, 3)`: one for the image, the channels between half and all of it."""
    amplitude = stream.integers(*scene.texture)[:, None]
    return (amplitude * stream.integers(128, 256, 3)) >> 8


def _cover_stroke(across: Array, down: Array, angles: Array, length: Array, width: Array) -> Array:
    """How much of each pixel a straight stroke covers, int32 `(n, 32, 32)` in 0..256, with soft ends; half lengths."""
    places = np.arange(SIDE, dtype=np.int32) * PIXEL + PIXEL // 2
    x, y = places - across[:, None], places - down[:, None]
    cosine, sine = cosine_of(angles)[:, None], sine_of(angles)[:, None]
    along = np.abs((cosine * x)[:, None, :] + (sine * y)[:, :, None]) >> 14
    aside = np.abs((sine * x)[:, None, :] - (cosine * y)[:, :, None]) >> 14
    inside = np.minimum(length[:, None, None] - along, width[:, None, None] - aside)
    return np.clip(inside + PIXEL // 2, 0, OPAQUE)


def _blend(canvas: Array, paint: Array, cover: Array) -> None:
    """Lay `paint`, int32 that broadcasts to the canvas, over it with weights int32 `(n, 32, 32)` in 1/256."""
    change = paint - canvas
    change *= cover[:, None]
    change >>= 8
    canvas += change


def _paint_strokes(canvas: Array, stream: Stream, count: int) -> None:
    """Up to `count` stray strokes anywhere: as thin as a line or as round as a speck."""
    for _ in range(count):
        shown = stream.integers(0, 3) > 0
        across, down = stream.integers(0, SIDE * PIXEL), stream.integers(0, SIDE * PIXEL)
        length, width = stream.integers(PIXEL, 6 * PIXEL), stream.integers(PIXEL // 3, PIXEL * 4 // 3)
        cover = _cover_stroke(across, down, stream.integers(0, TURN - 1), length, width)
        colour = stream.integers(20, 235, 3)
        _blend(canvas, colour[:, :, None, None], cover * shown[:, None, None])


def _paint_occluders(canvas: Array, stream: Stream, count: int, pose: Pose) -> Array:
    """Up to `count` strokes over the object; returns where they hide it, bool `(n, 32, 32)`."""
    hidden = np.zeros((len(canvas), SIDE, SIDE), dtype=bool)
    for _ in range(count):
        shown = stream.integers(0, 1) > 0
        across = pose.across + ((pose.radii * stream.integers(-256, 256)) >> 8)
        down = pose.down + ((pose.radii * stream.integers(-256, 256)) >> 8)
        length = (pose.radii * stream.integers(96, 256)) >> 8
        width = (pose.radii * stream.integers(16, 44)) >> 8
        cover = _cover_stroke(across, down, stream.integers(0, TURN - 1), length, width) * shown[:, None, None]
        _blend(canvas, stream.integers(20, 235, 3)[:, :, None, None], cover)
        hidden |= cover > OPAQUE // 2
    return hidden


def _light(canvas: Array, stream: Stream, scene: Scene) -> None:
    """Brighten the scene towards one side and darken it towards the other, by up to `lighting`/256 in a corner."""
    slope = stream.integers(-scene.lighting, scene.lighting, 2)[:, :, None]
    places = np.arange(SIDE, dtype=np.int32) * 2 - (SIDE - 1)
    ramps = slope * places
    light = 256 + ((ramps[:, 0][:, None, :] + ramps[:, 1][:, :, None]) >> 6)
    canvas *= light[:, None]
    canvas >>= 8


def _add_noise(canvas: Array, stream: Stream, scene: Scene) -> None:
    """Sensor noise, triangular, drawn for each pixel and channel; its strength differs between images and is seldom high.

    An amplitude of 1 is a standard deviation of 0.41 grey levels.
    """
    amplitude = stream.integers(*scene.noise, 2).min(1)[:, None, None]
    words = stream.words(SIDE, SIDE)
    for channel in range(3):
        pair = (words >> np.uint64(16 * channel)).astype(np.uint16).astype(np.int32)
        canvas[:, channel] += (((pair & 255) - (pair >> 8)) * amplitude) >> 8


def paint_scene(split: int, indices: Array, labels: Array, scene: Scene) -> tuple[Array, Array, Array]:
    """Images uint8 `(n, 32, 32, 3)`, masks uint8 `(n, 32, 32)` and radii int32 `(n,)` of the images numbered `indices`."""
    stream = Stream(split, indices)
    pose = _draw_pose(stream, scene)
    cover = cover_objects(labels, pose)
    ground, paint = _draw_colours(stream, scene)
    coarse, fine = _draw_texture(stream, 8), _draw_texture(stream, 4)
    canvas = ground[:, :, None, None] + _tint(coarse, _draw_strength(stream, scene))
    canvas += _tint(fine, _draw_strength(stream, scene))
    _paint_strokes(canvas, stream, scene.strokes)
    surface = _tint(fine[:, ::-1, ::-1], _draw_strength(stream, scene) >> 1)
    _blend(canvas, paint[:, :, None, None] + surface, cover)
    hidden = _paint_occluders(canvas, stream, scene.occluders, pose)
    _light(canvas, stream, scene)
    _add_noise(canvas, stream, scene)
    images = np.clip(canvas, 0, 255).astype(np.uint8).transpose(0, 2, 3, 1)
    return images, ((cover > OPAQUE // 2) & ~hidden).astype(np.uint8), pose.radii
