"""A kernel sliding over an image, with the numbers in the cells; and what kernels make of a real picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from kerascnn.byhand import convolve
from kerascnn.errors import UsageError
from kerascnn.plots.drawing.palette import TONES
from kerascnn.plots.drawing.picture import INK, MUTED, WIDTH_INCHES, Picture, drawn
from kerascnn.records import PublishedTable

MARK = TONES["series-2"].light
MARK_OPACITY = 0.28
GAP, HEAD, FOOT = 1.6, 1.7, 0.8
"""Between two grids, above one for its words, and below one, in cells."""
LARGEST_CELL_INCHES = 0.34
PLACE = (1, 1)
"""The output that is marked with the part of the input it comes from."""

KERNELS: dict[str, tuple[tuple[float, ...], ...]] = {
    "vertical edges": ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),
    "horizontal edges": ((-1, -2, -1), (0, 0, 0), (1, 2, 1)),
    "edges of all kinds": ((0, 1, 0), (1, -4, 1), (0, 1, 0)),
    "blur": ((1 / 9,) * 3,) * 3,
}
"""Kernels that people made up before nets learnt theirs. Source: Sobel and Feldman 1968 for the first two."""

Matrix = Sequence[Sequence[float]]


@dataclass(frozen=True)
class _Slide:
    """One way of sliding: the padded image, the kernel, the outputs, and the marked place among them."""

    stride: int
    padding: int
    image: np.ndarray
    kernel: np.ndarray
    outputs: np.ndarray

    @property
    def place(self) -> tuple[int, int]:
        """The marked output, or the last one where there are fewer."""
        row, column = (min(at, size - 1) for at, size in zip(PLACE, self.outputs.shape, strict=True))
        return row, column

    @property
    def corner(self) -> tuple[int, int]:
        """The first cell under the kernel at the marked place."""
        row, column = self.place
        return row * self.stride, column * self.stride

    @property
    def seen(self) -> np.ndarray:
        """What lies under the kernel there."""
        (row, column), (height, width) = self.corner, self.kernel.shape
        return self.image[row : row + height, column : column + width]

    @property
    def matrices(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.image, self.kernel, self.outputs

    @property
    def words(self) -> str:
        height, width = self.outputs.shape
        return f"stride {self.stride}, padding {self.padding}: {height} x {width} outputs"


@drawn("sliding")
def plot_sliding(image: Matrix, kernel: Matrix, settings: Sequence[tuple[int, int]]) -> Picture:
    """`kernel` slid over `image` by each (stride, padding): input, kernel and output, one place marked in all three."""
    name, title = "sliding", "A kernel slides over an image"
    slides = [_slide(image, kernel, stride, padding) for stride, padding in settings]
    width = max(sum(matrix.shape[1] for matrix in slide.matrices) for slide in slides) + 2 * GAP
    height = sum(_cells_high(slide) for slide in slides)
    cell_inches = min((WIDTH_INCHES - 0.2) / width, LARGEST_CELL_INCHES)
    axes = _canvas(width, height, cell_inches)
    top = 0.0
    for slide in slides:
        _draw_slide(axes, slide, top, 27 * cell_inches)
        top += _cells_high(slide)
    alt = " ".join([f"{title}.", *map(_slide_words, slides)])
    return Picture(axes.figure, title, alt, _slide_table(name, title, slides), name)  # type: ignore[arg-type]


@drawn("kernels on image")
def plot_kernels_on_image(image: np.ndarray, label: str, kernels: Mapping[str, Matrix] = KERNELS) -> Picture:
    """A picture, uint8 `(height, width, channels)`, and what each kernel makes of its brightness.

    Grey is an output of zero, white and black the largest of either sign; blurred brightness is shown as it is.
    """
    name, title = "kernels-on-image", "What kernels do to a picture"
    outputs = {kernel: _respond(image, np.array(values, float)) for kernel, values in kernels.items()}
    columns = 3
    rows = -(-(len(outputs) + 1) // columns)
    figure = Figure(figsize=(WIDTH_INCHES, 2.3 * rows))
    FigureCanvasAgg(figure)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    figure.subplots_adjust(left=0.02, right=0.98, top=1 - 0.25 / (2.3 * rows), bottom=0.02, wspace=0.06, hspace=0.16)
    for panel in panels:
        panel.set_axis_off()
    panels[0].imshow(image.squeeze(), cmap="gray", interpolation="nearest")
    panels[0].set_title(f"the picture: {label}")
    for panel, (kernel, output) in zip(panels[1:], outputs.items(), strict=False):
        bound = float(np.abs(output).max()) or 1.0
        is_signed = output.min() < 0
        panel.imshow(output, cmap="gray", vmin=-bound if is_signed else 0, vmax=bound, interpolation="nearest")
        panel.set_title(kernel)
    said = [f"{kernel}: {output.min():.2f} to {output.max():.2f}" for kernel, output in outputs.items()]
    alt = f"{title}. A picture of the class {label}, brightness 0 to 1. Outputs, {'; '.join(said)}."
    return Picture(figure, title, alt, None, name)


def _slide(image: Matrix, kernel: Matrix, stride: int, padding: int) -> _Slide:
    values, weights = _matrix("image", image), _matrix("kernel", kernel)
    maps = convolve(values[None, :, :, None], weights[:, :, None, None], stride=stride, padding=padding)
    return _Slide(stride, padding, np.pad(values, padding), weights, maps[0, :, :, 0])


def _matrix(name: str, rows: Matrix) -> np.ndarray:
    lengths = {len(row) for row in rows}
    if len(lengths) != 1 or not lengths.pop():
        raise UsageError(f"The {name} must be rows of numbers, all of one length. Received: {rows}.")
    return np.array(rows, float)


def _cells_high(slide: _Slide) -> float:
    return max(len(matrix) for matrix in slide.matrices) + HEAD + FOOT


def _canvas(width: float, height: float, cell_inches: float) -> Axes:
    """Axes whose unit is a cell, with the origin at the top left."""
    figure = Figure(figsize=(WIDTH_INCHES, height * cell_inches + 0.1))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    shown = WIDTH_INCHES / cell_inches
    axes.set_xlim(-0.3, shown - 0.3)
    axes.set_ylim(height + 0.1, -0.1)
    return axes


def _draw_slide(axes: Axes, slide: _Slide, top: float, points: float) -> None:
    (row, column), (height, width) = slide.corner, slide.kernel.shape
    marks = ((row, column, height, width), (0, 0, height, width), (*slide.place, 1, 1))
    axes.text(0, top + 0.35, slide.words.capitalize(), va="center", fontweight="bold", fontsize=10)
    left = 0.0
    for matrix, name, mark in zip(slide.matrices, ("input", "kernel", "output"), marks, strict=True):
        axes.text(left, top + HEAD - 0.5, name, va="center", color=MUTED, fontsize=9)
        padding = slide.padding if name == "input" else 0
        _draw_matrix(axes, matrix, (top + HEAD, left), mark, padding, points)
        left += matrix.shape[1] + GAP


def _draw_matrix(
    axes: Axes,
    matrix: np.ndarray,
    origin: tuple[float, float],
    mark: tuple[int, int, int, int],
    padding: int,
    points: float,
) -> None:
    """The numbers in a grid, the cells `mark` (row, column, height, width) coloured, padding in a quieter ink."""
    top, left = origin
    height, width = matrix.shape
    row, column, rows, columns = mark
    patch = Rectangle((left + column, top + row), columns, rows, facecolor=MARK, edgecolor=MARK, alpha=MARK_OPACITY)
    axes.add_patch(patch)
    axes.hlines([top + at for at in range(height + 1)], left, left + width, color=MUTED, linewidth=0.5)
    axes.vlines([left + at for at in range(width + 1)], top, top + height, color=MUTED, linewidth=0.5)
    for (i, j), value in np.ndenumerate(matrix):
        is_padding = not (padding <= i < height - padding and padding <= j < width - padding)
        colour = MUTED if is_padding else INK
        place = (left + j + 0.5, top + i + 0.52)
        axes.text(*place, _cell_text(value), ha="center", va="center", fontsize=points, color=colour)


def _cell_text(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def _slide_words(slide: _Slide) -> str:
    """The marked output as the sum it is, for the alt text."""
    pairs = zip(slide.seen.flat, slide.kernel.flat, strict=True)
    products = [f"{_cell_text(value)} times {_cell_text(weight)}" for value, weight in pairs if weight]
    row, column = slide.place
    return (
        f"{slide.words.capitalize()}. Row {row + 1}, column {column + 1} of the output is the sum of "
        f"{', '.join(products)}: {_cell_text(slide.outputs[slide.place])}."
    )


def _slide_table(name: str, title: str, slides: Sequence[_Slide]) -> PublishedTable:
    rows = tuple(
        (slide.stride, slide.padding, i + 1, j + 1, float(value))
        for slide in slides
        for (i, j), value in np.ndenumerate(slide.outputs)
    )
    columns = ("stride", "padding", "row", "column", "output")
    return PublishedTable(name=name, title=f"{title}: the outputs", columns=columns, rows=rows)


def _respond(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """The kernel's outputs on the brightness of `image` (0 to 1): float64 `(height - k + 1, width - k + 1)`."""
    brightness = image.mean(axis=-1, keepdims=True)[None] / 255.0
    return convolve(brightness, kernel[:, :, None, None])[0, :, :, 0]
