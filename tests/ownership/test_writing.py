"""A file is replaced in one step and is on the disk by then; where that fails the old one stays, and nothing beside it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kerascnn.ownership.writing import replacing, write_durably, write_replacing


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write_half(path: Path) -> None:
    with replacing(path) as stream:
        stream.write(b"ne")
        raise ValueError("half-way")


def test_the_new_content_is_flushed_before_it_takes_the_old_ones_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, seen, flush = tmp_path / "file", [], os.fsync
    path.write_bytes(b"old")

    def fsync(handle: int) -> None:
        seen.append(path.read_bytes())
        flush(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    write_replacing(path, b"new")
    assert (seen, path.read_bytes(), names(tmp_path)) == ([b"old"], b"new", ["file"])


def test_where_writing_fails_the_old_content_stays_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="half-way"):
        write_half(path)
    assert (path.read_bytes(), names(tmp_path)) == (b"old", ["file"])


def test_what_a_killed_process_left_under_a_fixed_name_is_replaced(tmp_path: Path) -> None:
    path, partial = tmp_path / "file", tmp_path / "file.partial"
    partial.write_bytes(b"half of it")
    with replacing(path, partial) as stream:
        stream.write(b"new")
    assert (path.read_bytes(), names(tmp_path)) == (b"new", ["file"])


def test_a_link_in_the_place_of_the_file_is_replaced_and_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"theirs")
    (tmp_path / "file").symlink_to(other)
    write_replacing(tmp_path / "file", b"new")
    assert (other.read_bytes(), (tmp_path / "file").is_symlink()) == (b"theirs", False)


def test_a_new_file_is_no_one_elses(tmp_path: Path) -> None:
    write_durably(tmp_path / "file", b"new")
    with pytest.raises(FileExistsError):
        write_durably(tmp_path / "file", b"other")
