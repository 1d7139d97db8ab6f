"""In which order the lesson is read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kerascnn.notebooks.order import lesson_order, notebooks_in_order


def test_without_a_word_about_it_names_give_the_order() -> None:
    assert lesson_order({"02_b": "", "01_a": "", "10_c": ""}) == ["01_a", "02_b", "10_c"]


def test_a_notebook_stands_right_after_the_one_that_it_names() -> None:
    assert lesson_order({"01": "", "02": "", "03": "", "05": "02"}) == ["01", "02", "05", "03"]


def test_those_that_follow_the_same_one_keep_the_order_of_their_names() -> None:
    assert lesson_order({"01": "", "02": "", "07": "01", "05": "01", "06": "05"}) == ["01", "05", "06", "07", "02"]


@pytest.mark.parametrize("after", [{"01": "", "02": "gone"}, {"01": "", "02": "02"}, {"01": "02", "02": "01"}])
def test_who_waits_for_nobody_or_for_itself_stands_where_its_name_does(after: dict[str, str]) -> None:
    assert lesson_order(after) == ["01", "02"]


def test_who_follows_one_of_a_circle_is_still_listed() -> None:
    assert sorted(lesson_order({"01": "02", "02": "01", "03": "01"})) == ["01", "02", "03"]


@pytest.mark.parametrize("metadata", [None, [], {"kerascnn": 3}, {"kerascnn": {"read_after": ["01_a"]}}])
def test_metadata_that_says_nothing_of_the_kind_change_nothing(tmp_path: Path, metadata: object) -> None:
    save(tmp_path, "01_a", {})
    save(tmp_path, "02_b", metadata)
    (tmp_path / "03_broken.ipynb").write_text("{", encoding="utf-8")
    assert [path.stem for path in notebooks_in_order(tmp_path)] == ["01_a", "02_b", "03_broken"]


def test_the_order_is_read_from_the_notebooks_metadata(tmp_path: Path) -> None:
    for name, metadata in {"01_a": {}, "02_b": {}, "03_c": {"kerascnn": {"read_after": "01_a"}}}.items():
        save(tmp_path, name, metadata)
    assert [path.stem for path in notebooks_in_order(tmp_path)] == ["01_a", "03_c", "02_b"]


def save(folder: Path, name: str, metadata: object) -> None:
    """A notebook with nothing but its metadata."""
    content = {"cells": [], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    (folder / f"{name}.ipynb").write_text(json.dumps(content), encoding="utf-8")
