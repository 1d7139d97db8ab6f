"""A report in another folder or as one file: the same bytes every time, and nobody's files in danger."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from browsing import check_links, start_browser
from filelock import FileLock

from kerascnn.errors import StoreError, UsageError
from kerascnn.report.folder import handing_in
from kerascnn.report.folder.handing_in import bundle_name, check_folder, check_target, zip_report
from kerascnn.report.folder.writer import LOCK, Manifest, write_report
from kerascnn.report.text.links import REPORT_PAGES

FILES = {"index.html": "<title>ä</title>", "b.html": "b", "a.html": "a", "data/finals.csv": "arm\n"}
NAME = "kerascnn-report-embedded-quick"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A report, with a file of the user's beside it."""
    report = tmp_path / "reports"
    write_report(FILES, "1", report)
    (report / "notes.txt").write_text("mine")
    return report


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "handed-in.zip"


def foreign_zip(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "precious")
    return path


# --- the zip file -------------------------------------------------------------------------------------------


def test_a_zip_file_holds_the_report_below_one_folder_and_nothing_else(folder: Path, target: Path) -> None:
    zip_report(folder, target, NAME)
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"{NAME}/{name}" for name in sorted(FILES)]
        assert {name: archive.read(f"{NAME}/{name}").decode() for name in FILES} == FILES
        modes = {member.external_attr >> 16 for member in archive.infolist()}
    assert modes == {0o100644}
    assert sorted(path.name for path in target.parent.iterdir()) == ["handed-in.zip", "reports"], "no temporary is left"


def test_the_same_report_gives_the_same_bytes_wherever_and_whenever_it_was_written(tmp_path: Path) -> None:
    for place, names, umask, time in (("one", FILES, 0o022, 1e9), ("two", dict(reversed(FILES.items())), 0o077, 1.5e9)):
        before = os.umask(umask)
        try:
            write_report(names, "1", tmp_path / place)
        finally:
            os.umask(before)
        for name in names:
            os.utime(tmp_path / place / name, (time, time))
        zip_report(tmp_path / place, tmp_path / f"{place}.zip", NAME)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_an_unpacked_report_opens_from_disk_and_all_its_links_lead_somewhere(sample, tmp_path: Path) -> None:
    zip_report(sample[1], tmp_path / "r.zip", NAME)
    with zipfile.ZipFile(tmp_path / "r.zip") as archive:
        archive.extractall(tmp_path)
    count, broken = check_links(tmp_path / NAME)
    assert (count, broken) == (check_links(sample[1])[0], [])
    assert Manifest.load(sample[1]).holds(tmp_path / NAME)


@pytest.mark.browser
def test_an_unpacked_report_shows_in_a_browser_without_complaint(sample, tmp_path: Path) -> None:
    zip_report(sample[1], tmp_path / "r.zip", NAME)
    with zipfile.ZipFile(tmp_path / "r.zip") as archive:
        archive.extractall(tmp_path)
    browser = start_browser()
    try:
        browser.get((tmp_path / NAME / "index.html").as_uri())
        style = "return getComputedStyle(document.querySelector('.badge')).display"
        assert browser.execute_script(style).endswith("flex")
        assert browser.get_log("browser") == []
    finally:
        browser.quit()


def test_an_earlier_zip_file_of_a_report_is_replaced(folder: Path, target: Path) -> None:
    zip_report(folder, target, bundle_name("cifar10", "smoke"))
    zip_report(folder, target, NAME)
    with zipfile.ZipFile(target) as archive:
        assert archive.namelist()[0].startswith(f"{NAME}/")


@pytest.mark.parametrize("what", ["text", "folder", "runs", "empty", "mixed", "almost"])
def test_anything_else_is_never_replaced(folder: Path, target: Path, what: str) -> None:
    if what == "text":
        target.write_text("precious")
    elif what == "folder":
        target.mkdir()
    else:
        names = {
            "runs": ["abc/record.json"],
            "mixed": [f"{NAME}/index.html", "thesis.tex"],
            "almost": [f"{NAME}/a.html"],
        }
        foreign_zip(target, *names.get(what, []))
    before = target.read_bytes() if target.is_file() else None
    with pytest.raises(UsageError, match=r"`--zip` must be a new file, or an earlier zip file of a report"):
        zip_report(folder, target, NAME)
    assert before == (target.read_bytes() if target.is_file() else None)


@pytest.mark.parametrize("name", ["index.html", "handed-in", "zip"])
def test_a_zip_file_must_be_called_one(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"whose name ends in \.zip. Received: "):
        check_target(tmp_path / name)


def test_a_zip_file_that_cannot_be_written_leaves_the_earlier_one(
    folder: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zip_report(folder, target, NAME)
    before = target.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(StoreError, match=r"handed-in\.zip cannot be used: No space left on device"):
        zip_report(folder, target, "kerascnn-report-other-quick")
    assert target.read_bytes() == before
    assert sorted(path.name for path in target.parent.iterdir()) == ["handed-in.zip", "reports"]


def test_a_place_that_cannot_be_is_one_clear_error(folder: Path, tmp_path: Path) -> None:
    for target in (tmp_path / "nowhere" / "r.zip", tmp_path / ("r" * 300 + ".zip")):
        with pytest.raises(StoreError, match=r"cannot be used: .*another place"):
            zip_report(folder, target, NAME)


@pytest.mark.parametrize("damage", ["changed", "gone", "link"])
def test_a_report_that_is_not_as_it_was_written_is_not_handed_in(folder: Path, target: Path, damage: str) -> None:
    path = folder / "a.html"
    path.unlink()
    if damage == "changed":
        path.write_text("better numbers")
    elif damage == "link":
        (folder.parent / "other").write_text("a")
        path.symlink_to(folder.parent / "other")
    with pytest.raises(StoreError, match=r"a\.html has changed since the report was written.*pipeline\.py report"):
        zip_report(folder, target, NAME)
    assert not target.exists()


def test_a_report_that_is_being_written_is_waited_for(
    folder: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handing_in, "LOCK_TIMEOUT_SECONDS", 0.01)
    with FileLock(folder / LOCK), pytest.raises(StoreError, match="Another report is being written"):
        zip_report(folder, target, NAME)
    zip_report(folder, target, NAME)


def test_hidden_files_are_not_handed_in_even_if_a_manifest_lists_them(folder: Path, target: Path) -> None:
    write_report(FILES | {".hidden": "x"}, "2", folder)
    with pytest.raises(StoreError, match="has changed since the report was written"):
        zip_report(folder, target, NAME)


def test_the_folder_in_the_zip_file_has_a_name_that_every_system_takes() -> None:
    assert bundle_name("cifar10", "quick") == "kerascnn-report-cifar10-quick"
    assert bundle_name("../My Pets/€", "full") == "kerascnn-report-my-pets-full"


# --- another folder -----------------------------------------------------------------------------------------


def test_a_new_an_empty_and_a_report_folder_may_be_written_to(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for place in (tmp_path / "new", tmp_path / "empty", folder):
        check_folder(place)


def test_a_folder_with_other_files_may_not(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("my home page")
    with pytest.raises(UsageError, match="`--output` must be a new or empty folder, or one with a report"):
        check_folder(tmp_path)


@pytest.mark.parametrize("stem", REPORT_PAGES)
def test_a_file_of_the_user_with_the_name_of_a_page_is_found_before_anything_is_rendered(
    tmp_path: Path, stem: str
) -> None:
    write_report({"style.css": ""}, "1", tmp_path)
    (tmp_path / f"{stem}.html").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=rf"{stem}\.html"):
        check_folder(tmp_path, experiments=["01_mlp_vs_cnn"])
