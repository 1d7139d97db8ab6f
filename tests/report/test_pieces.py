"""A report made from an earlier one is the report made from nothing, and builds only the pages that change."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec.structs import replace as replace_struct

from kerascnn.code.loaded import all_modules, modules_loaded
from kerascnn.errors import StoreError
from kerascnn.ownership import owned
from kerascnn.report import Entry, ReportInputs, render_report
from kerascnn.report import render as render_module
from kerascnn.report.facts import report_inputs as inputs_module
from kerascnn.report.facts.report_inputs import digest_inputs, run_keys
from kerascnn.report.folder import pieces

pytestmark = pytest.mark.usefixtures("drawn_once")

Change = Callable[[ReportInputs], ReportInputs]


def without(place: int) -> Change:
    return lambda inputs: replace(inputs, entries=(*inputs.entries[:place], *inputs.entries[place + 1 :]))


def with_entry(place: int, **changed: object) -> Change:
    def change(inputs: ReportInputs) -> ReportInputs:
        entries = list(inputs.entries)
        entries[place] = replace(entries[place], **changed)
        return replace(inputs, entries=tuple(entries))

    return change


CHANGES: dict[str, Change] = {
    "the first result was missing": without(0),
    "a notebook had another title": with_entry(2, title="Otherwise"),
    "no images were at hand": lambda inputs: replace(inputs, load_images=lambda content: None),
    "the command was another": lambda inputs: replace(inputs, command="python pipeline.py --data other"),
}


def pages_in(folder: Path) -> dict[str, bytes]:
    """What a reader sees; how a report differs from the last one depends on the last one."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pages built since the last look: the experiments' and the notebooks'."""
    names: list[str] = []

    def noting(build: Callable) -> Callable:
        def note(facts, shell, *rest):
            names.append(shell.here)
            return build(facts, shell, *rest)

        return note

    for name in ("build_experiment_page", "build_notebook_page"):
        monkeypatch.setattr(render_module, name, noting(getattr(render_module, name)))
    return names


@pytest.mark.parametrize("name", CHANGES)
def test_a_report_made_over_an_earlier_one_is_the_one_made_from_nothing(sample, tmp_path: Path, name: str) -> None:
    inputs, from_nothing = sample
    render_report(CHANGES[name](inputs), tmp_path, "this call")
    render_report(inputs, tmp_path, "this call")
    assert pages_in(tmp_path) == pages_in(from_nothing)


def test_pages_of_results_that_did_not_change_are_not_built_again(sample, tmp_path: Path, built: list[str]) -> None:
    inputs, _ = sample
    render_report(without(3)(inputs), tmp_path)
    built.clear()
    render_report(inputs, tmp_path)
    before, added, after = (entry.page_stem for entry in inputs.entries[2:])
    assert sorted(built) == [f"{before}.html", f"{added}.html", f"{added}.notebook.html", f"{after}.html"]


def test_other_code_builds_every_page_again(
    sample, tmp_path: Path, built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs, _ = sample
    render_report(inputs, tmp_path)
    built.clear()
    monkeypatch.setattr(inputs_module, "_code_digest", lambda: "other code")
    render_report(inputs, tmp_path)
    assert len(built) == 2 * len(inputs.entries)


def test_the_code_of_a_page_is_every_module_that_makes_it() -> None:
    found = set(modules_loaded(["kerascnn.report.render"], inputs_module._NOTEBOOKS)[0])
    made = {name for name in all_modules() if name.startswith(("kerascnn.report.pages", "kerascnn.report.tables"))}
    drawn = {name for name in all_modules() if name.startswith(("kerascnn.report.pictures", "kerascnn.plots"))}
    assert made | drawn | {"kerascnn.stats.judging.verdicts", "kerascnn.specs.claims"} <= found
    assert not {
        name for name in found if name.startswith(("kerascnn.commands", "kerascnn.notebooks", "kerascnn.serving"))
    }


def test_the_code_of_a_page_includes_every_template_in_whatever_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs_module, "TEMPLATES", tmp_path)
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "row.html").write_text("a row")
    before = list(inputs_module._code_parts())
    (tmp_path / "parts" / "row.html").write_text("another row")
    assert list(inputs_module._code_parts()) != before


def test_a_report_is_the_same_whatever_other_sets_the_command_has_looked_for(sample) -> None:
    inputs, _ = sample
    beside = replace_struct(inputs.dataset, companions={"easy": inputs.dataset}, missing={"shapes": "none"})
    assert digest_inputs(replace(inputs, dataset=beside)) == digest_inputs(inputs)


def test_the_code_of_a_page_is_that_which_the_process_has_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = inputs_module._code_digest()
    monkeypatch.setattr(inputs_module, "_code_parts", lambda: iter([b"edited meanwhile"]))
    assert inputs_module._code_digest() == loaded


def changed_record(inputs: ReportInputs) -> ReportInputs:
    key = next(iter(run_keys(inputs.entries[0])))
    record = inputs.load_record(key)
    assert record is not None
    other = replace_struct(record, outcome="diverged")
    return replace(inputs, load_record=lambda name: other if name == key else inputs.load_record(name))


def changed_file(name: str) -> Change:
    def change(inputs: ReportInputs) -> ReportInputs:
        folder = inputs.entries[0].folder
        assert folder is not None
        copy = shutil.copytree(folder, folder.with_name(f"{folder.name}-{name}"))
        (copy / name).write_text((copy / name).read_text(encoding="utf-8") + " ", encoding="utf-8")
        return with_entry(0, folder=copy)(inputs)

    return change


def changed_published(inputs: ReportInputs) -> ReportInputs:
    published = inputs.entries[0].published
    assert published is not None
    return with_entry(0, published=replace_struct(published, takeaways=("Otherwise.",)))(inputs)


SHOWN: dict[str, Change] = {
    "a record": changed_record,
    "why a run failed": lambda inputs: replace(inputs, load_failure=lambda key: None),
    "whether there are images": lambda inputs: replace(inputs, load_images=lambda content: None),
    "what was published": changed_published,
    "a figure": changed_file("curves.svg"),
    "the executed notebook": changed_file("executed.ipynb"),
    "the notebook": lambda inputs: with_entry(0, source_notebook=with_text(inputs.entries[0], "More."))(inputs),
    "the title": with_entry(0, title="Otherwise"),
    "that it was published by hand": with_entry(0, by_hand=True),
    "the data": lambda inputs: replace(inputs, dataset=replace_struct(inputs.dataset, title="Other data")),
    "the profile": lambda inputs: replace(inputs, profile="smoke"),
    "the command": lambda inputs: replace(inputs, command="python pipeline.py --data other"),
}


@pytest.mark.parametrize("name", SHOWN)
def test_all_that_the_pages_of_a_result_show_is_in_its_digest(sample, name: str) -> None:
    inputs, _ = sample
    before, after = digest_inputs(inputs), digest_inputs(SHOWN[name](inputs))
    assert before.entries[0] != after.entries[0]
    assert before.whole != after.whole


def test_a_change_of_one_result_leaves_the_digests_of_the_others(sample) -> None:
    inputs, _ = sample
    assert digest_inputs(inputs).entries[2:] == digest_inputs(changed_published(inputs)).entries[2:]


def test_after_a_write_that_broke_off_the_report_is_the_one_made_from_nothing(
    sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs, from_nothing = sample
    render_report(with_entry(0, title="Otherwise")(inputs), tmp_path, "this call")
    broken, moving = f"{inputs.entries[0].page_stem}.notebook.html", owned.move

    def move_until_it_breaks(folder: Path, source: str, target: str) -> None:
        if target == broken:
            raise OSError(28, "No space left on device")
        moving(folder, source, target)

    monkeypatch.setattr(owned, "move", move_until_it_breaks)
    with pytest.raises(StoreError, match="No space left"):
        render_report(inputs, tmp_path, "this call")
    monkeypatch.undo()
    render_report(inputs, tmp_path, "this call")
    assert pages_in(tmp_path) == pages_in(from_nothing)


def test_a_page_that_the_disk_does_not_give_back_is_built_again(
    sample, tmp_path: Path, built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    inputs, _ = sample
    render_report(inputs, tmp_path)
    built.clear()
    monkeypatch.setattr(pieces, "read_listed", fail)
    render_report(inputs, tmp_path)
    assert len(built) == 2 * len(inputs.entries)


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(b"damaged"), Path.unlink], ids=["damaged", "gone"])
def test_a_page_that_is_not_as_it_was_written_is_built_again(
    sample, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    inputs, from_nothing = sample
    render_report(inputs, tmp_path)
    for entry in inputs.entries:
        damage(tmp_path / f"{entry.page_stem}.html")
    render_report(inputs, tmp_path)
    assert pages_in(tmp_path) == pages_in(from_nothing)


def test_a_notebook_links_to_a_page_as_soon_as_there_is_one(sample, tmp_path: Path) -> None:
    inputs, _ = sample
    first, other = inputs.entries[0], inputs.entries[2]
    text = f"See [the other]({other.experiment.replace('_', chr(92) + '_')}.ipynb)."
    pointing = with_entry(0, source_notebook=with_text(first, text), folder=None)(inputs)
    page = tmp_path / f"{first.page_stem}.notebook.html"
    render_report(without(2)(pointing), tmp_path)
    assert f'href="{other.page_stem}.html"' not in body_of(page)
    render_report(pointing, tmp_path)
    assert f'href="{other.page_stem}.html"' in body_of(page)


def with_text(entry: Entry, text: str) -> dict:
    cell = {"cell_type": "markdown", "metadata": {}, "source": text}
    return {**entry.source_notebook, "cells": [*entry.source_notebook["cells"], cell]}


def body_of(page: Path) -> str:
    return page.read_text(encoding="utf-8").partition("<main")[2]
