"""Every test here has a cache of its own, no Keras cache, no chosen data and no network."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerascnn.data import download


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder of this test."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("KERASCNN_CACHE", str(folder))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("KERASCNN_DATA", raising=False)
    monkeypatch.setattr(download, "ARCHIVE_URLS", ("http://127.0.0.1:9/cifar-10-python.tar.gz",))
    monkeypatch.setattr(download, "HUB_URL", "http://127.0.0.1:9/hub")
    monkeypatch.setattr(download, "MNIST_URLS", ("http://127.0.0.1:9/mnist",))
    return folder


@pytest.fixture
def messages() -> list[str]:
    """What a loader reported: pass `messages.append` as `report`."""
    return []
