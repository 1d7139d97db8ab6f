"""What pooling keeps of a picture, beside the picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from kerascnn.plots.drawing.picture import WIDTH_INCHES, Picture, drawn
from kerascnn.records import PublishedTable

SIZE = 32
WINDOW = 4
"""Pixels on a side that become one: two poolings of 2 x 2."""

POOLINGS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "max": lambda windows: windows.max(axis=(1, 3)),
    "average": lambda windows: windows.mean(axis=(1, 3)),
    "every 4th pixel": lambda windows: windows[:, 0, :, 0],
}


def pool_pixels(image: np.ndarray, how: str) -> np.ndarray:
    """Float `image` (height, width) with each window of 4 x 4 pixels made one, by the name in `POOLINGS`."""
    height, width = (side // WINDOW for side in image.shape)
    windows = image[: height * WINDOW, : width * WINDOW].reshape(height, WINDOW, width, WINDOW)
    return POOLINGS[how](windows)


def bright_lines() -> np.ndarray:
    """Lines one pixel wide and white on black: float (32, 32) in [0, 1]."""
    lines = np.zeros((SIZE, SIZE))
    lines[5, 3:29] = lines[3:29, 22] = 1.0
    lines[range(8, 28), range(2, 22)] = 1.0
    return lines


@drawn("pooling")
def plot_pooling(photo: np.ndarray, name: str = "what-pooling-keeps") -> Picture:
    """White lines on black, black lines on white and a photo (uint8 (height, width, channels)), each pooled.

    The table has the contrast that is left: brightest minus darkest pixel, over that of the picture as it is.
    """
    rows = {"white lines": bright_lines(), "black lines": 1.0 - bright_lines(), "photo": photo.mean(axis=-1) / 255.0}
    figure = Figure(figsize=(WIDTH_INCHES, 0.3 + len(rows) * 1.65))
    FigureCanvasAgg(figure)
    grid = figure.subplots(len(rows), 1 + len(POOLINGS), squeeze=False)
    for axes, (label, image) in zip(grid, rows.items(), strict=True):
        shown = [image, *(pool_pixels(image, how) for how in POOLINGS)]
        for axis, pixels in zip(axes, shown, strict=True):
            axis.imshow(pixels, cmap="gray", vmin=0, vmax=1, interpolation="nearest", extent=(0, 1, 0, 1))
            axis.set_xticks([])
            axis.set_yticks([])
            axis.grid(visible=False)
        axes[0].set_ylabel(label)
    for axis, heading in zip(grid[0], ("as it is", *POOLINGS), strict=True):
        axis.set_title(heading)
    figure.subplots_adjust(left=0.06, right=0.99, top=0.94, bottom=0.02, wspace=0.06, hspace=0.06)
    kept = {label: [_contrast_kept(image, how) for how in POOLINGS] for label, image in rows.items()}
    cells: list[tuple[str | float, ...]] = [(label, *values) for label, values in kept.items()]
    title = "What pooling over 4 x 4 pixels keeps"
    table = PublishedTable(name=name, title=f"{title}: contrast", columns=("picture", *POOLINGS), rows=tuple(cells))
    return Picture(figure, title, _words(kept), table, name)


def _contrast_kept(image: np.ndarray, how: str) -> float:
    return float(np.ptp(pool_pixels(image, how)) / max(float(np.ptp(image)), 1e-9))


def _words(kept: dict[str, list[float]]) -> str:
    told = [
        f"{label}: " + ", ".join(f"{how} {value:.2f}" for how, value in zip(POOLINGS, values, strict=True))
        for label, values in kept.items()
    ]
    return "Share of the contrast that is left. " + ". ".join(told) + "."
