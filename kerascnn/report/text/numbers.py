"""How values are printed: the only place where a number is rounded or becomes a percentage."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from kerascnn.spelling import counted
from kerascnn.stats.describing.units import NUMBER, UNITS, Unit, decimals_for, difference_text, value_text

SPACE = "\u00a0"
MINUS = "\u2212"
NOTHING = "\u2013"


def quantity(value: object, unit: str = "text", reference: float = 0.0) -> str:
    """`value` with its unit; an en dash where there is none.

    `unit` is a name of `PRINTERS`, `metric:` or `effect:` with a metric's name, or "text". An effect
    shows two digits of `reference`.
    """
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, int | float):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "not finite"
    kind, _, metric = unit.partition(":")
    if metric:
        return _metric_text(kind, metric, value, reference).replace(" ", SPACE)
    return PRINTERS.get(unit, _number)(value)


def points(piece: Iterable[tuple[float, float]]) -> str:
    """The corners of a line as SVG lists them, to a tenth of a unit."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in piece)


def tenth(length: float) -> str:
    """A length in an SVG drawing's units."""
    return f"{length:.1f}"


def metric_unit(metric: str) -> Unit:
    """A metric's words and decimals; a number of the notebook's own is just a number."""
    return UNITS.get(metric, NUMBER)


def position(percent: float) -> str:
    """A place on an axis as an SVG length."""
    return f"{percent:.2f}%"


def date(iso: str) -> str:
    """An ISO 8601 time in UTC, to the minute."""
    day, _, time = iso.partition("T")
    return f"{day}, {time[:5]}{SPACE}UTC" if time else day or NOTHING


def short_key(key: str) -> str:
    """The first characters of a run's key, enough to tell it from the others."""
    return key[:12]


def plural(count: int, one: str, many: str = "") -> str:
    """`count` with the noun in the right number."""
    return counted(count, one, many, SPACE)


def percent(share: float) -> str:
    """A share in whole percent."""
    return f"{100 * share:.0f}{SPACE}%"


def hundredths(share: float) -> str:
    """A share in whole percent without the sign; one that is there but rounds to nothing as less than one."""
    text = f"{100 * share:.0f}"
    return "<1" if share and text == "0" else text


def _metric_text(kind: str, metric: str, value: float, reference: float) -> str:
    unit = metric_unit(metric)
    if kind == "effect":
        return difference_text(unit, value, decimals_for(unit, reference))
    return value_text(unit, value)


def _seconds(value: float) -> str:
    return f"{value:,.1f}{SPACE}s" if value < 100 else f"{value:,.0f}{SPACE}s"


def _share(value: float) -> str:
    return f"{100 * value:.1f}{SPACE}%"


def _mebibytes(value: float) -> str:
    return f"{value / 2**20:,.0f}{SPACE}MiB"


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _short(value: float) -> str:
    for size, suffix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{SPACE}{suffix}"
    return f"{value:.0f}"


def _number(value: float) -> str:
    """Up to four significant digits; large whole numbers in groups of three."""
    if isinstance(value, int):
        text = f"{value:,}" if abs(value) >= 10_000 else str(value)
    elif value and not 1e-4 <= abs(value) < 1e6:
        mantissa, exponent = f"{value:.2e}".split("e")
        text = f"{mantissa}{SPACE}×{SPACE}10^{int(exponent)}"
    else:
        text = f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
    return text.replace("-", MINUS)


PRINTERS: dict[str, Callable[[float], str]] = {
    "seconds": _seconds,
    "bytes": _mebibytes,
    "count": _count,
    "short": _short,
    "number": _number,
    "percent": percent,
    "share": _share,
}
"""Every unit that is no metric's."""
