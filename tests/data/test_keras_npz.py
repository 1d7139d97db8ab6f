from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_sets as tiny

from kerascnn.errors import DataError


def test_images_and_column_labels_are_read_as_they_are(tmp_path: Path) -> None:
    decoded = tiny.decode(tiny.write_npz(tmp_path / "cifar10.npz"))
    np.testing.assert_array_equal(decoded.train_images, tiny.TRAIN_PIXELS)
    np.testing.assert_array_equal(decoded.train_labels, tiny.TRAIN_LABELS)
    assert decoded.title == "CIFAR-10 (excerpt)"


def test_mnist_as_keras_ships_it_is_brought_to_the_shape_of_cifar(tmp_path: Path) -> None:
    file = tiny.write_npz(tmp_path / "mnist.npz", x_train=tiny.GREY_TRAIN_PIXELS, x_test=tiny.GREY_TEST_PIXELS)
    decoded = tiny.decode(file)
    assert decoded.train_images.shape == (tiny.TRAIN_IMAGES, 32, 32, 3)
    np.testing.assert_array_equal(decoded.test_images[:, 2:30, 2:30, 2], tiny.GREY_TEST_PIXELS)
    assert decoded.class_names == tuple("0123456789")


def test_a_file_in_a_folder_is_found(tmp_path: Path) -> None:
    tiny.write_npz(tmp_path / "folder" / "things.npz")
    decoded = tiny.decode(tmp_path / "folder")
    assert decoded.title == "things"
    assert decoded.class_names[9] == "class 9"


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"x_train": tiny.TRAIN_PIXELS / 255}, "train images must be uint8 .* Received: float64"),
        ({"x_test": tiny.TEST_PIXELS[:, :16]}, "train and test images must have one shape"),
        ({"x_train": tiny.TRAIN_PIXELS[..., :2]}, "1 or 3"),
        ({"y_train": tiny.TRAIN_LABELS[:-1]}, "train labels must be one integer for each of 20 images"),
        ({"y_train": tiny.TRAIN_LABELS * 1.0}, "y_train must be integers"),
        ({"y_test": np.eye(10)}, "y_test must be integers"),
        ({"y_test": tiny.TEST_LABELS - 1}, "test labels must be 0 to 9. Received: -1"),
        ({"x_test": tiny.TEST_PIXELS[:0], "y_test": tiny.TEST_LABELS[:0]}, "y_test must be integers"),
        ({"y_train": np.array([{}] * tiny.TRAIN_IMAGES)}, "Object arrays cannot be loaded"),
        ({"x_train": np.zeros((20, 600, 600, 3), np.uint8)}, "8 to 256 pixels"),
    ],
)
def test_arrays_that_are_no_labelled_images_are_refused(
    changed: dict[str, np.ndarray], complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=complaint):
        tiny.decode(tiny.write_npz(tmp_path / "cifar10.npz", **changed))


def test_images_of_many_channels_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kerascnn.data.formats.keras_npz._load_array", None)
    file = tiny.write_npz(tmp_path / "x.npz", x_train=np.zeros((3, 32, 32, 1_000), np.uint8))
    with pytest.raises(DataError, match=r"1 or 3\). Received: uint8 \(3, 32, 32, 1000\) \(in .*x.npz\)"):
        tiny.decode(file)


def test_a_missing_array_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x_train=tiny.TRAIN_PIXELS, y_train=tiny.TRAIN_LABELS)
    with pytest.raises(DataError, match=r"must hold x_train, y_train, x_test, y_test. Received: x_train, y_train"):
        tiny.decode(tmp_path / "x.npz")
