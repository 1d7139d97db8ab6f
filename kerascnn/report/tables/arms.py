"""Tables with a row for each arm: results by seed, and cost."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterable, Mapping, Sequence

from kerascnn.metrics import measure
from kerascnn.records import ArmRuns, RunRecord
from kerascnn.report.facts.results import Facts
from kerascnn.report.facts.status import DIVERGED, FAILED, NOT_RUN
from kerascnn.report.parts.axes import draw_strip, share_axis
from kerascnn.report.parts.elements import Cell, Column, Table
from kerascnn.report.text.links import run_page
from kerascnn.stats import summarise


def metric_values(records: Iterable[RunRecord], metric: str) -> list[float]:
    """The metric of each run where it can be measured."""
    values = (measure(record, metric) for record in records)
    return [value for value in values if value is not None]


def mean_of(values: Sequence[float]) -> float | None:
    """The mean, or None of nothing."""
    return statistics.fmean(values) if values else None


def build_finals(facts: Facts, csv: str) -> Table | None:
    """Test accuracy after the last epoch: every seed of every arm, mean, spread and interval."""
    if not facts.shown_arms:
        return None
    seeds = sorted({seed for arm in facts.shown_arms for seed in (*arm.records, *arm.failures)} | _planned(facts))
    columns = (
        Column("arm", "Arm"),
        Column("test_accuracy_by_seed", "Each seed, 0 to 100 %"),
        Column("seeds", "Seeds", True),
        Column("test_accuracy_mean", "Test accuracy, mean", True),
        Column("test_accuracy_sd", "sd", True),
        Column("test_accuracy_low", "95 % from", True),
        Column("test_accuracy_high", "to", True),
        Column("train_accuracy_mean", "Training accuracy", True),
        Column("generalisation_gap_mean", "Gap", True),
        *(Column(f"test_accuracy_seed_{seed}", f"Seed {seed}", True) for seed in seeds),
    )
    rows = tuple(
        _final_row(arm, facts.tones[arm.arm.name], {seed: seed in _planned_of(facts, arm) for seed in seeds}, chance)
        for arm, chance in ((arm, facts.chance_of(arm.arm.name)) for arm in facts.shown_arms)
    )
    note = (
        "Interval: Student's t over seeds. The thin line in each drawing is chance. Gap: training minus test accuracy."
    )
    return Table("finals", "Accuracy after the last epoch", columns, rows, csv, note)


def _planned(facts: Facts) -> set[int]:
    runs = facts.published.runs if facts.published else {}
    return {seed for by_seed in runs.values() for seed in by_seed}


def _planned_of(facts: Facts, arm: ArmRuns) -> Collection[int]:
    """The seeds that the arm was to have; winners of searches have others than the rest."""
    return facts.published.runs.get(arm.arm.name, {}) if facts.published else ()


def _final_row(arm: ArmRuns, tone: str, seeds: Mapping[int, bool], chance: float) -> tuple[Cell, ...]:
    records = list(arm.records.values())
    summary = summarise(metric_values(records, "test_accuracy"))
    interval = (summary.mean, summary.low, summary.high)
    strip = draw_strip(share_axis(), summary.values, interval, "metric:test_accuracy", tone=tone, line=chance)
    return (
        Cell(arm.arm.label, tone=tone),
        Cell(summary.mean, "metric:test_accuracy", strip=strip if summary.values else None),
        Cell(summary.n, "number"),
        Cell(summary.mean, "metric:test_accuracy"),
        Cell(summary.sd, "metric:generalisation_gap"),
        Cell(summary.low, "metric:test_accuracy"),
        Cell(summary.high, "metric:test_accuracy"),
        Cell(mean_of(metric_values(records, "train_accuracy")), "metric:train_accuracy"),
        Cell(mean_of(metric_values(records, "generalisation_gap")), "metric:generalisation_gap"),
        *(_seed_cell(arm, seed, is_planned) for seed, is_planned in seeds.items()),
    )


def _seed_cell(arm: ArmRuns, seed: int, is_planned: bool) -> Cell:
    record, failure = arm.records.get(seed), arm.failures.get(seed)
    if record is None:
        if failure is None:
            return Cell(None, mark=NOT_RUN if is_planned else None)
        return Cell(None, mark=FAILED, href=run_page(failure.key))
    mark = DIVERGED if record.outcome == "diverged" else None
    return Cell(record.test.accuracy, "metric:test_accuracy", mark=mark, href=run_page(record.key))


COST_COLUMNS = (
    Column("parameters", "Parameters", True),
    Column("multiply_adds", "Multiply-adds per image", True),
    Column("images_per_second", "Images per second", True),
    Column("training_seconds", "Training", True),
    Column("duration_seconds", "Whole run", True),
    Column("peak_memory_bytes", "Peak memory", True),
)


def build_costs(facts: Facts, csv: str) -> Table | None:
    """What a run of each arm takes: the mean over its seeds, for memory the largest."""
    rows = tuple(
        (Cell(arm.arm.label, tone=facts.tones[arm.arm.name]), *cost_cells(list(arm.records.values())))
        for arm in facts.shown_arms
        if arm.records
    )
    if not rows:
        return None
    note = "Times and speed are means over seeds, of one process; memory is the largest of all seeds."
    return Table("cost", "What one run costs", (Column("arm", "Arm"), *COST_COLUMNS), rows, csv, note)


def cost_cells(records: Sequence[RunRecord]) -> tuple[Cell, ...]:
    """The cells under `COST_COLUMNS`."""
    costs = [record.cost for record in records]
    return (
        Cell(max((cost.parameters for cost in costs), default=None), "count"),
        Cell(max((cost.multiply_adds for cost in costs), default=None), "short"),
        Cell(mean_of([cost.images_per_second for cost in costs]), "count"),
        Cell(mean_of([cost.training_seconds for cost in costs]), "seconds"),
        Cell(mean_of([cost.duration_seconds for cost in costs]), "seconds"),
        Cell(max((cost.peak_memory_bytes for cost in costs), default=None), "bytes"),
    )


def build_runs(facts: Facts, csv: str) -> Table | None:
    """One row for each run, as it goes into the CSV file: nothing averaged."""
    if not facts.records and not facts.failed_runs:
        return None
    columns = tuple(Column(key, key.replace("_", " ").capitalize()) for key in _RUN_KEYS)
    rows = [
        _run_row(name, seed, record) for name, arm in facts.arms.items() for seed, record in sorted(arm.records.items())
    ]
    rows += [
        (Cell(run.arm), Cell(run.seed), Cell("failed"), Cell(run.key), *[Cell(None)] * (len(_RUN_KEYS) - 4))
        for run in facts.failed_runs
    ]
    return Table("runs", "Every run", columns, tuple(rows), csv)


_RUN_KEYS = (
    "arm", "seed", "outcome", "key", "test_accuracy", "test_loss", "val_accuracy", "train_accuracy", "train_loss",
    "epochs", "parameters", "multiply_adds", "images_per_second", "training_seconds", "duration_seconds",
    "peak_memory_bytes", "platform", "precision", "finished_at",
)  # fmt: skip


def _run_row(name: str, seed: int, record: RunRecord) -> tuple[Cell, ...]:
    cost, environment = record.cost, record.environment
    scores = (record.test.accuracy, record.test.loss, record.val.accuracy, record.train.accuracy, record.train.loss)
    spent = (cost.parameters, cost.multiply_adds, cost.images_per_second, cost.training_seconds)
    rest = (cost.duration_seconds, cost.peak_memory_bytes)
    where = (environment.platform, environment.precision, environment.finished_at)
    values = (name, seed, record.outcome, record.key, *scores, len(record.epochs), *spent, *rest, *where)
    return tuple(Cell(value) for value in values)
