"""Are verdicts about nothing rare on real runs too? One arm against itself: 40 seeds, drawn into pairs of disjoint sets.

    python benchmarks/aa_check.py --data PATH                # about five minutes on two cores, with the training

The arm has no effect on itself, so every "supported" and every "contradicted" is false: at most 5 % of claims may be.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

from kerascnn import Arm, Budget, Study, model
from kerascnn.data import load_dataset
from kerascnn.notebooks.inside.session import train_missing
from kerascnn.places import experiments_folder
from kerascnn.planning.ledger import Ledger
from kerascnn.planning.settle import open_ledger
from kerascnn.stats.describing.intervals import t_interval
from kerascnn.stats.judging.verdicts import decide
from kerascnn.store import Store

RUNS = 40
SIZES = (3, 5, 8)
ARMS = {
    "6 ReLU convolutions, He": model("models.cheap", depth=6, initialiser="he_uniform"),
    "20 ReLU convolutions, Glorot": model("models.cheap", depth=20),
}


def accuracies(study: Study, ledger: Ledger) -> dict[str, list[float]]:
    """Arm -> test accuracy of each seed."""
    found: dict[str, list[float]] = {}
    for (arm, _), spec in study.grid(ledger.setting).items():
        record = ledger.record(spec)
        assert record is not None, "a run failed"
        found.setdefault(arm, []).append(record.test.accuracy)
    return found


def show(label: str, values: list[float], trials: int) -> None:
    random, cells = np.random.default_rng(1), []
    for n in SIZES:
        false = missed = 0
        for _ in range(trials):
            chosen = random.permutation(values)[: 2 * n]
            effects = (chosen[:n] - chosen[n:]).tolist()
            false += decide("effect", effects, 0.0) in ("supported", "contradicted")
            interval = t_interval(effects)
            missed += interval is not None and not interval.low <= 0 <= interval.high
        cells.append(f"{false / trials:.1%} / {1 - missed / trials:.1%}")
    print(f"| {label} | {np.mean(values):.3f} | {np.std(values, ddof=1):.3f} | {' | '.join(cells)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="embedded")
    parser.add_argument("--store", type=Path, help="runs are kept here (default: a temporary folder)")
    parser.add_argument("--trials", type=int, default=20_000)
    options = parser.parse_args()
    budget = Budget(epochs=4, seeds=RUNS, train_images=2000, val_images=200, arms="all")
    arms = [Arm(name=f"arm-{number}", label=label, model=net) for number, (label, net) in enumerate(ARMS.items())]
    study = Study(question="?", arms=arms, budgets={"smoke": budget, "quick": budget, "full": budget})
    with tempfile.TemporaryDirectory() as folder:
        store = Store(options.store or Path(folder))
        info = load_dataset(options.data).info
        ledger = open_ledger(study, info, store, experiments_folder(), None, retry_failures=True)
        train_missing(study, ledger, info)
        found = accuracies(study, ledger)
    print(f"{RUNS} seeds an arm, {options.trials} draws; false verdicts / intervals that cover zero", file=sys.stderr)
    print(f"| Arm | mean | sd | {' | '.join(f'n = {n}' for n in SIZES)} |\n|---|---:|---:|---:|---:|---:|")
    for arm in study.arms:
        show(arm.label, found[arm.name], options.trials)


if __name__ == "__main__":
    main()
