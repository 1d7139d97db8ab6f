"""Tables and paragraphs: laid out for the width of a terminal; whole and plain, a line each, where a file or a program reads.

Lines of a pipe are searched by `grep` and read by scripts: nothing in them is cut, wrapped or drawn.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from kerascnn.spelling import printable
from kerascnn.surroundings.terminal import is_live

GAP = "  "
LONG = 60
"""Letters of a cell for which no plain column is made wider: it moves what follows in its own line."""


def print_table(
    rows: Sequence[Sequence[str]], heads: Sequence[str] = (), *, right: Iterable[int] = (), indent: int = 0
) -> None:
    """The rows under their heads, which a terminal alone shows. `right`: the columns of numbers."""
    shown, numbers = [list(map(printable, row)) for row in rows], set(right)
    if not shown:
        return
    if is_live(sys.stdout):
        _draw(shown, heads, numbers, indent)
        return
    widths = [
        max((len(cell) for cell in column if len(cell) <= LONG), default=0) for column in zip(*shown, strict=True)
    ]
    for row in shown:
        cells = [
            cell.rjust(width) if column in numbers else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print((" " * indent + GAP.join(cells)).rstrip())


def print_paragraph(text: str, *, start: str = "", hanging: int = 0) -> None:
    """`text` after `start`; in a terminal it is wrapped, and its further lines stand `hanging` letters to the right."""
    whole = f"{start}{printable(text)}"
    if is_live(sys.stdout):
        width = shutil.get_terminal_size((100, 24)).columns
        whole = textwrap.fill(printable(text), width, initial_indent=start, subsequent_indent=" " * hanging)
    print(whole)


def _draw(rows: Sequence[Sequence[str]], heads: Sequence[str], right: set[int], indent: int) -> None:
    table = Table(box=box.SIMPLE_HEAD, show_header=bool(heads), show_edge=False, pad_edge=False, header_style="bold")
    for column, head in enumerate(heads or [""] * len(rows[0])):
        table.add_column(head, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    Console(file=sys.stdout, highlight=False).print(Padding(table, (0, 0, 0, indent)))
