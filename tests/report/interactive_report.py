"""A small report with what can be read off and switched: curves of two arms, and two searches."""

from __future__ import annotations

from pathlib import Path

from factories import make_epochs
from msgspec.structs import replace
from sample_report import BUDGETS, CNN, DEEP, MLP, Store, make_entry, make_inputs, make_published, write_results

from kerascnn import Choice, Search, Study
from kerascnn.plots import plot_curves, to_svg
from kerascnn.records import ArmRuns, Figure, PublishedSearch, Trial
from kerascnn.report import Entry, ReportInputs

CURVES = {
    "mlp": {1: (0.30, 0.40, 0.50), 2: (0.20, 0.20, 0.30)},
    "cnn": {1: (0.40, 0.60, 0.70), 2: (0.50, 0.50)},
}
"""Arm -> seed -> validation accuracy by epoch; the CNN's second seed diverges early."""

SPACE = (
    Choice(name="depth", values=(1, 2, 3)),
    Choice(name="width", values=(8, 16, 32)),
    Choice(name="kind", values=("a", "b")),
)


def make_interactive_inputs(folder: Path) -> ReportInputs:
    """The inputs of the report; its figure lies in `folder`."""
    store = Store()
    entry = _entry(store, folder)
    return make_inputs(
        folder / "others", entries=(entry,), load_record=store.records.get, load_failure=store.failures.get
    )


def _entry(store: Store, folder: Path) -> Entry:
    arms = {"mlp": MLP, "cnn": CNN}
    keys = {name: _train(store, name, arms[name]) for name in CURVES}
    runs = [
        ArmRuns(arms[name], {seed: store.records[key] for seed, key in by_seed.items()})
        for name, by_seed in keys.items()
    ]
    picture = plot_curves(runs)
    path = write_results(folder / "01", {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    (path / f"{picture.name}.svg").write_text(to_svg(picture.figure, picture.title, picture.alt, picture.name))
    figure = Figure(name=picture.name, file=f"{picture.name}.svg", title=picture.title, alt=picture.alt)
    published = make_published(
        "01_mlp_vs_cnn", _study(), keys, figures=(figure,), tables=(picture.table,), searches=_published_searches()
    )
    return make_entry(published, path)


def _train(store: Store, name: str, arm) -> dict[int, str]:
    keys: dict[int, str] = {}
    for seed, accuracies in CURVES[name].items():
        outcome = "finished" if len(accuracies) == 3 else "diverged"
        keys |= store.train(arm, {seed: accuracies[-1]}, epochs=make_epochs(accuracies), outcome=outcome)
    return keys


def make_search(name: str, label: str, *scores: float | None, epochs: int = 2) -> PublishedSearch:
    """A search whose trials go through the depths 1, 2, 3 with the width 16; the best score wins."""
    trials = tuple(
        Trial(
            number=n,
            arguments={"depth": 1 + n % 3, "width": 16, "kind": "ab"[n % 2]},
            epochs=epochs,
            key=f"{name}{n}".ljust(24, "0"),
            val_accuracy=score,
        )
        for n, score in enumerate(scores)
    )
    known = {trial.number: trial.val_accuracy for trial in trials if trial.val_accuracy is not None}
    best = max(known, key=known.__getitem__) if known else None
    return PublishedSearch(name=name, label=label, oracle="random", trials=trials, best=best)


def _published_searches() -> tuple[PublishedSearch, ...]:
    random = make_search("random", "random search", 0.41, 0.45, 0.52, None, *(0.2 + n / 100 for n in range(6)))
    return random, replace(make_search("bayesian", "Bayesian optimisation", 0.30, 0.50, 0.40), oracle="bayesian")


def _study() -> Study:
    searches = tuple(
        Search(name=name, label=label, oracle=name, base=DEEP, space=SPACE)
        for name, label in (("random", "random search"), ("bayesian", "Bayesian optimisation"))
    )
    return Study(question="Which?", arms=(MLP, CNN), budgets=BUDGETS, searches=searches)
