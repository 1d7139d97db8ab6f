"""Does bfloat16 give the accuracies of float32? Every arm of the suite's quick profile, in both, paired by seed.

    python benchmarks/precision.py --data PATH               # from nothing about 40 minutes on two cores

An arm is equivalent when the 95 % interval of its mean difference lies inside +-0.02. Arms that cannot be told with the
first seeds get more, five at a time, up to --most; every seed is shown. What --store has already is not trained again.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import msgspec

from kerascnn.execution.pool import LocalExecutor
from kerascnn.execution.progress import Progress
from kerascnn.execution.scheduler import Scheduler, Work
from kerascnn.execution.worker import THREADS
from kerascnn.ledger import Ledger
from kerascnn.machine import usable_cores
from kerascnn.specs import Arm, Study
from kerascnn.stats.intervals import Interval, t_interval
from kerascnn.store import Store
from kerascnn.suite import Planned, Request, load_suite

MARGIN = 0.02
PRECISIONS = ("bfloat16", "float32")


@dataclass
class Row:
    """One arm: its study with nothing else in it, its ledgers, and its test accuracies, seed by seed."""

    experiment: str
    arm: Arm
    study: Study
    ledgers: dict[str, Ledger]

    def works(self, seeds: int) -> list[Work]:
        self.study = msgspec.structs.replace(self.study, arms=(self.arm,), claims=(), searches=(), seeds=seeds)
        return [Work(self.experiment, self.study, ledger) for ledger in self.ledgers.values()]

    def accuracies(self, precision: str) -> list[float]:
        ledger = self.ledgers[precision]
        records = [ledger.record(spec) for spec in self.study.grid(ledger.setting).values()]
        return [record.test.accuracy for record in records if record is not None]

    def differences(self) -> list[float]:
        pairs = zip(*map(self.accuracies, PRECISIONS), strict=True)
        return [narrow - wide for narrow, wide in pairs]

    def interval(self) -> Interval:
        found = t_interval(self.differences())
        assert found is not None, "two seeds or more"
        return found

    def is_equivalent(self) -> bool:
        return self.interval().lies_within(-MARGIN, MARGIN)


def find_rows(plans: list[Planned], store: Store) -> list[Row]:
    """The arms of every experiment, each run of them once."""
    rows, seen = [], set()
    for plan in plans:
        setting, folder = plan.ledger.setting, plan.experiment.notebook.path.parent
        settings = {p: msgspec.structs.replace(setting, precision=p) for p in PRECISIONS}
        ledgers = {p: Ledger(store, settings[p], folder, retry_failures=True) for p in PRECISIONS}
        for arm in plan.study.profile_arms():
            key = ledgers["float32"].key(plan.study.spec_for(arm, 1, settings["float32"]))
            if key not in seen:
                rows.append(Row(plan.experiment.name, arm, plan.study, ledgers))
            seen.add(key)
    return rows


def train(rows: list[Row], seeds: int) -> None:
    works = [work for row in rows for work in row.works(seeds)]
    jobs = usable_cores()
    with LocalExecutor(jobs, THREADS, works[0].ledger.store.worker_log()) as executor:
        Scheduler(works, executor, jobs, Progress(sys.stderr)).run()


def show(rows: list[Row]) -> None:
    def spell(values: list[float]) -> str:
        return " ".join(f"{value:.3f}".lstrip("0") for value in values)

    print("| Experiment | Arm | bfloat16, seed by seed | float32 | difference | 95 % interval | |")
    print("|---|---|---|---|---:|---|---|")
    for row in rows:
        interval, mean = row.interval(), statistics.fmean(row.differences())
        print(
            f"| {row.experiment[:2]} | {row.arm.label} | {spell(row.accuracies('bfloat16'))} "
            f"| {spell(row.accuracies('float32'))} | {mean:+.3f} | {interval.low:+.3f} to {interval.high:+.3f} "
            f"| {'equivalent' if row.is_equivalent() else 'cannot tell'} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="embedded")
    parser.add_argument("--profile", default="quick")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--most", type=int, default=5, help="seeds for arms that fewer leave open")
    parser.add_argument("--store", type=Path, help="runs are kept here (default: a temporary folder)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        suite = load_suite(Request(profile=options.profile, data=options.data))
        rows = find_rows(suite.planned(), Store(options.store or Path(folder)))
        for seeds in range(options.seeds, max(options.seeds, options.most) + 1, 5):
            train([row for row in rows if seeds == options.seeds or not row.is_equivalent()], seeds)
        show(rows)


if __name__ == "__main__":
    main()
