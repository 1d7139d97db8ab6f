"""Sentences whose numbers are computed: `{arm:metric}`, `{claim:verdict}`, `{number}`.

A placeholder is a name, and after a colon what is wanted of it. A doubled brace stands for itself.
"""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from kerascnn.errors import UsageError, near_match
from kerascnn.records import ArmRuns
from kerascnn.specs import METRICS
from kerascnn.stats.cautions import is_counted
from kerascnn.stats.effects import values_of
from kerascnn.stats.intervals import summarise
from kerascnn.stats.judgements import Judgement
from kerascnn.stats.units import MAX_DECIMALS, NUMBER, UNITS, decimals_for, difference_digits, value_text

Entry = TypeVar("Entry")

JUDGEMENT_FIELDS: dict[str, Callable[[Judgement], str]] = {
    "verdict": lambda judgement: judgement.label,
    "effect": lambda judgement: judgement.effect_text,
    "interval": lambda judgement: judgement.interval_text,
    "smallest": lambda judgement: judgement.smallest_text,
    "sentence": lambda judgement: judgement.sentence,
}
"""What may be asked of a claim."""


def fill(
    sentence: str,
    arms: Mapping[str, ArmRuns],
    judgements: Mapping[str, Judgement],
    numbers: Mapping[str, float | None],
) -> str:
    """`sentence` with every placeholder replaced by what was measured.

    `arms` must name every arm of the study, those without runs too: they read "not measured".

    Raises: UsageError for a placeholder that names nothing known, with a near match.
    """
    facts = _Facts(arms, judgements, numbers)
    try:
        return "".join(_text(part, facts) for part in string.Formatter().parse(sentence))
    except ValueError as err:
        raise UsageError(f"A takeaway must have matching braces. Received: {sentence!r} ({err}).") from err
    except UsageError as err:
        raise UsageError(f"{err} (in the takeaway {sentence!r})") from err


@dataclass(frozen=True)
class _Facts:
    """Everything a placeholder can name."""

    arms: Mapping[str, ArmRuns]
    judgements: Mapping[str, Judgement]
    numbers: Mapping[str, float | None]


def _text(part: tuple[str, str | None, str | None, str | None], facts: _Facts) -> str:
    """One part of a parsed sentence: plain text and the placeholder after it, if there is one."""
    literal, name, wanted, conversion = part
    if name is None:
        return literal
    if conversion:
        raise UsageError(f"A placeholder takes no conversion. Received: !{conversion}.")
    return literal + _value(name, wanted, facts)


def _value(name: str, wanted: str | None, facts: _Facts) -> str:
    if not wanted:
        return _number_text(_known(name, facts.numbers, "number"))
    if wanted in JUDGEMENT_FIELDS:
        return JUDGEMENT_FIELDS[wanted](_known(name, facts.judgements, "claim"))
    if wanted in METRICS:
        return _mean_text(_known(name, facts.arms, "arm"), wanted)
    raise UsageError(f"Unknown measurement {wanted!r}. {near_match(wanted, [*METRICS, *JUDGEMENT_FIELDS])}")


def _known(name: str, table: Mapping[str, Entry], what: str) -> Entry:
    if name not in table:
        raise UsageError(f"Unknown {what} {name!r}. {near_match(name, table)}")
    return table[name]


def _mean_text(runs: ArmRuns, metric: str) -> str:
    """The mean over seeds with its n, such as "36.5 % (n = 5)"; what no seed changes, without."""
    summary = summarise(values_of(runs, metric).values())
    if summary.mean is None:
        return "not measured (n = 0)"
    text = value_text(UNITS[metric], summary.mean)
    return text if is_counted(metric) else f"{text} (n\u00a0=\u00a0{summary.n})"


def _number_text(value: float | None) -> str:
    """A number with up to four decimals, or more where it is small; a whole number without; 3.0e−08 for specks."""
    if value is None or not math.isfinite(value):
        return "not finite"
    if value == int(value):
        return f"{int(value):,}".replace("-", "−")
    if abs(value) < 10.0 ** (1 - MAX_DECIMALS):
        return f"{value:.1e}".replace("-", "−")
    return difference_digits(NUMBER, value, decimals_for(NUMBER, value), sign=False).rstrip("0")
