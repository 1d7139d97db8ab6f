"""Twenty and more arrangements of the user's files: no verb that writes or deletes changes a byte of them, and each says so."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np
import pytest
from factories import make_identity, make_result
from nbformat.v4 import new_markdown_cell, new_notebook
from place import CHECKOUT

from kerascnn.ownership.manifests import Manifest
from kerascnn.store import Store

sys.path.insert(0, str(CHECKOUT))
import pipeline

VERBS = ("clean", "report", "report --output", "store export")
KEPT = "written by hand"


@dataclass
class Scene:
    """A folder that a verb is pointed at, with things of ours in it, and a folder of the user's elsewhere."""

    root: Path
    verb: str

    @property
    def folder(self) -> Path:
        return self.root / "shared"

    @property
    def elsewhere(self) -> Path:
        return self.root / "elsewhere"

    @property
    def noun(self) -> str:
        return "export" if self.verb == "store export" else "report"

    @property
    def page(self) -> str:
        """A name that the verb writes or deletes."""
        return "runs.csv" if self.noun == "export" else "index.html"

    def hidden(self, ending: str) -> Path:
        return self.folder / f".kerascnn-{self.noun}.{ending}"

    def manifest(self) -> Manifest:
        return Manifest.read(self.folder, f".kerascnn-{self.noun}.json") or Manifest("", {})

    def forge(self, **files: str) -> None:
        self.folder.mkdir(exist_ok=True)
        self.hidden("json").write_bytes(Manifest("", files).to_bytes())

    def call(self) -> int:
        words = self.verb.split()
        return pipeline.main([*words, str(self.folder)] if words[-1] in ("--output", "export") else words)


Arrange = Callable[[Scene, Callable[[], None]], str]
"""Puts foreign things there; `ours` first lets the verb's own files be written. Gives back what must be said."""


def foreign(path: Path, text: str = KEPT) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path.name


def page_of_the_user(scene: Scene, ours: Callable[[], None]) -> str:
    return foreign(scene.folder / scene.page)


def thesis(scene: Scene, ours: Callable[[], None]) -> str:
    return foreign(scene.folder / "thesis.txt")


def thesis_beside_ours(scene: Scene, ours: Callable[[], None]) -> str:
    ours()
    return foreign(scene.folder / "thesis.txt")


def repository(scene: Scene, ours: Callable[[], None]) -> str:
    foreign(scene.folder / ".git" / "HEAD")
    foreign(scene.folder / ".git" / "refs" / "heads" / "main")
    return ".git"


def repository_beside_ours(scene: Scene, ours: Callable[[], None]) -> str:
    ours()
    return repository(scene, ours)


def folder_of_the_user_that_is_called_runs(scene: Scene, ours: Callable[[], None]) -> str:
    foreign(scene.folder / "runs" / "diary.txt")
    return "runs"


def file_in_a_folder_of_ours(scene: Scene, ours: Callable[[], None]) -> str:
    ours()
    foreign(scene.folder / "runs" / "diary.txt")
    return "runs"


def link_in_place_of_a_folder(scene: Scene, ours: Callable[[], None]) -> str:
    ours()
    shutil.rmtree(scene.folder / "runs", ignore_errors=True)
    foreign(scene.elsewhere / "diary.txt")
    for name in scene.manifest().files:  # what is listed lies there, byte for byte
        if name.startswith("runs/"):
            foreign(scene.elsewhere / name.removeprefix("runs/"))
    (scene.folder / "runs").symlink_to(scene.elsewhere)
    return "runs"


def link_in_place_of_a_folder_with_our_very_bytes(scene: Scene, ours: Callable[[], None]) -> str:
    ours()
    if not (scene.folder / "runs").is_dir():
        (scene.folder / "runs").mkdir()
    (scene.folder / "runs").rename(scene.elsewhere)
    (scene.folder / "runs").symlink_to(scene.elsewhere)
    return "runs"


def link_in_place_of_a_page(scene: Scene, ours: Callable[[], None]) -> str:
    ours()
    foreign(scene.elsewhere / "home.html")
    (scene.folder / scene.page).unlink()
    (scene.folder / scene.page).symlink_to(scene.elsewhere / "home.html")
    return scene.page


def link_to_our_very_bytes_in_place_of_a_page(scene: Scene, ours: Callable[[], None]) -> str:
    ours()
    scene.elsewhere.mkdir()
    (scene.folder / scene.page).rename(scene.elsewhere / "home.html")
    (scene.folder / scene.page).symlink_to(scene.elsewhere / "home.html")
    return scene.page


def dangling_link(scene: Scene, ours: Callable[[], None]) -> str:
    scene.folder.mkdir()
    (scene.folder / scene.page).symlink_to(scene.elsewhere / "nowhere")
    return scene.page


def dangling_link_beside_ours(scene: Scene, ours: Callable[[], None]) -> str:
    ours()
    (scene.folder / scene.page).unlink()
    return dangling_link_there(scene)


def dangling_link_there(scene: Scene) -> str:
    (scene.folder / scene.page).symlink_to(scene.elsewhere / "nowhere")
    return scene.page


def pipe_in_place_of_a_page(scene: Scene, ours: Callable[[], None]) -> str:
    ours()
    (scene.folder / scene.page).unlink()
    os.mkfifo(scene.folder / scene.page)
    return scene.page


def folder_in_place_of_a_page(scene: Scene, ours: Callable[[], None]) -> str:
    ours()
    (scene.folder / scene.page).unlink()
    foreign(scene.folder / scene.page / "inside.txt")
    return scene.page


def file_in_place_of_a_folder(scene: Scene, ours: Callable[[], None]) -> str:
    ours()
    shutil.rmtree(scene.folder / "runs", ignore_errors=True)
    return foreign(scene.folder / "runs")


def nested_report(scene: Scene, ours: Callable[[], None]) -> str:
    ours()
    shutil.copytree(scene.folder, scene.root / "copy")
    (scene.root / "copy").rename(scene.folder / "last-year")
    return "last-year"


def manifest_that_points_outside(scene: Scene, ours: Callable[[], None]) -> str:
    foreign(scene.elsewhere / "thesis.txt")
    digest = "b4f7d3c54ae83ba4d9aef9ac0fd0a7dc6f9f0f8a1a0e0a2ac1dfd6ee1f0d9c17"
    scene.forge(**{"../elsewhere/thesis.txt": digest, str(scene.elsewhere / "thesis.txt"): digest, "a/../../x": ""})
    return foreign(scene.folder / "notes.txt")


def manifest_that_lists_the_thesis(scene: Scene, ours: Callable[[], None]) -> str:
    scene.forge(**{"thesis.txt": "0" * 64, "photos/a.png": "", ".git/HEAD": ""})
    foreign(scene.folder / "photos" / "a.png")
    foreign(scene.folder / ".git" / "HEAD")
    return foreign(scene.folder / "thesis.txt")


def manifest_that_is_a_link(scene: Scene, ours: Callable[[], None]) -> str:
    ours()
    scene.elsewhere.mkdir()
    scene.hidden("json").rename(scene.elsewhere / "manifest")
    scene.hidden("json").symlink_to(scene.elsewhere / "manifest")
    return scene.hidden("json").name


def manifest_that_is_none(scene: Scene, ours: Callable[[], None]) -> str:
    return foreign(scene.hidden("json"), '{"notes": "mine"}')


def lock_that_is_a_link(scene: Scene, ours: Callable[[], None]) -> str:
    ours()
    scene.hidden("lock").unlink()
    foreign(scene.elsewhere / "thesis.txt")
    scene.hidden("lock").symlink_to(scene.elsewhere / "thesis.txt")
    return scene.hidden("lock").name if scene.verb != "clean" else str(scene.folder)


def staging_that_is_a_link(scene: Scene, ours: Callable[[], None]) -> str:
    ours()
    foreign(scene.elsewhere / "file")
    scene.hidden("tmp").symlink_to(scene.elsewhere)
    return scene.hidden("tmp").name


def staging_with_a_file_of_the_user(scene: Scene, ours: Callable[[], None]) -> str:
    ours()
    foreign(scene.hidden("tmp") / "diary.txt")
    return scene.hidden("tmp").name if scene.verb == "clean" else ""


def hard_link_shared_with_a_file_elsewhere(scene: Scene, ours: Callable[[], None]) -> str:
    ours()
    scene.elsewhere.mkdir()
    os.link(scene.folder / scene.page, scene.elsewhere / "mine.html")
    return ""


def read_only_file(scene: Scene, ours: Callable[[], None]) -> str:
    name = foreign(scene.folder / scene.page)
    (scene.folder / name).chmod(0o400)
    return name


def file_edited_since(scene: Scene, ours: Callable[[], None]) -> str:
    ours()
    name = foreign(scene.folder / scene.page)
    if scene.verb != "clean":  # there it is written anew, as ever: what is shown must be what the store says
        (scene.folder / name).unlink()
        return ""
    return name


def name_that_no_terminal_bears(scene: Scene, ours: Callable[[], None]) -> str:
    ours()
    foreign(scene.folder / "a\x1b[31mb.txt")
    return "a\\x1b[31mb.txt"


def many_files(scene: Scene, ours: Callable[[], None]) -> str:
    ours()
    for number in range(30):
        foreign(scene.folder / f"photo{number:02d}.png")
    return "photo09.png and 2"


ARRANGEMENTS: tuple[Arrange, ...] = (
    page_of_the_user,
    thesis,
    thesis_beside_ours,
    repository,
    repository_beside_ours,
    folder_of_the_user_that_is_called_runs,
    file_in_a_folder_of_ours,
    link_in_place_of_a_folder,
    link_in_place_of_a_folder_with_our_very_bytes,
    link_in_place_of_a_page,
    link_to_our_very_bytes_in_place_of_a_page,
    dangling_link,
    dangling_link_beside_ours,
    pipe_in_place_of_a_page,
    folder_in_place_of_a_page,
    file_in_place_of_a_folder,
    nested_report,
    manifest_that_points_outside,
    manifest_that_lists_the_thesis,
    manifest_that_is_a_link,
    manifest_that_is_none,
    lock_that_is_a_link,
    staging_that_is_a_link,
    staging_with_a_file_of_the_user,
    hard_link_shared_with_a_file_elsewhere,
    read_only_file,
    file_edited_since,
    name_that_no_terminal_bears,
    many_files,
)


def look(path: Path) -> tuple[str, object, int]:
    """What lies there, never what a link leads to."""
    found = path.lstat()
    mode = stat.S_IMODE(found.st_mode)
    if stat.S_ISLNK(found.st_mode):
        return "link", path.readlink(), mode
    if stat.S_ISREG(found.st_mode):
        return "file", path.read_bytes(), mode
    return str(stat.S_IFMT(found.st_mode)), None, mode


def look_at_all(scene: Scene) -> dict[Path, tuple[str, object, int]]:
    places = [
        *scene.folder.rglob("*"),
        *scene.elsewhere.rglob("*"),
        *scene.root.glob("*"),
        *(scene.root / "runs").rglob("*"),
    ]
    return {path: look(path) for path in places if "cache" not in path.parts}


def is_ours(scene: Scene, path: Path, manifest: Manifest) -> bool:
    """Whether the verb may change or delete it: listed with these bytes, or one of our hidden names, and no link."""
    if not path.is_relative_to(scene.folder):
        return False
    name = path.relative_to(scene.folder).as_posix()
    if name == ".kerascnn-history.json" or (name.startswith(".kerascnn-") and look(path)[0] == "file"):
        return not manifest_is_foreign(path)
    return manifest.wrote(scene.folder, name) or (path.is_dir() and name in manifest.folders and not path.is_symlink())


def manifest_is_foreign(path: Path) -> bool:
    return path.suffix == ".json" and b'"mine"' in path.read_bytes()


@pytest.fixture(scope="module")
def set_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny data with its cache, and a store with one run."""
    root = tmp_path_factory.mktemp("foreign")
    images = np.arange(40 * 32 * 32 * 3, dtype=np.uint32).astype(np.uint8).reshape(40, 32, 32, 3)
    labels = np.arange(40).reshape(40, 1) % 10
    np.savez(root / "small.npz", x_train=images, y_train=labels, x_test=images[:20], y_test=labels[:20])
    identity = make_identity()
    Store(root / "runs").commit(identity, make_result(identity))
    return root


@pytest.fixture
def scene(request: pytest.FixtureRequest, tmp_path: Path, set_up: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    (tmp_path / "experiments").mkdir()
    notebook = new_notebook(cells=[new_markdown_cell("# Nothing yet")])
    (tmp_path / "experiments" / "01_nothing.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")
    shutil.copytree(set_up / "runs", tmp_path / "runs")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    scene = Scene(tmp_path, request.param)
    places = {"STORE": tmp_path / "runs", "EXPERIMENTS": tmp_path / "experiments", "CACHE": set_up / "cache"}
    places |= {"DATA": set_up / "small.npz"}
    places["REPORTS"] = tmp_path / "reports" if scene.verb == "report --output" else scene.folder
    for name, place in places.items():
        monkeypatch.setenv(f"KERASCNN_{name}", str(place))
    return scene


@pytest.mark.parametrize("arrange", ARRANGEMENTS, ids=lambda arrange: arrange.__name__)
@pytest.mark.parametrize("scene", VERBS, indirect=True)
def test_no_foreign_byte_changes_and_what_was_left_alone_is_said(
    scene: Scene, arrange: Arrange, sample, capsys: pytest.CaptureFixture[str]
) -> None:
    def ours() -> None:
        if scene.noun == "export":
            assert scene.call() == 0
            (scene.folder / "runs").mkdir()
        else:
            shutil.copytree(sample[1], scene.folder)

    says = arrange(scene, ours)
    capsys.readouterr()
    before, manifest = look_at_all(scene), scene.manifest()
    kept = {path: seen for path, seen in before.items() if not is_ours(scene, path, manifest)}
    code = scene.call()
    said = "".join(capsys.readouterr())
    after = look_at_all(scene)
    assert {path: after.get(path) for path in kept} == kept
    assert says in said, said
    assert code in (0, 2, 5)
    if code:
        assert {path: after.get(path) for path in before} == before, "it was refused, and yet something was changed"
        assert "pipeline.py: " in said


@pytest.mark.parametrize("scene", VERBS, indirect=True)
def test_a_folder_of_ours_is_written_again_and_emptied_again(scene: Scene) -> None:
    first = "store export" if scene.noun == "export" else "report"
    if scene.verb == "clean":
        Scene(scene.root, first).call()
        assert scene.call() == 0
        assert list(scene.folder.iterdir()) == []
    else:
        assert [scene.call(), scene.call()] == [0, 0]
        assert scene.manifest().holds(scene.folder)


# --- folders in each other ----------------------------------------------------------------------------------


@pytest.mark.parametrize("scene", ["report", "all", "clean"], indirect=True)
@pytest.mark.parametrize("where", ["runs", "runs/pages", "experiments", "above the store", "above with a report"])
def test_folders_in_each_other_are_refused_and_keep_every_byte(
    scene: Scene, where: str, sample, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reports = scene.root / where
    if where.startswith("above"):
        reports = scene.root / "out"
        if where == "above with a report":
            shutil.copytree(sample[1], reports)
        shutil.copytree(scene.root / "runs", reports / "runs", dirs_exist_ok=True)
        monkeypatch.setenv("KERASCNN_STORE", str(reports / "runs"))
    monkeypatch.setenv("KERASCNN_REPORTS", str(reports))
    store = reports / "runs" if where.startswith("above") else scene.root / "runs"
    before = {path: look(path) for path in store.glob("*/*")}
    assert before
    code = scene.call()
    said = "".join(capsys.readouterr())
    assert {path: look(path) for path in before} == before
    if scene.verb == "clean":
        assert (code, "Left alone" in said) == (0, where != "runs/pages")
    else:
        assert code == 2
        assert "`KERASCNN_REPORTS` must be" in said


@pytest.mark.parametrize("scene", ["store export"], indirect=True)
@pytest.mark.parametrize("where", ["runs", "runs/tables", "experiments"])
def test_an_export_into_the_store_is_refused(scene: Scene, where: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert pipeline.main(["store", "export", str(scene.root / where)]) == 2
    assert "must be a folder of its own" in capsys.readouterr().err
    assert not (scene.root / where / "runs.csv").exists()


@pytest.mark.parametrize("scene", ["report"], indirect=True)
def test_a_report_in_a_folder_beside_a_store_in_it_goes_on(
    scene: Scene, sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(sample[1], scene.folder)
    (scene.root / "runs").rename(scene.folder / "store")
    monkeypatch.setenv("KERASCNN_STORE", str(scene.folder / "store"))
    before = {path: look(path) for path in (scene.folder / "store").glob("*/*")}
    assert scene.call() == 0
    assert pipeline.main(["clean"]) == 0
    assert {path: look(path) for path in before} == before


@pytest.mark.parametrize("scene", ["report", "report --output", "store export", "all"], indirect=True)
def test_a_folder_that_is_none_is_one_clear_message(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    scene.folder.write_text(KEPT)
    assert scene.call() == 5
    assert f"folder that can be written. Received: {scene.folder} (Not a directory)" in capsys.readouterr().err
    assert scene.folder.read_text() == KEPT


@pytest.mark.parametrize("scene", ["all", "run 01 --until-decided 9"], indirect=True)
def test_a_foreign_page_is_found_before_anything_is_trained(
    scene: Scene, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign(scene.folder / "index.html")
    before = look_at_all(scene)
    assert scene.call() == 2
    assert look_at_all(scene) == before
    assert "it holds other files: index.html" in capsys.readouterr().err


@pytest.mark.parametrize("scene", ["report", "report --output"], indirect=True)
@pytest.mark.parametrize("name", ["01_nothing.html", "01_nothing.notebook.html", "data/01_nothing.finals.csv"])
def test_a_page_of_the_user_where_an_experiment_may_want_one_is_found_at_once(
    scene: Scene, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scene.call() == 0
    foreign(scene.folder / "data" / "more.csv")  # no page wants that
    assert scene.call() == 0
    scene.forge(**{listed: sha for listed, sha in scene.manifest().files.items() if listed != name})
    foreign(scene.folder / name)
    assert scene.call() == 2
    assert f"where {name} is not of a report" in capsys.readouterr().err
    assert (scene.folder / name).read_text() == KEPT


@pytest.mark.parametrize("scene", ["clean"], indirect=True)
def test_a_link_in_place_of_the_temporaries_of_the_store_is_not_entered(scene: Scene) -> None:
    foreign(scene.elsewhere / "holiday-photos" / "a.png")
    shutil.rmtree(scene.root / "runs" / "_tmp", ignore_errors=True)
    (scene.root / "runs" / "_tmp").symlink_to(scene.elsewhere)
    assert scene.call() == 0
    assert (scene.elsewhere / "holiday-photos" / "a.png").read_text() == KEPT


# --- the zip file -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scene", ["report"], indirect=True)
@pytest.mark.parametrize("what", ["link", "dangling link", "folder", "pipe", "file"])
def test_a_zip_file_replaces_and_follows_nothing_of_the_user(
    scene: Scene, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    target, thesis = scene.root / "handed-in.zip", scene.root / "elsewhere" / "thesis.zip"
    foreign(thesis)
    if what.endswith("link"):
        target.symlink_to(thesis if what == "link" else scene.root / "nowhere.zip")
    elif what == "folder":
        target.mkdir()
    elif what == "pipe":
        os.mkfifo(target)
    else:
        target.write_text(KEPT)
    before = look(target)
    assert pipeline.main(["report", "--zip", str(target)]) == 2
    assert (look(target), thesis.read_text(), (scene.root / "nowhere.zip").exists()) == (before, KEPT, False)
    assert "`--zip` must be a new file" in capsys.readouterr().err
    assert not scene.folder.exists(), "it was refused before anything was written"
