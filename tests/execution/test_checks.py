"""A worker trains nothing that is not what the run's key says, and says which part of it differs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from kerascnn.errors import KerascnnError
from kerascnn.execution import checks, worker
from kerascnn.execution.checks import check_framework, check_machine, check_sources
from kerascnn.identity import RunIdentity, identify
from kerascnn.specs import DataSpec, TrainSpec, model
from kerascnn.store import Store

NETS = "def build(image_shape, classes):\n    return None\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's module."""
    (tmp_path / "nets.py").write_text(NETS)
    return tmp_path


@pytest.fixture
def wanted(folder: Path) -> RunIdentity:
    """A run of it, as planned."""
    spec = TrainSpec(data=DataSpec(content="c" * 64), model=model("nets:build"), epochs=1, seed=1)
    return identify(spec, folder)


@pytest.fixture(autouse=True)
def sound(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker as it should be: one thread, no GPU, nothing loaded too early."""
    for name, value in {"thread_count": 1, "uses_gpu": False, "unpinned_variables": {}, "device_kind": "cpu"}.items():
        monkeypatch.setattr(checks, name, lambda value=value: value)


def test_a_worker_that_is_what_the_key_says_may_train(wanted: RunIdentity, folder: Path) -> None:
    check_machine(wanted)
    check_framework(1)
    check_sources(wanted, folder)


def test_another_platform_class_is_named_and_not_taken_for_a_changed_source(wanted: RunIdentity) -> None:
    elsewhere = msgspec.structs.replace(wanted, platform="darwin-arm64-neon-cpu", versions={"keras": "1"})
    with pytest.raises(KerascnnError, match=r"platform class darwin-arm64-neon-cpu.*a worker on \w+-") as raised:
        check_machine(elsewhere)
    assert "source" not in str(raised.value)


def test_other_library_versions_are_named(wanted: RunIdentity) -> None:
    other = msgspec.structs.replace(wanted, versions=wanted.versions | {"keras": "1.0"})
    with pytest.raises(KerascnnError, match=rf"a worker with keras {wanted.versions['keras']} instead of 1.0\."):
        check_machine(other)


def test_threads_are_those_that_tensorflow_has(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KerascnnError, match=r"`threads` = 2: its key says so. .* TensorFlow has 1"):
        check_framework(2)
    monkeypatch.setattr(checks, "thread_count", lambda: 16)
    with pytest.raises(KerascnnError, match=r"`threads` = 1: its key says so. .* TensorFlow has 16"):
        check_framework(1)


def test_a_variable_that_came_before_the_pinning_is_named_with_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "unpinned_variables", lambda: {"TF_ENABLE_ONEDNN_OPTS": "0"})
    with pytest.raises(KerascnnError, match=r"Received: TF_ENABLE_ONEDNN_OPTS=0"):
        check_framework(1)


@pytest.mark.parametrize(("kind", "has", "words"), [("gpu:H100", False, "has no GPU"), ("cpu", True, "has a GPU")])
def test_a_device_other_than_the_keys_is_refused(
    monkeypatch: pytest.MonkeyPatch, kind: str, has: bool, words: str
) -> None:
    monkeypatch.setattr(checks, "device_kind", lambda: kind)
    monkeypatch.setattr(checks, "uses_gpu", lambda: has)
    with pytest.raises(KerascnnError, match=words):
        check_framework(1)


def test_the_source_that_changed_is_named(wanted: RunIdentity, folder: Path) -> None:
    (folder / "nets.py").write_text(NETS + "more = 1\n")
    with pytest.raises(KerascnnError, match=r"the source of nets has changed\. Start the pipeline again"):
        check_sources(wanted, folder)


def test_a_worker_elsewhere_stores_the_failure_with_that_sentence(
    wanted: RunIdentity, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "load_timed", lambda: pytest.fail("the machine is looked at first"))
    elsewhere = msgspec.structs.replace(wanted, platform="other")
    task = worker.TrainTask(identity=elsewhere, store=str(folder / "runs"), search_path=str(folder))
    Store(folder / "runs").check_writable()
    outcome: Any = worker.TaskOutcome.from_json(worker.train(task.canonical_json()))
    assert outcome.state == "failed"
    assert outcome.message.startswith("This run must be trained on the platform class other")
