"""Data sets beside the chosen one: which they are, and what is said where they are not at hand."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest
import tiny_sets as tiny

from kerascnn import data
from kerascnn.data import download, load
from kerascnn.errors import UsageError


@pytest.fixture
def generated(shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> data.DatasetInfo:
    """The generated set, in a cache that has its companions too."""
    monkeypatch.setenv("KERASCNN_CACHE", str(shared_cache))
    return data.load_dataset("embedded", report=silent).info


def silent(message: str) -> None:
    """Nothing to report."""


def write_grey(folder: Path, pixel: int) -> None:
    """Twenty images to train with and ten to test with, as MNIST and Fashion-MNIST are packed."""
    folder.mkdir(parents=True)
    for name, count in (("train", 20), ("t10k", 10)):
        images = np.full((count, 28, 28), pixel, np.uint8)
        labels = (np.arange(count) % 10).astype(np.uint8)
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            header = bytes((0, 0, 8, array.ndim)) + b"".join(n.to_bytes(4, "big") for n in array.shape)
            (folder / f"{name}-{kind}-ubyte.gz").write_bytes(gzip.compress(header + array.tobytes()))


def write_fashion(folder: Path) -> None:
    write_grey(folder, 50)


def write_mnist(folder: Path) -> None:
    write_grey(folder, 100)


def write_keras_mnist(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny `mnist.npz` where Keras keeps it, the published one from now on."""
    folder = load.keras_datasets_folder()
    assert folder is not None
    file = tiny.write_npz(folder / "mnist.npz", x_train=tiny.GREY_TRAIN_PIXELS, x_test=tiny.GREY_TEST_PIXELS)
    monkeypatch.setattr(load, "KERAS_MNIST_SHA256", hashlib.sha256(file.read_bytes()).hexdigest())
    return file


def deliver_mnist(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """MNIST can be fetched from now on; the list has an entry for each time that it is."""
    asked = list[str]()

    def fetch(report: object, patience: object = None) -> Path:
        asked.append("MNIST")
        folder = download.archive_path().with_name("mnist")
        write_mnist(folder)
        return folder

    monkeypatch.setattr(download, "ensure_mnist", fetch)
    return asked


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


def test_mnist_is_the_easy_set_beside_photographs_and_fashion_lies_between(tmp_path: Path):
    main = photograph_set(tmp_path).info
    write_fashion(tmp_path / "fashion-mnist")
    write_mnist(tmp_path / "mnist")
    found = data.with_companions(main, ["mnist", "fashion-mnist", "easy", "middle"], str(tmp_path), silent)
    assert found.missing == {}
    names = {name: info.name for name, info in found.companions.items()}
    assert names == {"mnist": "mnist", "fashion-mnist": "fashion-mnist", "easy": "mnist", "middle": "fashion-mnist"}
    assert {info.image_shape for info in found.companions.values()} == {(32, 32, 3)}


def test_mnist_as_keras_packs_it_may_lie_in_the_folder_of_sets(tmp_path: Path):
    main = photograph_set(tmp_path).info
    tiny.write_npz(tmp_path / "mnist.npz", x_train=tiny.GREY_TRAIN_PIXELS, x_test=tiny.GREY_TEST_PIXELS)
    assert data.with_companions(main, ["mnist"], str(tmp_path), silent).companions["mnist"].name == "mnist"


def test_fashion_is_the_easy_set_where_mnist_cannot_be_had_and_then_none_lies_between(
    tmp_path: Path, messages: list[str]
):
    main = photograph_set(tmp_path).info
    write_fashion(tmp_path / "fashion-mnist")
    found = data.with_companions(main, ["easy", "middle"], str(tmp_path), messages.append)
    assert {name: info.name for name, info in found.companions.items()} == {"easy": "fashion-mnist"}
    assert found.companions["easy"].image_shape == (32, 32, 3)
    assert found.missing["middle"].startswith("Fashion-MNIST is the easy set here. MNIST is not on this machine")
    assert any(message.startswith("Fashion-MNIST is the easy set. MNIST is not on this") for message in messages)


def test_fashion_is_found_in_the_cache_of_keras(tmp_path: Path):
    folder = load.keras_datasets_folder()
    assert folder is not None
    write_fashion(folder / "fashion-mnist")
    found = data.with_companions(photograph_set(tmp_path).info, ["easy", "fashion-mnist"], "cifar10", silent)
    assert {info.name for info in found.companions.values()} == {"fashion-mnist"}


def test_mnist_in_the_cache_of_keras_is_taken_without_a_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_keras_mnist(monkeypatch)
    asked = deliver_mnist(monkeypatch)
    found = data.with_companions(photograph_set(tmp_path).info, ["easy"], "auto", silent)
    assert (found.companions["easy"].name, asked) == ("mnist", [])


def test_a_torn_mnist_in_the_cache_of_keras_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, messages: list[str]
):
    write_keras_mnist(monkeypatch).write_bytes(b"torn")
    asked = deliver_mnist(monkeypatch)
    found = data.with_companions(photograph_set(tmp_path).info, ["mnist"], "auto", messages.append)
    assert (found.companions["mnist"].name, asked) == ("mnist", ["MNIST"])
    assert messages[0].startswith("Keras' copy of MNIST is not used")


@pytest.mark.parametrize("choice", ["auto", "cifar10"])
def test_mnist_is_fetched_where_the_main_set_may_be_and_only_if_it_is_named(
    choice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    main, asked = photograph_set(tmp_path).info, deliver_mnist(monkeypatch)
    data.with_companions(main, ["fashion-mnist"], choice, silent)
    assert asked == []
    assert data.with_companions(main, ["easy"], choice, silent).companions["easy"].name == "mnist"
    assert asked == ["MNIST"]


def test_nothing_is_fetched_beside_a_set_of_ones_own_or_the_generated_one(
    tmp_path: Path, generated: data.DatasetInfo, monkeypatch: pytest.MonkeyPatch
):
    asked = deliver_mnist(monkeypatch)
    sets = [(photograph_set(tmp_path).info, str(tmp_path)), (generated, "embedded"), (generated, "auto")]
    for main, choice in sets:
        assert "data fetch` fetches it once" in data.with_companions(main, ["mnist"], choice, silent).missing["mnist"]
    assert asked == []


def test_what_was_fetched_before_stands_beside_a_set_of_ones_own(tmp_path: Path):
    write_mnist(download.archive_path().with_name("mnist"))
    found = data.with_companions(photograph_set(tmp_path).info, ["easy"], str(tmp_path), silent)
    assert found.companions["easy"].name == "mnist"


def test_a_companion_that_cannot_be_had_is_named_with_what_to_do(tmp_path: Path):
    main = photograph_set(tmp_path).info
    found = data.with_companions(main, ["easy", "fashion-mnist"], "cifar10", silent)
    assert found.companions == {}
    assert found.missing["easy"].startswith(
        "The easy set, MNIST or Fashion-MNIST, is not at hand. MNIST must be fetched"
    )
    assert "fashion_mnist.load_data()" in found.missing["fashion-mnist"]
    again = data.with_companions(main, ["easy"], "auto", silent).missing["easy"]
    assert "MNIST was not delivered within the last 10 minutes" in again


def test_no_easier_set_stands_beside_mnist_and_only_mnist_beside_fashion(tmp_path: Path):
    write_fashion(tmp_path / "fashion-mnist")
    write_mnist(tmp_path / "mnist")
    names = ["easy", "middle"]
    digits = data.load_dataset(str(tmp_path / "mnist"), report=silent).info
    clothes = data.load_dataset(str(tmp_path / "fashion-mnist"), report=silent).info
    beside_digits = data.with_companions(digits, names, str(tmp_path), silent)
    assert beside_digits.missing == {
        "easy": "MNIST is the chosen set itself, and no easier one stands beside it.",
        "middle": f"No set lies between MNIST and {digits.title}.",
    }
    beside_clothes = data.with_companions(clothes, names, str(tmp_path), silent)
    assert list(beside_clothes.companions) == ["easy"]
    (tmp_path / "mnist").rename(tmp_path / "elsewhere")
    alone = data.with_companions(clothes, names, str(tmp_path), silent)
    assert alone.companions == {}
    assert alone.missing["easy"].startswith("Beside Fashion-MNIST only MNIST is easier. MNIST is not on this machine")


def test_nothing_lies_between_the_generated_set_and_its_clean_shapes(generated: data.DatasetInfo):
    found = data.with_companions(generated, ["easy", "middle"], "embedded", silent)
    assert list(found.companions) == ["easy"]
    assert found.missing["middle"] == "No set lies between the clean shapes and the generated ones."


def test_an_unknown_companion_is_an_error_with_a_near_match(tmp_path: Path):
    with pytest.raises(UsageError, match="Did you mean 'easy'"):
        data.with_companions(photograph_set(tmp_path).info, ["esay"], None, silent)


def test_a_study_is_told_of_the_companions_it_names_alone(generated: data.DatasetInfo):
    found = data.with_companions(generated, ["easy", "small-objects"], "embedded", silent)
    assert list(found.beside(("easy",)).companions) == ["easy"]
    assert found.beside(()) == generated
