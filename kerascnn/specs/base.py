"""The base of everything that is written to disk, with one canonical form."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any, Self

import msgspec

from kerascnn.errors import UsageError, near_match


class Spec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
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
            raise UsageError(_explain(cls, str(err))) from err

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


def _explain(cls: type, message: str) -> str:
    text = f"{cls.__name__} is not valid: {message}."
    unknown = re.search(r"unknown field `(\w+)`", message)
    if unknown and "$" not in message:
        text += " " + near_match(unknown[1], cls.__struct_fields__)  # type: ignore[attr-defined]
    return text
