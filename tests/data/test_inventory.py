from __future__ import annotations

from pathlib import Path

import pytest
import tiny_sets as tiny

from kerascnn import data
from kerascnn.data import download, load


def test_what_could_be_had_is_listed_before_anything_is_there() -> None:
    sources = data.describe_sources()
    assert [source.choice for source in sources] == ["cifar10", None, "embedded"]
    assert all(source.content is None for source in sources)
    assert [source.title for source in sources[:2]] == ["CIFAR-10 (not fetched yet)", "MNIST (not fetched yet)"]


def test_a_copy_of_keras_and_decoded_sets_are_listed_with_size_and_content(tmp_path: Path) -> None:
    tiny.write_python_release(tmp_path / "keras" / "datasets" / "cifar-10-batches-py")
    info = data.load_dataset(str(tiny.write_npz(tmp_path / "things.npz"))).info
    sources = data.describe_sources()
    assert sources[0].title == "CIFAR-10 kept by Keras (cifar-10-batches-py)"
    assert (sources[-1].title, sources[-1].content) == ("things, decoded", info.content)
    assert sources[-1].size_bytes > tiny.TRAIN_PIXELS.nbytes
    assert Path(sources[-1].where).is_dir()
    assert not sources[-1].verified


def test_a_fetched_archive_is_listed_as_verified() -> None:
    download.archive_path().parent.mkdir(parents=True)
    download.archive_path().write_bytes(b"archive")
    [fetched] = [source for source in data.describe_sources() if source.choice == "cifar10"]
    assert (fetched.size_bytes, fetched.verified) == (7, True)
    assert data.fetch("CIFAR-10") == download.archive_path()


def test_the_embedded_set_shows_its_content_once_it_was_generated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "EMBEDDED_TRAIN_IMAGES", 20)
    monkeypatch.setattr(load, "EMBEDDED_TEST_IMAGES", 10)
    content = data.load_dataset("embedded").info.content
    assert next(source for source in data.describe_sources() if source.choice == "embedded").content == content


def test_a_recent_failure_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "recent_failure", lambda: "no such name")
    assert data.describe_sources()[0].title == "CIFAR-10 (not fetched: no such name)"


def test_a_fetched_mnist_is_listed_as_verified() -> None:
    folder = download.archive_path().with_name("mnist")
    folder.mkdir(parents=True)
    for name in download.MNIST_SHA256:
        (folder / name).write_bytes(b"data")
    [fetched] = [source for source in data.describe_sources() if source.title == "MNIST as fetched"]
    assert (fetched.size_bytes, fetched.verified) == (16, True)
    assert data.fetch("MNIST") == folder
