"""What differs between the arms of a study, and what all of them share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kerascnn.records import Published
from kerascnn.report.parts.elements import Cell, Property, Table
from kerascnn.report.tables.columns import Reader, build_table
from kerascnn.report.text.words import field_words
from kerascnn.specs import Arm

DEFAULT = "default"


def differing_fields(settings: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The names under which the arms' settings are not all the same, in the order they appear."""
    names = list(dict.fromkeys(name for fields in settings.values() for name in fields))
    return [name for name in names if not _is_shared(name, settings.values())]


def build_differences(published: Published, arms: Sequence[Arm], tones: Mapping[str, str], csv: str) -> Table | None:
    """A row for each arm with only the fields that differ; None where nothing does."""
    settings = {arm.name: flatten_arm(arm, published) for arm in arms}
    names = differing_fields(settings)
    if not names:
        return None
    columns = (
        Reader[Arm]("arm", "Arm", lambda arm: Cell(arm.label, tone=tones[arm.name])),
        *(_setting(name, settings) for name in names),
    )
    return build_table("differences", "What differs between the arms", columns, arms, csv)


def _setting(name: str, settings: Mapping[str, Mapping[str, Any]]) -> Reader[Arm]:
    return Reader(name, field_words(name), lambda arm: setting_cell(settings[arm.name], name))


def build_common(published: Published, arms: Sequence[Arm]) -> tuple[Property, ...]:
    """The settings that all arms share."""
    settings = {arm.name: flatten_arm(arm, published) for arm in arms}
    if not settings:
        return ()
    first = next(iter(settings.values()))
    differing = set(differing_fields(settings))
    shared = [
        Property(field_words(name), (setting_text(value),)) for name, value in first.items() if name not in differing
    ]
    budget = published.study.budget
    images = (("val_images", budget.val_images), ("test_images", budget.test_images))
    tests = [Property(field_words(name), ("all" if count is None else f"{count:,}",)) for name, count in images]
    return (*shared, *tests, Property(field_words("precision"), (published.precision,)))


def flatten_arm(arm: Arm, published: Published) -> dict[str, Any]:
    """Field name -> value of everything in `arm` that can change its result."""
    budget = published.study.budget
    values: dict[str, Any] = {"model.builder": arm.model.builder}
    values |= {argument_field(name): value for name, value in arm.model.arguments.items()}
    values |= {"dataset": _dataset_title(arm, published), "task": arm.task}
    values |= {"normalisation": arm.normalisation, "augmentation": list(arm.augmentation)}
    for group, spec in (("optimiser", arm.optimiser), ("schedule", arm.schedule)):
        values |= {f"{group}.{name}": value for name, value in msgspec.structs.asdict(spec).items()}
    values |= {"batch_size": arm.batch_size, "epochs": arm.epochs or budget.epochs}
    return values | {"train_images": arm.train_images or budget.train_images or "all"}


def _dataset_title(arm: Arm, published: Published) -> str:
    is_at_hand = arm.dataset is None or arm.dataset in published.dataset.companions
    return published.dataset.on(arm.dataset).title if is_at_hand else "not at hand"


def argument_field(name: str) -> str:
    """The field that holds an argument of the model."""
    return f"model.arguments.{name}"


def _is_shared(name: str, settings: Any) -> bool:
    first, *others = [(fields.get(name), name in fields) for fields in settings]
    return all(other == first for other in others)


def setting_cell(fields: Mapping[str, Any], name: str) -> Cell:
    """The value of one setting; "default" where the arm leaves it to the model."""
    if name not in fields:
        return Cell(DEFAULT, "quiet")
    value = fields[name]
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return Cell(value, "number") if plain else Cell(setting_text(value))


def setting_text(value: Any) -> str:
    """A setting as a reader sees it."""
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        is_nested = any(isinstance(part, list | tuple) for part in value)
        return ("; " if is_nested else ", ").join(setting_text(part) for part in value)
    return value if isinstance(value, str) else msgspec.json.encode(value, order="sorted").decode()
