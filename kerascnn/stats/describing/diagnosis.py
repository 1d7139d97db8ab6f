"""What a learning curve shows, in words: rules over the epochs of one run.

The rules look at what a reader sees: the level and direction of the curves, each over a stretch of epochs long
enough that one odd epoch decides nothing. A curve may deserve several labels, or none.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kerascnn.records import Epoch
from kerascnn.stats.describing.learning import has_learned, shows_learning

Label = Literal[
    "did not learn",
    "plateau, then learning",
    "diverged",
    "still improving at the end",
    "saturated early",
    "overfitting",
    "noisy last epochs",
]

EXPLODED = 1.5
"""A training loss this many times ln(classes) is worse than knowing nothing: the weights have run away."""
PLATEAU = (0.997, 1.02)
"""A validation loss between these shares of ln(classes) is that of a net that knows nothing and is not getting anywhere."""
STILL_IMPROVING = 0.04
"""Growth of validation accuracy plus fall of validation loss (shares, last quarter of the run against the quarter
before) that promises more, where both go the right way."""
LEVEL = 0.02
"""The later half of a run may lie this far above the best of its first half and count as level."""
LOSS_RISE = 0.035
"""Share by which the validation loss must climb above its lowest value while the training loss falls."""
GAP = 0.10
"""Training minus validation accuracy that is a gap."""
NOISE = 0.03
"""Mean distance of validation accuracy from the middle of its neighbours that looks ragged."""


@dataclass(frozen=True)
class Diagnosis:
    """One thing a curve shows. `epoch`: where it sets in, counted from 1, where that means something."""

    label: Label
    epoch: int | None = None


def diagnose(epochs: Sequence[Epoch], chance: float) -> tuple[Diagnosis, ...]:
    """What the curve of one run shows; nothing for a run without epochs."""
    if not epochs:
        return ()
    if _has_diverged(epochs, chance):
        return (Diagnosis("diverged", _first(epochs, lambda e: not _is_sane(e, chance))),)
    if not has_learned(epochs, chance):
        return (Diagnosis("did not learn"),)
    found = [_plateau(epochs, chance), _overfitting(epochs), _end(epochs), _noise(epochs)]
    return tuple(diagnosis for diagnosis in found if diagnosis is not None)


def _has_diverged(epochs: Sequence[Epoch], chance: float) -> bool:
    return not _is_sane(epochs[-1], chance)


def _is_sane(epoch: Epoch, chance: float) -> bool:
    return (
        epoch.train_loss is not None and epoch.val_loss is not None and epoch.train_loss < EXPLODED * -math.log(chance)
    )


def _plateau(epochs: Sequence[Epoch], chance: float) -> Diagnosis | None:
    first, nothing = epochs[0], -math.log(chance)
    level = first.val_loss is not None and PLATEAU[0] * nothing <= first.val_loss <= PLATEAU[1] * nothing
    if not level or shows_learning(first, chance):
        return None
    return Diagnosis("plateau, then learning", _first(epochs, lambda epoch: shows_learning(epoch, chance)))


def _overfitting(epochs: Sequence[Epoch]) -> Diagnosis | None:
    """The validation loss turns upwards while the training loss goes on falling."""
    losses = [epoch.val_loss or 0.0 for epoch in epochs]
    best = losses.index(min(losses))
    rises = statistics.fmean(losses[-2:]) > (1 + LOSS_RISE) * losses[best] and best < len(epochs) - 1
    gap = epochs[-1].train_accuracy - epochs[-1].val_accuracy
    return Diagnosis("overfitting", best + 2) if rises and gap > GAP else None


def _end(epochs: Sequence[Epoch]) -> Diagnosis | None:
    """Whether the run was still on its way up, or had been level for half of its time."""
    values = [epoch.val_accuracy for epoch in epochs]
    losses = [epoch.val_loss or 0.0 for epoch in epochs]
    rise, fall = _growth(values), -_growth(losses)
    if min(rise, fall) > 0 and rise + fall > STILL_IMPROVING:
        return Diagnosis("still improving at the end")
    half = len(values) // 2
    if half >= 2 and statistics.fmean(values[-half:]) <= max(values[: len(values) - half]) + LEVEL:
        reached = statistics.fmean(values[-half:]) - LEVEL
        return Diagnosis("saturated early", 1 + next(place for place, value in enumerate(values) if value >= reached))
    return None


def _growth(values: Sequence[float]) -> float:
    """The mean of the last quarter over that of the quarter before, minus 1; of at least two values each."""
    stretch = max(2, len(values) // 4)
    if len(values) < 2 * stretch:
        return 0.0
    before, recent = statistics.fmean(values[-2 * stretch : -stretch]), statistics.fmean(values[-stretch:])
    if before <= 0:
        return math.inf if recent > 0 else 0.0
    return recent / before - 1


def _noise(epochs: Sequence[Epoch]) -> Diagnosis | None:
    if len(epochs) < 6:  # too short to have a later part
        return None
    values = [epoch.val_accuracy for epoch in epochs[-max(5, len(epochs) // 2) :]]
    turns = [abs(b - (a + c) / 2) for a, b, c in zip(values, values[1:], values[2:], strict=False)]
    return Diagnosis("noisy last epochs") if statistics.fmean(turns) > NOISE else None


def _first(epochs: Sequence[Epoch], holds: object) -> int | None:
    assert callable(holds)
    return next((epoch.epoch for epoch in epochs if holds(epoch)), None)
