"""What do the packs of thirty students cost `plan`? Processor seconds with and without runs from thirty other machines.

    python benchmarks/many_origins.py                       # two minutes: trains one experiment under smoke first

Every run of the experiment is copied as if each of the other machines had made it too, packed and taken in, once beside
the own runs and once without them. Medians of five commands each, in turns.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from kerascnn.identity import RunIdentity, origin_of
from kerascnn.records import RunRecord
from kerascnn.store import ENTRY_FILES, MANIFEST, Store
from kerascnn.store.entry import manifest_of

PIPELINE = str(Path(__file__).parents[1] / "pipeline.py")


def as_made_elsewhere(files: dict[str, bytes], machine: str) -> tuple[str, dict[str, bytes]]:
    """(key, files) of the same run, made on another machine."""
    identity = RunIdentity.from_dict(json.loads(files["identity.json"]) | {"platform": machine})
    values = json.loads(files["record.json"])
    values["key"], values["environment"]["platform"] = identity.key, machine
    changed = {"identity.json": identity.canonical_json(), "record.json": RunRecord.from_dict(values).canonical_json()}
    whole = {name: changed.get(name, files[name]) for name in ENTRY_FILES}
    return identity.key, {**whole, MANIFEST: manifest_of(identity.key, whole)}


def take_in(store: Store, source: Store, machines: int) -> None:
    """Runs of so many other machines, as `store add` would take them in."""
    for key in source.keys():  # noqa: SIM118
        files = {name: (source.root / key / name).read_bytes() for name in (*ENTRY_FILES, MANIFEST)}
        for number in range(machines):
            store.take_in(*as_made_elsewhere(files, f"linux-x86_64-machine{number}-cpu"))
    for identity in store.identities().values():
        if "machine" in identity.platform:
            store.add_origin(origin_of(identity))


def plan_seconds(environment: dict[str, str], choices: list[str]) -> float:
    """Processor seconds of one `plan` over all experiments, its children included."""
    before = os.times()
    command = [sys.executable, PIPELINE, "plan", *choices]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="embedded")
    parser.add_argument("--machines", type=int, default=30)
    options = parser.parse_args()
    choices = ["--data", options.data, "--profile", "smoke"]
    with tempfile.TemporaryDirectory() as folder:
        own = Store(Path(folder) / "own")
        environment = os.environ | {"KERASCNN_REPORTS": f"{folder}/reports", "KERASCNN_STORE": str(own.root)}
        subprocess.run([sys.executable, PIPELINE, "run", "glorot_vs_he", *choices], check=True, env=environment)
        both, others = Store(Path(folder) / "both"), Store(Path(folder) / "others")
        shutil.copytree(own.root, both.root)
        for store in (both, others):
            take_in(store, own, options.machines)
        stores = {"own runs": own, "own and others'": both, "others' alone": others}
        seconds: dict[str, list[float]] = {name: [] for name in stores}
        for _ in range(5):
            for name, store in stores.items():
                seconds[name].append(plan_seconds(environment | {"KERASCNN_STORE": str(store.root)}, choices))
    print("\n| Store | Processor seconds of `plan` | ratio |\n|---|---:|---:|")
    base = statistics.median(seconds["own runs"])
    for name, values in seconds.items():
        print(f"| {name} | {statistics.median(values):.2f} | {statistics.median(values) / base:.2f} |")


if __name__ == "__main__":
    main()
