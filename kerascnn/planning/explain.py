"""Why a run is in the store or not: what differs from the nearest run that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from kerascnn.code.packages import NOT_INSTALLED, SOURCE
from kerascnn.identity import RunIdentity

ABSENT = "nothing"


@dataclass(frozen=True)
class Difference:
    """One field of an identity, by its path, that two runs do not share; values as a person would write them."""

    field: str
    stored: str
    wanted: str

    def __str__(self) -> str:
        if self.field.startswith("sources."):
            return _change_of_source(self.field.removeprefix("sources."), self.stored, self.wanted)
        if self.field.startswith("versions."):
            return f"{self.field.removeprefix('versions.')} is version {self.wanted} (stored run: {self.stored})"
        if self.field == "platform":
            return f"the platform class is {self.wanted} (stored run: {self.stored})"
        return f"{self.field} is {self.wanted} (stored run: {self.stored})"


@dataclass(frozen=True)
class Nearest:
    """The stored run that differs least from a wanted one, and all that differs."""

    key: str
    differences: tuple[Difference, ...]


def differences(wanted: RunIdentity, stored: RunIdentity) -> tuple[Difference, ...]:
    """Every field in which two identities differ, fields left out of the canonical form included."""
    return _compare(wanted.flat(), stored.flat())


def nearest(wanted: RunIdentity, stored: Mapping[str, Mapping[str, Any]]) -> Nearest | None:
    """The run of `stored` (key -> flattened identity) that is most like `wanted`.

    What the user asked for counts before everything else: a run of the same spec made by an older source
    is nearer than a run of today's source with another seed. None where nothing is stored.
    """
    mine = wanted.flat()
    found = ((_distance(mine, theirs), key) for key, theirs in stored.items())
    best = min(found, default=None)
    return None if best is None else Nearest(best[1], _compare(mine, stored[best[1]]))


def _distance(wanted: Mapping[str, Any], stored: Mapping[str, Any]) -> tuple[int, int]:
    fields = _differing(wanted, stored)
    asked = sum(field.startswith("spec.") for field in fields)
    return asked, len(fields) - asked


def _differing(wanted: Mapping[str, Any], stored: Mapping[str, Any]) -> list[str]:
    missing = object()
    return [field for field in {**wanted, **stored} if wanted.get(field, missing) != stored.get(field, missing)]


def _compare(wanted: Mapping[str, Any], stored: Mapping[str, Any]) -> tuple[Difference, ...]:
    return tuple(
        Difference(field, _spell(stored, field), _spell(wanted, field)) for field in _differing(wanted, stored)
    )


def _spell(values: Mapping[str, Any], field: str) -> str:
    if field not in values:
        return ABSENT
    value = values[field]
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _change_of_source(module: str, stored: str, wanted: str) -> str:
    if _is_version(stored) or _is_version(wanted):
        return _change_of_package(module, stored, wanted)
    if stored == ABSENT:
        return f"this run uses {module}, the stored run does not"
    if wanted == ABSENT:
        return f"the stored run uses {module}, this run does not"
    return f"the source of {module} has changed"


def _change_of_package(package: str, stored: str, wanted: str) -> str:
    if stored == ABSENT:
        return f"this run uses the package {package} ({_spell_version(wanted)}), the stored run does not"
    if wanted == ABSENT:
        return f"the stored run uses the package {package} ({_spell_version(stored)}), this run does not"
    return f"the package {package} is {_spell_version(wanted)} (stored run: {_spell_version(stored)})"


def _is_version(value: str) -> bool:
    """Whether the digest of a source is none, but what is known of a package of others."""
    return value != ABSENT and not (len(value) == 64 and set(value) <= set("0123456789abcdef"))


def _spell_version(value: str) -> str:
    if value == NOT_INSTALLED:
        return NOT_INSTALLED
    # A working copy of somebody has no version to speak of.
    return f"source {value[len(SOURCE) :][:8]}" if value.startswith(SOURCE) else f"version {value}"
