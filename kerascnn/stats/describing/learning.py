"""The one rule by which a net has learned something, for everything that reads runs: diagnoses, counts of seeds, warnings."""

from __future__ import annotations

import math
from collections.abc import Sequence

from kerascnn.records import Epoch

LEAST_GAIN = 0.05
"""Accuracy above chance up to which an epoch counts as not having learned."""
LEAST_FALL = 0.03
"""Share of ln(classes) by which the training loss must fall below it to count as learning."""


def shows_learning(epoch: Epoch, chance: float) -> bool:
    """Whether the net does better than knowing nothing: more right answers than guessing gives, or a lower training loss.

    A net whose training loss is not finite knows nothing any more.
    """
    if epoch.train_loss is None:
        return False
    gain = max(epoch.train_accuracy, epoch.val_accuracy) - chance
    return gain > LEAST_GAIN or epoch.train_loss < (1 - LEAST_FALL) * -math.log(chance)


def has_learned(epochs: Sequence[Epoch], chance: float) -> bool:
    """Whether a run with these epochs ended better than it would have begun."""
    return bool(epochs) and shows_learning(epochs[-1], chance)
