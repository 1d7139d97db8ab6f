"""How often is a verdict wrong? The rules of the report on invented seeds whose truth is known.

    python benchmarks/verdict_calibration.py                 # about four minutes

Two arms share what a seed gives both (subset, order) and have noise of their own of the same size. "Skewed" noise is exponential; of
"all or nothing" arms every seed learns or not by the toss of a coin.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from kerascnn.stats.describing.intervals import t_interval
from kerascnn.stats.describing.outcomes import proportion_interval
from kerascnn.stats.judging.significance import LEVEL, false_discovery
from kerascnn.stats.judging.verdicts import decide, find

SEEDS = (3, 5, 8, 12)
CLAIMS = 8
SD = 0.02
"""Spread of one arm's own noise; a difference of two arms has sqrt(2) of it."""

Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def normal(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return random.normal(0, SD, shape)


def skewed(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return random.exponential(SD, shape)


def all_or_nothing(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return 0.3 * random.integers(0, 2, shape)


def nearly(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return all_or_nothing(random, shape) + random.normal(0, SD / 4, shape)


SHAPES: dict[str, Draw] = {
    "normal": normal,
    "skewed": skewed,
    "all or nothing": all_or_nothing,
    "all or nothing, noisy": nearly,
}


def differences(draw: Draw, random: np.random.Generator, shape: tuple[int, ...], effect: float = 0.0) -> np.ndarray:
    """Effects, one for each seed, of two arms that differ by `effect` in truth."""
    shared = random.normal(0, SD, shape)
    return (shared + effect + draw(random, shape)) - (shared + draw(random, shape))


def share(found: list[bool]) -> str:
    return f"{100 * np.mean(found):.1f} %"


def row(name: str, cells: list[str]) -> None:
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


def head(title: str) -> None:
    print(f"\n{title}\n\n| | {' | '.join(f'n = {n}' for n in SEEDS)} |\n|---|{'---:|' * len(SEEDS)}")


def false_verdicts(random: np.random.Generator, trials: int) -> None:
    head('No effect: "supported" or "contradicted", smallest effect of interest 0 (at most 5 %)')
    for name, draw in SHAPES.items():
        cells = []
        for n in SEEDS:
            effects = differences(draw, random, (trials, n)).tolist()
            cells.append(share([decide("effect", e, 0.0) in ("supported", "contradicted") for e in effects]))
        row(f"one claim, {name}", cells)
    for name, draw in SHAPES.items():
        cells = []
        for n in SEEDS:
            pages = differences(draw, random, (trials // CLAIMS, CLAIMS, n)).tolist()
            cells.append(share([any_false(page) for page in pages]))
        row(f"any of {CLAIMS} claims of a page, {name}", cells)


def any_false(page: list[list[float]]) -> bool:
    """Whether a page without effects shows one, looked at once and without main claims; `page_calibration.py` has the rest."""
    p_values = {
        number: finding.p_value
        for number, effects in enumerate(page)
        for finding in find("effect", effects, 0.0)
        if finding.family == "effect"
    }
    adjusted = false_discovery(p_values, dict.fromkeys(p_values, 1.0), len(page))
    return any(p_value <= LEVEL for p_value in adjusted.values())


def right_verdicts(random: np.random.Generator, trials: int) -> None:
    head('A true effect of so many standard errors of the mean at that n: "supported"')
    for errors in (2, 3, 4, 5):
        cells = []
        for n in SEEDS:
            effect = errors * SD * np.sqrt(2 / n)
            effects = differences(normal, random, (trials, n), effect).tolist()
            cells.append(share([decide("effect", e, 0.0) == "supported" for e in effects]))
        row(f"{errors} standard errors", cells)


def boundary(random: np.random.Generator, trials: int) -> None:
    smallest = 0.02
    head(f"The truth lies exactly at the smallest effect of interest, {smallest}")
    cases = {
        '"too small to matter" (at most 5 %)': ("effect", smallest, "too small to matter"),
        '"contradicted" (at most 5 %)': ("effect", smallest, "contradicted"),
        'equivalence "supported" (at most 5 %)': ("sameness", smallest, "supported"),
        'no worse "supported", truth at minus the margin (at most 5 %)': ("no worse", -smallest, "supported"),
        'no worse "contradicted", truth at zero (at most 5 %)': ("no worse", 0.0, "contradicted"),
        'line kept, truth as far beyond it, "supported" (at most 5 %)': ("line", -smallest, "supported"),
    }
    for name, (rule, effect, verdict) in cases.items():
        cells = []
        for n in SEEDS:
            effects = differences(normal, random, (trials, n), effect).tolist()
            cells.append(share([decide(rule, e, smallest) == verdict for e in effects]))  # type: ignore[arg-type]
        row(name, cells)


def coverage(random: np.random.Generator, trials: int) -> None:
    head("The truth lies inside the 95 % interval")
    for name, draw in SHAPES.items():
        cells = []
        for n in SEEDS:
            intervals = [t_interval(e) for e in differences(draw, random, (trials, n), 0.1).tolist()]
            cells.append(share([i is not None and i.low <= 0.1 <= i.high for i in intervals]))
        row(f"t-interval of paired differences, {name}", cells)
    for chance in (0.1, 0.3, 0.5, 0.9):
        cells = []
        for n in SEEDS:
            counts = random.binomial(n, chance, trials).tolist()
            intervals = {count: proportion_interval(count, n) for count in set(counts)}
            cells.append(share([intervals[c].low <= chance <= intervals[c].high for c in counts]))
        row(f"exact interval, {100 * chance:.0f} % of seeds learn (at least 95 %)", cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=20_000)
    options = parser.parse_args()
    print(f"{options.trials} invented claims in each cell")
    for number, part in enumerate((false_verdicts, right_verdicts, boundary, coverage)):
        part(np.random.default_rng(number), options.trials)


if __name__ == "__main__":
    main()
