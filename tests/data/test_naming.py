from __future__ import annotations

from pathlib import Path

import pytest

from kerascnn.data.naming import legible, part_of, set_name

COMMIT = "3f1c0d5b7a9e2468ace013579bdf02468ace1357"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/home/me/petals/data", "petals"),
        ("/data", "data"),
        ("/dataset", "dataset"),
        ("/", "pictures"),
        (f"/{COMMIT}", "pictures"),
        (f"/cache/hub/datasets--me--petals/snapshots/{COMMIT}", "petals"),
        (f"/cache/hub/datasets--me--petals/snapshots/{COMMIT}/data", "petals"),
        ("/cache/kagglehub/datasets/me/petals/versions/3", "petals"),
        ("/home/me/petals/default", "petals"),
        ("/home/me/caf\udce9", "caf\\xe9"),
    ],
)
def test_a_set_is_called_by_what_says_something_and_never_by_nothing(path: str, name: str) -> None:
    assert set_name(Path(path)) == name


@pytest.mark.parametrize(
    ("name", "part"),
    [
        *[
            (name, "train")
            for name in ("train", "Training", "train_set", "seg_train", "trainset", "TRAIN", "train2017")
        ],
        *[(name, "test") for name in ("test", "Testing", "test_set", "test1", "seg_test", "testset")],
        *[(name, "validation") for name in ("val", "valid", "validation", "dev", "Validation_Set")],
        *[(name, None) for name in ("cat", "tram", "trained", "valley", "latest", "train_cat", "data", "")],
    ],
)
def test_parts_are_known_by_the_names_that_people_give_them(name: str, part: str | None) -> None:
    assert part_of(name) == part


def test_a_name_that_is_no_text_can_be_printed_stored_and_told_apart() -> None:
    names = ["caf\udce9", "caf\udce8", "a\nb", "a\x1b[2Jb", "\ud800", "\u202eevil"]
    shown = [legible(name) for name in names]
    assert "".join(shown).encode().isascii()
    assert len(set(shown)) == len(names)


@pytest.mark.parametrize("name", ["café", "猫", "گربه\u200cها", "👨\u200d👩\u200d👧", "black cat"])
def test_names_of_every_alphabet_stay_as_they_are(name: str) -> None:
    assert legible(name) == name


def test_an_endless_name_is_cut() -> None:
    assert len(legible("x" * 10_000)) < 200
