"""Does the diagnosis of learning curves agree with people? The labelled curves of tests/stats/curves.json.

    python benchmarks/diagnosis_agreement.py                 # seconds

Real curves (benchmarks/curve_zoo.py, CIFAR-10), labelled by eye by somebody who had not seen the rules. The rules were tuned on the curves
marked `tuned` alone; the others were labelled and compared afterwards.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

from kerascnn.records import Epoch
from kerascnn.stats import diagnose
from kerascnn.stats.diagnosis import Label

CURVES = Path(__file__).parents[1] / "tests" / "stats" / "curves.json"


def epochs_of(curve: dict[str, Any]) -> tuple[Epoch, ...]:
    names = ("train_loss", "train_accuracy", "val_loss", "val_accuracy")
    return tuple(
        Epoch(epoch=number, learning_rate=0.01, duration_seconds=1.0, **dict(zip(names, values, strict=True)))
        for number, values in enumerate(curve["epochs"], 1)
    )


def main() -> None:
    curves = json.loads(CURVES.read_text(encoding="utf-8"))
    for tuned in (True, False):
        chosen = [curve for curve in curves if curve["tuned"] is tuned]
        print(f"\n{len(chosen)} curves, {'on which the rules were tuned' if tuned else 'unseen'}\n")
        print("| Label | both | rules only | eye only | neither | agreement |\n|---|---:|---:|---:|---:|---:|")
        for label in get_args(Label):
            pairs = [(label in {d.label for d in diagnose(epochs_of(c), 0.1)}, label in c["labels"]) for c in chosen]
            cells = [pairs.count(pair) for pair in ((True, True), (True, False), (False, True), (False, False))]
            print(f"| {label} | {' | '.join(map(str, cells))} | {(cells[0] + cells[3]) / len(chosen):.0%} |")


if __name__ == "__main__":
    main()
