"""Tables with a row for each arm: results by seed, and cost."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import cached_property

from kerascnn.metrics import measure
from kerascnn.records import ArmRuns, Cost, RunRecord
from kerascnn.report.facts.results import Facts
from kerascnn.report.facts.status import DIVERGED, FAILED, NOT_RUN
from kerascnn.report.parts.axes import draw_strip, share_axis
from kerascnn.report.parts.elements import Cell, Table
from kerascnn.report.tables.columns import Reader, Value, build_table
from kerascnn.report.text.links import run_page
from kerascnn.stats import Summary, summarise


@dataclass(frozen=True)
class ArmRow:
    """One arm of a result, as tables ask for it."""

    facts: Facts
    runs: ArmRuns

    @property
    def name(self) -> Cell:
        """What the arm is called, in its colour."""
        return Cell(self.runs.arm.label, tone=self.facts.tones[self.runs.arm.name])

    @property
    def chance(self) -> float:
        """The accuracy of guessing on it."""
        return self.facts.chance_of(self.runs.arm.name)

    @cached_property
    def summary(self) -> Summary:
        """Its test accuracy over the seeds."""
        return summarise(self._values("test_accuracy"))

    def mean(self, metric: str) -> float | None:
        """The mean of a metric over the runs in which it can be measured."""
        return _mean(self._values(metric))

    def costs(self) -> list[Cost]:
        """What each of its runs took."""
        return [record.cost for record in self.runs.records.values()]

    def _values(self, metric: str) -> list[float]:
        values = (measure(record, metric) for record in self.runs.records.values())
        return [value for value in values if value is not None]


def arm_rows(facts: Facts, arms: Iterable[ArmRuns]) -> list[ArmRow]:
    """A row for each of `arms`."""
    return [ArmRow(facts, runs) for runs in arms]


def _mean(values: Collection[float]) -> float | None:
    return statistics.fmean(values) if values else None


NAME = Reader[ArmRow]("arm", "Arm", lambda arm: arm.name)
SCORES = (
    Reader[ArmRow]("seeds", "Seeds", lambda arm: arm.summary.n, "number"),
    Reader[ArmRow]("test_accuracy_mean", "Test accuracy, mean", lambda arm: arm.summary.mean, "metric:test_accuracy"),
    Reader[ArmRow]("test_accuracy_sd", "sd", lambda arm: arm.summary.sd, "metric:generalisation_gap"),
)
ENDS = (
    Reader[ArmRow]("test_accuracy_low", "95 % from", lambda arm: arm.summary.low, "metric:test_accuracy"),
    Reader[ArmRow]("test_accuracy_high", "to", lambda arm: arm.summary.high, "metric:test_accuracy"),
)
TRAINING = (
    Reader[ArmRow](
        "train_accuracy_mean", "Training accuracy", lambda arm: arm.mean("train_accuracy"), "metric:train_accuracy"
    ),
    Reader[ArmRow](
        "generalisation_gap_mean", "Gap", lambda arm: arm.mean("generalisation_gap"), "metric:generalisation_gap"
    ),
)
COSTS = (
    Reader[ArmRow](
        "parameters", "Parameters", lambda arm: max((c.parameters for c in arm.costs()), default=None), "count"
    ),
    Reader[ArmRow](
        "multiply_adds",
        "Multiply-adds per image",
        lambda arm: max((c.multiply_adds for c in arm.costs()), default=None),
        "short",
    ),
    Reader[ArmRow](
        "images_per_second", "Images per second", lambda arm: _mean([c.images_per_second for c in arm.costs()]), "count"
    ),
    Reader[ArmRow](
        "training_seconds", "Training", lambda arm: _mean([c.training_seconds for c in arm.costs()]), "seconds"
    ),
    Reader[ArmRow](
        "duration_seconds", "Whole run", lambda arm: _mean([c.duration_seconds for c in arm.costs()]), "seconds"
    ),
    Reader[ArmRow](
        "peak_memory_bytes",
        "Peak memory",
        lambda arm: max((c.peak_memory_bytes for c in arm.costs()), default=None),
        "bytes",
    ),
)


def build_finals(facts: Facts, csv: str) -> Table | None:
    """Test accuracy after the last epoch: every seed of every arm, mean, spread and interval."""
    if not facts.shown_arms:
        return None
    every = {seed for arm in facts.shown_arms for seed in (*arm.records, *arm.failures)}
    seeds = sorted(every | {seed for arm in facts.shown_arms for seed in _planned(facts, arm)})
    columns = (
        NAME,
        Reader[ArmRow]("test_accuracy_by_seed", "Each seed, 0 to 100 %", _drawn),
        *(*SCORES, *ENDS, *TRAINING),
        *(_seed_column(seed) for seed in seeds),
    )
    note = (
        "Interval: Student's t over seeds. The thin line in each drawing is chance. Gap: training minus test accuracy."
    )
    rows = arm_rows(facts, facts.shown_arms)
    return build_table("finals", "Accuracy after the last epoch", columns, rows, csv, note)


def _planned(facts: Facts, arm: ArmRuns) -> Collection[int]:
    """The seeds that the arm was to have; winners of searches have others than the rest."""
    return facts.published.runs.get(arm.arm.name, {}) if facts.published else ()


def _drawn(arm: ArmRow) -> Cell:
    """Every seed on an axis with the mean and its interval."""
    summary = arm.summary
    strip = draw_strip(
        share_axis(),
        summary.values,
        (summary.mean, summary.low, summary.high),
        "metric:test_accuracy",
        tone=arm.facts.tones[arm.runs.arm.name],
        line=arm.chance,
    )
    return Cell(summary.mean, "metric:test_accuracy", strip=strip if summary.values else None)


def _seed_column(seed: int) -> Reader[ArmRow]:
    return Reader(
        f"test_accuracy_seed_{seed}", f"Seed {seed}", lambda arm: _seed_cell(arm, seed), "metric:test_accuracy"
    )


def _seed_cell(arm: ArmRow, seed: int) -> Cell:
    record, failure = arm.runs.records.get(seed), arm.runs.failures.get(seed)
    if record is None:
        if failure is None:
            return Cell(None, mark=NOT_RUN if seed in _planned(arm.facts, arm.runs) else None)
        return Cell(None, mark=FAILED, href=run_page(failure.key))
    mark = DIVERGED if record.outcome == "diverged" else None
    return Cell(record.test.accuracy, "metric:test_accuracy", mark=mark, href=run_page(record.key))


def build_costs(facts: Facts, csv: str) -> Table | None:
    """What a run of each arm takes: the mean over its seeds, for memory the largest."""
    rows = arm_rows(facts, (arm for arm in facts.shown_arms if arm.records))
    note = "Times and speed are means over seeds, of one process; memory is the largest of all seeds."
    return build_table("cost", "What one run costs", (NAME, *COSTS), rows, csv, note) if rows else None


@dataclass(frozen=True)
class _Run:
    """One run of an arm; it failed where there is no record."""

    arm: str
    seed: int | None
    key: str
    record: RunRecord | None

    @property
    def outcome(self) -> str:
        return self.record.outcome if self.record else FAILED.word


def _of_record(key: str, read: Callable[[RunRecord], Value]) -> Reader[_Run]:
    """A column about the record; empty where the run failed."""
    return Reader(key, key.replace("_", " ").capitalize(), lambda run: read(run.record) if run.record else None)


RUN_COLUMNS = (
    Reader[_Run]("arm", "Arm", lambda run: run.arm),
    Reader[_Run]("seed", "Seed", lambda run: run.seed),
    Reader[_Run]("outcome", "Outcome", lambda run: run.outcome),
    Reader[_Run]("key", "Key", lambda run: run.key),
    _of_record("test_accuracy", lambda record: record.test.accuracy),
    _of_record("test_loss", lambda record: record.test.loss),
    _of_record("val_accuracy", lambda record: record.val.accuracy),
    _of_record("train_accuracy", lambda record: record.train.accuracy),
    _of_record("train_loss", lambda record: record.train.loss),
    _of_record("epochs", lambda record: len(record.epochs)),
    _of_record("parameters", lambda record: record.cost.parameters),
    _of_record("multiply_adds", lambda record: record.cost.multiply_adds),
    _of_record("images_per_second", lambda record: record.cost.images_per_second),
    _of_record("training_seconds", lambda record: record.cost.training_seconds),
    _of_record("duration_seconds", lambda record: record.cost.duration_seconds),
    _of_record("peak_memory_bytes", lambda record: record.cost.peak_memory_bytes),
    _of_record("platform", lambda record: record.environment.platform),
    _of_record("precision", lambda record: record.environment.precision),
    _of_record("finished_at", lambda record: record.environment.finished_at),
)


def build_runs(facts: Facts, csv: str) -> Table | None:
    """One row for each run, as it goes into the CSV file: nothing averaged."""
    runs = [
        _Run(name, seed, record.key, record)
        for name, arm in facts.arms.items()
        for seed, record in sorted(arm.records.items())
    ]
    runs += [_Run(run.arm, run.seed, run.key, None) for run in facts.failed_runs]
    return build_table("runs", "Every run", RUN_COLUMNS, runs, csv) if runs else None
