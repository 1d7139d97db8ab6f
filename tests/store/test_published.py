"""Published results: one place for each result, replaced in one step, failures beside older results."""

from __future__ import annotations

import errno
import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
from factories import CONTENT, make_arm
from slots import DATASET, make_slot

from kerascnn.errors import StoreError
from kerascnn.records import NotebookFailure, Published
from kerascnn.specs import Budget, Study
from kerascnn.store.published import EXECUTED, MANIFEST, RESULT, Slot, find_slots

BUDGET = Budget(epochs=1, seeds=1)


def make_published(slot: Slot, takeaway: str = "It works.") -> Published:
    study = Study(
        question="Which?",
        arms=(make_arm(),),
        budgets={"smoke": BUDGET, "quick": BUDGET, "full": BUDGET},
        profile=slot.profile,  # type: ignore[arg-type]
    )
    return Published(
        experiment=slot.experiment,
        title="Glorot",
        introduction="Why?",
        dataset=DATASET,
        study=study,
        study_digest=study.digest,
        parameters={"profile": slot.profile} | slot.changed_parameters,
        changed_parameters=slot.changed_parameters,
        precision="float32",
        runs={"relu": {1: "k" * 32}},
        takeaways=(takeaway,),
    )


def make_failure(slot: Slot, reason: str = "ValueError: no") -> NotebookFailure:
    return NotebookFailure(
        experiment=slot.experiment,
        title="Glorot",
        profile=slot.profile,
        data=CONTENT,
        parameters={},
        changed_parameters=slot.changed_parameters,
        reason=reason,
        traceback=reason,
        cell=3,
        failed_at="2026-01-01T00:00:00Z",
    )


def adopt(slot: Slot, takeaway: str = "It works.") -> Published:
    """Publish a result with one figure and its executed notebook into `slot`."""
    staging = slot.store / "_tmp" / secrets.token_hex(4)
    staging.mkdir(parents=True)
    (staging / "curve.svg").write_text(f"<svg>{takeaway}</svg>")
    (staging / EXECUTED).write_text("{}")
    (staging / RESULT).write_bytes(make_published(slot, takeaway).canonical_json())
    return slot.adopt(staging)


def folders(slot: Slot) -> list[str]:
    return sorted(path.name for path in slot.folder.iterdir() if path.is_dir())


# --- names --------------------------------------------------------------------------------------------------


def test_a_slot_is_named_by_profile_and_data(tmp_path: Path) -> None:
    assert make_slot(tmp_path).name == f"quick-{CONTENT[:8]}"
    assert make_slot(tmp_path, "full").name == f"full-{CONTENT[:8]}"
    assert Slot(tmp_path, "04_glorot", "quick", "d" * 64, {}).name == "quick-dddddddd"


def test_changed_parameters_give_a_slot_of_its_own_whatever_their_order(tmp_path: Path) -> None:
    names = {make_slot(tmp_path, depth=8, seeds=2).name, make_slot(tmp_path, seeds=2, depth=8).name}
    others = {make_slot(tmp_path).name, make_slot(tmp_path, depth=9, seeds=2).name, make_slot(tmp_path, depth=8).name}
    assert len(names) == 1
    assert len(names | others) == 4
    assert all(name.startswith(f"quick-{CONTENT[:8]}") for name in names | others)


# --- adopting a result --------------------------------------------------------------------------------------


def test_an_adopted_result_is_loaded_with_its_files(tmp_path: Path) -> None:
    slot = make_slot(tmp_path)
    assert slot.load() is None
    published = adopt(slot)
    assert make_slot(tmp_path).load() == published == make_published(slot)
    assert (slot.files(published) / "curve.svg").read_text() == "<svg>It works.</svg>"
    assert (slot.files(published) / EXECUTED).exists()


def test_a_newer_result_replaces_the_older_and_removes_its_folder(tmp_path: Path) -> None:
    slot = make_slot(tmp_path)
    older = adopt(slot, "First.")
    newer = adopt(slot, "Second.")
    assert slot.load() == newer
    assert folders(slot) == [slot.files(newer).name]
    assert slot.files(older) != slot.files(newer)


def test_the_same_result_adopted_again_is_still_there(tmp_path: Path) -> None:
    slot = make_slot(tmp_path)
    adopt(slot)
    published = adopt(slot)
    assert slot.load() == published
    assert folders(slot) == [slot.files(published).name]


def test_results_that_several_processes_adopt_at_once_leave_one_of_them_whole(tmp_path: Path) -> None:
    slot = make_slot(tmp_path)

    def adopt_often(number: int) -> None:
        for turn in range(5):
            adopt(slot, f"Process {number}, turn {turn}.")

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(adopt_often, number) for number in range(4)]:
            done.result()
    kept = slot.load()
    assert kept is not None
    assert [path for path in slot.folder.iterdir() if path.is_dir()] == [slot.files(kept)]


def test_neither_another_profile_nor_other_parameters_nor_another_experiment_replaces_a_result(tmp_path: Path) -> None:
    slots = [
        make_slot(tmp_path, "quick"),
        make_slot(tmp_path, "smoke"),
        make_slot(tmp_path, "quick", depth=8),
        make_slot(tmp_path, "quick", experiment="07_norm"),
    ]
    for round_number in ("first", "second"):
        for number, slot in enumerate(slots):
            adopt(slot, f"{round_number} {number}")
    for slot in slots:
        slot.adopt_failure(make_failure(slot), None)
    for number, slot in enumerate(slots):
        loaded = slot.load()
        assert loaded is not None
        assert loaded.takeaways == (f"second {number}",)


def test_a_result_whose_files_are_gone_counts_as_missing(tmp_path: Path) -> None:
    slot = make_slot(tmp_path)
    slot.files(adopt(slot)).rename(tmp_path / "elsewhere")
    assert slot.load() is None


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]"])
def test_a_damaged_result_counts_as_missing(tmp_path: Path, content: bytes) -> None:
    slot = make_slot(tmp_path)
    adopt(slot)
    (slot.folder / f"{slot.name}.json").write_bytes(content)
    assert slot.load() is None
    assert find_slots(tmp_path, slot.experiment, DATASET, "quick") == []


def test_until_the_result_is_named_the_older_one_is_there_with_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot = make_slot(tmp_path)
    older = adopt(slot, "First.")

    def killed(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("kerascnn.store.published.write_replacing", killed)
        with pytest.raises(KeyboardInterrupt):
            adopt(slot, "Second.")
    assert slot.load() == older
    assert (slot.files(older) / "curve.svg").exists()
    newer = adopt(slot, "Third.")
    assert folders(slot) == [slot.files(newer).name]


# --- failures -----------------------------------------------------------------------------------------------


def make_executed(tmp_path: Path, text: str = "{}") -> Path:
    path = tmp_path / EXECUTED
    path.write_text(text)
    return path


def test_a_failure_stands_beside_the_older_result(tmp_path: Path) -> None:
    slot = make_slot(tmp_path)
    published = adopt(slot)
    slot.adopt_failure(make_failure(slot), make_executed(tmp_path, "failed"))
    assert slot.load() == published
    assert (slot.files(published) / "curve.svg").exists()
    assert slot.load_failure() == make_failure(slot)
    assert (slot.failed_files() / EXECUTED).read_text() == "failed"


def test_a_result_removes_the_failure_before_it_and_no_other_slots(tmp_path: Path) -> None:
    slot, other = make_slot(tmp_path), make_slot(tmp_path, depth=8)
    for one in (slot, other):
        one.adopt_failure(make_failure(one), make_executed(tmp_path))
    adopt(slot)
    assert slot.load_failure() is None
    assert not slot.failed_files().exists()
    assert other.load_failure() == make_failure(other)
    assert (other.failed_files() / EXECUTED).exists()


def test_a_failure_without_an_executed_notebook_does_not_show_that_of_the_failure_before(tmp_path: Path) -> None:
    slot = make_slot(tmp_path)
    slot.adopt_failure(make_failure(slot, "first"), make_executed(tmp_path))
    slot.adopt_failure(make_failure(slot, "second"), None)
    assert slot.load_failure() == make_failure(slot, "second")
    assert not slot.failed_files().exists()


def test_the_failed_notebook_may_lie_on_another_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slot, executed = make_slot(tmp_path), make_executed(tmp_path, "failed")
    replace = Path.replace

    def across_disks(self: Path, target: Path) -> Path:
        if self.parent != Path(target).parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", across_disks)
    slot.adopt_failure(make_failure(slot), executed)
    assert (slot.failed_files() / EXECUTED).read_text() == "failed"


# --- finding slots ------------------------------------------------------------------------------------------


def test_slots_with_a_result_or_a_failure_are_found_the_default_first(tmp_path: Path) -> None:
    default, changed, failed = (
        make_slot(tmp_path),
        make_slot(tmp_path, depth=8, seeds=2),
        make_slot(tmp_path, depth=9),
    )
    adopt(changed)
    failed.adopt_failure(make_failure(failed), None)
    adopt(default)
    default.adopt_failure(make_failure(default), None)
    found = find_slots(tmp_path, "04_glorot", DATASET, "quick")
    assert found[0] == default
    assert sorted(found[1:], key=str) == sorted([changed, failed], key=str)
    assert [slot.name for slot in found[1:]] == sorted(slot.name for slot in (changed, failed))


def test_slots_of_other_profiles_data_and_experiments_are_not_found(tmp_path: Path) -> None:
    adopt(make_slot(tmp_path, "smoke"))
    adopt(make_slot(tmp_path, experiment="07_norm"))
    adopt(Slot(tmp_path, "04_glorot", "quick", "d" * 64, {}))
    assert find_slots(tmp_path, "04_glorot", DATASET, "quick") == []
    assert [slot.profile for slot in find_slots(tmp_path, "04_glorot", DATASET, "smoke")] == ["smoke"]
    assert find_slots(tmp_path / "nowhere", "04_glorot", DATASET, "quick") == []


def test_a_number_that_is_not_finite_is_published_as_none_and_read_back(tmp_path: Path) -> None:
    made = msgspec.structs.replace(make_published(make_slot(tmp_path)), numbers={"share": 0.5, "of nothing": None})
    assert Published.from_json(made.canonical_json()).numbers == {"share": 0.5, "of nothing": None}


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(b"" if how == "emptied" else bytes([content[0] ^ 1]) + content[1:])


@pytest.mark.parametrize("how", ["gone", "emptied", "flipped"])
@pytest.mark.parametrize("name", ["curve.svg", EXECUTED, RESULT, MANIFEST])
def test_a_result_is_whole_until_one_of_its_files_is_not_as_it_was_written(tmp_path: Path, name: str, how: str) -> None:
    slot = make_slot(tmp_path)
    published = adopt(slot)
    assert slot.is_whole(published)
    damage(slot.files(published) / name, how)
    assert not slot.is_whole(published)
    assert slot.load() == published, "its numbers are sound"
    again = adopt(slot)
    assert slot.is_whole(again)


def test_files_of_a_result_that_may_not_be_read_are_an_error_and_not_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot = make_slot(tmp_path)
    published = adopt(slot)
    opened = os.open

    def failing(path: Any, *options: Any, **more: Any) -> int:
        if str(path).endswith("curve.svg"):
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        return opened(path, *options, **more)

    monkeypatch.setattr(os, "open", failing)
    with pytest.raises(StoreError, match="Input/output error"):
        slot.is_whole(published)


def test_results_are_on_the_disk_before_they_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slot, synced = make_slot(tmp_path), list[str]()
    monkeypatch.setattr("kerascnn.store.published.sync", lambda path: synced.append(path.name))
    adopt(slot)
    assert {"curve.svg", EXECUTED, RESULT} <= set(synced)
