from __future__ import annotations

import io
import pickle
import tarfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tiny_sets as tiny

from kerascnn.data.decoded import CIFAR10_CLASSES
from kerascnn.data.formats import cifar_release
from kerascnn.errors import DataError


def test_the_python_release_gives_the_pixels_in_rows_and_columns_and_its_labels(tmp_path: Path) -> None:
    decoded = tiny.decode(tiny.write_python_release(tmp_path / "set"))
    np.testing.assert_array_equal(decoded.train_images, tiny.TRAIN_PIXELS)
    np.testing.assert_array_equal(decoded.test_images, tiny.TEST_PIXELS)
    np.testing.assert_array_equal(decoded.train_labels, tiny.TRAIN_LABELS)
    assert decoded.train_labels.dtype == np.int32
    assert decoded.class_names == CIFAR10_CLASSES
    assert decoded.title == "CIFAR-10 (excerpt)"


@pytest.mark.parametrize("form", ["binary release", "python archive"])
def test_every_form_of_the_release_gives_the_same_images(form: str, tmp_path: Path) -> None:
    decoded = tiny.decode(tiny.WRITERS[form](tmp_path / "set"))
    np.testing.assert_array_equal(decoded.train_images, tiny.TRAIN_PIXELS)
    np.testing.assert_array_equal(decoded.test_labels, tiny.TEST_LABELS)
    assert decoded.class_names == CIFAR10_CLASSES


def test_an_archive_of_the_binary_release_is_read_too(tmp_path: Path) -> None:
    release = tiny.write_binary_release(tmp_path / "cifar-10-batches-bin")
    decoded = tiny.decode(tiny.write_archive(tmp_path / "cifar-10-binary.tar.gz", release))
    np.testing.assert_array_equal(decoded.train_images, tiny.TRAIN_PIXELS)


def test_a_release_in_its_folder_of_the_official_name_is_found_from_the_folder_above(tmp_path: Path) -> None:
    tiny.write_python_release(tmp_path / "downloads" / "cifar-10-batches-py")
    assert len(tiny.decode(tmp_path / "downloads").train_images) == tiny.TRAIN_IMAGES


def test_a_release_pickled_by_python_3_is_read(tmp_path: Path) -> None:
    folder = tiny.write_python_release(tmp_path / "set")
    labels = [int(label) for label in tiny.TEST_LABELS]
    planes = tiny.TEST_PIXELS.transpose(0, 3, 1, 2).reshape(tiny.TEST_IMAGES, -1).copy()
    for protocol in (2, 4):
        (folder / "test_batch").write_bytes(pickle.dumps({"data": planes, "labels": labels}, protocol=protocol))
        np.testing.assert_array_equal(tiny.decode(folder).test_images, tiny.TEST_PIXELS)


def test_cifar_100_has_its_fine_labels_and_their_names(tmp_path: Path) -> None:
    names = [f"thing {label}" for label in range(10)]
    planes = tiny.TRAIN_PIXELS.transpose(0, 3, 1, 2).reshape(tiny.TRAIN_IMAGES, -1).copy()
    batch = {"data": planes, "fine_labels": tiny.TRAIN_LABELS.tolist(), "coarse_labels": [0] * tiny.TRAIN_IMAGES}
    for name in ("train", "test"):
        (tmp_path / name).write_bytes(pickle.dumps(batch, protocol=2))
    (tmp_path / "meta").write_bytes(pickle.dumps({"fine_label_names": names}, protocol=2))
    decoded = tiny.decode(tmp_path)
    assert decoded.class_names == tuple(names)
    np.testing.assert_array_equal(decoded.test_labels, tiny.TRAIN_LABELS)


@pytest.mark.parametrize("protocol", [0, 1, 2, 4])
def test_a_missing_file_of_cifar_100_is_named_whatever_pickle_protocol(protocol: int, tmp_path: Path) -> None:
    (tmp_path / "test").write_bytes(pickle.dumps({"data": [], "fine_labels": []}, protocol=protocol))
    (tmp_path / "meta").write_bytes(pickle.dumps({"fine_label_names": ["a"]}, protocol=protocol))
    with pytest.raises(DataError, match=r"layout of CIFAR-100 must have train, test. Received: no train"):
        tiny.decode(tmp_path)


@pytest.mark.parametrize("names", [("train",), ("train", "test", "meta"), ("train.bin", "test.bin")])
@pytest.mark.parametrize("form", ["parquet of PNG", "npz", "idx.gz", "pictures", "wrapped pictures"])
def test_texts_that_are_called_as_files_of_cifar_100_decide_nothing(
    names: tuple[str, ...], form: str, tmp_path: Path
) -> None:
    path = tmp_path / "set"
    if form == "wrapped pictures":
        tiny.write_pictures(path / "wrap" / "train")
    else:
        tiny.WRITERS[form](path)
    for name in names:
        (path / name).write_text("cat 1\ndog 2\n")
    assert tiny.decode(path)


def test_binary_cifar_100_takes_the_second_label_byte(tmp_path: Path) -> None:
    labels = np.arange(100)
    pixels = np.zeros((100, 32, 32, 3), np.uint8)
    records = bytearray(tiny.binary_records(pixels, labels, label_bytes=2))
    records[:: 2 + cifar_release.IMAGE_BYTES] = bytes(100)
    for name in ("train.bin", "test.bin"):
        (tmp_path / name).write_bytes(records)
    decoded = tiny.decode(tmp_path)
    np.testing.assert_array_equal(decoded.train_labels, labels)
    assert len(decoded.class_names) == 100


class _Attack:
    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return print, ("this code must not run",)


def test_a_pickle_that_wants_to_run_code_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tiny.write_python_release(tmp_path / "set")
    (folder / "data_batch_2").write_bytes(pickle.dumps({"labels": _Attack()}))
    with pytest.raises(DataError, match=r"data_batch_2 .*builtins\.print, which no CIFAR release does"):
        tiny.decode(folder)
    assert capsys.readouterr().out == ""


def test_a_pickle_cannot_change_what_it_is_read_with(tmp_path: Path) -> None:
    folder = tiny.write_python_release(tmp_path / "set")
    (folder / "test_batch").write_bytes(b"\x80\x02cnumpy\nndarray\nN}U\x04nameK\x01s\x86b.")
    with pytest.raises(DataError, match=r"sets the state of something that is not an array"):
        tiny.decode(folder)


def test_an_archive_member_that_points_outside_writes_nothing(tmp_path: Path) -> None:
    file = tiny.write_python_archive(tmp_path / "set")
    with tarfile.open(tmp_path / "evil.tar.gz", "w:gz") as evil, tarfile.open(file) as good:
        for member in good.getmembers():
            if member.isfile():
                evil.addfile(member, good.extractfile(member))
        evil.addfile(tarfile.TarInfo("../outside"), io.BytesIO())
    before = sorted(tmp_path.rglob("*"))
    assert len(tiny.decode(tmp_path / "evil.tar.gz").train_images) == tiny.TRAIN_IMAGES
    assert sorted(tmp_path.rglob("*")) == before


def test_an_archive_of_two_sets_of_batches_is_asked_about(tmp_path: Path) -> None:
    for name in ("a", "b"):
        tiny.write_python_release(tmp_path / "mine" / name)
    file = tiny.write_archive(tmp_path / "mine.tar.gz", tmp_path / "mine")
    with pytest.raises(
        DataError, match=r"Received: \S+ in mine/(a|b) and in mine/(a|b) \(in .*mine.tar.gz\). Unpack it"
    ):
        tiny.decode(file)


def test_a_missing_batch_is_named(tmp_path: Path) -> None:
    folder = tiny.write_python_release(tmp_path / "set")
    (folder / "data_batch_3").unlink()
    with pytest.raises(DataError, match=r"Received: no data_batch_3 \(in .*set\)"):
        tiny.decode(folder)


def write_own_batches(folder: Path, numbers: Sequence[int]) -> Path:
    """A batch of two pictures for each number, with names of classes that no release has."""
    folder.mkdir()
    for row, number in enumerate(numbers):
        rows = slice(2 * row, 2 * row + 2)
        (folder / f"data_batch_{number}").write_bytes(tiny.python2_batch(tiny.TRAIN_PIXELS[rows], [0, 1]))
    (folder / "test_batch").write_bytes(tiny.python2_batch(tiny.TEST_PIXELS[:2], [0, 1]))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": ["rose", "tulip"]}))
    return folder


@pytest.mark.parametrize("packed", [False, True])
def test_own_batches_may_be_more_than_five(packed: bool, tmp_path: Path) -> None:
    path = write_own_batches(tmp_path / "petals", range(1, 11))
    decoded = tiny.decode(tiny.write_archive(tmp_path / "petals.tar.gz", path) if packed else path)
    np.testing.assert_array_equal(decoded.train_images, tiny.TRAIN_PIXELS)
    assert decoded.class_names == ("rose", "tulip")


@pytest.mark.parametrize(("numbers", "missing"), [((1, 2, 3, 4, 5, 7), 6), ((0, 1, 2), 3)])
def test_own_batches_are_numbered_from_one_without_a_gap(
    numbers: tuple[int, ...], missing: int, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=f"Received: no data_batch_{missing} "):
        tiny.decode(write_own_batches(tmp_path / "petals", numbers))


def test_a_sixth_batch_in_cifar_10_is_refused_even_beside_the_published_five(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny.write_python_release(tmp_path / "set")
    monkeypatch.setattr(cifar_release, "PUBLISHED_MD5", tiny.batch_sums(folder))
    (folder / "data_batch_6").write_bytes((folder / "data_batch_5").read_bytes())
    with pytest.raises(DataError, match=r"CIFAR-10 must have 5 training files. Received: data_batch_6 as well"):
        tiny.decode(folder)


def test_a_label_above_nine_is_refused(tmp_path: Path) -> None:
    folder = tiny.write_python_release(tmp_path / "set")
    (folder / "test_batch").write_bytes(tiny.python2_batch(tiny.TEST_PIXELS, [*range(9), 10]))
    with pytest.raises(DataError, match=r"test labels must be 0 to 9. Received: 10"):
        tiny.decode(folder)


def test_more_labels_than_images_are_refused(tmp_path: Path) -> None:
    folder = tiny.write_python_release(tmp_path / "set")
    (folder / "test_batch").write_bytes(tiny.python2_batch(tiny.TEST_PIXELS[:9], range(10)))
    with pytest.raises(DataError, match=r"9 images and 10 labels"):
        tiny.decode(folder)


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(DataError, match=r"must hold a CIFAR-10 or CIFAR-100 release. Received: notes.txt"):
        tiny.decode(tiny.write_archive(tmp_path / "x.tar.gz", tmp_path / "notes.txt"))


def test_only_bytes_with_the_published_sums_count_as_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tiny.write_python_release(tmp_path / "set")
    assert not tiny.decode(folder).verified
    monkeypatch.setattr(cifar_release, "PUBLISHED_MD5", tiny.batch_sums(folder))
    assert tiny.decode(folder).verified
    (folder / "test_batch").write_bytes(tiny.python2_batch(tiny.TEST_PIXELS, [0] * 10))
    assert not tiny.decode(folder).verified
