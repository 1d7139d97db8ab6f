"""Data that tests of every kind share, made once in each session whatever the number of its processes."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
from PIL import Image
from place import ONE_OF_EACH, REAL_CIFAR, Place, make_place

PARTS = {"train": 2000, "test": 1000}
"""How many pictures of each part most tests have."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests come first, then the long chain of those that share one finished suite, beside it all others.

    One process runs all fast tests of a module, or all that browse, for they share what takes long to start. One runs
    every test of the finished suite: what one adds, the next may find.
    """
    for item in items:
        if item.get_closest_marker("xdist_group") is None and (group := _group_of(item)):
            item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: 0 if _is_fast(item) else 1 if _is_of_the_finished_suite(item) else 2)


def _group_of(item: pytest.Item) -> str:
    if _is_of_the_finished_suite(item):
        return "finished"
    return item.path.name if _is_fast(item) or item.get_closest_marker("browser") else ""


def _is_fast(item: pytest.Item) -> bool:
    return not any(item.get_closest_marker(name) for name in ("slow", "browser", "thorough", "faults", "fuzz"))


def _is_of_the_finished_suite(item: pytest.Item) -> bool:
    return "finished" in getattr(item, "fixturenames", ())


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
    arrays = _excerpt_of_real_pictures() if REAL_CIFAR.is_dir() else _excerpt_of_generated_ones(shared_cache)
    folder = tmp_path_factory.mktemp("data")
    (folder / "cache").symlink_to(shared_cache)
    path = folder / "cifar10.npz"
    np.savez(path, **arrays)
    return path


def _excerpt_of_real_pictures() -> dict[str, np.ndarray]:
    """The first pictures of each file: decoding all sixty thousand would take longer than many a test."""
    arrays: dict[str, np.ndarray] = {}
    for part, count in PARTS.items():
        file = pyarrow.parquet.ParquetFile(next(REAL_CIFAR.glob(f"{part}-*.parquet")))
        rows = next(file.iter_batches(count)).to_pylist()
        arrays[f"x_{part}"] = np.stack([np.asarray(Image.open(io.BytesIO(row["img"]["bytes"]))) for row in rows])
        arrays[f"y_{part}"] = np.array([[row["label"]] for row in rows], np.uint8)
    return arrays


def _excerpt_of_generated_ones(cache: Path) -> dict[str, np.ndarray]:
    from kerascnn.data import load_dataset

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERASCNN_CACHE", str(cache))
        whole = load_dataset("embedded")
    arrays: dict[str, np.ndarray] = {}
    for part, count in PARTS.items():
        arrays[f"x_{part}"] = getattr(whole, f"{part}_images")[:count]
        arrays[f"y_{part}"] = getattr(whole, f"{part}_labels")[:count, None]
    return arrays


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


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are named by their argument and number: a zip file has the time in it, so each worker would collect other tests."""
    return argname if isinstance(val, bytes) else None
