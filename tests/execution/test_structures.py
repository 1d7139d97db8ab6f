"""Each distinct model is built once, before anything is trained; what is wrong with it is one sentence for all its arms."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest
from factories import CONTENT, make_arm

from kerascnn.execution.building import BuildTask, Built
from kerascnn.execution.pool import WorkerDied
from kerascnn.execution.structures import ModelWanted, Structures, wanted_models
from kerascnn.planning.ledger import Ledger
from kerascnn.records import DatasetInfo
from kerascnn.specs import Budget, Study, model
from kerascnn.specs.setting import Setting
from kerascnn.store import Store

INFO = DatasetInfo(
    name="x", title="x", content=CONTENT, image_shape=(32, 32, 3), class_names=("a", "b"), train_images=100, test_images=9,
    source="x",
)  # fmt: skip
FAULT = "Model 'models.deep' cannot be built"


class StubbedBuilder(Executor):
    """Builds what has less than seven convolutions; a worker that is to build none at all dies."""

    def __init__(self) -> None:
        self.built: list[BuildTask] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future:
        task = BuildTask.from_json(args[0])
        self.built.append(task)
        future: Future = Future()
        depth = task.model.arguments["depth"]
        if depth == 0:
            future.set_exception(WorkerDied("killed"))
        else:
            future.set_result(Built(parameters=depth, fault=FAULT if depth > 6 else "").canonical_json())
        return future


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERASCNN_CACHE", str(tmp_path / "cache"))


def wanted(tmp_path: Path, *depths: int, experiment: str = "20_mine", folder: str = "notebooks") -> list[ModelWanted]:
    budget = Budget(epochs=1, seeds=3)
    arms = [make_arm(f"a{n}", model=model("models.deep", depth=depth)) for n, depth in enumerate(depths)]
    study = Study(question="?", arms=tuple(arms), budgets={"smoke": budget, "quick": budget, "full": budget})
    setting = Setting(content=CONTENT, train_images=100, precision="float32")
    return wanted_models(
        experiment, study, Ledger(Store(tmp_path / "runs"), setting, tmp_path / folder, retry_failures=True), INFO
    )


def test_a_model_is_built_once_for_all_seeds_arms_and_invocations(tmp_path: Path) -> None:
    runs, builder = wanted(tmp_path, 2, 2, 3), StubbedBuilder()
    structures = Structures()
    structures.build(structures.doubtful(runs), builder)
    assert [task.model.arguments["depth"] for task in builder.built] == [2, 3]
    assert structures.doubtful(runs) == Structures().doubtful(runs) == {}
    assert Structures().doubtful(wanted(tmp_path, 2, folder="elsewhere")) == {}
    assert Structures().find(runs[-1]) == Built(parameters=3)


def test_a_model_that_could_not_be_built_is_built_again_for_the_cause_may_lie_elsewhere(tmp_path: Path) -> None:
    runs = wanted(tmp_path, 7)
    structures = Structures()
    structures.build(structures.doubtful(runs), StubbedBuilder())
    assert len(Structures().doubtful(runs)) == 1


def test_one_sentence_for_each_fault_names_all_arms_that_have_it(tmp_path: Path) -> None:
    runs = [*wanted(tmp_path, 7, 2, 8), *wanted(tmp_path, 2, experiment="21_sound")]
    structures = Structures()
    structures.build(structures.doubtful(runs), StubbedBuilder())
    assert structures.faults(runs) == {"20_mine": f"Arms 'A0', 'A2': {FAULT}"}


def test_a_worker_that_dies_over_a_model_says_nothing_about_it(tmp_path: Path) -> None:
    runs, structures = wanted(tmp_path, 0), Structures()
    structures.build(structures.doubtful(runs), StubbedBuilder())
    assert structures.faults(runs) == {}
    assert len(structures.doubtful(runs)) == 1


def test_a_cache_that_cannot_be_written_costs_nothing_but_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KERASCNN_CACHE", str(tmp_path / "file" / "cache"))
    runs, structures = wanted(tmp_path, 2), Structures()
    structures.build(structures.doubtful(runs), StubbedBuilder())
    assert structures.find(runs[0]) == Built(parameters=2)


def test_other_classes_or_arguments_are_another_model(tmp_path: Path) -> None:
    (first, *_), (other, *_) = wanted(tmp_path, 2), wanted(tmp_path, 3)
    assert first.name != other.name
    assert first.task.classes == 2
