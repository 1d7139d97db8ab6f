from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny_sets as tiny

from kerascnn import data
from kerascnn.data import download, load
from kerascnn.data.formats import cifar_release
from kerascnn.errors import DataError


def forbid(monkeypatch: pytest.MonkeyPatch, target: object, name: str) -> None:
    def fail(*arguments: object, **named: object) -> None:
        raise AssertionError(f"{name} was called")

    monkeypatch.setattr(target, name, fail)


@pytest.fixture
def small_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the embedded set small."""
    monkeypatch.setattr(load, "EMBEDDED_TRAIN_IMAGES", 40)
    monkeypatch.setattr(load, "EMBEDDED_TEST_IMAGES", 20)


@pytest.fixture
def keras_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny CIFAR-10 where Keras 3 keeps its copy, with sums to match."""
    folder = tmp_path / "keras" / "datasets" / "cifar-10-batches-py-target" / "cifar-10-batches-py"
    tiny.write_python_release(folder)
    monkeypatch.setattr(cifar_release, "PUBLISHED_MD5", tiny.batch_sums(folder))
    return folder


def test_a_path_gives_read_only_images_and_what_is_known_about_them(tmp_path: Path, messages: list[str]) -> None:
    dataset = data.load_dataset(str(tiny.write_npz(tmp_path / "cifar10.npz")), report=messages.append)
    np.testing.assert_array_equal(dataset.train_images, tiny.TRAIN_PIXELS)
    np.testing.assert_array_equal(dataset.test_labels, tiny.TEST_LABELS)
    assert dataset.info.image_shape == (32, 32, 3)
    assert (dataset.info.train_images, dataset.info.test_images) == (tiny.TRAIN_IMAGES, tiny.TEST_IMAGES)
    assert dataset.info.source == "Keras .npz, cifar10.npz"
    assert dataset.info.notice is None
    with pytest.raises(ValueError, match="read-only"):
        dataset.train_images[0] = 0


@pytest.mark.parametrize("name", tiny.WRITERS)
def test_a_second_load_decodes_nothing_and_gives_the_same(name: str, tmp_path: Path) -> None:
    path = tiny.WRITERS[name](tmp_path / "set")
    first, messages = data.load_dataset(str(path)), list[str]()
    second = data.load_dataset(str(path), report=messages.append)
    assert messages == []
    assert second.info == first.info
    np.testing.assert_array_equal(second.train_images, first.train_images)


def test_the_same_images_in_another_format_have_the_same_content(tmp_path: Path) -> None:
    contents = {
        data.load_dataset(str(tiny.WRITERS[name](tmp_path / name / "cifar10"))).info.content
        for name in ("python release", "binary release", "parquet of PNG", "npz")
    }
    assert len(contents) == 1


def test_the_content_follows_pixels_labels_and_class_names(tmp_path: Path) -> None:
    pixels, labels = tiny.TEST_PIXELS.copy(), tiny.TEST_LABELS.copy()
    pixels[0, 0, 0, 0] ^= 1
    labels[:2] = labels[1::-1]
    files = [
        tiny.write_npz(tmp_path / "1" / "cifar10.npz"),
        tiny.write_npz(tmp_path / "2" / "cifar10.npz", x_test=pixels),
        tiny.write_npz(tmp_path / "3" / "cifar10.npz", y_test=labels),
        tiny.write_npz(tmp_path / "4" / "things.npz"),
    ]
    assert len({data.load_dataset(str(file)).info.content for file in files}) == len(files)


def test_a_member_of_a_folder_of_sets_is_loaded(tmp_path: Path) -> None:
    tiny.write_parquet(tmp_path / "sets" / "cifar10")
    tiny.write_idx(tmp_path / "sets" / "fashion-mnist")
    assert data.load_dataset(str(tmp_path / "sets")).info.name == "cifar10"
    assert data.load_dataset(str(tmp_path / "sets"), member="fashion-mnist").info.name == "fashion-mnist"


def test_a_relative_path_is_named_after_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tiny.write_pictures(tmp_path / "pets"))
    assert data.load_dataset(".").info.title == "pets"
    monkeypatch.chdir(tmp_path / "pets" / "cat")
    assert data.load_dataset("..").info.title == "pets"


@pytest.mark.parametrize("choice", ["cifar-10", "/no/such/folder"])
def test_a_choice_that_is_neither_a_name_nor_a_path_is_refused(choice: str) -> None:
    with pytest.raises(
        DataError, match=rf"one of auto, embedded, cifar10, or a path that exists. Received: '{choice}'"
    ):
        data.load_dataset(choice)


def test_a_member_needs_a_path(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="`member` must be given with a path"):
        data.load_dataset("embedded", member="fashion-mnist")


def test_the_environment_chooses_when_nothing_else_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERASCNN_DATA", str(tiny.write_npz(tmp_path / "things.npz")))
    assert data.load_dataset().info.title == "things"


@pytest.mark.usefixtures("small_embedded")
def test_the_embedded_set_is_generated_once_and_says_that_it_is_not_cifar_10(
    messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerascnn.data import embedded

    first = data.load_dataset("embedded", report=messages.append)
    assert first.info.notice == "These numbers are about the generated shapes data set, not CIFAR-10."
    assert messages == [first.info.notice]
    assert first.train_images.shape == (40, 32, 32, 3)
    forbid(monkeypatch, embedded, "generate")
    assert data.load_dataset("embedded").info == first.info
    monkeypatch.setattr(embedded, "VERSION", "another")
    with pytest.raises(AssertionError, match="generate was called"):
        data.load_dataset("embedded")


@pytest.mark.usefixtures("small_embedded")
def test_the_embedded_set_has_masks_and_others_have_none(tmp_path: Path) -> None:
    train_masks, test_masks = data.load_dataset("embedded").masks()
    assert (train_masks.shape, test_masks.shape) == ((40, 32, 32), (20, 32, 32))
    assert set(np.unique(train_masks)) == {0, 1}
    (data.load_dataset("embedded").folder / "test_masks.npy").chmod(0o644)
    (data.load_dataset("embedded").folder / "test_masks.npy").write_bytes(b"")
    with pytest.raises(DataError, match="masks must be whole"):
        data.load_dataset("embedded").masks()
    with pytest.raises(DataError, match=r"a data set with masks is needed. Received: things"):
        data.load_dataset(str(tiny.write_npz(tmp_path / "things.npz"))).masks()


@pytest.mark.usefixtures("keras_copy", "small_embedded")
@pytest.mark.parametrize("choice", ["auto", "cifar10"])
def test_the_copy_that_keras_has_is_taken_without_a_download(choice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    forbid(monkeypatch, download, "ensure_cifar10")
    info = data.load_dataset(choice).info
    assert (info.name, info.source, info.notice) == ("cifar10", "official release", None)


@pytest.mark.usefixtures("small_embedded")
@pytest.mark.parametrize("name", ["cifar-10-batches-py-target_archive", "cifar-10-batches-py.tar.gz"])
def test_the_archive_that_keras_fetched_will_do(name: str, keras_copy: Path) -> None:
    tiny.write_archive(keras_copy.parents[1] / name, keras_copy)
    keras_copy.rename(keras_copy.with_name("elsewhere"))
    assert data.load_dataset("auto").info.name == "cifar10"


@pytest.mark.usefixtures("small_embedded")
def test_a_torn_copy_of_keras_is_passed_over(keras_copy: Path, messages: list[str]) -> None:
    batch = keras_copy / "data_batch_3"
    batch.write_bytes(batch.read_bytes()[:-4] + b"torn")
    info = data.load_dataset("auto", report=messages.append).info
    assert info.name == "embedded"
    assert messages[1].startswith("Keras' copy of CIFAR-10 is not used: data_batch_3 of the CIFAR-10 release")


def test_a_cache_that_cannot_be_written_is_not_blamed_on_the_copy_of_keras(
    keras_copy: Path, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (keras_copy / "file").write_text("in the way")
    monkeypatch.setenv("KERASCNN_CACHE", str(keras_copy / "file"))
    with pytest.raises(DataError, match="the cache must be writable"):
        data.load_dataset("auto", report=messages.append)
    assert messages == []


def test_a_keras_copy_with_other_images_is_not_called_cifar_10(keras_copy: Path) -> None:
    (keras_copy / "test_batch").write_bytes(tiny.python2_batch(tiny.TEST_PIXELS[::-1], tiny.TEST_LABELS.tolist()))
    with pytest.raises(DataError, match="CIFAR-10 must be fetched once"):
        data.load_dataset("cifar10")


@pytest.mark.usefixtures("small_embedded")
def test_only_auto_falls_back_and_it_says_why(messages: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match=r"CIFAR-10 must be fetched once. Received: 127.0.0.1:9: .*refused"):
        data.load_dataset("cifar10", report=messages.append)
    notice = data.load_dataset("auto", report=messages.append).info.notice
    assert notice is not None
    assert notice.startswith("CIFAR-10 is not available (127.0.0.1:9: ")
    assert notice.endswith("so every number here is about the generated shapes data set, not CIFAR-10.")
    assert notice in messages


@pytest.mark.usefixtures("small_embedded")
def test_auto_does_not_try_again_for_ten_minutes_and_keeps_its_notice(
    messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = data.load_dataset("auto").info
    with monkeypatch.context() as patch:
        forbid(patch, download, "ensure_cifar10")
        assert data.load_dataset("auto", report=messages.append).info == first
    assert "failed within the last 10 minutes" in messages[0]
    failure = download.archive_path().with_name("failure.json")
    noted = json.loads(failure.read_bytes())
    failure.write_text(json.dumps(noted | {"at": noted["at"] - 601}))
    forbid(monkeypatch, download, "ensure_cifar10")
    with pytest.raises(AssertionError, match="ensure_cifar10 was called"):
        data.load_dataset("auto")


def test_a_fetched_archive_that_was_damaged_later_is_fetched_again(
    tmp_path: Path, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tiny.write_python_archive(tmp_path / "set")
    good = archive.read_bytes()
    release = tmp_path / "set" / "unpacked" / "cifar-10-batches-py"
    monkeypatch.setattr(cifar_release, "PUBLISHED_MD5", tiny.batch_sums(release))
    monkeypatch.setattr(download, "ARCHIVE_SHA256", hashlib.sha256(good).hexdigest())
    monkeypatch.setattr(
        download, "fetch", lambda file, path, report, patience: download.archive_path().write_bytes(good)
    )
    download.archive_path().parent.mkdir(parents=True)
    download.archive_path().write_bytes(good[:-100])
    assert data.load_dataset("auto", report=messages.append).info.name == "cifar10"
    assert "What was fetched is damaged; it is fetched again" in messages


def load_in_another_process(path: str) -> str:
    return data.load_dataset(path).info.content


def test_processes_that_load_at_once_agree(tmp_path: Path) -> None:
    path = str(tiny.write_pictures(tmp_path / "pets", count=10))
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        contents = pool.map(load_in_another_process, [path] * 3)
        pool.close()
        pool.join()
    assert len(set(contents)) == 1
    assert data.open_dataset(contents[0]).info.title == "pets"


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = ("keras", "tensorflow", "pyarrow", "PIL", "pandas", "urllib.request", "concurrent.futures")
    code = f"import sys, kerascnn.data; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "[]"
