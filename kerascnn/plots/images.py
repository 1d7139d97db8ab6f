"""Small pictures side by side, with what is to be said of each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from kerascnn.plots.drawing.picture import WIDTH_INCHES, Picture, drawn, empty_picture, sentence_case
from kerascnn.records import PublishedTable

MOST_IN_LINE, MOST_WITH_CAPTIONS = 8, 4
"""Pictures beside each other: so many that they, and their captions, can still be made out on a phone."""
LABEL_INCHES, CAPTION_INCHES, GAP_INCHES = 0.3, 0.17, 0.08


@drawn("images")
def plot_images(
    rows: Mapping[str, np.ndarray],
    captions: Mapping[str, Sequence[str]] | None = None,
    *,
    name: str = "images",
    title: str = "Images",
) -> Picture:
    """Each row's label, then its images: uint8 (n, height, width, channels), three channels or one.

    `captions`: row label -> a text under each of its images, which may have several lines.
    """
    rows = {label: images for label, images in rows.items() if len(images)}
    if not rows:
        return empty_picture(name, title, "There are no images to show.")
    captions = captions or {}
    blocks = [_Block(label, images, list(captions.get(label, ()))) for label, images in rows.items()]
    figure = Figure(figsize=(WIDTH_INCHES, sum(block.height for block in blocks) + 0.1))
    FigureCanvasAgg(figure)
    top = 0.0
    for block in blocks:
        block.draw(figure, top)
        top += block.height
    words = [f"{title}.", *(block.words for block in blocks)]
    return Picture(figure, title, " ".join(words), _table(name, title, captions), name)


class _Block:
    """One row: its label, and its images in lines of equal cells."""

    def __init__(self, label: str, images: np.ndarray, captions: list[str]) -> None:
        self.label, self.images, self.captions = label, images, captions
        self._columns = MOST_WITH_CAPTIONS if captions else MOST_IN_LINE
        self._cell = WIDTH_INCHES / self._columns
        self._side = min(self._cell - GAP_INCHES, 1.0)
        self._caption_lines = max((caption.count("\n") + 1 for caption in captions), default=0)

    @property
    def _line_height(self) -> float:
        return self._side + self._caption_lines * CAPTION_INCHES + GAP_INCHES

    @property
    def height(self) -> float:
        """Inches."""
        return LABEL_INCHES + math.ceil(len(self.images) / self._columns) * self._line_height

    @property
    def words(self) -> str:
        """What the row shows, for the alt text."""
        said = [caption.replace("\n", ", ") for caption in self.captions]
        shown = f"{sentence_case(self.label)}: {len(self.images)} {'image' if len(self.images) == 1 else 'images'}"
        return f"{shown} ({'; '.join(said)})." if said else f"{shown}."

    def draw(self, figure: Figure, top: float) -> None:
        """Draw the row `top` inches below the figure's upper edge."""
        height = figure.get_figheight()
        figure.text(GAP_INCHES / WIDTH_INCHES, 1 - (top + 0.2) / height, self.label, va="baseline")
        for position, image in enumerate(self.images):
            line, column = divmod(position, self._columns)
            left = column * self._cell + GAP_INCHES / 2
            lower = top + LABEL_INCHES + line * self._line_height + self._side
            box = (left / WIDTH_INCHES, 1 - lower / height, self._side / WIDTH_INCHES, self._side / height)
            axes = figure.add_axes(box)
            axes.set_axis_off()
            axes.imshow(_in_three_channels(image), interpolation="none", aspect="auto")
            if position < len(self.captions):
                at = (left / WIDTH_INCHES, 1 - (lower + 0.03) / height)
                figure.text(*at, self.captions[position], va="top", fontsize=9, linespacing=1.2)


def _in_three_channels(image: np.ndarray) -> np.ndarray:
    return image if image.shape[-1] == 3 else np.repeat(image[..., :1], 3, axis=-1)


def _table(name: str, title: str, captions: Mapping[str, Sequence[str]]) -> PublishedTable | None:
    rows = [
        (label, position, caption.replace("\n", ", "))
        for label, texts in captions.items()
        for position, caption in enumerate(texts, start=1)
    ]
    return (
        PublishedTable(name=name, title=title, columns=("row", "image", "caption"), rows=tuple(rows)) if rows else None
    )
