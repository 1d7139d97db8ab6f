"""From bytes to the network's input: normalisation against NumPy, augmentation against its definition."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
import tensorflow as tf

from kerascnn.specs import Normalisation
from kerascnn.training.inputs import SHIFT_PIXELS, Affine, affine_for, augment, channel_statistics, normalise


@pytest.fixture
def images() -> np.ndarray:
    """uint8 (20, 10, 12, 3), each channel with its own mean and contrast."""
    levels = np.random.default_rng(2).normal([60, 128, 200], [10, 40, 20], (20, 10, 12, 3))
    return np.clip(levels, 0, 255).astype(np.uint8)


def normalised(images: np.ndarray, kind: Any, statistics: Affine | None = None) -> np.ndarray:
    """`images` under the normalisation `kind`, statistics taken from themselves unless given."""
    affine = affine_for(kind, statistics or channel_statistics(images))
    return np.asarray(normalise(tf.constant(images), *affine, per_image=kind == "per-image"))


def in_numpy(images: np.ndarray, kind: str) -> np.ndarray:
    """The same in float64 from the definition."""
    pixels = images.astype(np.float64)
    mean, std = pixels.mean((0, 1, 2)), pixels.std((0, 1, 2))
    own_mean, own_std = pixels.mean((1, 2, 3), keepdims=True), pixels.std((1, 2, 3), keepdims=True)
    return {
        "raw": pixels,
        "centred": pixels - mean,
        "unit": pixels / 255,
        "centred-unit": (pixels - mean) / 255,
        "symmetric": pixels / 127.5 - 1,
        "scale-only": pixels / std,
        "z-score": (pixels - mean) / std,
        "per-image": (pixels - own_mean) / own_std,
    }[kind]


@pytest.mark.parametrize("kind", get_args(Normalisation))
def test_every_normalisation_is_its_definition(images: np.ndarray, kind: str) -> None:
    found = normalised(images, kind)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, in_numpy(images, kind), rtol=1e-5, atol=2e-5)


def test_per_image_normalisation_forgets_brightness_and_contrast() -> None:
    dark = np.random.default_rng(3).integers(0, 60, (5, 8, 8, 3)).astype(np.uint8)
    bright = 3 * dark + 40
    np.testing.assert_allclose(normalised(bright, "per-image"), normalised(dark, "per-image"), atol=1e-4)
    assert np.abs(normalised(bright, "unit") - normalised(dark, "unit")).max() > 0.5


def test_a_flat_image_becomes_zero_and_not_nan() -> None:
    np.testing.assert_array_equal(normalised(np.full((2, 8, 8, 3), 77, np.uint8), "per-image"), 0.0)


def test_channel_statistics_are_those_of_float64_numpy(images: np.ndarray) -> None:
    found = channel_statistics(images)
    pixels = images.astype(np.float64)
    assert found.shift.dtype == found.scale.dtype == np.float32
    np.testing.assert_allclose(found.shift, pixels.mean((0, 1, 2)), rtol=1e-7)
    np.testing.assert_allclose(found.scale, 1 / pixels.std((0, 1, 2)), rtol=1e-7)


def test_channel_statistics_do_not_depend_on_the_order_of_images(images: np.ndarray) -> None:
    for one, other in zip(channel_statistics(images), channel_statistics(images[::-1]), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_constant_channel_has_a_finite_scale() -> None:
    found = channel_statistics(np.full((4, 5, 5, 1), 9, np.uint8))
    assert np.isfinite(found.scale).all()
    assert found.shift.tolist() == [9.0]


def augmented(images: np.ndarray, *kinds: Any, seed: tuple[int, int] = (1, 0)) -> np.ndarray:
    """A random variant of `images`."""
    return np.asarray(augment(tf.constant(images), kinds, tf.constant(seed, tf.int32)))


@pytest.mark.parametrize("kinds", [("flip",), ("shift",), ("flip", "shift")])
def test_augmentation_changes_images_and_keeps_shape_and_type(images: np.ndarray, kinds: tuple[str, ...]) -> None:
    found = augmented(images, *kinds)
    assert (found.shape, found.dtype) == (images.shape, np.uint8)
    assert (found != images).any()


def test_no_augmentation_changes_nothing(images: np.ndarray) -> None:
    np.testing.assert_array_equal(augmented(images), images)


@pytest.mark.parametrize("kind", ["flip", "shift"])
def test_augmentation_follows_from_both_numbers_of_the_seed(images: np.ndarray, kind: str) -> None:
    np.testing.assert_array_equal(augmented(images, kind), augmented(images, kind))
    for other in ((2, 0), (1, 2)):
        assert (augmented(images, kind) != augmented(images, kind, seed=other)).any()


def test_flipping_mirrors_about_half_of_the_images_left_to_right(images: np.ndarray) -> None:
    many = np.repeat(images, 20, axis=0)
    mirrored = [bool((one == image[:, ::-1]).all()) for one, image in zip(augmented(many, "flip"), many, strict=True)]
    kept = [bool((one == image).all()) for one, image in zip(augmented(many, "flip"), many, strict=True)]
    assert sum(mirrored) + sum(kept) == 400
    assert 150 < sum(mirrored) < 250


def test_shifting_crops_the_reflected_image_at_a_random_place(images: np.ndarray) -> None:
    places = []
    for image, found in zip(images, augmented(images, "shift"), strict=True):
        padded = np.pad(image, [(SHIFT_PIXELS, SHIFT_PIXELS)] * 2 + [(0, 0)], mode="reflect")
        crops = np.lib.stride_tricks.sliding_window_view(padded, image.shape)[:, :, 0]
        places.append(tuple(np.argwhere((crops == found).all((2, 3, 4)))[0]))
    assert len(set(places)) > 10
    assert max(max(place) for place in places) <= 2 * SHIFT_PIXELS


def test_shifts_of_both_directions_reach_every_offset() -> None:
    position = np.arange(12 * 12, dtype=np.uint8).reshape(1, 12, 12, 1)
    corners = augmented(np.repeat(position, 600, axis=0), "shift")[:, SHIFT_PIXELS, SHIFT_PIXELS, 0]
    rows, columns = np.divmod(corners, 12)
    assert set(rows.tolist()) == set(columns.tolist()) == set(range(2 * SHIFT_PIXELS + 1))
