"""A suite of tiny experiments on a tiny data set, finished without training: what planning and removing need to see."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import make_result

from kerascnn.errors import NotebookError
from kerascnn.notebooks.contract import read_notebook
from kerascnn.notebooks.studies import StudyRequest, build_study
from kerascnn.planning.suite import Planned, Request, Suite, load_suite
from kerascnn.records import Published
from kerascnn.specs import Study
from kerascnn.store import Store
from kerascnn.store.published import EXECUTED, RESULT

STUDY = """
from kerascnn import Arm, Budget, Study, model
budget = Budget(epochs=1, seeds=2)
study = Study(
    question="?",
    arms=[Arm(name=f"a{depth}", label="A", model=model("BUILDER", depth=depth)) for depth in depths],
    budgets={"smoke": budget, "quick": budget, "full": budget},
    profile=profile,
    seeds=seeds,
)
"""


def cell(source: str, *tags: str) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": source}


def write_experiment(
    folder: Path, name: str, study: str = STUDY.replace("BUILDER", "models.deep"), *, seeds: str = "seeds = None"
) -> None:
    folder.mkdir(exist_ok=True)
    cells = [cell(f'profile = "quick"\n{seeds}\ndepths = [1]', "parameters"), cell(study, "study")]
    (folder / f"{name}.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5}))


def write_data(path: Path, images: int = 200, pixels: int = 8, classes: int = 4) -> Path:
    """A tiny data set as Keras ships its own."""
    rng = np.random.default_rng(1)
    arrays: dict[str, Any] = {}
    for split, count in (("train", images), ("test", images // 2)):
        arrays[f"x_{split}"] = rng.integers(0, 256, (count, pixels, pixels, 3), np.uint8)
        arrays[f"y_{split}"] = np.arange(count) % classes
    np.savez(path, **arrays)
    return path


@dataclass(frozen=True)
class TinyPlace:
    """Folders of its own and a data set; the commands of this process work there."""

    root: Path

    @property
    def store(self) -> Store:
        return Store(self.root / "store")

    @property
    def experiments(self) -> Path:
        return self.root / "experiments"

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    def suite(self, **wishes: Any) -> Suite:
        return load_suite(Request(**wishes))

    def finish(self, **wishes: Any) -> list[Planned]:
        """What `all` or `run` would leave behind, without training or executing anything."""
        suite = self.suite(**wishes)
        for plan in suite.planned():
            for spec in plan.study.next_specs(plan.ledger):
                identity = plan.ledger.identity(spec)
                suite.store.commit(identity, make_result(identity))
            publish(suite, plan)
        return suite.planned()


def build_here(requests: list[StudyRequest]) -> list[Study | NotebookError]:
    """Studies built in this process: a child for each look takes longer than all the rest."""
    answers: list[Study | NotebookError] = []
    for request in requests:
        try:
            answers.append(build_study(read_notebook(request.path), request.values))
        except NotebookError as err:
            answers.append(err)
    return answers


def make_tiny_place(root: Path, patch: pytest.MonkeyPatch) -> TinyPlace:
    """Two experiments that share their runs."""
    patch.setattr("kerascnn.planning.suite.load_studies", build_here)
    for name in ("CACHE", "STORE", "REPORTS", "EXPERIMENTS"):
        patch.setenv(f"KERASCNN_{name}", str(root / name.lower()))
    patch.setenv("KERASCNN_DATA", str(write_data(root / "tiny.npz")))
    for name in ("01_first", "02_second"):
        write_experiment(root / "experiments", name)
    return TinyPlace(root)


def publish(suite: Suite, plan: Planned) -> None:
    """The plan's result, as its executed notebook would leave it."""
    study, experiment = plan.study, plan.experiment
    result = Published(
        experiment=experiment.name,
        title=experiment.name,
        introduction="",
        dataset=suite.dataset,
        study=study,
        study_digest=study.digest,
        parameters=experiment.values,
        changed_parameters=experiment.changed,
        precision=plan.ledger.setting.precision,
        runs=plan.runs,
        freshness=plan.freshness(),
        created_at="2026-01-01T00:00:00Z",
    )
    with suite.store.temporary_folder("tiny") as staging:
        (staging / RESULT).write_bytes(result.canonical_json())
        (staging / EXECUTED).write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        plan.slot.adopt(staging)
