from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_sets as tiny

from kerascnn.data.decoded import Decoded, Options
from kerascnn.data.formats.pictures import class_folders
from kerascnn.data.sources import recognise
from kerascnn.errors import DataError


def test_classes_are_the_folders_and_a_fifth_of_each_is_the_test_part(tmp_path: Path) -> None:
    decoded = tiny.decode(tiny.write_pictures(tmp_path / "pets", ("dog", "cat", "bird"), count=10))
    assert decoded.class_names == ("bird", "cat", "dog")
    assert decoded.title == decoded.name == "pets"
    assert np.bincount(decoded.train_labels).tolist() == [8, 8, 8]
    assert np.bincount(decoded.test_labels).tolist() == [2, 2, 2]


def test_every_picture_is_in_one_part_with_its_own_label(tmp_path: Path) -> None:
    decoded = tiny.decode(tiny.write_pictures(tmp_path / "pets"))
    seen = {
        image.tobytes(): int(label)
        for images, labels in ((decoded.train_images, decoded.train_labels), (decoded.test_images, decoded.test_labels))
        for image, label in zip(images, labels, strict=True)
    }
    assert seen == {pixels.tobytes(): row // 5 for row, pixels in enumerate(tiny.TRAIN_PIXELS[:10])}


def test_the_split_depends_on_names_alone(tmp_path: Path) -> None:
    first = tiny.decode(tiny.write_pictures(tmp_path / "here" / "pets"))
    second = tiny.decode(tiny.write_pictures(tmp_path / "there" / "pets"))
    np.testing.assert_array_equal(first.test_images, second.test_images)
    np.testing.assert_array_equal(first.train_labels, second.train_labels)


def test_the_beginning_of_a_part_has_all_classes(tmp_path: Path) -> None:
    decoded = tiny.decode(tiny.write_pictures(tmp_path / "pets", ("a", "b", "c"), count=20))
    assert set(decoded.train_labels[:12].tolist()) == {0, 1, 2}


@pytest.mark.parametrize("test_name", ["test", "val", "validation", "Testing", "test_set"])
def test_a_test_folder_is_the_test_part(test_name: str, tmp_path: Path) -> None:
    tiny.write_pictures(tmp_path / "pets" / "train", count=6)
    tiny.write_pictures(tmp_path / "pets" / test_name, count=3)
    decoded = tiny.decode(tmp_path / "pets")
    assert (len(decoded.train_images), len(decoded.test_images)) == (12, 6)
    assert decoded.class_names == ("cat", "dog")


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    assert tiny.decode(tiny.write_pictures(tmp_path / "traffic", ("train", "tram"))).class_names == ("train", "tram")


def test_litter_of_file_managers_is_passed_over(tmp_path: Path) -> None:
    root = tiny.write_pictures(tmp_path / "pets")
    for name in (".DS_Store", "Thumbs.db", "._0.png"):
        (root / "cat" / name).write_bytes(b"litter")
    (root / ".git").mkdir()
    (root / "README.txt").write_text("my pets")
    assert tiny.decode(root).class_names == ("cat", "dog")


def test_the_size_can_be_chosen(tmp_path: Path) -> None:
    root = tiny.write_pictures(tmp_path / "pets")
    assert tiny.decode(root, image_size=48).train_images.shape == (8, 48, 48, 3)
    with pytest.raises(DataError, match=r"`image_size` must be 8 to 256 pixels. Received: 4"):
        tiny.decode(root, image_size=4)


def _no_classes(root: Path) -> None:
    root.mkdir()


def _empty_class(root: Path) -> None:
    tiny.write_pictures(root)
    (root / "emu").mkdir()


def _not_an_image(root: Path) -> None:
    tiny.write_pictures(root)
    (root / "cat" / "3.png").write_text("not a picture")


def _folder_in_class(root: Path) -> None:
    tiny.write_pictures(root)
    tiny.write_pictures(root / "cat", ("old",))


def _one_class(root: Path) -> None:
    tiny.write_pictures(root, ("cat",))


def _one_picture(root: Path) -> None:
    tiny.write_pictures(root)
    tiny.write_pictures(root, ("emu",), count=1)


def _other_test_classes(root: Path) -> None:
    tiny.write_pictures(root / "train")
    tiny.write_pictures(root / "test", ("cat", "emu"))


def _test_only(root: Path) -> None:
    tiny.write_pictures(root / "test")


def _numbered_training_parts(root: Path) -> None:
    for part in ("train_1", "train_2", "test"):
        tiny.write_pictures(root / part)


def _training_parts_by_two_names(root: Path) -> None:
    for part in ("train", "training"):
        tiny.write_pictures(root / part)


def _too_many_classes(root: Path) -> None:
    tiny.write_pictures(root, [f"class {label}" for label in range(101)], count=1)


def _dangling_link(root: Path) -> None:
    tiny.write_pictures(root)
    (root / "cat" / "9.png").symlink_to(root / "nowhere.png")


@pytest.mark.parametrize(
    ("build", "complaint"),
    [
        (_no_classes, "Received: an empty folder"),
        (_empty_class, r"every class must have pictures. Received: an empty folder \(.*emu\)"),
        (_not_an_image, r"1 of 10 that is not: cat/3.png \(not a picture of a known kind"),
        (_folder_in_class, r"Received: old \(in .*cat\)"),
        (_one_class, "2 to 100 classes. Received: 1"),
        (_one_picture, r"at least 2 pictures, .* Received: 1 of emu"),
        (_other_test_classes, "the same class folders. Received: dog, emu in only one of them"),
        (_test_only, "a test part must have a training part beside it"),
        (_numbered_training_parts, r"must have one training part. Received: 2, train_1, train_2 \(in .*pets\)"),
        (_training_parts_by_two_names, "Received: 2, train, training .* Put the pictures of each class together"),
        (_too_many_classes, "at most 100 classes. Received: 101"),
        (_dangling_link, r"1 of 11 that is not: cat/9.png \(No such file"),
    ],
)
def test_folders_that_are_no_data_set_are_refused(build: object, complaint: str, tmp_path: Path) -> None:
    build(tmp_path / "pets")  # type: ignore[operator]
    with pytest.raises(DataError, match=complaint):
        tiny.decode(tmp_path / "pets")


def read_aloud(path: Path) -> tuple[Decoded, list[str]]:
    """The decoded set, and what was said about it."""
    said: list[str] = []
    found = recognise(path)
    return found.read(found, Options(report=said.append)), said


def test_what_is_no_picture_takes_no_part_and_that_is_said(tmp_path: Path) -> None:
    root = tiny.write_pictures(tmp_path / "pets")
    (root / "cat" / "notes.txt").write_text("not a picture")
    (root / "dog" / "features.npy").write_bytes(b"not a picture")
    (root / "weights").mkdir()
    (root / "weights" / "net.h5").write_bytes(b"no picture either")
    decoded, said = read_aloud(root)
    assert decoded.class_names == ("cat", "dog")
    assert "Not used, because they are not pictures: cat/notes.txt, dog/features.npy, weights." in said


def test_loose_pictures_beside_class_folders_take_no_part_and_that_is_said(tmp_path: Path) -> None:
    root = tiny.write_pictures(tmp_path / "pets")
    tiny.write_picture(root / "loose.png", tiny.TRAIN_PIXELS[0])
    decoded, said = read_aloud(root)
    assert len(decoded.train_images) + len(decoded.test_images) == 10
    assert "Not used, because they are beside the class folders: 1 picture, such as loose.png." in said


@pytest.mark.parametrize("inside", ["", "images"])
def test_a_test_part_without_labels_takes_no_part_and_a_fifth_is_set_aside(inside: str, tmp_path: Path) -> None:
    root = tiny.write_pictures(tmp_path / "pets" / "train").parent
    tiny.write_picture(root / "test" / inside / "1.png", tiny.TRAIN_PIXELS[0])
    decoded, said = read_aloud(root)
    assert (len(decoded.train_images), len(decoded.test_images)) == (8, 2)
    assert "test has no labels, so it is not used." in said
    assert any("a fifth of the pictures of each class becomes the test part" in line for line in said)


def test_where_the_test_part_has_no_labels_a_validation_part_is_the_test_part(tmp_path: Path) -> None:
    root = tiny.write_pictures(tmp_path / "pets" / "train").parent
    (root / "test").mkdir()
    tiny.write_pictures(root / "valid", count=2)
    assert len(read_aloud(root)[0].test_images) == 4


def test_class_folders_that_macos_spells_otherwise_are_the_same_classes(tmp_path: Path) -> None:
    tiny.write_pictures(tmp_path / "pets" / "train", ("caf\u00e9", "dog"))
    tiny.write_pictures(tmp_path / "pets" / "test", ("cafe\u0301", "dog"), count=2)
    assert len(tiny.decode(tmp_path / "pets").test_images) == 4


def test_all_unreadable_pictures_are_named_at_once_and_none_by_an_address_in_memory(tmp_path: Path) -> None:
    root = tiny.write_pictures(tmp_path / "pets", count=10)
    for number in range(3):
        (root / "cat" / f"{number}.png").write_bytes(b"nonsense")
    (root / "dog" / "7.png").write_bytes(tiny.encode(tiny.TRAIN_PIXELS[0])[:500])
    (root / "dog" / "8.png").write_bytes(b"")
    with pytest.raises(
        DataError, match=r"5 of 20 that are not: cat/0.png .*, cat/1.png .*, cat/2.png .*, dog/7.png"
    ) as caught:
        tiny.decode(root)
    assert "dog/8.png (an empty file)" in str(caught.value)
    assert "0x" not in str(caught.value)


def test_of_many_unreadable_pictures_some_are_named_and_all_counted(tmp_path: Path) -> None:
    root = tiny.write_pictures(tmp_path / "pets", count=15)
    for file in root.glob("*/*.png"):
        file.write_bytes(b"nonsense")
    with pytest.raises(DataError, match=r"30 of 30 that are not: .* and 20 more"):
        tiny.decode(root)


def test_a_stray_set_among_class_folders_does_not_decide_the_format(tmp_path: Path) -> None:
    root = tiny.write_pictures(tmp_path / "pets")
    (tiny.write_parquet(root) / "test-00000-of-00001.parquet").unlink()
    tiny.write_npz(root / "features.npz")
    (root / "cat.tar.gz").write_bytes(b"nonsense")
    assert recognise(root).format == "folders of pictures"


def test_names_that_are_no_text_can_be_hashed_stored_and_printed(tmp_path: Path) -> None:
    root = tiny.write_pictures(tmp_path / "p\udce9ts", ("caf\udce9", "dog"))
    decoded = tiny.decode(root)
    assert (decoded.title, decoded.class_names) == ("p\\xe9ts", ("caf\\xe9", "dog"))
    (root / "dog" / "x\udcff.png").write_bytes(b"nonsense")
    with pytest.raises(DataError) as caught:
        tiny.decode(root)
    assert "dog/x\\xff.png" in str(caught.value).encode().decode()


def test_classes_deeper_than_their_folder_are_not_guessed(tmp_path: Path) -> None:
    for year in ("2023", "2024"):
        tiny.write_pictures(tmp_path / "years" / year)
    with pytest.raises(DataError, match=r"pictures without class folders, such as 0.png"):
        tiny.decode(tmp_path / "years")


def test_links_that_lead_back_are_followed_once(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"l{number}").symlink_to(".")
    with pytest.raises(DataError, match="a data set must be"):
        recognise(tmp_path)
    tiny.write_pictures(tmp_path / "pets" / "wrapped")
    assert tiny.decode(tmp_path).class_names == ("cat", "dog")


def test_a_search_through_too_many_folders_ends_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(class_folders, "MOST_SEARCHED", 20)
    for number in range(25):
        (tmp_path / "disk" / f"{number:02}").mkdir(parents=True)
    with pytest.raises(DataError, match="Give the path of the folder whose folders are the classes"):
        recognise(tmp_path)


def test_what_lies_beside_the_parts_takes_no_part_and_that_is_said(tmp_path: Path) -> None:
    root = tiny.write_pictures(tmp_path / "pets" / "train").parent
    tiny.write_pictures(root / "holdout", ("cat",))
    tiny.write_pictures(root, ("cat",))
    tiny.write_picture(root / "training" / "loose.png", tiny.TRAIN_PIXELS[0])
    tiny.write_picture(root / "loose.png", tiny.TRAIN_PIXELS[0])
    decoded, said = read_aloud(root)
    assert len(decoded.train_images) + len(decoded.test_images) == 10
    assert "Not used, because it is beside the training and test parts: cat, holdout, training, loose.png." in said
