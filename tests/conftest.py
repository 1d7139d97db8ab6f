"""Data that tests of every kind share, made once in each session whatever the number of its processes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from place import ONE_OF_EACH, REAL_CIFAR, Place, make_place

IMAGES = 2000


def of_all_processes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the processes of one session have in common."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with every generated set, for tests that are not about making them."""
    from kerascnn.data import load_dataset, with_companions

    folder = of_all_processes(tmp_path_factory) / "shared-cache"
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


@pytest.fixture(scope="session")
def as_made(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Place:
    """One experiment of each kind, done once under the smoke profile by one of the processes. Not to be changed at all."""
    from kerascnn.ownership.locks import process_lock

    root = of_all_processes(tmp_path_factory) / "as-made"
    root.mkdir(exist_ok=True)
    with process_lock(root / "lock", timeout=1800):
        if not (root / "data.txt").exists():
            place = make_place(root, data, *ONE_OF_EACH)
            done = place.pipeline("all", "--jobs", "2")
            assert done.returncode == 0, done.stdout + done.stderr
            assert done.stdout.splitlines()[-1] == "Open reports/index.html"
            (root / "data.txt").write_text(str(data))
    return Place(root, Path((root / "data.txt").read_text()))


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, as_made: Place) -> Place:
    """The same finished suite for the tests of one process, which may add to it but not take away."""
    root = tmp_path_factory.mktemp("suite")
    for folder in (as_made.store, as_made.reports, as_made.experiments):
        shutil.copytree(folder, root / folder.name)
    return Place(root, as_made.data)
