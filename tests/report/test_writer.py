"""The folder: whole files, nothing foreign removed, and a cheap way to know it is up to date."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import pytest

from kerascnn.errors import StoreError
from kerascnn.report import is_current, render_report
from kerascnn.report.folder import writer
from kerascnn.report.folder.writer import MANIFEST, Manifest, write_report


def test_a_report_is_current_until_its_inputs_or_its_files_change(sample, tmp_path):
    inputs, _ = sample
    assert not is_current(inputs, tmp_path)
    render_report(inputs, tmp_path)
    assert is_current(inputs, tmp_path)
    assert not is_current(replace(inputs, command="other"), tmp_path)
    assert not is_current(replace(inputs, entries=inputs.entries[:2]), tmp_path)
    assert not is_current(replace(inputs, load_record=lambda key: None), tmp_path)
    assert not is_current(replace(inputs, load_images=lambda content: None), tmp_path)
    (tmp_path / "index.html").write_text("changed", encoding="utf-8")
    assert not is_current(inputs, tmp_path)


def test_files_of_an_earlier_report_go_and_all_others_stay(tmp_path):
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    write_report({"index.html": "a", "old.html": "b", "data/old.csv": "c"}, "1", tmp_path)
    (tmp_path / "data" / "notes.txt").write_text("mine", encoding="utf-8")
    write_report({"index.html": "a2"}, "2", tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file() and path.name[0] != ".") == [
        "README.md",
        "index.html",
        "notes.txt",
    ]
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == "a2"


def test_an_empty_data_folder_goes_with_its_files(tmp_path):
    write_report({"data/old.csv": "c"}, "1", tmp_path)
    write_report({}, "2", tmp_path)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", ["../victim.txt", "/victim.txt", "a/../../victim.txt", "a/b/c.txt", "a\\..\\b"])
def test_a_forged_manifest_cannot_make_us_remove_files_elsewhere(tmp_path, name):
    folder = tmp_path / "reports"
    folder.mkdir()
    (tmp_path / "victim.txt").write_text("mine", encoding="utf-8")
    (folder / MANIFEST).write_text(json.dumps({"digest": "", "files": {name: "x"}}), encoding="utf-8")
    write_report({"index.html": "a"}, "1", folder)
    assert (tmp_path / "victim.txt").is_file()


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"digest": 1, "files": []}', '{"digest": "1", "files": {}, "pieces": []}', "\x00"]
)
def test_a_damaged_manifest_counts_as_none(tmp_path, text):
    (tmp_path / MANIFEST).write_text(text, encoding="utf-8")
    assert Manifest.load(tmp_path) == Manifest("", {})


def test_a_write_that_breaks_off_leaves_whole_files_and_knows_them_as_ours(tmp_path, monkeypatch):
    write_report({"index.html": "first", "a.html": "first"}, "1", tmp_path)

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(StoreError, match="No space left on device"):
        write_report({"index.html": "second"}, "2", tmp_path)
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == "first"
    monkeypatch.undo()
    write_report({"index.html": "third"}, "3", tmp_path)
    assert not (tmp_path / "a.html").exists()
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".tmp"]


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path):
    (tmp_path / "reports").write_text("a file", encoding="utf-8")
    with pytest.raises(StoreError, match="reports folder must be a folder that can be written") as error:
        write_report({"index.html": "a"}, "1", tmp_path / "reports")
    assert str(tmp_path / "reports") in str(error.value)


def test_pictures_are_written_as_they_are(tmp_path):
    write_report({"pictures/a.jpg": b"\xff\xd8\x00"}, "1", tmp_path)
    assert (tmp_path / "pictures" / "a.jpg").read_bytes() == b"\xff\xd8\x00"
    write_report({}, "2", tmp_path)
    assert not (tmp_path / "pictures").exists()


def test_a_file_that_stays_the_same_is_not_written_again(tmp_path):
    write_report({"index.html": "a", "other.html": "b"}, "1", tmp_path)
    before = (tmp_path / "index.html").stat().st_ino
    write_report({"index.html": "a", "other.html": "c"}, "2", tmp_path)
    assert (tmp_path / "index.html").stat().st_ino == before
    assert (tmp_path / "other.html").read_text(encoding="utf-8") == "c"


def test_a_file_that_someone_changed_is_written_again(tmp_path):
    write_report({"index.html": "a"}, "1", tmp_path)
    (tmp_path / "index.html").write_text("mine", encoding="utf-8")
    write_report({"index.html": "a"}, "1", tmp_path)
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == "a"


def test_who_has_the_folder_may_write_and_another_waits(tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "LOCK_TIMEOUT_SECONDS", 0.2)
    tried = []

    def write_too():
        try:
            write_report({"index.html": "theirs"}, "2", tmp_path)
        except StoreError as err:
            tried.append(str(err))

    with writer.only_writer(tmp_path):
        write_report({"index.html": "ours"}, "1", tmp_path)
        other = threading.Thread(target=write_too)
        other.start()
        other.join()
    assert "another report is being written there" in tried[0]
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == "ours"
