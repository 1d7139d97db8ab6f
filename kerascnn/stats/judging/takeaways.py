"""Sentences whose numbers are computed: `{arm:metric}`, `{claim:verdict}`, `{number}`.

A placeholder is a name, and after a colon what is wanted of it. A doubled brace stands for itself.
"""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from kerascnn.errors import UsageError, near_match
from kerascnn.records import ArmRuns, Published
from kerascnn.specs import METRICS
from kerascnn.stats.describing.intervals import summarise
from kerascnn.stats.describing.units import MAX_DECIMALS, NUMBER, UNITS, decimals_for, difference_digits, value_text
from kerascnn.stats.judging.cautions import is_counted
from kerascnn.stats.judging.effects import values_of
from kerascnn.stats.judging.judgements import Judgement

JUDGEMENT_FIELDS: dict[str, Callable[[Judgement], str]] = {
    "verdict": lambda judgement: judgement.label,
    "effect": lambda judgement: judgement.effect_text,
    "interval": lambda judgement: judgement.interval_text,
    "smallest": lambda judgement: judgement.smallest_text,
    "sentence": lambda judgement: judgement.sentence,
}
"""What may be asked of a claim."""


def check(sentence: str, arms: Collection[str], claims: Collection[str], numbers: Collection[str]) -> None:
    """Raises: UsageError for a placeholder that names nothing known, with a near match, and for a brace without another."""
    try:
        for _, name, wanted, conversion in string.Formatter().parse(sentence):
            if name is not None:
                _check(name, wanted, conversion, {"arm": arms, "claim": claims, "number": numbers})
    except ValueError as err:
        raise UsageError(f"A takeaway must have matching braces. Received: {sentence!r} ({err}).") from err
    except UsageError as err:
        raise UsageError(f"{err} (in the takeaway {sentence!r})") from err


def faults_of(published: Published) -> list[str]:
    """What is wrong with the placeholders of a result's takeaways, a sentence for each takeaway that cannot be filled in."""
    found = []
    claims = [claim.name for claim in published.study.claims]
    for sentence in published.takeaways:
        try:
            check(sentence, published.named_arms(), claims, published.numbers)
        except UsageError as err:
            found.append(str(err))
    return found


def fill(
    sentence: str,
    arms: Mapping[str, ArmRuns],
    judgements: Mapping[str, Judgement],
    numbers: Mapping[str, float | None],
) -> str:
    """`sentence` with every placeholder replaced by what was measured.

    `arms` must name every arm of the study, those without runs too: they read "not measured".

    Raises: UsageError as `check`.
    """
    check(sentence, arms, judgements, numbers)
    facts = _Facts(arms, judgements, numbers)
    return "".join(
        literal if name is None else literal + _value(name, wanted, facts)
        for literal, name, wanted, _ in string.Formatter().parse(sentence)
    )


@dataclass(frozen=True)
class _Facts:
    """Everything a placeholder can name."""

    arms: Mapping[str, ArmRuns]
    judgements: Mapping[str, Judgement]
    numbers: Mapping[str, float | None]


def _check(name: str, wanted: str | None, conversion: str | None, known: Mapping[str, Collection[str]]) -> None:
    if conversion:
        raise UsageError(f"A placeholder takes no conversion. Received: !{conversion}.")
    if wanted and wanted not in JUDGEMENT_FIELDS and wanted not in METRICS:
        raise UsageError(f"Unknown measurement {wanted!r}. {near_match(wanted, [*METRICS, *JUDGEMENT_FIELDS])}")
    what = "number" if not wanted else "claim" if wanted in JUDGEMENT_FIELDS else "arm"
    if name not in known[what]:
        raise UsageError(f"Unknown {what} {name!r}. {near_match(name, known[what])}")


def _value(name: str, wanted: str | None, facts: _Facts) -> str:
    if not wanted:
        return _number_text(facts.numbers[name])
    if wanted in JUDGEMENT_FIELDS:
        return JUDGEMENT_FIELDS[wanted](facts.judgements[name])
    return _mean_text(facts.arms[name], wanted)


def _mean_text(runs: ArmRuns, metric: str) -> str:
    """The mean over seeds with its n, such as "36.5 % (n = 5)"; without n for what no seed changes."""
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
