"""What a notebook measures of trained nets is kept, published, and judged seed by seed like any other metric."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from factories import CONTENT, make_arm, make_record
from msgspec.structs import replace
from sample_report import DATASET, Store, make_entry, make_inputs, make_published

from kerascnn.errors import UsageError
from kerascnn.notebooks.inside.results import Results
from kerascnn.records import ArmRuns, Published
from kerascnn.report.facts.results import gather_facts
from kerascnn.specs import NOTEBOOK_METRICS, Budget, Comparison, Study
from kerascnn.specs.setting import Setting
from kerascnn.stats.judging.effects import values_of

ARMS = tuple(make_arm(name) for name in ("max", "stride"))
BUDGET = Budget(epochs=1, seeds=3)
STUDY = Study(
    question="Which?",
    arms=ARMS,
    budgets={"smoke": BUDGET, "quick": BUDGET, "full": BUDGET},
    claims=(
        Comparison(
            name="robust", says="It is.", arm="max", baseline="stride", metric="stability", smallest_effect=0.02
        ),
    ),
)
STABILITY = {"max": {1: 0.8, 2: 0.81, 3: 0.79}, "stride": {1: 0.6, 2: 0.61, 3: 0.59}}


@pytest.fixture
def results() -> Results:
    """The results of three seeds of both arms."""
    setting = Setting(content=CONTENT, train_images=100, precision="float32")
    ledger: Any = SimpleNamespace(
        setting=setting,
        keys=lambda study: {
            arm.name: {seed: f"key-{seed}" for seed in range(1, study.first_seeds + 1)} for arm in study.arms
        },
        arms=lambda study, dataset: [
            ArmRuns(arm, {s: make_record(seed=s) for s in range(1, study.first_seeds + 1)}) for arm in ARMS
        ],
    )
    here: Any = SimpleNamespace()
    return Results(STUDY, here, ledger, DATASET)


def test_what_a_notebook_measured_stands_beside_what_the_records_say(results: Results) -> None:
    results.measure("stability", STABILITY)
    assert values_of(results.select("max")[0], "stability") == STABILITY["max"]
    table = results.table("test_accuracy", "stability")
    assert table[table.arm == "stride"].stability.tolist() == [0.6, 0.61, 0.59]
    assert table.test_accuracy.tolist() == [0.5] * 6


def test_a_seed_without_a_run_has_no_measurement(results: Results) -> None:
    results.measure("stability", {"max": {1: 0.8, 9: 0.1}})
    assert values_of(results.select("max")[0], "stability") == {1: 0.8}


def test_a_value_that_is_not_finite_counts_as_not_measured(results: Results) -> None:
    kept = results.measure("stability", {"relu": {1: 0.5, 2: float("nan")}})
    assert kept == {"relu": {1: 0.5}}


@pytest.mark.parametrize("metric", ["test_accuracy", "stabilty"])
def test_a_notebook_may_measure_only_what_no_record_has(results: Results, metric: str) -> None:
    with pytest.raises(UsageError, match=f"may measure {', '.join(sorted(NOTEBOOK_METRICS))}. Received: '{metric}'"):
        results.measure(metric, STABILITY)


def test_the_report_judges_what_the_notebook_measured(tmp_path: Path) -> None:
    store = Store()
    runs = {arm.name: store.train(arm, {1: 0.5, 2: 0.5, 3: 0.5}) for arm in ARMS}
    published = make_published("04_glorot_vs_he", STUDY, runs, measured={"stability": STABILITY})
    published = Published.from_json(published.canonical_json())
    inputs = replace_loaders(make_inputs(tmp_path), store)
    judged = gather_facts(inputs, make_entry(published)).judgements["robust"]
    assert (judged.verdict, judged.n) == ("supported", 3)
    assert judged.effect == pytest.approx(0.2)
    unmeasured = gather_facts(inputs, make_entry(replace(published, measured={}))).judgements["robust"]
    assert unmeasured.verdict == "not judged"
    assert "share of stable predictions cannot be measured in its runs" in unmeasured.reason


def replace_loaders(inputs: Any, store: Store) -> Any:
    """The same inputs with the runs of `store`."""
    return dataclasses.replace(inputs, load_record=store.records.get, load_failure=store.failures.get)
