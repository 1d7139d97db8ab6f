"""Does the diagnosis of learning curves agree with people? The labelled curves of tests/stats/curves.json.

    python benchmarks/diagnosis_agreement.py                 # seconds

Real curves (benchmarks/curve_zoo.py, CIFAR-10), labelled by eye by people who had not seen the rules. The rules were tuned on the curves
marked `tuned` alone; the others were trained later on other images, labelled by two people on their own, and compared afterwards.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

from kerascnn.records import Epoch
from kerascnn.stats import diagnose
from kerascnn.stats.describing.diagnosis import Label

CURVES = Path(__file__).parents[1] / "tests" / "stats" / "curves.json"


def epochs_of(curve: dict[str, Any]) -> tuple[Epoch, ...]:
    names = ("train_loss", "train_accuracy", "val_loss", "val_accuracy")
    return tuple(
        Epoch(epoch=number, learning_rate=0.01, duration_seconds=1.0, **dict(zip(names, values, strict=True)))
        for number, values in enumerate(curve["epochs"], 1)
    )


def print_table(title: str, curves: list[dict[str, Any]], reader: str) -> None:
    """What the rules and one reader say of each label, curve by curve."""
    print(f"\n{title}\n")
    print("| Label | both | rules only | eye only | neither | agreement |\n|---|---:|---:|---:|---:|---:|")
    for label in get_args(Label):
        pairs = [(label in {d.label for d in diagnose(epochs_of(c), 0.1)}, label in c[reader]) for c in curves]
        cells = [pairs.count(pair) for pair in ((True, True), (True, False), (False, True), (False, False))]
        print(f"| {label} | {' | '.join(map(str, cells))} | {(cells[0] + cells[3]) / len(curves):.0%} |")


def main() -> None:
    curves = json.loads(CURVES.read_text(encoding="utf-8"))
    tuned, unseen = ([c for c in curves if c["tuned"] is state] for state in (True, False))
    print_table(f"{len(tuned)} curves, on which the rules were tuned", tuned, "labels")
    print_table(f"{len(unseen)} curves, unseen, first reader", unseen, "labels")
    print_table(f"{len(unseen)} curves, unseen, second reader", unseen, "second_reader")
    print("\n| Label | the two readers agree |\n|---|---:|")
    for label in get_args(Label):
        same = sum((label in c["labels"]) == (label in c["second_reader"]) for c in unseen)
        print(f"| {label} | {same / len(unseen):.0%} |")


if __name__ == "__main__":
    main()
