"""How fast the waves are that a first layer answers, against what its stride can carry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kerascnn.plots.drawing.axes import End, name_lines, percent_axis
from kerascnn.plots.drawing.picture import Picture, drawn, empty_picture, looks_of, new_figure
from kerascnn.records import ArmRuns, PublishedTable

if TYPE_CHECKING:
    from kerascnn.looking.spectrum import Spectrum


@drawn("spectra")
def plot_spectra(spectra: Sequence[Spectrum]) -> Picture:
    """The share of each arm's response that is faster than a frequency, every seed; a vertical line for each stride's limit."""
    name, title = "spectra", "Share of the first layer's response that is faster than a frequency"
    if not spectra:
        return empty_picture(name, title)
    figure, (axes,) = new_figure()
    ends = []
    for one, shape in zip(spectra, looks_of([ArmRuns(one.arm, {}) for one in spectra]), strict=True):
        faster = _faster(one)
        for line in faster:
            axes.plot(one.frequencies, line, color=shape.colour, linestyle=shape.dash, linewidth=1.2)
        at_limit = [one.limit] * len(one.seeds)
        axes.plot(at_limit, one.beyond(one.limit), color=shape.colour, marker=shape.marker, linestyle="", markersize=5)
        axes.axvline(one.limit, color=shape.colour, linewidth=0.8, linestyle=shape.dash)
        ends.append(End(one.frequencies[-1], float(faster[:, -1].mean()), one.arm.label, shape))
    axes.set_xlabel("frequency, cycles per pixel")
    axes.set_ylim(-0.03, 1.03)
    percent_axis(axes)
    name_lines(figure, {axes: ends})
    said = " ".join(_words(one) for one in spectra)
    alt = f"{title}. A vertical line is the highest frequency that a stride can carry. A mark on it shows the share beyond. {said}"
    return Picture(figure, title, alt, _table(name, title, spectra), name)


def _faster(one: Spectrum) -> np.ndarray:
    """float64 (seeds, frequencies): the share above each frequency."""
    return 1 - np.cumsum(one.energy, axis=1)


def _words(one: Spectrum) -> str:
    shares = 100 * one.beyond(one.limit)
    return (
        f"{one.arm.label}, stride {one.stride}: {shares.mean():.1f} % beyond {one.limit:g} cycles per pixel "
        f"(from {shares.min():.1f} to {shares.max():.1f} over {len(one.seeds)} seeds)."
    )


def _table(name: str, title: str, spectra: Sequence[Spectrum]) -> PublishedTable:
    rows: list[tuple[str | float, ...]] = [
        (one.arm.name, seed, float(frequency), float(share))
        for one in spectra
        for seed, line in zip(one.seeds, _faster(one), strict=True)
        for frequency, share in zip(one.frequencies, line, strict=True)
    ]
    return PublishedTable(
        name=name, title=title, columns=("arm", "seed", "cycles per pixel", "share faster"), rows=tuple(rows)
    )
