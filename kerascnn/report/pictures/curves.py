"""Small drawings of one run's epochs, cheap enough for a thousand pages."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from kerascnn.records import Epoch
from kerascnn.report.parts.axes import round_up
from kerascnn.report.parts.run import Curve, CurveLine, CurveTick

LEFT, RIGHT, TOP, BOTTOM = 46.0, 312.0, 8.0, 122.0
"""The edges of the plot in the drawing's units; the template draws the same frame."""

HIGHEST_LOSS = 2.0
"""A loss is drawn up to this many times ln(classes): beyond, the net is worse than knowing nothing, and how much does not matter."""

Read = Callable[[Epoch], "float | None"]


def build_curves(epochs: Sequence[Epoch], planned: int, chance: float) -> tuple[Curve, ...]:
    """Accuracy and loss over the epochs, on an axis that has room for all `planned` ones; nothing without epochs."""
    if not epochs:
        return ()
    last = max(planned, epochs[-1].epoch)
    accuracy = (lambda epoch: epoch.train_accuracy, lambda epoch: epoch.val_accuracy)
    loss = (lambda epoch: epoch.train_loss, lambda epoch: epoch.val_loss)
    nothing = -math.log(chance)
    top = _loss_top(epochs, nothing)
    return (
        _curve("Accuracy", "percent", epochs, last, accuracy, (1.0, chance)),
        _curve("Loss, nats", "number", epochs, last, loss, (top, nothing)),
    )


def _loss_top(epochs: Sequence[Epoch], nothing: float) -> float:
    losses = [loss for epoch in epochs for loss in (epoch.train_loss, epoch.val_loss) if loss is not None]
    highest = max([*losses, nothing])
    return round_up(min(highest, HIGHEST_LOSS * nothing)) if highest > 0 else 1.0


def _curve(
    title: str, unit: str, epochs: Sequence[Epoch], last: int, reads: tuple[Read, Read], scale: tuple[float, float]
) -> Curve:
    top, guess = scale
    train, val = reads
    return Curve(
        title=title,
        unit=unit,
        epochs=last,
        lines=(_line("training", epochs, last, train, top), _line("validation", epochs, last, val, top)),
        ticks=tuple(CurveTick(_height(share * top, top), share * top) for share in (0.0, 0.5, 1.0)),
        guess=_height(guess, top),
    )


def _line(label: str, epochs: Sequence[Epoch], last: int, read: Read, top: float) -> CurveLine:
    pieces: list[list[tuple[float, float]]] = [[]]
    for epoch in epochs:
        value = read(epoch)
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append((_place(epoch.epoch, last), _height(value, top)))
    drawn = tuple(tuple(piece if len(piece) > 1 else piece * 2) for piece in pieces if piece)  # a dot is a line too
    values = [value for epoch in epochs if (value := read(epoch)) is not None]
    return CurveLine(label, drawn, values[0] if values else None, read(epochs[-1]))


def _place(epoch: int, last: int) -> float:
    return LEFT + (RIGHT - LEFT) * (epoch - 1) / max(1, last - 1)


def _height(value: float, top: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * min(value, top) / top
