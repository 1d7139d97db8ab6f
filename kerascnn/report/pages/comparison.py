"""All arms of all experiments side by side, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from kerascnn.records import ArmRuns
from kerascnn.report.facts.results import Facts
from kerascnn.report.parts.elements import Cell, Shell, ShownFigure, Table
from kerascnn.report.parts.pages import ComparisonPage
from kerascnn.report.pictures.drawn import build_cost_figure
from kerascnn.report.tables.arms import COSTS, NAME, SCORES, TRAINING, ArmRow, arm_rows
from kerascnn.report.tables.columns import Reader, build_table
from kerascnn.report.tables.settings import build_settings
from kerascnn.report.text.words import lesson_number

COMPARISON_CSV = "data/comparison.csv"
SETTINGS_CSV = "data/settings.csv"


def build_comparison_page(all_facts: Sequence[Facts], shell: Shell) -> tuple[ComparisonPage, dict[str, Table]]:
    """The page, and its tables by the CSV file they go into; only default parameters are compared.

    Both tables have one row for each arm, in the same order: the page's script pairs them by that.
    """
    defaults = [facts for facts in all_facts if facts.entry.is_default]
    table = _build_table(defaults)
    settings = build_settings(defaults, SETTINGS_CSV)
    page = ComparisonPage(shell=shell, figure=_build_figure(defaults), table=table, settings=settings)
    return page, {made.csv: made for made in (table, settings) if made}


def _build_figure(all_facts: Sequence[Facts]) -> ShownFigure | None:
    arms = [_named(facts, runs) for facts in all_facts for runs in facts.own_arms]
    return build_cost_figure(arms) if any(runs.records for runs in arms) else None


def _named(facts: Facts, runs: ArmRuns) -> ArmRuns:
    """The runs under a label that says which experiment they belong to."""
    label = f"{lesson_number(facts.entry.experiment)} {runs.arm.label}".strip()
    arm = msgspec.structs.replace(runs.arm, label=label, tone=facts.tones[runs.arm.name])
    return replace(runs, arm=arm)


EXPERIMENT = Reader[ArmRow]("experiment", "Experiment", lambda arm: Cell(arm.facts.entry.title, href=arm.facts.page))
COLUMNS = (NAME, EXPERIMENT, *SCORES, *TRAINING, *COSTS)


def _build_table(all_facts: Sequence[Facts]) -> Table | None:
    rows = [row for facts in all_facts for row in arm_rows(facts, facts.own_arms)]
    note = (
        "Means over seeds, for results with default parameters only. Gap: training minus test accuracy. "
        "Arms of different experiments differ in more than one setting. Arms on other images are left out."
    )
    caption = "All arms of all experiments"
    return build_table("comparison", caption, COLUMNS, rows, COMPARISON_CSV, note) if rows else None
