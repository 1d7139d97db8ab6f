"""The layouts in which the Hub and its cache hand out a set's parquet files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_sets as tiny

from kerascnn.data.decoded import Options
from kerascnn.data.sources import recognise
from kerascnn.errors import DataError

COMMIT, OTHER_COMMIT = "3f1c0d5b7a9e2468ace013579bdf02468ace1357", "f" * 40


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    """A training and a test file."""
    folder = tiny.write_parquet(tmp_path / "made")
    return {part: (folder / f"{part}-00000-of-00001.parquet").read_bytes() for part in ("train", "test")}


def lay_out(root: Path, files: dict[str, bytes], names: dict[str, str]) -> Path:
    for part, name in names.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(files[part])
    return root


@pytest.mark.parametrize(
    "names",
    [
        {"train": "train-00000-of-00001.parquet", "test": "test-00000-of-00001.parquet"},
        {"train": "train.parquet", "test": "valid.parquet"},
        {"train": "data/train-00000-of-00001.parquet", "test": "data/valid-00000-of-00001.parquet"},
        {"train": "data/train-00000-of-00001-b42a775f407cee45.parquet", "test": "data/validation-00000-of-00001-b42a775f407cee45.parquet"},
        {"train": "plain_text/train-00000-of-00001.parquet", "test": "plain_text/test-00000-of-00001.parquet"},
        {"train": "default/train/0000.parquet", "test": "default/test/0000.parquet"},
        {"train": "default/partial-train/0000.parquet", "test": "default/test/0000.parquet"},
        {"train": "petals-config/train/0000.parquet", "test": "petals-config/test/0000.parquet"},
        {"train": "train/0000.parquet", "test": "validation/0000.parquet"},
        {"train": "petals-train.parquet", "test": "petals-test.parquet"},
        {"train": "petals-train-00000-of-00001.parquet", "test": "petals-dev-00000-of-00001.parquet"},
        {"train": "data/train/part.parquet", "test": "data/test/part.parquet"},
    ],
)  # fmt: skip
def test_every_layout_of_the_hub_is_read(names: dict[str, str], files: dict[str, bytes], tmp_path: Path) -> None:
    decoded = tiny.decode(lay_out(tmp_path / "petals", files, names))
    np.testing.assert_array_equal(decoded.train_images, tiny.TRAIN_PIXELS)
    np.testing.assert_array_equal(decoded.test_labels, tiny.TEST_LABELS)


@pytest.mark.parametrize("name", ["data/train-00000-of-00001.parquet", "default/train/0000.parquet", "0000.parquet"])
def test_a_fifth_of_a_training_part_alone_is_set_aside(name: str, files: dict[str, bytes], tmp_path: Path) -> None:
    path = lay_out(tmp_path / "petals", {"train": files["train"]}, {"train": name})
    decoded = tiny.decode(path)
    assert np.bincount(decoded.test_labels).tolist() == [1] * 10
    assert np.bincount(decoded.train_labels).tolist() == [1] * 10
    np.testing.assert_array_equal(decoded.test_images, tiny.decode(path).test_images)
    together = {image.tobytes() for image in (*decoded.train_images, *decoded.test_images)}
    assert together == {image.tobytes() for image in tiny.TRAIN_PIXELS}


def test_one_file_that_is_a_whole_set_is_read_alone(files: dict[str, bytes], tmp_path: Path) -> None:
    decoded = tiny.decode(lay_out(tmp_path, {"train": files["train"]}, {"train": "petals.parquet"}) / "petals.parquet")
    assert (decoded.title, len(decoded.train_images)) == ("petals", 10)


def test_a_test_part_is_preferred_to_a_validation_part(files: dict[str, bytes], tmp_path: Path) -> None:
    names = {"train": "train.parquet", "test": "test.parquet"}
    path = lay_out(tmp_path / "petals", files, names)
    (path / "validation.parquet").write_bytes(files["train"])
    assert len(tiny.decode(path).test_images) == tiny.TEST_IMAGES


@pytest.mark.parametrize("label", [-1, None])
def test_a_test_part_without_labels_takes_no_part_and_validation_is_the_test_part(
    label: int | None, files: dict[str, bytes], messages: list[str], tmp_path: Path
) -> None:
    path = lay_out(tmp_path / "petals", files, {"train": "train.parquet", "test": "validation.parquet"})
    pictures = [tiny.encode(pixels) for pixels in tiny.TRAIN_PIXELS[:3]]
    tiny.write_parquet_file(path / "test.parquet", pictures, [label] * 3)
    found = recognise(path)
    assert len(found.read(found, Options(report=messages.append)).test_images) == tiny.TEST_IMAGES
    assert messages == ["test.parquet has no labels, so it is not used."]


def test_where_only_a_test_part_without_labels_is_there_a_fifth_is_set_aside(
    files: dict[str, bytes], messages: list[str], tmp_path: Path
) -> None:
    path = lay_out(tmp_path / "petals", {"train": files["train"]}, {"train": "train.parquet"})
    tiny.write_parquet_file(path / "test.parquet", [tiny.encode(tiny.TEST_PIXELS[0])], [-1])
    found = recognise(path)
    assert len(found.read(found, Options(report=messages.append)).test_images) == 10
    assert "has no labels" in messages[0]


def test_a_table_without_pictures_is_no_set(files: dict[str, bytes], tmp_path: Path) -> None:
    lay_out(tmp_path / "several" / "cifar10", files, {"train": "train.parquet", "test": "test.parquet"})
    tiny.write_parquet_file(tmp_path / "several" / "features.parquet", [b"x"], [0], columns=("embedding", "row"))
    assert recognise(tmp_path / "several").path == tmp_path / "several" / "cifar10"


@pytest.fixture
def cache_of_the_hub(files: dict[str, bytes], tmp_path: Path) -> Path:
    """A repository's folder in the Hub's cache, with one snapshot of links."""
    top = tmp_path / "hub" / "datasets--me--petals"
    lay_out(top, files, {"train": "blobs/train-blob", "test": "blobs/test-blob"})
    folder = top / "snapshots" / COMMIT / "data"
    folder.mkdir(parents=True)
    for part in files:
        (folder / f"{part}-00000-of-00001.parquet").symlink_to(f"../../../blobs/{part}-blob")
    return top


@pytest.mark.parametrize("below", ["", f"snapshots/{COMMIT}", f"snapshots/{COMMIT}/data"])
def test_a_set_in_the_cache_is_called_by_its_repository(below: str, cache_of_the_hub: Path) -> None:
    decoded = tiny.decode(cache_of_the_hub / below)
    assert (decoded.name, len(decoded.train_images)) == ("petals", tiny.TRAIN_IMAGES)


def test_links_that_a_copy_turned_into_text_are_followed(cache_of_the_hub: Path) -> None:
    for link in (cache_of_the_hub / "snapshots" / COMMIT / "data").iterdir():
        text = str(link.readlink())
        link.unlink()
        link.write_text(text)
    assert len(tiny.decode(cache_of_the_hub).train_images) == tiny.TRAIN_IMAGES


def test_a_text_that_leads_out_of_the_cache_is_not_followed(cache_of_the_hub: Path) -> None:
    file = next((cache_of_the_hub / "snapshots" / COMMIT / "data").glob("train*"))
    file.unlink()
    file.write_text("../../../../made/train-00000-of-00001.parquet")
    with pytest.raises(DataError, match="not a parquet file"):
        tiny.decode(cache_of_the_hub)


def test_of_several_snapshots_the_main_one_is_read_and_none_is_guessed(cache_of_the_hub: Path) -> None:
    (cache_of_the_hub / "snapshots" / OTHER_COMMIT).mkdir()
    with pytest.raises(DataError, match=r"must have one snapshot, or one that is the main one. Received: 2"):
        tiny.decode(cache_of_the_hub)
    (cache_of_the_hub / "refs").mkdir()
    (cache_of_the_hub / "refs" / "main").write_text(COMMIT)
    assert len(tiny.decode(cache_of_the_hub).train_images) == tiny.TRAIN_IMAGES


def test_pointers_of_git_lfs_are_told_with_what_fetches_the_files(files: dict[str, bytes], tmp_path: Path) -> None:
    pointer = {"train": b"version https://git-lfs.github.com/spec/v1\n"}
    path = lay_out(tmp_path / "petals", pointer, {"train": "data/train-00000-of-00001.parquet"})
    with pytest.raises(DataError, match="a pointer of Git LFS; `git lfs pull` fetches the file"):
        tiny.decode(path)
