from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import tiny_sets as tiny

from kerascnn.data.decoded import Options
from kerascnn.data.sources import FORMATS, recognise, source_key
from kerascnn.errors import DataError
from kerascnn.places import CHECKOUT


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("python release", "CIFAR release"),
        ("python archive", "CIFAR release"),
        ("binary release", "CIFAR release"),
        ("parquet of PNG", "Hugging Face parquet"),
        ("npz", "Keras .npz"),
        ("idx.gz", "idx files"),
        ("pictures", "folders of pictures"),
    ],
)
def test_every_format_is_recognised(name: str, format: str, tmp_path: Path) -> None:
    assert recognise(tiny.WRITERS[name](tmp_path / "set")).format == format


@pytest.fixture
def several(tmp_path: Path) -> Path:
    """A folder of sets as `shared/data` is, with one more that is an archive."""
    folder = tmp_path / "several"
    tiny.write_parquet(folder / "cifar10")
    tiny.write_idx(folder / "fashion-mnist")
    tiny.write_npz(folder / "things.npz")
    (folder / "README.md").write_text("two sets")
    return folder


def test_in_a_folder_of_sets_cifar_10_is_the_main_one(several: Path) -> None:
    assert recognise(several).path == several / "cifar10"


@pytest.mark.parametrize(("member", "name"), [("fashion-mnist", "fashion-mnist"), ("things", "things.npz")])
def test_another_set_of_the_folder_can_be_chosen(member: str, name: str, several: Path) -> None:
    assert recognise(several, member).path == several / name


def test_a_set_that_is_not_in_the_folder_is_refused_with_a_hint(several: Path) -> None:
    with pytest.raises(DataError, match=r"Received: 'fashon-mnist'. Did you mean 'fashion-mnist'\?"):
        recognise(several, "fashon-mnist")


def test_a_member_cannot_lead_out_of_the_folder(several: Path) -> None:
    tiny.write_pictures(several.parent / "pets")
    with pytest.raises(DataError, match="`member` must be a data set in"):
        recognise(several, "../pets")


def test_the_only_set_of_a_folder_needs_no_name(several: Path) -> None:
    shutil.rmtree(several / "cifar10")
    (several / "things.npz").unlink()
    assert recognise(several).path == several / "fashion-mnist"


def test_of_several_sets_without_cifar_10_one_must_be_chosen(several: Path) -> None:
    shutil.rmtree(several / "cifar10")
    with pytest.raises(DataError, match=r"several data sets .* Received: fashion-mnist, things"):
        recognise(several)


@pytest.mark.parametrize(
    ("name", "inside", "remedy"),
    [
        ("parquet of PNG", "data", r"Give .*data, or move it elsewhere"),
        ("parquet of PNG", "", "Move one of them to a folder of its own"),
        ("idx.gz", "raw", r"Give .*raw, or move it elsewhere"),
        ("python release", "cifar-10-batches-py", r"Give .*cifar-10-batches-py, or move it elsewhere"),
    ],
)
def test_a_complete_set_beside_folders_of_pictures_is_asked_about(
    name: str, inside: str, remedy: str, tmp_path: Path
) -> None:
    path = tiny.WRITERS[name](tmp_path / "petals" / inside)
    tiny.write_pictures(tmp_path / "petals", ("assets", "figures"))
    with pytest.raises(DataError, match=rf"must hold one data set. Received: folders of pictures, .* {remedy}\."):
        recognise(tmp_path / "petals")
    if inside:
        assert recognise(path).path == path


def test_a_file_of_no_known_format_is_refused_with_the_list_of_formats(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(DataError, match=r"must be a CIFAR release, .* Received: a file \(at .*notes.txt\)"):
        recognise(tmp_path / "notes.txt")
    with pytest.raises(DataError, match=r"Received: a folder with notes.txt"):
        recognise(tmp_path)
    with pytest.raises(DataError, match=r"Received: an empty file \(at /dev/null\)"):
        recognise(Path("/dev/null"))


def key_of(path: Path, image_size: int = 32) -> str:
    return source_key(recognise(path), Options(image_size=image_size))


def test_the_key_follows_the_bytes_not_the_place(tmp_path: Path) -> None:
    here = tiny.write_idx(tmp_path / "here" / "fashion")
    there = Path(shutil.copytree(here, tmp_path / "there" / "fashion"))
    assert key_of(here) == key_of(there)
    data = (there / "t10k-labels-idx1-ubyte.gz").read_bytes()
    (there / "t10k-labels-idx1-ubyte.gz").write_bytes(data[:-1] + b"\1")
    assert key_of(here) != key_of(there)


def test_the_key_of_pictures_follows_their_times_and_the_chosen_size(tmp_path: Path) -> None:
    pets = tiny.write_pictures(tmp_path / "pets")
    before = key_of(pets)
    assert key_of(pets) == before
    assert key_of(pets, image_size=64) != before
    os.utime(pets / "cat" / "0.png", ns=(1, 1))
    assert key_of(pets) != before


def test_the_chosen_size_does_not_matter_where_nothing_is_resized(tmp_path: Path) -> None:
    file = tiny.write_npz(tmp_path / "things.npz")
    assert key_of(file) == key_of(file, image_size=64)


def test_every_format_has_a_writer_that_other_tests_damage_and_a_word_in_the_docs(tmp_path: Path) -> None:
    paths = [writer(tmp_path / name) for name, writer in tiny.WRITERS.items()]
    unwritten = [form.called for form in FORMATS if not any(form.find(path) for path in paths)]
    assert not unwritten, "Add a writer to tests/data/tiny_sets.py."
    page = (CHECKOUT / "docs" / "data.md").read_text(encoding="utf-8").replace("`", "")
    unsaid = [form.called for form in FORMATS if form.called not in page]
    assert not unsaid, "Add a line to docs/data.md."
