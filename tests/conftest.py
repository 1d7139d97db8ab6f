"""Data that the tests of whole pipelines share."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from place import REAL_CIFAR

IMAGES = 2000


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small .npz: an excerpt of real CIFAR-10 where it lies beside the checkout, else of the generated set."""
    from kerascnn.data import load_dataset

    folder = tmp_path_factory.mktemp("data")
    before = os.environ.get("KERASCNN_CACHE")
    os.environ["KERASCNN_CACHE"] = before or str(folder / "cache")
    whole = load_dataset(str(REAL_CIFAR) if REAL_CIFAR.is_dir() else "embedded")
    if before is None:
        del os.environ["KERASCNN_CACHE"]
    path = folder / "cifar10.npz"
    np.savez(
        path,
        x_train=whole.train_images[:IMAGES],
        y_train=whole.train_labels[:IMAGES, None],
        x_test=whole.test_images[: IMAGES // 2],
        y_test=whole.test_labels[: IMAGES // 2, None],
    )
    return path
