"""All settings of every arm of every experiment, for readers who compare arms across experiments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kerascnn.records import ArmRuns, Published
from kerascnn.report.facts.results import Facts
from kerascnn.report.parts.elements import Cell, Table
from kerascnn.report.tables.arms import ArmRow, arm_rows
from kerascnn.report.tables.columns import Reader, build_table
from kerascnn.report.tables.differences import argument_field, flatten_arm, setting_cell
from kerascnn.report.text.words import field_words, lesson_number

BUILDER = "model.builder"

_Settled = tuple[ArmRow, dict[str, Any]]
"""An arm with its settings."""


def build_settings(all_facts: Sequence[Facts], csv: str) -> Table | None:
    """A row for each arm in the order of `all_facts`, a column for each setting that any of them has.

    A setting that an arm does not name says "default" where another arm of the same model names it.
    """
    arms = [row for facts in all_facts if facts.published for row in arm_rows(facts, facts.own_arms)]
    if not arms:
        return None
    rows = [(arm, all_settings(arm.runs, arm.facts.published)) for arm in arms if arm.facts.published]
    settings = [fields for _, fields in rows]
    arguments = {argument_field(name) for arm, _ in rows for name in arm.runs.arm.model.arguments}
    known = _names_by_builder(settings)
    columns = (
        Reader[_Settled]("arm", "Arm", lambda row: row[0].name),
        Reader[_Settled]("number", "Experiment", lambda row: _experiment(row[0].facts)),
        *(
            _setting(name, known if name in arguments else None)
            for name in dict.fromkeys(name for fields in settings for name in fields)
        ),
    )
    note = "A dash: the arm's model has no such setting."
    return build_table("settings", "All settings of every arm", columns, rows, csv, note)


def _experiment(facts: Facts) -> Cell:
    return Cell(lesson_number(facts.entry.experiment) or facts.entry.title, href=facts.page)


def _setting(name: str, known: Mapping[str, set[str]] | None) -> Reader[_Settled]:
    """The column of a setting; `known`: builder -> the arguments named with it, where the setting is one of these."""

    def read(row: _Settled) -> Cell:
        fields = row[1]
        is_of_model = known is None or name in known[fields[BUILDER]]
        return setting_cell(fields, name) if is_of_model else Cell(None)

    return Reader(name, field_words(name), read)


def all_settings(runs: ArmRuns, published: Published) -> dict[str, Any]:
    """Field name -> value of everything but the seed that can change the arm's result or how it is measured."""
    budget = published.study.budget
    images = {"val_images": budget.val_images or "all", "test_images": budget.test_images or "all"}
    return flatten_arm(runs.arm, published) | images | {"precision": published.precision}


def _names_by_builder(settings: Sequence[Mapping[str, Any]]) -> dict[str, set[str]]:
    known: dict[str, set[str]] = {}
    for fields in settings:
        known.setdefault(fields[BUILDER], set()).update(fields)
    return known
