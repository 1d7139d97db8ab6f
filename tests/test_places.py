"""Where things lie, as the user's variables say it: homes, relative names, line breaks, and which copy children run."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import kerascnn
from kerascnn import places
from kerascnn.errors import DataError, KerascnnError, StoreError, UsageError
from kerascnn.places import (
    CHECKOUT,
    cache_folder,
    children_variables,
    experiments_folder,
    keras_folder,
    path_of,
    reports_folder,
    settle_variables,
    store_folder,
    variable,
)

READERS = {
    "KERASCNN_EXPERIMENTS": experiments_folder,
    "KERASCNN_STORE": store_folder,
    "KERASCNN_REPORTS": reports_folder,
    "KERASCNN_CACHE": cache_folder,
    "KERAS_HOME": keras_folder,
}
FIRST_ON_THE_PATH = "import kerascnn; print(kerascnn.__file__)"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.chdir(tmp_path)
    for name in READERS:
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("~/x", "home/x"),
        ("~", "home"),
        ("~/x/", "home/x"),
        ("x", "x"),
        ("./x/../y", "y"),
        ("x\n", "x"),
        ("x\r\n", "x"),
        ("a b", "a b"),
    ],
)
def test_every_variable_is_read_alike(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, given: str, meant: str
) -> None:
    monkeypatch.setenv(name, given)
    assert READERS[name]() == tmp_path / meant


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_a_blank_variable_is_as_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch, name: str, blank: str) -> None:
    usual = READERS[name]()
    monkeypatch.setenv(name, blank)
    assert READERS[name]() == usual


@pytest.mark.parametrize("given", ["~no-such-user/x", "x" * 5000, "loop/x"])
def test_what_can_be_no_place_is_refused_by_the_name_it_was_given_with(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: str
) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    monkeypatch.setenv("KERASCNN_STORE", given)
    with pytest.raises(UsageError, match=r"KERASCNN_STORE must be a path that the system can read\. Received: "):
        store_folder()


@pytest.mark.parametrize(
    ("code", "kind"), [(errno.EACCES, StoreError), (errno.EIO, DataError), (errno.ESTALE, StoreError)]
)
def test_what_the_disk_refuses_is_no_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, code: int, kind: type[KerascnnError]
) -> None:
    def refuse(path: Path) -> bool:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "exists", refuse)
    with pytest.raises(kind, match=rf"^The folder cannot be read: {os.strerror(code)} \(somewhere\)"):
        path_of("somewhere", "The folder", unreadable=kind)


def test_without_a_home_folder_the_message_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_known(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", none_known)
    with pytest.raises(UsageError, match="Could not determine home"):
        path_of("~/x", "`--output`")


def test_no_other_module_reads_a_variable_that_the_user_sets() -> None:
    inner = {"KERASCNN_SESSION", "KERASCNN_TEMPORARY"}
    for path in Path(kerascnn.__file__).parent.rglob("*.py"):
        asked = re.findall(r"environ[^\n]*[\"'](KERASCNN_\w+|KERAS_HOME)[\"']\]? ?(?!=)\)", path.read_text("utf-8"))
        assert set(asked) <= inner, path


def test_what_is_started_elsewhere_finds_the_same_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in READERS:
        monkeypatch.setenv(name, f"~/{name.lower()}")
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    settle_variables()
    found = {name: os.environ[name] for name in READERS}
    assert found == {name: str(tmp_path / "home" / name.lower()) for name in READERS}
    assert variable("PYTHONPATH") == f"{CHECKOUT}{os.pathsep}elsewhere"


def test_a_child_runs_the_checkout_of_its_parent_whatever_else_is_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "installed" / "kerascnn"
    other.mkdir(parents=True)
    (other / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(other.parent))
    command = [sys.executable, "-c", FIRST_ON_THE_PATH]
    asked = [
        subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.strip()
        for variables in (None, children_variables())
    ]
    assert asked == [str(other / "__init__.py"), kerascnn.__file__]


def test_what_is_installed_like_any_package_stays_where_it_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "CHECKOUT", Path("/usr/lib/python3/site-packages"))
    monkeypatch.setenv("PYTHONPATH", "a")
    assert children_variables()["PYTHONPATH"] == "a"
