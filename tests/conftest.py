"""Data that tests of every kind share, made once in each session whatever the number of its processes."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from place import REAL_CIFAR

IMAGES = 2000


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with every generated set, for tests that are not about making them."""
    from kerascnn.data import load_dataset, with_companions

    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared-cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERASCNN_CACHE", str(folder))
        generated = load_dataset("embedded", report=lambda message: None).info
        sets = ["easy", "small-objects", "large-objects", "shapes"]
        assert with_companions(generated, sets, "embedded", lambda message: None).missing == {}
    return folder


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Path:
    """A small .npz: an excerpt of real CIFAR-10 where it lies beside the checkout, else of the generated set.

    Beside it the cache of the commands that use it.
    """
    from kerascnn.data import load_dataset

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERASCNN_CACHE", str(shared_cache))
        whole = load_dataset(str(REAL_CIFAR) if REAL_CIFAR.is_dir() else "embedded")
    folder = tmp_path_factory.mktemp("data")
    (folder / "cache").symlink_to(shared_cache)
    path = folder / "cifar10.npz"
    np.savez(
        path,
        x_train=whole.train_images[:IMAGES],
        y_train=whole.train_labels[:IMAGES, None],
        x_test=whole.test_images[: IMAGES // 2],
        y_test=whole.test_labels[: IMAGES // 2, None],
    )
    return path
