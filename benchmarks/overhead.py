"""What share of the cores' time does `all` not spend in training steps? And how long do the small commands take?

    python benchmarks/overhead.py --data PATH                # about twelve minutes: trains everything into an empty store

overhead = 1 - (core-seconds inside training steps) / (cores x wall time of `all`). The small commands run on the finished store, the
median of five each; the bare interpreter is there to compare with.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PIPELINE = str(Path(__file__).parents[1] / "pipeline.py")


def time_command(command: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="embedded")
    parser.add_argument("--profile", default="quick")
    options = parser.parse_args()
    choices = ["--data", options.data, "--profile", options.profile]
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"KERASCNN_STORE": f"{folder}/runs", "KERASCNN_REPORTS": f"{folder}/reports"}
        time_command([sys.executable, PIPELINE, "plan", *choices], environment)  # decodes the data once
        wall = time_command([sys.executable, PIPELINE, "all", *choices], environment)
        report_overhead(Path(folder) / "runs", wall)
        print("\n| Command | Seconds |\n|---|---:|")
        for words in (["--help"], ["list"], ["plan", *choices], ["all", *choices]):
            command = [sys.executable, PIPELINE, *words]
            seconds = statistics.median(time_command(command, environment) for _ in range(5))
            print(f"| `pipeline.py {words[0]}`{', nothing to do' if words[0] == 'all' else ''} | {seconds:.2f} |")
        bare = statistics.median(time_command([sys.executable, "-c", ""], environment) for _ in range(5))
        print(f"| bare interpreter | {bare:.2f} |")


def report_overhead(root: Path, wall: float) -> None:
    from kerascnn.machine import usable_cores
    from kerascnn.store import Store

    store = Store(root)
    records = [record for record in map(store.load, store.keys()) if record is not None]
    training = sum(record.cost.training_seconds for record in records)
    runs = sum(record.cost.duration_seconds for record in records)
    available = usable_cores() * wall
    print(f"{len(records)} runs in {wall:.0f} s on {usable_cores()} cores")
    print(
        f"inside training steps {training:.0f} core-s, inside runs {runs:.0f} core-s, available {available:.0f} core-s"
    )
    print(f"overhead {1 - training / available:.1%}, of it outside runs {1 - runs / available:.1%}")


if __name__ == "__main__":
    main()
