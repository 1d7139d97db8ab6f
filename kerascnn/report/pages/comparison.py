"""All arms of all experiments side by side, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from kerascnn.records import ArmRuns
from kerascnn.report.facts.results import Facts
from kerascnn.report.parts.elements import Cell, Column, Picture, Shell, Table
from kerascnn.report.parts.pages import ComparisonPage
from kerascnn.report.pictures.drawn import build_cost_picture
from kerascnn.report.tables.arms import COST_COLUMNS, cost_cells, mean_of, metric_values
from kerascnn.report.tables.settings import build_settings
from kerascnn.report.text.words import lesson_number
from kerascnn.stats import summarise

COMPARISON_CSV = "data/comparison.csv"
SETTINGS_CSV = "data/settings.csv"


def build_comparison_page(facts: Sequence[Facts], shell: Shell) -> tuple[ComparisonPage, dict[str, Table]]:
    """The page, and its tables by the CSV file they go into; only default parameters are compared.

    Both tables have one row for each arm, in the same order: the page's script pairs them by that.
    """
    defaults = [fact for fact in facts if fact.entry.is_default]
    table = _build_table(defaults)
    settings = build_settings(defaults, SETTINGS_CSV)
    page = ComparisonPage(shell=shell, picture=_build_picture(defaults), table=table, settings=settings)
    return page, {made.csv: made for made in (table, settings) if made}


def _build_picture(facts: Sequence[Facts]) -> Picture | None:
    arms = [_named(fact, runs) for fact in facts for runs in fact.own_arms]
    return build_cost_picture(arms) if any(runs.records for runs in arms) else None


def _named(facts: Facts, runs: ArmRuns) -> ArmRuns:
    """The runs under a label that says which experiment they belong to."""
    label = f"{lesson_number(facts.entry.experiment)} {runs.arm.label}".strip()
    arm = msgspec.structs.replace(runs.arm, label=label, tone=facts.tones[runs.arm.name])
    return replace(runs, arm=arm)


def _build_table(facts: Sequence[Facts]) -> Table | None:
    columns = (
        Column("arm", "Arm"),
        Column("experiment", "Experiment"),
        Column("seeds", "Seeds", True),
        Column("test_accuracy_mean", "Test accuracy, mean", True),
        Column("test_accuracy_sd", "sd", True),
        Column("train_accuracy_mean", "Training accuracy", True),
        Column("generalisation_gap_mean", "Gap", True),
        *COST_COLUMNS,
    )
    rows = tuple(row for fact in facts for row in _rows(fact))
    note = (
        "Means over seeds, of the default parameters only. Gap: training minus test accuracy. "
        "Arms of different experiments differ in more than one thing; those on other images are left out."
    )
    return Table("comparison", "All arms of all experiments", columns, rows, COMPARISON_CSV, note) if rows else None


def _rows(facts: Facts) -> list[tuple[Cell, ...]]:
    rows = []
    for runs in facts.own_arms:
        records = list(runs.records.values())
        summary = summarise(metric_values(records, "test_accuracy"))
        rows.append(
            (
                Cell(runs.arm.label, tone=facts.tones[runs.arm.name]),
                Cell(facts.entry.title, href=facts.page),
                Cell(summary.n, "number"),
                Cell(summary.mean, "metric:test_accuracy"),
                Cell(summary.sd, "metric:generalisation_gap"),
                Cell(mean_of(metric_values(records, "train_accuracy")), "metric:train_accuracy"),
                Cell(mean_of(metric_values(records, "generalisation_gap")), "metric:generalisation_gap"),
                *cost_cells(records),
            )
        )
    return rows
