from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_sets as tiny

from kerascnn.data.decoded import CIFAR10_CLASSES
from kerascnn.errors import DataError


def test_png_images_keep_their_pixels_and_the_set_is_called_cifar_10(tmp_path: Path) -> None:
    decoded = tiny.decode(tiny.write_parquet(tmp_path / "cifar10"))
    np.testing.assert_array_equal(decoded.train_images, tiny.TRAIN_PIXELS)
    np.testing.assert_array_equal(decoded.test_labels, tiny.TEST_LABELS)
    assert decoded.class_names == CIFAR10_CLASSES
    assert decoded.title == "CIFAR-10 (excerpt)"


def test_jpeg_images_are_said_to_be_a_copy(tmp_path: Path) -> None:
    decoded = tiny.decode(tiny.write_parquet(tmp_path / "cifar10", "JPEG"))
    assert decoded.title == "CIFAR-10 (excerpt) (JPEG copy)"
    assert decoded.name == "cifar10"


def test_shards_are_joined_in_their_order(tmp_path: Path) -> None:
    decoded = tiny.decode(tiny.write_parquet(tmp_path / "cifar10", shards=3))
    np.testing.assert_array_equal(decoded.train_images, tiny.TRAIN_PIXELS)
    np.testing.assert_array_equal(decoded.train_labels, tiny.TRAIN_LABELS)


def test_the_folders_of_a_hugging_face_repository_are_found(tmp_path: Path) -> None:
    tiny.write_parquet(tmp_path / "cifar10" / "plain_text")
    assert tiny.decode(tmp_path / "cifar10").name == "cifar10"


def test_class_names_come_from_the_schema(tmp_path: Path) -> None:
    names = [f"thing {label}" for label in range(12)]
    folder = tiny.write_parquet(tmp_path / "things", class_names=names[:10], columns=("image", "fine_label"))
    assert tiny.decode(folder).class_names == tuple(names[:10])


@pytest.mark.parametrize("other", ["test-00000-of-00002.parquet", "train-00001-of-00002.parquet"])
def test_files_whose_class_names_differ_are_refused_and_both_are_named(other: str, tmp_path: Path) -> None:
    tiny.write_parquet(tmp_path, shards=2, class_names=["cat", "dog", *"abcdefgh"])
    tiny.write_parquet_file(tmp_path / other, [PICTURE, PICTURE], [0, 1], class_names=["dog", "cat", *"abcdefgh"])
    with pytest.raises(
        DataError, match=rf"class 0 is cat \(in .*/train-00000-of-00002.parquet\) and dog \(in .*{other}\)"
    ):
        tiny.decode(tmp_path)


def test_without_names_and_without_cifar_in_the_path_classes_are_numbered(tmp_path: Path) -> None:
    decoded = tiny.decode(tiny.write_parquet(tmp_path / "things"))
    assert decoded.class_names[:2] == ("class 0", "class 1")
    assert decoded.title == "things"


def test_cifar_100_in_the_path_is_not_taken_for_cifar_10(tmp_path: Path) -> None:
    assert tiny.decode(tiny.write_parquet(tmp_path / "cifar100")).title == "cifar100"


def test_grey_images_of_28_pixels_are_brought_to_the_shape_of_cifar(tmp_path: Path) -> None:
    encoded = [tiny.encode(pixels) for pixels in tiny.GREY_TRAIN_PIXELS]
    for part in ("train", "test"):
        tiny.write_parquet_file(tmp_path / f"{part}.parquet", encoded, tiny.TRAIN_LABELS.tolist())
    images = tiny.decode(tmp_path).train_images
    assert images.shape == (tiny.TRAIN_IMAGES, 32, 32, 3)
    np.testing.assert_array_equal(images[:, 2:30, 2:30, 1], tiny.GREY_TRAIN_PIXELS)


def test_a_missing_shard_is_refused(tmp_path: Path) -> None:
    folder = tiny.write_parquet(tmp_path / "cifar10", shards=3)
    (folder / "train-00001-of-00003.parquet").unlink()
    with pytest.raises(DataError, match=r"all 3 shards of a set must be there. Received: 2"):
        tiny.decode(folder)


def test_one_file_alone_is_refused(tmp_path: Path) -> None:
    file = tiny.write_parquet(tmp_path / "cifar10") / "train-00000-of-00001.parquet"
    with pytest.raises(DataError, match=r"must be a folder with train"):
        tiny.decode(file)


PICTURE = tiny.encode(tiny.TRAIN_PIXELS[0])


@pytest.mark.parametrize(
    ("encoded", "labels", "complaint"),
    [
        ([PICTURE, None], [0, 1], "every image must be stored as bytes"),
        ([PICTURE, b"nonsense"], [0, 1], r"1 of 2 that is not: the image in row 1 \(not a picture of a known kind"),
        ([PICTURE, PICTURE[:-900]], [0, 1], r"1 of 2 that is not: the image in row 1 \("),
        ([PICTURE, PICTURE], [0, None], "every label must be an integer"),
        ([PICTURE, PICTURE], ["cat", "dog"], "every label must be an integer. Received: a column of"),
        ([PICTURE, PICTURE], [0, -1], "train labels must be 0 to 0|2 to 100 classes"),
        ([PICTURE, PICTURE], [0, 0], "2 to 100 classes. Received: 1"),
        ([PICTURE, PICTURE], [0, 5], "every class must have training images. Received: none of class 1"),
        ([PICTURE, PICTURE], [0, 10**12], "2 to 100 classes"),
    ],
)
def test_rows_that_are_no_labelled_images_are_refused(
    encoded: list[bytes | None], labels: list[int], complaint: str, tmp_path: Path
) -> None:
    for part in ("train", "test"):
        tiny.write_parquet_file(tmp_path / f"{part}.parquet", encoded, labels)
    with pytest.raises(DataError, match=complaint):
        tiny.decode(tmp_path)


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    for part in ("train", "test"):
        tiny.write_parquet_file(tmp_path / f"{part}.parquet", [], [])
    with pytest.raises(DataError, match=r"must have rows. Received: none \(in .*train.parquet\)"):
        tiny.decode(tmp_path)


@pytest.mark.parametrize(
    ("images", "labels", "complaint"),
    [
        ([PICTURE] * 2, [[0] * 9_000, [1]], r"every label must be an integer. Received: a column of list<.*train.parquet"),
        ([PICTURE] * 2, [{"a": 0}, {"a": 1}], "every label must be an integer. Received: a column of struct<"),
        ([[PICTURE], [PICTURE]], [0, 1], "every image must be stored as bytes. Received: a column of list<"),
        ([{"bytes": [PICTURE]}] * 2, [0, 1], r"every image must be stored as bytes. Received: a column of struct<bytes: list<"),
        (["cat.png", "dog.png"], [0, 1], "every image must be stored as bytes. Received: a column of string"),
    ],
)  # fmt: skip
def test_columns_of_other_types_are_refused_before_any_row_is_read(
    images: list[object], labels: list[object], complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    monkeypatch.setattr("kerascnn.data.formats.parquet._read_part", None)
    pq.write_table(pa.table({"image": images, "label": labels}), tmp_path / "train.parquet")
    with pytest.raises(DataError, match=complaint):
        tiny.decode(tmp_path)


@pytest.mark.parametrize("stored", ["plain bytes", "large bytes", "dictionary"])
def test_images_may_be_stored_without_their_paths(stored: str, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    images = pa.array([PICTURE] * 4, pa.large_binary() if stored == "large bytes" else pa.binary())
    images = images.dictionary_encode() if stored == "dictionary" else images
    pq.write_table(pa.table({"image": images, "label": [0, 1, 0, 1]}), tmp_path / "train.parquet")
    assert tiny.decode(tmp_path).train_images.shape == (2, 32, 32, 3)


def test_a_file_without_an_image_column_is_refused(tmp_path: Path) -> None:
    folder = tiny.write_parquet(tmp_path / "set", columns=("photo", "label"))
    with pytest.raises(DataError, match=r"must have a column img or image. Received: photo, label"):
        tiny.decode(folder)


def test_images_of_several_sizes_are_brought_to_one(tmp_path: Path) -> None:
    encoded = [PICTURE, tiny.encode(tiny.TRAIN_PIXELS[1, :31]), tiny.encode(np.zeros((600, 300, 3), np.uint8))]
    for part in ("train", "test"):
        tiny.write_parquet_file(tmp_path / f"{part}.parquet", encoded, [0, 1, 0])
    decoded = tiny.decode(tmp_path, image_size=48)
    assert decoded.train_images.shape == decoded.test_images.shape == (3, 48, 48, 3)


def test_a_picture_that_many_rows_mean_is_in_each_of_them(tmp_path: Path) -> None:
    encoded = [tiny.encode(tiny.TRAIN_PIXELS[row % 2]) for row in range(2_500)]
    for part in ("train", "test"):
        tiny.write_parquet_file(tmp_path / f"{part}.parquet", encoded, [row % 2 for row in range(2_500)])
    images = tiny.decode(tmp_path).train_images
    np.testing.assert_array_equal(images, tiny.TRAIN_PIXELS[[row % 2 for row in range(2_500)]])


def test_all_unreadable_images_are_named_at_once(tmp_path: Path) -> None:
    for part in ("train", "test"):
        tiny.write_parquet_file(tmp_path / f"{part}.parquet", [PICTURE, b"no", PICTURE, b""], [0, 1, 0, 1])
    with pytest.raises(
        DataError, match=r"2 of 4 that are not: the image in row 1 .*the image in row 3 \(an empty file\)"
    ):
        tiny.decode(tmp_path)
