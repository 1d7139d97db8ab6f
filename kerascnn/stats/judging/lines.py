"""Whether the line that a claim draws makes sense on the data at hand: a net that guesses must lie clearly on one side."""

from __future__ import annotations

from collections.abc import Iterator

from kerascnn.records import DatasetInfo
from kerascnn.specs import Claim, Study, Threshold
from kerascnn.stats.describing.remarks import Remark
from kerascnn.stats.describing.units import UNITS, value_text
from kerascnn.stats.judging.effects import line_of

GUESSABLE = frozenset(("test_accuracy", "val_accuracy", "train_accuracy", "other_size_accuracy"))
"""Metrics of which guessing has its share."""

NEAR = 0.03
"""How far from chance a line must lie: 300 test images bridge that by luck at most one time in seven."""

SAME = 0.0005


def warnings_of(study: Study, dataset: DatasetInfo) -> Iterator[str]:
    """What to know about the lines of the study's claims before anything is trained, each a sentence with the claim's name."""
    arms = {arm.name: arm for arm in study.arms}
    for claim in study.claims:
        if isinstance(claim, Threshold) and claim.arm in arms:
            yield from (
                f"{claim.name}: {found.text}" for found in about_line(claim, dataset.chance_of(arms[claim.arm]))
            )


def about_line(claim: Claim, chance: float) -> Iterator[Remark]:
    """Why the line of a claim says little where guessing is right with `chance`, as sentences; none where all is well."""
    if not isinstance(claim, Threshold) or claim.metric not in GUESSABLE:
        return
    unit, line = UNITS[claim.metric], line_of(claim, chance)
    shown, guessed = value_text(unit, line), value_text(unit, chance)
    if line > 1:
        yield Remark("line no accuracy can cross", f"The line lies at {shown}: no accuracy can be above it.")
        return
    asked = line + claim.smallest_effect if claim.relation == "above" else line
    if claim.value == "chance" or asked >= chance + NEAR:
        return
    place = "at" if abs(line - chance) < SAME else "below" if line < chance else "hardly above"
    meant = "a net that only guesses passes it" if claim.relation == "above" else "a net that only guesses may cross it"
    yield Remark(
        "line that guessing reaches",
        f"The line of {shown} lies {place} chance, which is {guessed} on these data: {meant}. "
        'To let the line follow the number of classes, write value="chance", over_chance=0.05.',
    )
