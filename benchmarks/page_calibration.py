"""How often are the verdicts of a whole page wrong? Looks, shares, weights and the choice of who gets seeds, all at once.

    python benchmarks/page_calibration.py                    # some ten minutes; --pages 1000 for a first impression

A page asks eight claims, three of them main ones. A share of them has a true effect, the others none, or one that lies exactly
at the margin of what matters. Claims are judged after 3, 6 and 12 seeds. After each round of looks a *policy* says which open claims get
the next one: all, the most promising, or those whose wrong verdict is nearest, chosen by somebody who knows the truth.

"wrong": the mean over pages of the share of wrong verdicts among those given (supported or contradicted: the truth is zero or
opposite; too small: the truth lies at or beyond the margin). "any": pages with a wrong verdict of an effect. The rules are those of
`kerascnn.stats`, for arrays of pages at once; `tests/stats/test_page_calibration.py` holds the two against each other.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from kerascnn.specs.seeds import schedule
from kerascnn.stats.judging.evidence import COIN_SEEDS, MAIN_WEIGHT
from kerascnn.stats.judging.significance import LEVEL
from kerascnn.stats.judging.verdicts import Rule

CLAIMS, MAIN = 8, 3
LOOKS = schedule(3, 12)
MARGIN = 0.5
"""The smallest effect of interest, in standard deviations of a seed's difference."""
SIZES = (1.0, 2.0, 4.0)
"""True effects, in the same unit."""
SHARES = (0.0, 0.2, 0.5, 0.8)

Noise = Callable[[np.random.Generator, tuple[int, ...]], tuple[np.ndarray, np.ndarray]]
"""Differences without an effect, of unit size, and in which seeds both arms learned."""


def normal(random: np.random.Generator, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    return random.normal(size=shape), np.ones(shape, bool)


def skewed(random: np.random.Generator, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Both arms have an exponential tail."""
    first, second = random.exponential(size=(2, *shape))
    return (first - second) / np.sqrt(2), np.ones(shape, bool)


def lopsided(random: np.random.Generator, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """One arm has an exponential tail, the other does not."""
    return (random.exponential(size=shape) - 1 + random.normal(size=shape) / 2) / np.sqrt(1.25), np.ones(shape, bool)


def all_or_nothing(random: np.random.Generator, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Every seed of either arm learns or not by the toss of a coin; those that learned differ a little."""
    first, second = random.integers(0, 2, (2, *shape))
    return (first - second) * np.sqrt(2) + random.normal(size=shape) / 20, (first & second).astype(bool)


NOISES: dict[str, Noise] = {
    "normal": normal,
    "skewed": skewed,
    "one arm skewed": lopsided,
    "all or nothing": all_or_nothing,
}


@dataclass(frozen=True)
class Pages:
    """Many pages: `truth` (pages, claims), for each family of findings what each look says: (pages, claims, looks).

    `p_effect` and `p_same` have paid for the share of their look. `sign` is that of the mean.
    """

    truth: np.ndarray
    p_effect: np.ndarray
    p_same: np.ndarray
    sign: np.ndarray
    rule: Rule


def invent(
    random: np.random.Generator, noise: Noise, share: float, pages: int, nothing: str = "none", rule: Rule = "effect"
) -> Pages:
    """Pages on which `share` of the claims has an effect; the others have none, or with `nothing` "margin" lie exactly there."""
    shape = (pages, CLAIMS)
    has_effect = random.random(shape) < share
    away = -1.0 if rule == "no worse" else 1.0  # worse is what a claim of this kind can be wrong about
    truth = away * np.where(has_effect, random.choice(SIZES, shape), MARGIN if nothing == "margin" else 0.0)
    drawn, learned = noise(random, (*shape, LOOKS[-1].seeds))
    effects = truth[..., None] + drawn
    found = [_look(effects[..., : look.seeds], learned[..., : look.seeds], look.share, rule) for look in LOOKS]
    p_effect, p_same, sign = (np.stack(parts, -1) for parts in zip(*found, strict=True))
    return Pages(truth, p_effect, p_same, sign, rule)


def _look(
    effects: np.ndarray, learned: np.ndarray, share: float, rule: Rule
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The p-values of both families, as `verdicts.FINDINGS` has them, and the sign of the mean."""
    n, mean = effects.shape[-1], effects.mean(-1)
    error = effects.std(-1, ddof=1) / np.sqrt(n)
    p_effect = 2 * stdtr(n - 1, -np.abs(mean) / error)
    if rule == "no worse":
        is_effect, p_same = mean <= -MARGIN, 2 * stdtr(n - 1, -(mean + MARGIN) / error)
    else:
        is_effect = np.abs(mean) >= MARGIN
        p_same = (1 if rule == "sameness" else 2) * stdtr(n - 1, -(MARGIN - np.abs(mean)) / error)
    is_early = (n < COIN_SEEDS) & ~learned.all(-1)
    p_effect = np.where(is_early | ~is_effect, 1.0, p_effect)
    p_same = np.where(is_early | (is_effect & (rule != "effect")), 1.0, p_same)
    return np.minimum(1, p_effect / share), np.minimum(1, p_same / share), np.sign(mean)


def weights() -> np.ndarray:
    raw = np.where(np.arange(CLAIMS) < MAIN, MAIN_WEIGHT, 1.0)
    return raw / raw.mean()


def adjust(p_values: np.ndarray) -> np.ndarray:
    """`false_discovery` of every page: (pages, claims)."""
    heavy = weights()
    weighted = p_values / np.where(p_values <= LEVEL, heavy, np.minimum(1, heavy))
    order = np.argsort(weighted, axis=-1, kind="stable")
    ranked = np.take_along_axis(weighted, order, -1) * CLAIMS / np.arange(1, CLAIMS + 1)
    reached = np.minimum(1, np.minimum.accumulate(ranked[..., ::-1], axis=-1)[..., ::-1])
    adjusted = np.empty_like(reached)
    np.put_along_axis(adjusted, order, reached, -1)
    return adjusted


@dataclass(frozen=True)
class Verdicts:
    """By page and claim: a verdict of an effect with its sign, a verdict of none; at most one of them."""

    effect: np.ndarray
    same: np.ndarray

    @property
    def is_open(self) -> np.ndarray:
        return ~(self.same | (self.effect != 0))


def decide(pages: Pages, reached: np.ndarray) -> Verdicts:
    """What is decided when each claim has had the looks up to `reached` (pages, claims), counted from zero."""
    seen = np.arange(len(LOOKS)) <= reached[..., None]
    p_effect, p_same = (np.where(seen, p, 1.0) for p in (pages.p_effect, pages.p_same))
    best = p_effect.argmin(-1)[..., None]
    sign = np.take_along_axis(pages.sign, best, -1)[..., 0]
    effect, same = adjust(p_effect.min(-1)), adjust(p_same.min(-1))
    is_effect = (effect <= LEVEL) & (effect <= same)
    return Verdicts(np.where(is_effect, sign, 0.0), (same <= LEVEL) & ~is_effect)


def wrong(pages: Pages, verdicts: Verdicts) -> tuple[np.ndarray, np.ndarray]:
    """Where a verdict of an effect, and where one of none, is wrong."""
    opposite = (verdicts.effect != 0) & (np.sign(pages.truth) != verdicts.effect)
    beyond = pages.truth <= -MARGIN if pages.rule == "no worse" else np.abs(pages.truth) >= MARGIN
    return opposite, verdicts.same & beyond


Policy = Callable[[Pages, np.ndarray, Verdicts], np.ndarray]
"""Which claims get their next look: (pages, claims), given the looks reached and the verdicts so far."""


def while_open(pages: Pages, reached: np.ndarray, verdicts: Verdicts) -> np.ndarray:
    return verdicts.is_open


def most_promising(pages: Pages, reached: np.ndarray, verdicts: Verdicts) -> np.ndarray:
    """One claim a page: the open one that is nearest to a verdict."""
    seen = np.arange(len(LOOKS)) <= reached[..., None]
    near = np.where(seen, np.minimum(pages.p_effect, pages.p_same), 1.0).min(-1)
    can = verdicts.is_open & (reached < len(LOOKS) - 1)
    near = np.where(can, near, 2.0)
    return can & (near == near.min(-1, keepdims=True))


def nearest_to_wrong(pages: Pages, reached: np.ndarray, verdicts: Verdicts) -> np.ndarray:
    """By somebody who knows the truth: claims that can only be wrong go on, the others stay where they are."""
    return verdicts.is_open & ((pages.truth == 0) | (np.abs(pages.truth) == MARGIN))


def stop_when_wrong(pages: Pages, reached: np.ndarray, verdicts: Verdicts) -> np.ndarray:
    """By somebody who knows the truth: a page goes on only until something on it is wrong."""
    errors = np.logical_or(*wrong(pages, verdicts))
    return verdicts.is_open & ~errors.any(-1, keepdims=True)


POLICIES: dict[str, Policy] = {
    "while open": while_open,
    "most promising": most_promising,
    "nearest to wrong": nearest_to_wrong,
    "stop when wrong": stop_when_wrong,
}
ROUNDS = {"most promising": 6}
"""A page that gives its looks one by one has so few of them; the others go on until nobody wants more."""


def carry_out(pages: Pages, policy: str) -> Verdicts:
    """The verdicts when the policy wants nothing more."""
    reached = np.zeros(pages.truth.shape, int)
    verdicts = decide(pages, reached)
    for _ in range(ROUNDS.get(policy, len(LOOKS))):
        goes_on = POLICIES[policy](pages, reached, verdicts) & (reached < len(LOOKS) - 1)
        if not goes_on.any():
            break
        reached = reached + goes_on
        verdicts = decide(pages, reached)
    return verdicts


def row(
    name: str,
    count: int,
    *,
    noise: str = "normal",
    nothing: str = "none",
    policy: str = "while open",
    rule: Rule = "effect",
) -> str:
    cells = []
    for number, share in enumerate(SHARES):
        pages = invent(np.random.default_rng(number), NOISES[noise], share, count, nothing, rule)
        verdicts = carry_out(pages, policy)
        of_effect, of_none = wrong(pages, verdicts)
        given = (~verdicts.is_open).sum(-1)
        share_wrong = ((of_effect | of_none).sum(-1) / np.maximum(1, given)).mean()
        cells.append(
            f"{100 * share_wrong:.1f} / {100 * of_effect.any(-1).mean():.1f} / {100 * given.mean() / CLAIMS:.0f}"
        )
    return f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=10_000)
    options = parser.parse_args()
    print(f"{options.pages} invented pages in each cell: wrong / any / decided, in per cent (wrong at most 5)\n")
    print(f"| | {' | '.join(f'{100 * share:.0f} % have effects' for share in SHARES)} |\n|---|{'---:|' * len(SHARES)}")
    for nothing in ("none", "margin"):
        for noise in NOISES:
            for policy in POLICIES:
                name = f"{noise}, the others at {nothing}, {policy}"
                print(row(name, options.pages, noise=noise, nothing=nothing, policy=policy), flush=True)
    kinds: tuple[Rule, ...] = ("sameness", "no worse")
    for rule in kinds:
        for nothing in ("none", "margin"):
            name = f"claims of {rule}, normal, the others at {nothing}, while open"
            print(row(name, options.pages, nothing=nothing, rule=rule), flush=True)


if __name__ == "__main__":
    main()
