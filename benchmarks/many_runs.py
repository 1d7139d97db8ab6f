"""A store of 10,000 runs of which some 500 are shown: do `plan`, `store` and rendering stay quick, and pages small?

    python benchmarks/many_runs.py                           # about five minutes

Real records of a smoke run on the generated data, copied under the keys that `--seeds 24` of three experiments wants, and under 9,500 keys that
nobody wants. Nothing is trained beyond the smoke runs.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

PIPELINE = str(Path(__file__).parents[1] / "pipeline.py")
RUNS, SEEDS = 10_000, 24
NAMES = ("03_sigmoid_vs_relu_depth", "04_glorot_vs_he", "07_batch_normalization")


def call(*words: str) -> tuple[float, float]:
    """Seconds and peak MB of one command."""
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    started = time.perf_counter()
    command = [sys.executable, "-c", code, sys.executable, PIPELINE, *words, "--data", "embedded"]
    peak = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return time.perf_counter() - started, peak / 1000


def write_entry(root: Path, identity: Any, record: Any, files: dict[str, bytes]) -> None:
    """An entry as `Store.commit` leaves it, without waiting for the disk."""
    key = identity.key
    rate = identity.spec.optimiser.learning_rate
    epochs = (
        msgspec.structs.replace(record.epochs[-1], epoch=number, learning_rate=rate)
        for number in range(1, identity.spec.epochs + 1)
    )
    record = msgspec.structs.replace(record, key=key, spec=identity.spec, epochs=tuple(epochs))
    files = {**files, "identity.json": identity.canonical_json(), "record.json": record.canonical_json()}
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    (root / key).mkdir()
    for name, data in files.items():
        (root / key / name).write_bytes(data)
    (root / key / "manifest.json").write_text(json.dumps({"schema": 1, "key": key, "files": digests}))


def fill(root: Path) -> int:
    """Copy the smoke records until there are `RUNS` runs; how many of them an experiment wants."""
    from kerascnn.planning.suite import Request, load_suite
    from kerascnn.store import Store

    store = Store(root)
    smoke = load_suite(Request(names=NAMES, profile="smoke", data="embedded"))
    found = {
        arm: store.load(key) for plan in smoke.planned() for arm, keys in plan.runs.items() for key in keys.values()
    }
    templates = {arm: record for arm, record in found.items() if record and record.outcome == "finished"}
    some = next(iter(templates.values()))
    files = {name: (root / some.key / name).read_bytes() for name in ("predictions.npz", "weights.npz")}
    wanted = 0
    for plan in load_suite(Request(names=NAMES, profile="quick", data="embedded", seeds=SEEDS)).planned():
        for (arm, _), spec in plan.study.planned(plan.ledger).items():
            identity = plan.ledger.identity(spec)
            if not (root / identity.key).exists():
                write_entry(root, identity, templates.get(arm, some), files)
                wanted += 1
    seed = 100_000
    while len(store.keys()) < RUNS:
        for _ in range(RUNS - len(store.keys())):
            seed += 1
            write_entry(
                root, msgspec.structs.replace(identity, spec=msgspec.structs.replace(spec, seed=seed)), some, files
            )
    return wanted


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"KERASCNN_STORE": f"{folder}/runs", "KERASCNN_REPORTS": f"{folder}/reports"}
        call("all", "--profile", "smoke", "--only", *NAMES)
        wanted = fill(Path(folder) / "runs")
        print(f"{RUNS} runs, {wanted} of them wanted\n\n| Command | Seconds | Peak MB |\n|---|---:|---:|")
        choices = ("--seeds", str(SEEDS))
        everything = ("all", "--only", *NAMES, *choices)
        commands = {
            "plan": ("plan", *NAMES, *choices),
            "store": ("store",),
            "all: executes and renders": everything,
            "all: nothing to do": everything,
        }
        for name, words in commands.items():
            seconds, peak = call(*words)
            print(f"| {name} | {seconds:.1f} | {peak:.0f} |", flush=True)
        call("clean")
        seconds, peak = call("report", *choices)
        print(f"| report: renders everything | {seconds:.1f} | {peak:.0f} |")
        pages = sorted(Path(folder, "reports").glob("*.html"), key=lambda page: -page.stat().st_size)
        print(f"\nlargest page: {pages[0].name}, {pages[0].stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
