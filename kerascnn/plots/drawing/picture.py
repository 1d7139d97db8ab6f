"""What every chart shares: the picture with its alt text, its style, and the looks of the arms."""

from __future__ import annotations

import contextlib
import functools
import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ParamSpec, cast

import matplotlib
import msgspec
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from kerascnn.plots.drawing.palette import TONES, tone_of
from kerascnn.records import SHOWN, ArmRuns, PublishedTable

WIDTH_INCHES = 6.4
PANEL_INCHES = 3.6
"""At 360 CSS pixels, a narrow phone, text of 10 points is still 7 pixels high."""

INK, MUTED, GRID = TONES["ink"].light, TONES["muted"].light, TONES["grid"].light

STYLE: Any = {
    "font.size": 10,
    "text.color": INK,
    "text.parse_math": False,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titlecolor": INK,
    "figure.facecolor": "none",
    "grid.color": GRID,
    "legend.frameon": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
}
"""rcParams of every chart. Labels come from users, so a dollar sign is a dollar sign, not mathematics."""

DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)), (0, (9, 3)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

MARK = "class:"
"""How the `gid` begins that names classes; every other id is matplotlib's own."""

EDGE_PIXELS = 4
SMALLEST_POINTS = 7

P = ParamSpec("P")


@dataclass(frozen=True)
class Picture:
    """A chart: what is drawn, what it is called, what it shows in words, and the numbers behind it.

    `kind` says what sort of chart it is, whatever it is called; "other" where nobody said.
    """

    figure: Figure
    title: str
    alt: str
    table: PublishedTable | None
    name: str
    kind: str = "other"

    def named(self, name: str, title: str | None = None) -> Picture:
        """The same picture under another name, for a notebook that shows one kind of chart twice."""
        title = title or self.title
        table = msgspec.structs.replace(self.table, name=name, title=title) if self.table else None
        return replace(self, name=name, title=title, table=table)

    def png(self, dots_per_inch: int = 110) -> bytes:
        """The chart as PNG on a light surface."""
        target = io.BytesIO()
        with chart_style():
            self.figure.savefig(target, format="png", dpi=dots_per_inch, facecolor=TONES["surface"].light)
        return target.getvalue()

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, bytes | str], dict[str, Any]]:
        """What a notebook shows when a cell ends in a picture, and which picture it is."""
        return {"image/png": self.png(), "text/plain": f"{self.title}. {self.alt}"}, {SHOWN: self.name}


@dataclass(frozen=True)
class Look:
    """How one arm is drawn everywhere in a chart: never by colour alone."""

    colour: str
    dash: Any
    marker: str


@contextlib.contextmanager
def chart_style(**more: Any) -> Iterator[None]:
    """The charts' rcParams, and `more` of them, for the time of a `with` block.

    Labels in a script that matplotlib's font lacks are only measured with it; the page's font draws them.
    """
    settings: Any = {**STYLE, **more}
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph .* missing from font", UserWarning)
        yield


def drawn(kind: str) -> Callable[[Callable[P, Picture]], Callable[P, Picture]]:
    """The plot function, run in the charts' style, which leaves the global rcParams as they were.

    What it draws is of this `kind`.
    """

    def decorate(plot: Callable[P, Picture]) -> Callable[P, Picture]:
        @functools.wraps(plot)
        def in_style(*args: P.args, **kwargs: P.kwargs) -> Picture:
            picture = _in_style(lambda: plot(*args, **kwargs))
            return replace(picture, kind=kind, table=_with_metrics(picture.table))

        return in_style

    return decorate


def _with_metrics(table: PublishedTable | None) -> PublishedTable | None:
    """The table, which says that no column is a metric where the plot named none."""
    return msgspec.structs.replace(table, metrics={}) if table is not None and table.metrics is None else table


def _in_style(draw: Callable[[], Picture]) -> Picture:
    with chart_style():
        picture = draw()
        picture.figure.draw_without_rendering()
        keep_inside(picture.figure)
    for text in picture.figure.findobj(Text):
        text.set_parse_math(False)
    return picture


def keep_inside(figure: Figure) -> None:
    """Move headings that reach over the right edge to the left, and make those smaller that are wider than the figure."""
    headings = [text for axes in figure.axes for text in axes.findobj(Text) if _is_heading(axes, text)]
    for text in (*headings, *figure.texts):
        room = figure.bbox.width - 2 * EDGE_PIXELS
        width = text.get_window_extent().width
        if width > room:
            text.set_fontsize(max(float(text.get_fontsize()) * room / width, SMALLEST_POINTS))
        over = text.get_window_extent().x1 - (figure.bbox.width - EDGE_PIXELS)
        if over > 0:
            place = text.get_transform().transform(text.get_position()) - (over, 0)
            text.set_x(text.get_transform().inverted().transform(place)[0])


def _is_heading(axes: Axes, text: Text) -> bool:
    return bool(text.get_text()) and text.get_text() in (axes.get_title(), axes.get_title("left"))


def looks_of(arms: Sequence[ArmRuns]) -> list[Look]:
    """One look for each arm; arms that share a tone differ in dash and marker."""
    tones = [tone_of(runs.arm, position) for position, runs in enumerate(arms)]
    return [look(tone, tones[:position].count(tone)) for position, tone in enumerate(tones)]


def look(tone: str, occurrence: int = 0) -> Look:
    """The look of the arm that uses `tone` for the (`occurrence` + 1)-th time."""
    return Look(TONES[tone].light, DASHES[occurrence % len(DASHES)], MARKERS[occurrence % len(MARKERS)])


def new_figure(panels: int = 1, panel_inches: float = PANEL_INCHES, **options: Any) -> tuple[Figure, list[Axes]]:
    """A figure with `panels` axes below each other; `options` go to `Figure.subplots`."""
    height = panels * panel_inches
    figure = Figure(figsize=(WIDTH_INCHES, height))
    FigureCanvasAgg(figure)
    axes = figure.subplots(panels, 1, squeeze=False, **options)[:, 0]
    set_margins(figure)
    return figure, list(axes)


def new_grid(panels: int, panel_inches: float = 2.2) -> tuple[Figure, list[Axes]]:
    """A figure with `panels` small axes, two side by side, which share the values' axis."""
    columns = min(panels, 2)
    rows = -(-panels // columns)
    figure = Figure(figsize=(WIDTH_INCHES, rows * panel_inches))
    FigureCanvasAgg(figure)
    grid = list(figure.subplots(rows, columns, squeeze=False, sharey=True).flat)
    for unused in grid[panels:]:
        unused.remove()
    set_margins(figure, bottom_inches=0.35)
    return figure, grid[:panels]


def marked(*names: str) -> str:
    """A matplotlib `gid` that makes `names` the SVG classes of what it is given to, for the page's scripts."""
    return MARK + " ".join(names)


def set_margins(figure: Figure, right_inches: float = 0.2, bottom_inches: float = 0.55) -> None:
    """Fixed margins in inches, so that charts below each other line up."""
    width, height = figure.get_size_inches()
    figure.subplots_adjust(
        left=0.7 / width,
        right=1 - right_inches / width,
        top=1 - 0.35 / height,
        bottom=bottom_inches / height,
        hspace=0.35,
    )


def set_left_margin(figure: Figure, labels: Sequence[str]) -> None:
    """Room for `labels` left of the axes, though never more than half of the figure."""
    wanted = min(widest_inches(figure, labels) + 0.25, WIDTH_INCHES / 2)
    figure.subplots_adjust(left=max(wanted, 0.7) / WIDTH_INCHES)


def widest_inches(figure: Figure, labels: Sequence[str]) -> float:
    """The width of the widest label in the chart's font; browsers' fonts are rarely wider."""
    renderer = cast(FigureCanvasAgg, figure.canvas).get_renderer()
    texts = [figure.text(0, 0, label) for label in labels]
    widths = [text.get_window_extent(renderer).width for text in texts]
    for text in texts:
        text.remove()
    return float(max(widths, default=0.0) / figure.dpi)


def empty_picture(name: str, title: str, says: str = "There are no runs to show yet.") -> Picture:
    """A picture that says why it shows nothing."""
    figure, (axes,) = new_figure(panel_inches=1.2)
    axes.set_axis_off()
    axes.text(0.5, 0.5, says, ha="center", va="center", color=MUTED, transform=axes.transAxes)
    return Picture(figure, title, says, None, name)


def sentence_case(text: str) -> str:
    """`text` with a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]
