"""Below a folder no link is followed: not for looking, reading, writing, moving or deleting."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kerascnn.ownership.without_links import (
    kind_of,
    list_folder,
    move,
    read_file,
    remove_file,
    remove_if_empty,
    write_new,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file, a folder, a pipe, and links to such things outside."""
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for place in (inside / "sub", outside / "sub"):
        place.mkdir(parents=True)
        (place / "file").write_text("text")
        (place.parent / "file").write_text("text")
    (inside / "link").symlink_to(outside / "file")
    (inside / "away").symlink_to(outside)
    (inside / "dangling").symlink_to(outside / "nothing")
    os.mkfifo(inside / "pipe")
    return inside


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("file", "file"),
        ("sub", "folder"),
        ("sub/file", "file"),
        ("nothing", "nothing"),
        ("nothing/file", "nothing"),
        ("link", "other"),
        ("away", "other"),
        ("away/file", "other"),
        ("dangling", "other"),
        ("pipe", "other"),
        ("file/file", "other"),
    ],
)
def test_what_lies_at_a_name_is_told_without_following_links(folder: Path, name: str, kind: str) -> None:
    assert kind_of(folder, name) == kind
    assert read_file(folder, name) == (b"text" if kind == "file" else None)
    assert list_folder(folder, name) == (["file"] if kind == "folder" else [])


def test_nothing_is_done_through_a_link(folder: Path) -> None:
    outside = folder.parent / "outside"
    write_new(folder, "new", b"new")
    for attempt in (
        lambda: write_new(folder, "away/new", b"new"),
        lambda: write_new(folder, "dangling", b"new"),
        lambda: move(folder, "new", "away/file"),
        lambda: move(folder, "away/file", "moved"),
        lambda: remove_file(folder, "away/file"),
    ):
        with pytest.raises(OSError, match=r"Not a directory|Too many levels|File exists"):
            attempt()
    assert not remove_if_empty(folder, "away")
    assert sorted(path.name for path in outside.rglob("*")) == ["file", "file", "sub"]
    assert (outside / "file").read_text() == "text"


def test_a_move_replaces_a_link_and_not_what_it_leads_to(folder: Path) -> None:
    write_new(folder, "new", b"new")
    move(folder, "new", "link")
    assert (kind_of(folder, "link"), (folder.parent / "outside" / "file").read_text()) == ("file", "text")


def test_a_folder_goes_only_when_it_is_empty(folder: Path) -> None:
    assert not remove_if_empty(folder, "sub")
    remove_file(folder, "sub/file")
    assert remove_if_empty(folder, "sub")
    assert kind_of(folder, "sub") == "nothing"


def test_the_folder_itself_may_be_a_link(folder: Path) -> None:
    (folder.parent / "chosen").symlink_to(folder)
    assert read_file(folder.parent / "chosen", "sub/file") == b"text"
