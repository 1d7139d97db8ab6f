"""Durations, sizes and foreign texts as a reader wants them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

ARMS_NAMED = 5
LONGEST_SLUG = 60
_JSON_WORDS = ("true", "false", "null", "NaN", "Infinity")


def spell_duration(seconds: float) -> str:
    """`42 s`, `3 min`, `2 h 10 min`."""
    if seconds < 90:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def printable(text: str, longest: int = 3000) -> str:
    """`text` from anywhere, fit for a terminal: what is no letter or sign of one line is written as its code.

    Of more than `longest` letters the middle is left out.
    """
    if len(text) > longest:
        half = longest // 2
        text = f"{text[:half]} ... {len(text) - 2 * half:,} letters left out ... {text[-half:]}"
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape", "surrogatepass").decode() for sign in text
    )


def counted(count: int, one: str, many: str = "", space: str = " ") -> str:
    """`1 seed`, `2 seeds`, `1,200 seeds`; `many` where the plural is not made with an s."""
    return f"{count:,}{space}{noun(count, one, many)}"


def noun(count: int, one: str, many: str = "") -> str:
    """The word for so many, without the number."""
    return one if count == 1 else many or f"{one}s"


def slug(text: str) -> str:
    """`text` in lower-case letters, digits and hyphens; cut, with a mark of the whole, where a file could not be called that."""
    whole = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"
    if len(whole) <= LONGEST_SLUG:
        return whole
    return f"{whole[: LONGEST_SLUG - 9].strip('-')}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def spell_size(size_bytes: float) -> str:
    """`512 kB`, `3.4 MB`, `1.2 GB`."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{size_bytes / 1e3:.0f} kB"


def spell_argument(value: Any) -> str:
    """A parameter as the command line reads it back, but for the shell's quotes: JSON, or a bare word that is no JSON."""
    is_word = isinstance(value, str) and value.isidentifier() and value not in _JSON_WORDS
    return value if is_word else json.dumps(value)


def spell_arms(labels: Sequence[str]) -> str:
    """`Arm 'ReLU'`, `Arms 'ReLU', 'tanh'`, and how many more there are."""
    named = ", ".join(repr(label) for label in labels[:ARMS_NAMED])
    more = f" and {len(labels) - ARMS_NAMED} more" if len(labels) > ARMS_NAMED else ""
    return f"{noun(len(labels), 'Arm')} {named}{more}"
