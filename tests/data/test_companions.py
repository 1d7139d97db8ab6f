"""Data sets beside the chosen one: which they are, and what is said where they are not at hand."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import tiny_sets as tiny

from kerascnn import data
from kerascnn.errors import UsageError


@pytest.fixture
def generated(shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> data.DatasetInfo:
    """The generated set, in a cache that has its companions too."""
    monkeypatch.setenv("KERASCNN_CACHE", str(shared_cache))
    return data.load_dataset("embedded", report=silent).info


def silent(message: str) -> None:
    """Nothing to report."""


def write_fashion(folder: Path) -> None:
    """Twenty images to train with and ten to test with, as Fashion-MNIST is packed."""
    folder.mkdir(parents=True)
    for name, count in (("train", 20), ("t10k", 10)):
        images = np.zeros((count, 28, 28), np.uint8)
        labels = (np.arange(count) % 10).astype(np.uint8)
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            header = bytes((0, 0, 8, array.ndim)) + b"".join(n.to_bytes(4, "big") for n in array.shape)
            (folder / f"{name}-{kind}-ubyte.gz").write_bytes(gzip.compress(header + array.tobytes()))


def photograph_set(folder: Path) -> data.Dataset:
    return data.load_dataset(str(tiny.write_npz(folder / "cifar10.npz")), report=silent)


def test_clean_shapes_stand_beside_the_generated_set(generated: data.DatasetInfo):
    found = data.with_companions(generated, ["easy", "small-objects", "large-objects"], "embedded", silent)
    assert found.missing == {}
    assert [info.name for info in found.companions.values()] == ["embedded-easy", "embedded-small", "embedded-large"]
    assert len({generated.content, *(info.content for info in found.companions.values())}) == 4


def test_the_shapes_with_masks_stand_beside_any_set_and_are_the_generated_one(
    tmp_path: Path, generated: data.DatasetInfo
):
    for chosen in (generated, photograph_set(tmp_path).info):
        found = data.with_companions(chosen, ["shapes"], None, silent).companions["shapes"]
        assert found.content == generated.content
        train_masks, _ = data.open_dataset(found.content).masks()
        assert train_masks.shape == (found.train_images, 32, 32)


def test_fashion_stands_beside_photographs_where_the_folder_of_sets_has_it(tmp_path: Path):
    main = photograph_set(tmp_path).info
    write_fashion(tmp_path / "fashion-mnist")
    found = data.with_companions(main, ["easy"], str(tmp_path), silent)
    assert found.companions["easy"].name == "fashion-mnist"
    assert found.companions["easy"].image_shape == (32, 32, 3)


def test_fashion_is_found_in_the_cache_of_keras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    write_fashion(tmp_path / "keras" / "datasets" / "fashion-mnist")
    found = data.with_companions(photograph_set(tmp_path).info, ["easy"], "cifar10", silent)
    assert found.companions["easy"].name == "fashion-mnist"


def test_a_companion_that_cannot_be_had_is_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    found = data.with_companions(photograph_set(tmp_path).info, ["easy"], "cifar10", silent)
    assert found.companions == {}
    assert "The easy set, Fashion-MNIST, is not on this machine" in found.missing["easy"]
    assert "fashion_mnist.load_data()" in found.missing["easy"]


def test_an_unknown_companion_is_an_error_with_a_near_match(tmp_path: Path):
    with pytest.raises(UsageError, match="Did you mean 'easy'"):
        data.with_companions(photograph_set(tmp_path).info, ["eas"], None, silent)


def test_a_study_is_told_of_the_companions_it_names_alone(generated: data.DatasetInfo):
    found = data.with_companions(generated, ["easy", "small-objects"], "embedded", silent)
    assert list(found.beside(("easy",)).companions) == ["easy"]
    assert found.beside(()) == generated
