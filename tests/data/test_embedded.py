"""The embedded data set keeps its bytes, its balance and its masks on every machine."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerascnn.data import embedded
from kerascnn.data.embedded.integers import sine_of
from kerascnn.errors import KerascnnError

STANDARD_SHA256 = "3163503b181ef8e78461c80ccd3de9baf69555ef0b3e12ef17f8d989744b5348"
EASY_SHA256 = "968230cb2c4ea4039c5077b48f6feb42587b32fdc1c71980d717f1aa5197a598"


def digest(data: embedded.EmbeddedImages) -> str:
    """SHA-256 of images, labels, masks and sizes, train before test; int32 as little-endian."""
    sha = hashlib.sha256()
    for split in ("train", "test"):
        sha.update(getattr(data, f"{split}_images").tobytes())
        sha.update(getattr(data, f"{split}_labels").astype("<i4").tobytes())
        sha.update(getattr(data, f"{split}_masks").tobytes())
        sha.update(getattr(data, f"{split}_sizes").astype("<i4").tobytes())
    return sha.hexdigest()


def dispatched_features() -> list[str]:
    """The instruction sets that this NumPy would choose its kernels by, and this processor has."""
    from numpy._core import _multiarray_umath as umath

    return [name for name in umath.__cpu_dispatch__ if umath.__cpu_features__.get(name)]


def object_colours(images: Any, masks: Any) -> Any:
    """Mean colour of each image's object, float64 `(n, 3)`."""
    return np.einsum("nhwc,nhw->nc", images, masks, dtype=np.float64) / np.maximum(masks.sum((1, 2)), 1)[:, None]


def outline_contrast(images: Any, masks: Any) -> Any:
    """Grey-level distance between an image's object and its background, float64 `(n,)`."""
    grey, inside = images.mean(-1), masks.astype(bool)
    return np.abs(
        (grey * inside).sum((1, 2)) / inside.sum((1, 2)) - (grey * ~inside).sum((1, 2)) / (~inside).sum((1, 2))
    )


@pytest.fixture(scope="module")
def full() -> embedded.EmbeddedImages:
    return embedded.generate()


@pytest.fixture(scope="module")
def easy() -> embedded.EmbeddedImages:
    return embedded.generate(1000, 200, variant="easy")


def test_the_bytes_of_the_whole_set_are_pinned(full: embedded.EmbeddedImages) -> None:
    assert digest(full) == STANDARD_SHA256, "the bytes changed: give embedded.VERSION a new value if that is meant"


def test_the_bytes_of_the_easy_variant_are_pinned(easy: embedded.EmbeddedImages) -> None:
    assert digest(easy) == EASY_SHA256, "the bytes changed: give embedded.VERSION a new value if that is meant"


def test_the_arrays_have_the_promised_shapes_and_types(full: embedded.EmbeddedImages) -> None:
    assert (full.train_images.shape, full.test_images.shape) == ((20_000, 32, 32, 3), (4_000, 32, 32, 3))
    assert (full.train_masks.shape, full.test_masks.shape) == ((20_000, 32, 32), (4_000, 32, 32))
    assert {full.train_images.dtype, full.train_masks.dtype} == {np.dtype(np.uint8)}
    assert {full.train_labels.dtype, full.train_sizes.dtype} == {np.dtype(np.int32)}
    assert len(embedded.CLASS_NAMES) == len(set(embedded.CLASS_NAMES)) == 10


def test_a_second_generation_gives_the_same_bytes() -> None:
    assert digest(embedded.generate(600, 200)) == digest(embedded.generate(600, 200))


@pytest.mark.parametrize("count", [0, 1, 7, 320, 333, 1000])
def test_fewer_images_are_the_first_of_more(full: embedded.EmbeddedImages, count: int) -> None:
    part = embedded.generate(count, count)
    for name in vars(part):
        np.testing.assert_array_equal(getattr(part, name), getattr(full, name)[:count])


def test_the_bytes_do_not_depend_on_the_instruction_set() -> None:
    features = dispatched_features()
    if not features:
        pytest.skip("this NumPy has no kernels to choose from on this processor")
    script = (
        "import sys; from kerascnn.data import embedded; d = embedded.generate(600, 200);"
        "sys.stdout.buffer.write(b''.join(getattr(d, n).tobytes() for n in sorted(vars(d))))"
    )
    environment = {
        **os.environ,
        "NPY_DISABLE_CPU_FEATURES": " ".join(features),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    plain = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True).stdout
    here = embedded.generate(600, 200)
    assert plain == b"".join(getattr(here, name).tobytes() for name in sorted(vars(here)))


def test_the_module_loads_without_tensorflow() -> None:
    script = "import sys, kerascnn.data.embedded; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", script], env=environment, check=False).returncode == 0


def test_every_ten_consecutive_images_hold_each_class_once(full: embedded.EmbeddedImages) -> None:
    for labels in (full.train_labels, full.test_labels):
        blocks = np.sort(labels.reshape(-1, 10), axis=1)
        assert (blocks == np.arange(10)).all()


def test_the_order_of_classes_differs_between_blocks_and_splits(full: embedded.EmbeddedImages) -> None:
    blocks = full.train_labels.reshape(-1, 10)
    assert len(np.unique(blocks, axis=0)) > 1900
    np.testing.assert_allclose([np.mean(blocks[:, place]) for place in range(10)], 4.5, atol=0.3)
    assert (full.train_labels[:4000] == full.test_labels).mean() < 0.15


def test_no_image_occurs_twice(full: embedded.EmbeddedImages) -> None:
    images = np.concatenate([full.train_images, full.test_images])
    assert len({image.tobytes() for image in images}) == len(images)


def test_masks_are_where_the_image_differs_from_its_background(easy: embedded.EmbeddedImages) -> None:
    corners = easy.train_images[:, :1, :1].astype(np.int16)
    differs = np.abs(easy.train_images - corners).max(-1) > 40
    assert (differs == easy.train_masks.astype(bool)).mean() > 0.97


def test_masked_pixels_stand_out_in_nearly_every_image(full: embedded.EmbeddedImages) -> None:
    contrast = outline_contrast(full.test_images, full.test_masks)
    assert (contrast > 15).mean() > 0.97


def test_every_object_is_visible(full: embedded.EmbeddedImages) -> None:
    assert set(np.unique(full.train_masks)) == {0, 1}
    assert full.train_masks.sum((1, 2)).min() >= 15


def test_masks_grow_with_the_size(full: embedded.EmbeddedImages) -> None:
    area = full.train_masks.sum((1, 2))
    for label in range(10):
        chosen = full.train_labels == label
        assert np.corrcoef(full.train_sizes[chosen].astype(np.float64) ** 2, area[chosen])[0, 1] > 0.5


def test_a_disc_mask_has_the_area_its_size_says(easy: embedded.EmbeddedImages) -> None:
    discs = easy.train_labels == embedded.CLASS_NAMES.index("disc")
    radius = easy.train_sizes[discs] / 256 * 880 / 1024
    np.testing.assert_allclose(easy.train_masks[discs].sum((1, 2)), np.pi * radius**2, rtol=0.04)


def test_sizes_do_not_tell_the_class(full: embedded.EmbeddedImages) -> None:
    means = [full.train_sizes[full.train_labels == label].mean() for label in range(10)]
    assert np.ptp(means) < 0.02 * full.train_sizes.mean()


def test_the_object_colour_does_not_tell_the_class(full: embedded.EmbeddedImages) -> None:
    colours = object_colours(full.train_images[:10_000], full.train_masks[:10_000])
    means = np.array([colours[full.train_labels[:10_000] == label].mean(0) for label in range(10)])
    assert np.ptp(means, axis=0).max() < 0.15 * colours.std()


def test_the_image_colour_does_not_tell_the_class(full: embedded.EmbeddedImages) -> None:
    train, test = full.train_images.mean((1, 2)), full.test_images.mean((1, 2))
    means = np.array([train[full.train_labels == label].mean(0) for label in range(10)])
    nearest = ((test[:, None] - means) ** 2).sum(-1).argmin(1)
    assert (nearest == full.test_labels).mean() < 0.13


def test_the_easy_variant_has_one_size_and_a_plain_background(easy: embedded.EmbeddedImages) -> None:
    assert len(np.unique(easy.train_sizes)) == 1
    assert (easy.train_images[:, 0] == easy.train_images[:, :1, 0]).all()


def test_both_variants_give_the_same_labels(full: embedded.EmbeddedImages, easy: embedded.EmbeddedImages) -> None:
    np.testing.assert_array_equal(easy.train_labels, full.train_labels[:1000])


@pytest.mark.parametrize("wrong", [{"variant": "hard"}, {"train_images": -1}, {"test_images": -1}])
def test_a_wrong_argument_is_a_clear_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(KerascnnError, match="Received"):
        embedded.generate(**{"train_images": 10, "test_images": 10, **wrong})


def test_the_sines_are_those_of_the_mathematics() -> None:
    angles = np.arange(1024) * 2 * np.pi / 1024
    np.testing.assert_allclose(sine_of(np.arange(1024)) / 2**14, np.sin(angles), atol=0.5001 / 2**14)


@pytest.mark.parametrize(("variant", "low", "high"), [("small", 5.0, 6.0), ("large", 10.5, 11.5)])
def test_the_sizes_of_small_and_large_objects_lie_at_the_ends_of_the_standard_ones(variant, low, high):
    pixels = embedded.generate(300, 50, variant=variant).train_sizes / 256
    assert low <= pixels.min() < pixels.max() <= high
    standard = embedded.generate(3000, 0).train_sizes / 256
    assert standard.min() < 5.1
    assert standard.max() > 11.4


def test_the_mean_of_each_class_is_the_mean_of_its_pictures(shared_cache: Path, monkeypatch: pytest.MonkeyPatch):
    from kerascnn import data

    monkeypatch.setenv("KERASCNN_CACHE", str(shared_cache))
    shapes = data.load_dataset("embedded", report=lambda message: None)
    means = shapes.class_means()
    assert means.shape == (10, 32, 32, 3)
    stars = shapes.train_images[shapes.train_labels == 4].astype(np.float64)
    assert np.abs(means[4] - stars.mean(axis=0)).max() <= 0.5
