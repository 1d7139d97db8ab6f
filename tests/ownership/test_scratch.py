"""Scratch folders: what a killed process left goes with the next command, what a living one uses stays."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from kerascnn.errors import StoreError
from kerascnn.ownership import scratch
from kerascnn.ownership.scratch import (
    StrangersFolder,
    scratch_folder,
    settle_home,
    sweep_scratch,
    user_folder,
    variables_inside,
)

HOLD = """
import sys, tempfile, time
tempfile.tempdir = sys.argv[1]
from kerascnn.ownership.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "notes").write_text("half")
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's temporary folder, as all here see it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def left_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def own(temporary: Path) -> Path:
    return temporary / f"kerascnn-{os.getuid()}"


def test_a_scratch_folder_is_private_and_leaves_nothing(temporary: Path) -> None:
    with scratch_folder() as folder:
        (folder / "file").write_text("x")
        assert folder.parent == own(temporary)
        assert [path.stat().st_mode & 0o777 for path in (folder, folder.parent)] == [0o700, 0o700]
    assert list(own(temporary).iterdir()) == []


def test_what_a_killed_process_left_is_swept_and_what_a_living_one_uses_is_not(temporary: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(temporary)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        folder = Path(holder.stdout.readline().strip())
        sweep_scratch()
        assert (folder / "notes").read_text() == "half"
        holder.kill()
        holder.wait()
        assert (folder / "notes").exists()
        sweep_scratch()
    assert list(own(temporary).iterdir()) == []


def test_a_sweep_follows_no_link_out_of_the_scratch_folder(temporary: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "text").write_text("mine")
    folder = user_folder(str(temporary))
    (folder / "scratch-0").mkdir()
    (folder / "scratch-0" / "link").symlink_to(tmp_path / "thesis")
    (folder / "scratch-1").symlink_to(tmp_path / "thesis")
    sweep_scratch()
    assert (list(folder.iterdir()), (tmp_path / "thesis" / "text").read_text()) == ([], "mine")


def test_a_process_with_a_temporary_folder_of_its_own_shares_the_roof(
    temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scratch_folder() as folder:
        for name, value in variables_inside(folder).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("tempfile.tempdir", None)
        assert tempfile.gettempdir() == str(folder)
        with scratch_folder() as inner:
            assert inner.parent == folder.parent == own(temporary)


def test_a_folder_that_others_could_enter_is_closed_to_them(temporary: Path) -> None:
    own(temporary).mkdir(mode=0o755)
    assert user_folder(str(temporary)).stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("what", ["link", "file", "stranger"])
def test_where_a_stranger_has_the_name_the_next_one_is_used(temporary: Path, tmp_path: Path, what: str) -> None:
    if what == "link":
        (tmp_path / "trap").mkdir()
        own(temporary).symlink_to(tmp_path / "trap")
    elif what == "file":
        own(temporary).write_text("")
    elif os.getuid() == 0:
        own(temporary).mkdir()
        os.chown(own(temporary), 12345, -1)
    else:
        pytest.skip("only root can make folders of others")
    before = left_in(tmp_path)
    second = f"{own(temporary).name}-2"
    assert user_folder(str(temporary)).name == second
    with scratch_folder() as folder:
        assert folder.parent == temporary / second
        assert [path.stat().st_mode & 0o777 for path in (folder, folder.parent)] == [0o700, 0o700]
        sweep_scratch()
        assert folder.is_dir()
    assert left_in(tmp_path) == sorted([*before, f"temporary/{second}"])


def test_where_strangers_have_every_name_a_folder_without_one_is_used(temporary: Path) -> None:
    names = [own(temporary).name, *(f"{own(temporary).name}-{number}" for number in range(2, scratch.MOST_NAMES + 1))]
    for name in names:
        (temporary / name).write_text("")
    with pytest.raises(StrangersFolder):
        user_folder(str(temporary))
    with scratch_folder() as folder:
        assert folder.parent == temporary
        assert folder.stat().st_mode & 0o777 == 0o700
        sweep_scratch()
        assert folder.is_dir()
    assert left_in(temporary) == sorted(names)


def age(path: Path, seconds: float) -> None:
    for each in (*path.rglob("*"), path):
        os.utime(each, (time.time() - seconds,) * 2, follow_symlinks=False)


def old_scratch(temporary: Path, name: str = "kerascnn-ab3_x9zq") -> Path:
    """What an earlier version left when it was killed."""
    folder = temporary / name
    (folder / "kernels" / "kerascnn").mkdir(parents=True)
    (folder / "kernels" / "kerascnn" / "kernel.json").write_text("{}")
    (folder / "session.json").write_text("{}")
    return folder


def test_what_earlier_versions_left_goes_after_a_day(temporary: Path) -> None:
    slots = temporary / "kerascnn-slots-0"
    slots.mkdir()
    (slots / "core-0.lock").write_text("")
    (slots / "turn-core-0-2.lock").write_text("")
    connection = temporary / "tmpab3_x9zq.json"
    connection.write_text(json.dumps({"shell_port": 1, "key": "secret", "kernel_name": "kerascnn"}))
    old_scratch(temporary)
    before = left_in(temporary)
    sweep_scratch()
    assert [name for name in left_in(temporary) if name != own(temporary).name] == before
    for path in (slots, connection, temporary / "kerascnn-ab3_x9zq"):
        age(path, scratch.OLD_SECONDS + 60)
    sweep_scratch()
    assert left_in(temporary) == [own(temporary).name]


def test_a_folder_of_the_user_that_is_called_alike_stays(temporary: Path, tmp_path: Path) -> None:
    thesis = old_scratch(temporary, "kerascnn-mythesis")
    (thesis / "chapter1.tex").write_text("mine")
    (temporary / "kerascnn-elsewher").symlink_to(old_scratch(tmp_path, "real"))
    (temporary / "kerascnn-notes.ab").mkdir()
    for name, values in (("tmpabcdefgh.json", {"shell_port": 1, "kernel_name": "python3"}), ("tmp12345678.json", [])):
        (temporary / name).write_text(json.dumps(values))
    (temporary / "tmp_________.json").write_text("no JSON")
    age(temporary, scratch.OLD_SECONDS * 9)
    age(tmp_path / "real", scratch.OLD_SECONDS * 9)
    before = left_in(tmp_path)
    sweep_scratch()
    assert [name for name in left_in(tmp_path) if own(temporary).name not in name] == before


# --- homes --------------------------------------------------------------------------------------------------


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """HOME and KERAS_HOME, put back afterwards."""
    monkeypatch.setenv("HOME", "/")
    monkeypatch.setenv("KERAS_HOME", "/")
    monkeypatch.delenv("KERAS_HOME")
    return monkeypatch


def test_a_home_folder_that_can_be_written_stays(variables: pytest.MonkeyPatch, tmp_path: Path) -> None:
    variables.setenv("HOME", str(tmp_path))
    assert (settle_home(), os.environ["HOME"]) == ("", str(tmp_path))


@pytest.mark.parametrize("given", ["/nonexistent", "", " ", "relative", "file"])
def test_who_has_no_home_folder_gets_one_that_nobody_else_can_enter(
    variables: pytest.MonkeyPatch, temporary: Path, tmp_path: Path, given: str
) -> None:
    variables.chdir(tmp_path)
    (tmp_path / "file").touch()
    variables.setenv("HOME", str(tmp_path / given) if given == "file" else given)
    variables.setattr("pwd.getpwuid", lambda number: (_ for _ in ()).throw(KeyError(number)))
    notice = settle_home()
    home = Path(os.environ["HOME"])
    assert home == own(temporary) / "home"
    assert home.stat().st_mode & 0o777 == 0o700
    assert notice.startswith("There is no home folder: decoded data are kept in ")


def test_data_in_a_home_folder_that_can_only_be_read_are_still_found(
    variables: pytest.MonkeyPatch, temporary: Path, tmp_path: Path
) -> None:
    (tmp_path / ".keras").mkdir()
    variables.setenv("HOME", str(tmp_path))
    variables.setattr("os.access", lambda path, mode: False)
    assert settle_home().startswith(f"The home folder {tmp_path} cannot be written: ")
    assert os.environ["KERAS_HOME"] == str(tmp_path / ".keras")
    assert Path.home() == own(temporary) / "home"


def test_with_neither_home_nor_temporary_folder_one_sentence_says_what_to_set(
    variables: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    variables.setenv("HOME", "/nonexistent")
    variables.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(StoreError, match=r"Set HOME or TMPDIR to one\.$"):
        settle_home()
