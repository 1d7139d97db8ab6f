"""Trains nets well and badly on purpose and writes their learning curves: the material of tests/stats/curves.json.

    python benchmarks/curve_zoo.py OUT.json --data PATH      # about ten minutes on two cores

Each curve is one run's list of [train loss, train accuracy, validation loss, validation accuracy], epoch by epoch, and its outcome.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from kerascnn import Arm, Budget, OptimiserSpec, ScheduleSpec, Study, model
from kerascnn.data import load_dataset
from kerascnn.notebooks.inside.session import train_missing
from kerascnn.places import experiments_folder
from kerascnn.planning.settle import open_ledger
from kerascnn.store import Store

SEEDS = 2


def adam(rate: float) -> OptimiserSpec:
    return OptimiserSpec(name="adam", learning_rate=rate)


def sgd(rate: float) -> OptimiserSpec:
    return OptimiserSpec(name="sgd", learning_rate=rate, momentum=0.9)


def make_arms() -> list[Arm]:
    """Nets, learning rates and lengths over a wide range, so that every way a curve can look occurs."""
    found: list[dict[str, Any]] = []
    for rate in (1e-5, 1e-4, 1e-3, 5e-3, 2e-2):
        found.append({"model": model("models.lenet"), "optimiser": adam(rate), "epochs": 20})
        found.append({"model": model("models.mlp"), "optimiser": adam(rate), "epochs": 12})
    for depth in (2, 4, 6, 8, 10):
        found.append({"model": model("models.cheap", depth=depth, activation="sigmoid"), "epochs": 12})
    for rate in (1e-4, 3e-3, 0.03, 0.3, 3.0):
        net = model("models.cheap", depth=6, initialiser="he_uniform")
        found.append({"model": net, "optimiser": sgd(rate), "epochs": 10})
        normalised = model("models.cheap", depth=6, initialiser="he_uniform", normalisation="batch")
        found.append({"model": normalised, "optimiser": sgd(rate), "epochs": 10})
    for rate in (1e-4, 1e-3, 5e-3):
        wide = model("models.tapered", depth=2, kernels=32)
        found.append({"model": wide, "optimiser": adam(rate), "epochs": 16, "train_images": 1000})
        found.append({"model": wide, "optimiser": adam(rate), "epochs": 8, "augmentation": ("flip", "shift")})
    for depth in (14, 20):
        found.append({"model": model("models.cheap", depth=depth), "optimiser": sgd(0.01), "epochs": 8})
    for depth in (4, 8, 12):
        found.append({"model": model("models.cheap", depth=depth), "epochs": 5})
        found.append({"model": model("models.cheap", depth=depth, normalisation="batch"), "epochs": 14})
    found.append({"model": model("models.lenet", activation="sigmoid"), "optimiser": adam(2e-3), "epochs": 24})
    found.append({"model": model("models.lenet"), "epochs": 24, "schedule": ScheduleSpec(kind="cosine")})
    found.append({"model": model("models.linear"), "epochs": 24})
    found.append({"model": model("models.linear"), "optimiser": adam(2e-2), "epochs": 24})
    found.append({"model": model("models.lenet"), "epochs": 30, "train_images": 500})
    found.append({"model": model("models.mlp"), "epochs": 30, "train_images": 500, "optimiser": adam(1e-4)})
    return [Arm(name=f"curve-{number:02d}", label=str(number), **fields) for number, fields in enumerate(found)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", default="embedded")
    parser.add_argument("--store", type=Path, help="runs are kept here (default: a temporary folder)")
    options = parser.parse_args()
    budget = Budget(epochs=10, seeds=SEEDS, train_images=2000, val_images=500, test_images=500, arms="all")
    study = Study(question="?", arms=make_arms(), budgets={"smoke": budget, "quick": budget, "full": budget})
    with tempfile.TemporaryDirectory() as folder:
        store = Store(options.store or Path(folder))
        info = load_dataset(options.data).info
        ledger = open_ledger(study, info, store, experiments_folder(), None, retry_failures=True)
        train_missing(study, ledger, info)
        curves = []
        for (arm, seed), spec in study.grid(ledger.setting).items():
            record = ledger.record(spec)
            if record is not None:
                epochs = [[e.train_loss, e.train_accuracy, e.val_loss, e.val_accuracy] for e in record.epochs]
                rounded = [[None if v is None else round(v, 4) for v in epoch] for epoch in epochs]
                curves.append({"name": f"{arm}-{seed}", "outcome": record.outcome, "epochs": rounded})
    options.out.write_text("[\n" + ",\n".join(json.dumps(curve) for curve in curves) + "\n]\n", encoding="utf-8")
    print(f"{len(curves)} curves in {options.out}")


if __name__ == "__main__":
    main()
