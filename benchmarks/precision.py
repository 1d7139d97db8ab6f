"""Does bfloat16 give the accuracies of float32? Every arm of the suite's quick profile, in both, paired by seed.

    python benchmarks/precision.py --data PATH               # from nothing about 40 minutes on two cores

An arm is equivalent when the 95 % interval of its mean difference lies inside +-0.02. Arms that cannot be told with the first seeds
get more, five at a time, up to --most; every seed is shown. For arms that stay open a control shows what a difference of
no consequence does to them: float32 against float32 with a learning rate larger by a millionth. What --store has is not trained again.
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
from kerascnn.execution.scheduling.progress import Progress
from kerascnn.execution.scheduling.scheduler import Scheduler
from kerascnn.execution.scheduling.works import Work
from kerascnn.machine import usable_cores
from kerascnn.planning.ledger import Ledger
from kerascnn.planning.suite import Planned, Request, load_suite
from kerascnn.specs import Arm, Precision, Study
from kerascnn.stats.describing.intervals import Interval, t_interval
from kerascnn.store import Store

MARGIN = 0.02


@dataclass
class Side:
    """One arm in one precision."""

    study: Study
    ledger: Ledger

    def accuracies(self) -> list[float]:
        """Test accuracies, seed by seed."""
        records = [self.ledger.record(spec) for spec in self.study.grid(self.ledger.setting).values()]
        return [record.test.accuracy for record in records if record is not None]


@dataclass
class Row:
    """Two sides to compare."""

    experiment: str
    arm: Arm
    sides: tuple[Side, Side]

    def works(self, seeds: int) -> list[Work]:
        for side in self.sides:
            side.study = msgspec.structs.replace(side.study, seeds=seeds)
        return [Work(self.experiment, side.study, side.ledger) for side in self.sides]

    def differences(self) -> list[float]:
        first, second = (side.accuracies() for side in self.sides)
        return [a - b for a, b in zip(first, second, strict=True)]

    def interval(self) -> Interval:
        found = t_interval(self.differences())
        assert found is not None, "two seeds or more"
        return found

    def is_equivalent(self) -> bool:
        return self.interval().lies_within(-MARGIN, MARGIN)

    def control(self) -> Row:
        """The same arm against itself but for a difference that nobody would call one, both in float32."""
        optimiser = self.arm.optimiser
        nudged = msgspec.structs.replace(optimiser, learning_rate=optimiser.learning_rate * (1 + 1e-6))
        side = self.sides[1]
        study = _only(side.study, msgspec.structs.replace(self.arm, optimiser=nudged))
        return Row(self.experiment, self.arm, (Side(study, side.ledger), Side(side.study, side.ledger)))


def _only(study: Study, arm: Arm) -> Study:
    return msgspec.structs.replace(study, arms=(arm,), claims=(), main=(), searches=(), rate_grids=())


def find_rows(plans: list[Planned], store: Store) -> list[Row]:
    """The arms of every experiment, each run of them once."""
    rows, seen = [], set()

    def ledger(plan: Planned, precision: Precision) -> Ledger:
        setting = msgspec.structs.replace(plan.ledger.setting, precision=precision)
        return Ledger(store, setting, plan.experiment.notebook.path.parent, retry_failures=True)

    for plan in plans:
        narrow, wide = ledger(plan, "bfloat16"), ledger(plan, "float32")
        for arm in plan.study.profile_arms():
            key = wide.key(plan.study.spec_for(arm, 1, wide.setting))
            if key not in seen:
                study = _only(plan.study, arm)
                rows.append(Row(plan.experiment.name, arm, (Side(study, narrow), Side(study, wide))))
            seen.add(key)
    return rows


def train(rows: list[Row], seeds: int) -> None:
    works = [work for row in rows for work in row.works(seeds)]
    if not works:
        return
    jobs = usable_cores()
    with LocalExecutor(jobs, {}, works[0].ledger.store.worker_log()) as executor:
        Scheduler(works, executor, jobs, Progress(sys.stderr)).run()


def show(rows: list[Row], first: str, second: str) -> None:
    print(f"\n| Experiment | Arm | {first}, seed by seed | {second} | difference | 95 % interval | |")
    print("|---|---|---|---|---:|---|---|")
    for row in rows:
        interval, mean = row.interval(), statistics.fmean(row.differences())
        print(
            f"| {row.experiment[:2]} | {row.arm.label} | {spell(row.sides[0])} | {spell(row.sides[1])} | {mean:+.3f} "
            f"| {interval.low:+.3f} to {interval.high:+.3f} | {'equivalent' if row.is_equivalent() else 'cannot tell'} |"
        )


def spell(side: Side) -> str:
    return " ".join(f"{value:.3f}".lstrip("0") for value in side.accuracies())


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
        train(rows, options.seeds)
        for seeds in range(options.seeds + 5, options.most + 1, 5):
            train([row for row in rows if not row.is_equivalent()], seeds)
        controls = [row.control() for row in rows if not row.is_equivalent()]
        train(controls, options.seeds)
        show(rows, "bfloat16", "float32")
        show(controls, "float32, learning rate larger by a millionth", "float32")


if __name__ == "__main__":
    main()
