"""What is trained on is what the run's key says: a flipped bit in the cache is found before anything is trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kerascnn.data import open_dataset
from kerascnn.data.cache import content_folder
from kerascnn.errors import DataError
from kerascnn.planning.settle import check_data, load_info
from kerascnn.records import DatasetInfo


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small set that has been decoded once."""
    monkeypatch.setenv("KERASCNN_CACHE", str(tmp_path / "cache"))
    images = np.arange(200 * 32 * 32 * 3, dtype=np.uint32).astype(np.uint8).reshape(200, 32, 32, 3)
    labels = np.arange(200).reshape(200, 1) % 10
    file = tmp_path / "set.npz"
    np.savez(file, x_train=images, y_train=labels, x_test=images[:50], y_test=labels[:50])
    return file


@pytest.fixture
def info(source: Path) -> DatasetInfo:
    return load_info(str(source), ())


def flip_a_pixel(info: DatasetInfo) -> None:
    file = content_folder(info.content) / "train_images.npy"
    file.chmod(0o644)
    content = bytearray(file.read_bytes())
    content[-100] ^= 1
    file.write_bytes(content)


def test_a_flipped_bit_in_the_cache_is_found_and_the_set_decoded_again(
    info: DatasetInfo, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sound = np.array(open_dataset(info.content).train_images)
    flip_a_pixel(info)
    assert not np.array_equal(open_dataset(info.content).train_images, sound)
    check_data(info, str(source))
    np.testing.assert_array_equal(open_dataset(info.content).train_images, sound)
    assert "must match its SHA-256" in capsys.readouterr().err


def test_a_sound_set_is_left_as_it_is(info: DatasetInfo, source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = content_folder(info.content) / "train_images.npy"
    before = file.stat().st_ino
    check_data(info, str(source))
    assert (file.stat().st_ino, capsys.readouterr().err) == (before, "")


def test_a_set_whose_source_is_gone_is_an_error_and_nothing_is_trained_on_it(info: DatasetInfo, source: Path) -> None:
    flip_a_pixel(info)
    source.unlink()
    with pytest.raises(DataError):
        check_data(info, str(source))


def test_a_set_whose_source_now_holds_other_images_is_an_error(info: DatasetInfo, source: Path) -> None:
    flip_a_pixel(info)
    with np.load(source) as arrays:
        other = {name: arrays[name][::-1] for name in arrays.files}
    np.savez(source, **other)
    with pytest.raises(DataError, match="must be in the cache"):
        check_data(info, str(source))


@pytest.mark.parametrize(("old", "new"), [('"train_images":200', '"train_images":100'), ('"class 1"', '"class x"')])
def test_a_note_about_a_set_that_does_not_agree_with_it_is_not_believed(
    info: DatasetInfo, source: Path, old: str, new: str
) -> None:
    (note,) = (content_folder(info.content).parent / "sources").glob("*.json")
    text = note.read_text()
    assert old in text
    note.write_text(text.replace(old, new))
    assert load_info(str(source), ()) == info
