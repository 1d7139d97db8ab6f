from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_sets as tiny

from kerascnn.errors import DataError


@pytest.mark.parametrize("compressed", [True, False])
def test_grey_images_get_a_border_and_three_channels(compressed: bool, tmp_path: Path) -> None:
    decoded = tiny.decode(tiny.write_idx(tmp_path / "fashion-mnist", compressed))
    assert decoded.train_images.shape == (tiny.TRAIN_IMAGES, 32, 32, 3)
    for channel in range(3):
        np.testing.assert_array_equal(decoded.train_images[:, 2:30, 2:30, channel], tiny.GREY_TRAIN_PIXELS)
    assert not decoded.train_images[:, :2].any()
    assert not decoded.train_images[:, :, 30:].any()
    np.testing.assert_array_equal(decoded.test_labels, tiny.TEST_LABELS)


def test_the_folder_tells_fashion_mnist_from_its_kin(tmp_path: Path) -> None:
    fashion = tiny.decode(tiny.write_idx(tmp_path / "fashion-mnist"))
    assert (fashion.name, fashion.class_names[9]) == ("fashion-mnist", "Ankle boot")
    assert tiny.decode(tiny.write_idx(tmp_path / "mnist")).title == "MNIST (excerpt)"
    assert tiny.decode(tiny.write_idx(tmp_path / "kmnist")).title == "kmnist"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder = tiny.write_idx(tmp_path / "set")
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r"no t10k-labels"):
        tiny.decode(folder)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "no idx header"),
        (tiny.idx_bytes(tiny.TRAIN_LABELS), "no idx header of 3 dimensions"),
        (tiny.idx_bytes(tiny.GREY_TRAIN_PIXELS) + b"\0", "more bytes than its header says"),
        (tiny.idx_bytes(tiny.GREY_TRAIN_PIXELS)[:-1], "fewer bytes than its header says"),
        (bytes((0, 0, 8, 3)) + b"\xff" * 12, "decoded images must fit in 1 GB"),
        (tiny.idx_bytes(tiny.GREY_TRAIN_PIXELS[:, :20]), "train and test images must have one shape"),
        (tiny.idx_bytes(tiny.GREY_TRAIN_PIXELS[:7]), "train labels must be one integer for each of 7 images"),
    ],
)
def test_a_file_that_holds_something_else_is_refused(data: bytes, complaint: str, tmp_path: Path) -> None:
    folder = tiny.write_idx(tmp_path / "set", compressed=False)
    (folder / "train-images-idx3-ubyte").write_bytes(data)
    with pytest.raises(DataError, match=complaint):
        tiny.decode(folder)
