"""All settings of every arm of every experiment, for readers who compare arms across experiments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kerascnn.records import ArmRuns, Published
from kerascnn.report.facts.results import Facts
from kerascnn.report.parts.elements import Cell, Column, Table
from kerascnn.report.tables.differences import flatten_arm, setting_cell
from kerascnn.report.text.words import field_words, lesson_number

BUILDER = "model.builder"


def build_settings(facts: Sequence[Facts], csv: str) -> Table | None:
    """A row for each arm in the order of `facts`, a column for each setting that any of them has.

    A setting that an arm does not name says "default" where another arm of the same model names it.
    """
    arms = [(fact, fact.published, runs) for fact in facts for runs in fact.own_arms]
    settings = [all_settings(runs, published) for _, published, runs in arms if published]
    if not settings:
        return None
    names = list(dict.fromkeys(name for fields in settings for name in fields))
    known = _names_by_builder(settings)
    columns = (
        Column("arm", "Arm"),
        Column("number", "Experiment"),
        *(Column(name, field_words(name)) for name in names),
    )
    rows = tuple(
        (
            Cell(runs.arm.label, tone=fact.tones[runs.arm.name]),
            Cell(lesson_number(fact.entry.experiment) or fact.entry.title, href=fact.page),
            *(_cell(fields, name, known) for name in names),
        )
        for (fact, _, runs), fields in zip(arms, settings, strict=True)
    )
    note = "A dash: the arm's model has no such setting."
    return Table("settings", "All settings of every arm", columns, rows, csv, note)


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


def _cell(fields: Mapping[str, Any], name: str, known: Mapping[str, set[str]]) -> Cell:
    has_it = name in known[fields[BUILDER]] or not name.startswith("model.arguments.")
    return setting_cell(fields, name) if has_it else Cell(None)
