"""The states a suite can be in: nothing yet, half done, failed, and sixty experiments with a thousand runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
from sample_report import (
    CNN,
    DATASET,
    DEEP,
    MLP,
    Store,
    make_entry,
    make_inputs,
    make_notebook,
    make_notebook_failure,
    make_published,
    study_of,
)

from kerascnn.report import Entry, ReportInputs
from kerascnn.specs import Comparison, Equivalence

TOPICS = (
    "Sigmoid against ReLU", "Glorot against He", "Batch Normalization", "Dropout", "Weight decay", "Augmentation",
    "Kernel sizes", "Pooling against strides", "Residual connections", "Learning-rate schedules",
)  # fmt: skip
ARMS = (MLP, DEEP, CNN, msgspec.structs.replace(CNN, name="wide", label="CNN 32-64-128", tone="he"))
SEEDS = range(1, 5)


def make_empty(folder: Path) -> ReportInputs:
    """Five experiments are known, nothing was run."""
    return make_inputs(folder, entries=())


def make_half_finished(folder: Path) -> ReportInputs:
    """Two of five experiments are done: what `all` shows half-way."""
    whole = make_inputs(folder, dataset=msgspec.structs.replace(DATASET, notice=None))
    store = Store()
    entries = (make_result(store, "01_mlp_vs_cnn", 0.15), make_result(store, "02_convolution_by_hand", 0.0))
    return _around(whole, entries, store)


def make_failed(folder: Path) -> ReportInputs:
    """Everything failed: notebooks without results, results whose last attempt failed, runs that failed."""
    whole = make_inputs(folder)
    store = Store()
    (first, _), (second, _), *others = whole.experiments
    older = replace(make_result(store, first, 0.15), failure=make_notebook_failure(first, 0))
    runs = {
        "mlp": {seed: store.fail(MLP, seed) for seed in SEEDS},
        "cnn": {seed: store.fail(CNN, seed) for seed in SEEDS},
    }
    keys = tuple(key for by_seed in runs.values() for key in by_seed.values())
    published = make_published(second, study_of((MLP, CNN), (_claims()[0],)), runs, failed_runs=keys)
    broken = (_failed_entry(name, title) for name, title in others)
    return _around(whole, (older, make_entry(published, source_notebook=make_notebook()), *broken), store)


def make_sixty(folder: Path) -> ReportInputs:
    """Sixty experiments with sixteen runs each; every tenth failed, three are still to come."""
    whole = make_inputs(folder)
    experiments = tuple((f"{place:02d}_topic", f"{TOPICS[place % 10]}, part {place // 10 + 1}") for place in range(60))
    store = Store()
    entries = tuple(
        _failed_entry(name, title) if place % 10 == 9 else make_result(store, name, (place % 7 - 2) / 20, title)
        for place, (name, title) in enumerate(experiments[:57])
    )
    return _around(replace(whole, experiments=experiments), entries, store)


def make_result(store: Store, name: str, lead: float, title: str = "") -> Entry:
    """A finished experiment whose CNNs lead the nets without convolutions by about `lead`."""
    runs = {
        arm.name: store.train(arm, {s: 0.4 + place // 2 * lead + 0.004 * (s * 7 % 5) for s in SEEDS})
        for place, arm in enumerate(ARMS)
    }
    published = make_published(name, study_of(ARMS, _claims()), runs)
    fields = {"title": title} if title else {}
    return make_entry(published, **fields)


def _claims() -> tuple[Comparison | Equivalence, ...]:
    return (
        Comparison(name="leads", says="A small CNN does better than a dense net.", arm="cnn", baseline="mlp", smallest_effect=0.02),
        Comparison(name="deep", says="A deeper dense net does better.", arm="deep", baseline="mlp", smallest_effect=0.02),
        Equivalence(name="width", says="Width changes nothing.", arm="wide", baseline="cnn", smallest_effect=0.02),
    )  # fmt: skip


def _failed_entry(name: str, title: str) -> Entry:
    return make_entry(failure=make_notebook_failure(name, 0), experiment=name, title=title)


def _around(whole: ReportInputs, entries: tuple[Entry, ...], store: Store) -> ReportInputs:
    return replace(whole, entries=entries, load_record=store.records.get, load_failure=store.failures.get)
