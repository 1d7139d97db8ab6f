"""The data beside the checkout, where they are there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kerascnn import data

SHARED = Path(__file__).parents[2].parent / "shared" / "data"

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/data")


@pytest.mark.slow  # decodes sixty thousand pictures
def test_cifar_10_has_its_images_in_the_official_order() -> None:
    dataset = data.load_dataset(str(SHARED))
    assert dataset.info.title == "CIFAR-10 (JPEG copy)"
    assert dataset.train_images.shape == (50_000, 32, 32, 3)
    assert dataset.test_images.shape == (10_000, 32, 32, 3)
    assert np.bincount(dataset.train_labels).tolist() == [5_000] * 10
    assert np.bincount(dataset.test_labels).tolist() == [1_000] * 10
    assert dataset.train_labels[:10].tolist() == [6, 9, 9, 4, 1, 1, 2, 7, 8, 3]
    assert dataset.test_labels[:10].tolist() == [3, 8, 8, 0, 6, 6, 1, 6, 3, 1]
    means = dataset.train_images.mean(axis=(0, 1, 2)) / 255
    np.testing.assert_allclose(means, [0.491, 0.482, 0.447], atol=6e-4)
    messages: list[str] = []
    assert data.load_dataset(str(SHARED), report=messages.append).info == dataset.info
    assert messages == [], "it was decoded twice"


def test_fashion_mnist_is_the_original_to_the_pixel() -> None:
    dataset = data.load_dataset(str(SHARED), member="fashion-mnist")
    assert dataset.info.title == "Fashion-MNIST"
    assert dataset.info.content == "6b4e8808147b41bd05ea1b934231c43729b132321c6e7deb0c3e76043dfc2195"
    assert dataset.info.class_names[dataset.train_labels[0]] == "Ankle boot"
