"""The base of everything that is written to disk, with one canonical form."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from types import UnionType
from typing import Any, Literal, Self, Union, get_args, get_origin, get_type_hints

import msgspec

from kerascnn.errors import UsageError, near_match


class StrictNames(msgspec.StructMeta):
    """Builds specs; a field that is unknown or missing is an error that names the class and the nearest field."""

    def __call__(cls, *args: Any, **fields: Any) -> Any:
        try:
            return super().__call__(*args, **fields)
        except TypeError as err:
            if isinstance(cls, StrictNames) and (problem := _name_problem(cls, fields)):
                raise UsageError(problem) from err
            raise


class Spec(
    msgspec.Struct, metaclass=StrictNames, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Base of everything that is written to disk: immutable, strict when read back."""

    def to_dict(self) -> dict[str, Any]:
        """The spec as JSON values, fields at their default left out."""
        return _plain(self)

    def canonical_json(self) -> bytes:
        """The one byte string that stands for this spec."""
        return msgspec.json.encode(self.validated().to_dict(), order="sorted")

    def flat(self) -> dict[str, Any]:
        """Path -> value for every field down to single values, those at their default included; lists stay whole."""
        return dict(_leaves("", self))

    def validated(self) -> Self:
        """The same spec with every field checked and in its declared type (1 becomes 1.0).

        Raises: UsageError when a field has the wrong type or an unknown value.
        """
        return type(self).from_dict(msgspec.to_builtins(self))

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """The spec that `values` (JSON values) describe.

        Raises: UsageError naming the unknown or ill-typed field, with a near match.
        """
        try:
            return msgspec.convert(values, cls)
        except msgspec.ValidationError as err:
            raise UsageError(_explain(cls, str(err), values)) from err

    @classmethod
    def from_json(cls, text: bytes | str) -> Self:
        """The spec written in `text`. Raises: UsageError as `from_dict`, or when it is no JSON."""
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.ValidationError as err:
            raise UsageError(_explain(cls, str(err))) from err
        except (msgspec.DecodeError, UnicodeDecodeError) as err:
            raise UsageError(f"{cls.__name__} must be JSON. Received: {err}.") from err


def _plain(value: Any) -> Any:
    """JSON values. Equal specs give equal values; msgspec's own omission compares defaults by identity."""
    if isinstance(value, Spec):
        config = value.__struct_config__
        tag = {config.tag_field: config.tag} if config.tag_field and config.tag is not None else {}
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        defaults = _defaults(type(value))
        return tag | {
            name: _plain(inner)
            for name, inner in fields.items()
            if defaults[name] is msgspec.NODEFAULT or inner != defaults[name]
        }
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Spec):
        inner = {name: getattr(value, name) for name in value.__struct_fields__}
    elif isinstance(value, dict):
        inner = value
    else:
        yield path, _plain(value)
        return
    for name, part in inner.items():
        yield from _leaves(f"{path}.{name}" if path else str(name), part)


@functools.cache
def _defaults(kind: type[Spec]) -> dict[str, Any]:
    """Field -> its default, NODEFAULT where it has none. Kept: asking msgspec takes longer than all the rest."""
    return {
        field.name: field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        for field in msgspec.structs.fields(kind)
    }


def _name_problem(cls: Any, given: dict[str, Any]) -> str:
    """What is wrong with the names of these fields of the class, if anything is."""
    known = cls.__struct_fields__
    for name in given:
        if name not in known:
            return f"{cls.__name__} has no `{name}`. {near_match(name, known)}"
    required = [field.name for field in msgspec.structs.fields(cls) if field.required]
    missing = [name for name in required if name not in given]
    return f"{cls.__name__} needs {', '.join(f'`{name}`' for name in missing)}." if missing else ""


def _explain(cls: type, message: str, values: Any = None) -> str:
    """msgspec's message with the value that it is about, where `values` has it, and near matches."""
    reason, _, path = message.partition(" - at `$")
    path = path.rstrip("`").lstrip(".")
    text = f"{cls.__name__} is not valid: {reason}{f' at `{path}`' if path else ''}."
    found = _value_at(values, path) if path else None
    if found is not None and not isinstance(found, dict | list):
        text += f" Received: {json.dumps(found, default=repr)[:100]}."
    if isinstance(found, str) and reason.startswith("Invalid enum value"):
        text += " " + near_match(found, _names_at(cls, path))
    unknown = re.search(r"unknown field `(\w+)`", reason)
    if unknown and not path:
        text += " " + near_match(unknown[1], cls.__struct_fields__)  # type: ignore[attr-defined]
    return text


def _names_at(kind: Any, path: str) -> list[str]:
    """The names that a field may have which takes one of a few: those of the Literal at a path of msgspec's."""
    kinds = [kind]
    for name in re.findall(r"\w+|\.\.\.", re.sub(r"\[\d+\]", "[...]", path)):
        holders = [one for one in kinds if name in getattr(one, "__struct_fields__", ())]
        inner = (
            [get_type_hints(one)[name] for one in holders] if holders else [a for one in kinds for a in get_args(one)]
        )
        kinds = [part for one in inner for part in _parts_of(one)]
    return [name for one in kinds if get_origin(one) is Literal for name in get_args(one) if isinstance(name, str)]


def _parts_of(kind: Any) -> tuple[Any, ...]:
    """The kinds of a union; the kind itself where it is none."""
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


def _value_at(values: Any, path: str) -> Any:
    """The single value at a path of msgspec's; None where there is none, or the path leaves a key out."""
    for name, place in re.findall(r"(\w+|\.\.\.)|\[(\d+)\]", path):
        try:
            values = values[int(place)] if place else values[name]
        except (KeyError, IndexError, TypeError):
            return None
    return values
