"""All claims of a page on one scale: effects in units of the smallest effect that would matter."""

from __future__ import annotations

from collections.abc import Sequence

import seaborn as sns
from matplotlib.axes import Axes

from kerascnn.plots.drawing.palette import TONES
from kerascnn.plots.drawing.picture import GRID, INK, MUTED, Picture, drawn, empty_picture, new_figure, set_left_margin
from kerascnn.records import PublishedTable
from kerascnn.stats import Judgement

MARKERS = {"supported": "o", "contradicted": "X", "too small to matter": "D", "cannot tell": "s"}
"""The verdict's marker; the verdict stands beside it in words as well."""

LINEAR_REACH = 12.0
"""Effects up to this many smallest effects are drawn on a linear axis, larger ones on a symmetric logarithm."""

VERDICT_INCHES = 1.85


@drawn("effects")
def plot_effects(judgements: Sequence[Judgement]) -> Picture:
    """Every claim's effect with its 95 % interval and its seeds, over its smallest effect of interest.

    Right of 1 lies what the lesson says, between -1 and 1 what is too small to matter. A claim whose
    smallest effect is zero has no place on this scale: it keeps its row, with its effect in words.
    """
    name, title = "effects", "Effects relative to the smallest that matters"
    if not judgements:
        return empty_picture(name, title, "There are no claims to judge.")
    figure, (axes,) = new_figure(panel_inches=1.1 + 0.42 * len(judgements))
    width = figure.get_figwidth()
    figure.subplots_adjust(right=1 - VERDICT_INCHES / width)
    for row, judgement in enumerate(judgements):
        _draw_row(axes, row, judgement)
    _dress(axes, judgements)
    set_left_margin(figure, [judgement.claim.name for judgement in judgements])
    alt = " ".join([f"{title}.", *(_words(judgement) for judgement in judgements)])
    return Picture(figure, title, alt, _table(name, title, judgements), name)


def _draw_row(axes: Axes, row: int, judgement: Judgement) -> None:
    smallest = judgement.smallest_effect
    axes.text(1.02, row, _verdict_text(judgement), transform=axes.get_yaxis_transform(), va="center", color=INK)
    if judgement.effect is None or smallest <= 0:
        return
    seeds = [effect / smallest for effect in judgement.effects.values()]
    sns.scatterplot(x=seeds, y=[row + 0.22] * len(seeds), ax=axes, color=MUTED, s=14, linewidth=0, legend=False)
    if judgement.low is not None and judgement.high is not None:
        axes.plot([judgement.low / smallest, judgement.high / smallest], [row, row], color=INK, linewidth=1.4)
    is_settled = judgement.verdict != "cannot tell"
    axes.plot(
        judgement.effect / smallest, row, marker=MARKERS[judgement.verdict], markersize=7, color=INK,
        markerfacecolor=INK if is_settled else TONES["surface"].light,
    )  # fmt: skip


def _dress(axes: Axes, judgements: Sequence[Judgement]) -> None:
    axes.axvspan(-1, 1, color=GRID, alpha=0.6, linewidth=0)
    axes.axvline(0, color=MUTED, linewidth=1)
    axes.set_yticks(range(len(judgements)), [judgement.claim.name for judgement in judgements])
    axes.set_ylim(len(judgements) - 0.5, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("Effect ÷ smallest effect that matters (shaded: too small)")
    low, high = axes.get_xlim()
    reach = max(abs(low), abs(high))
    if reach > LINEAR_REACH:
        axes.set_xscale("symlog", linthresh=2, linscale=0.8)
        ticks = [sign * size for size in (1, 10, 100, 1000, 10_000) if size <= reach for sign in (-1, 1)]
        axes.set_xticks([0, *ticks], ["0", *(f"{tick:,}".replace("-", "−") for tick in ticks)])
        axes.minorticks_off()
        low, high = 1.4 * low, 1.4 * high
    axes.set_xlim(min(low, -2), max(high, 2))


def _verdict_text(judgement: Judgement) -> str:
    if judgement.effect is not None and judgement.smallest_effect <= 0:
        return f"{judgement.label}\n({judgement.effect_text})"
    return judgement.label.replace(" with ", "\nwith ")


def _words(judgement: Judgement) -> str:
    if judgement.effect is None:
        return f"{judgement.claim.name}: {judgement.label}, {judgement.reason}"
    interval = f" (95 % interval {judgement.interval_text})" if judgement.low is not None else ""
    return (
        f"{judgement.claim.name}: {judgement.effect_text}{interval}, "
        f"smallest of interest {judgement.smallest_text}, {judgement.label}."
    )


def _table(name: str, title: str, judgements: Sequence[Judgement]) -> PublishedTable:
    columns = ("claim", "verdict", "n", "effect", "low", "high", "smallest_effect")
    rows = tuple((j.claim.name, j.verdict, j.n, j.effect, j.low, j.high, j.smallest_effect) for j in judgements)
    return PublishedTable(name=name, title=title, columns=columns, rows=rows)
