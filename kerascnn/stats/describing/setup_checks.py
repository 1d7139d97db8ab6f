"""Signs, in the probes of one run, that the set-up and not the idea is at fault."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator

from kerascnn.records import Probe, RunRecord
from kerascnn.stats.describing.remarks import Remark, RemarkKind

SURE_OF_ITSELF = 0.5
"""Nats by which the loss before training may lie above ln(classes), which is what knowing nothing costs."""
UPDATE_RATIOS = (1e-5, 1e-1)
"""Two decades on either side of 1e-3, the rule of thumb for one step's change over the weights."""
MOST_SILENT = 0.5
"""Share of dead or saturated units in a layer beyond which it hardly works."""

BY_HEART = 0.9
"""Share of a few images that a net which can learn at all gets right after training on them alone."""


def check_setup(record: RunRecord, chance: float) -> tuple[Remark, ...]:
    """What looks wrong in the probes of a run, each a short phrase; nothing where all is well."""
    found = [remark for probe in record.probes for remark in _about(probe, chance)]
    if record.small_set_accuracy is not None:
        found.append(_about_small_set(record.small_set_accuracy))
    return tuple(found)


def _about_small_set(accuracy: float) -> Remark:
    """What it means that a net which learned nothing could or could not memorise 20 images."""
    if accuracy >= BY_HEART:
        text = f"it can memorise 20 images ({100 * accuracy:.0f} % right), so it lacks data or training, not ability"
        return Remark("learns a few by heart", text)
    text = f"it cannot even memorise 20 images ({100 * accuracy:.0f} % right after 100 steps on them alone)"
    return Remark("learns nothing by heart", text)


def _about(probe: Probe, chance: float) -> Iterator[Remark]:
    expected = -math.log(chance)
    if probe.moment == "initial" and probe.loss is not None and probe.loss > expected + SURE_OF_ITSELF:
        text = (
            f"the loss before training is {probe.loss:.1f} nats, but guessing costs only ln(classes) = {expected:.1f}"
        )
        yield Remark("initial loss", text)
    ratios = [layer.update_ratio for layer in probe.layers if layer.update_ratio is not None]
    if ratios and not UPDATE_RATIOS[0] <= statistics.median(ratios) <= UPDATE_RATIOS[1]:
        step: RemarkKind = "first step" if probe.moment == "initial" else "last step"
        yield Remark(step, f"the {step} changes the weights by {statistics.median(ratios):.0e} of their size")
    yield from _about_silence(probe)


def _about_silence(probe: Probe) -> Iterator[Remark]:
    kinds: dict[str, tuple[RemarkKind, RemarkKind]] = {
        "dead_share": ("dead before training", "dead after training"),
        "saturated_share": ("saturated before training", "saturated after training"),
    }
    for field, (before, after) in kinds.items():
        kind = before if probe.moment == "initial" else after
        what, when = kind.split(" ", 1)
        shares = [share for layer in probe.layers if (share := getattr(layer, field)) is not None]
        silent = sum(share > MOST_SILENT for share in shares)
        if silent:
            yield Remark(kind, f"more than half of the units are {what} in {silent} of {len(shares)} layers {when}")
