"""What the learning curves of each arm show, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from kerascnn.records import ArmRuns, RunFailure, RunRecord
from kerascnn.report.facts.results import Facts
from kerascnn.report.parts.elements import Table
from kerascnn.report.tables.arms import NAME, ArmRow, arm_rows
from kerascnn.report.tables.columns import Reader, build_table
from kerascnn.stats import check_setup, diagnose, seeds_text
from kerascnn.stats.describing.remarks import RemarkKind

NOTHING = "nothing remarkable"
NOTE = (
    "Fixed rules decide what a curve shows. The epoch that is named is the earliest one, over all seeds, at which it began."
    " Set-up compares the loss before training with ln(classes), and the size of a step with the weights (about 1e-3 is"
    " usual). It also looks for dead and saturated units. A net that learned nothing is trained once more, on 20 images"
    " alone: this shows whether it can learn at all."
)


def describe_curves(runs: ArmRuns, chance: float) -> str:
    """The arm's diagnoses with how many seeds show each, the commonest first."""
    found = [diagnosis for record in runs.records.values() for diagnosis in diagnose(record.epochs, chance)]
    counts = Counter(diagnosis.label for diagnosis in found)
    onsets = {
        label: min((d.epoch for d in found if d.label == label and d.epoch is not None), default=None)
        for label in counts
    }
    described = [
        f"{label}{f' from epoch {onsets[label]}' if onsets[label] else ''}" + _share(count, len(runs.records))
        for label, count in counts.most_common()
    ]
    return "; ".join(described) or NOTHING


def describe_run(result: RunRecord | RunFailure, chance: float) -> tuple[str, ...]:
    """What the curve of one run shows and what looks wrong with its set-up, a phrase each."""
    shown = [
        f"{found.label}{f' from epoch {found.epoch}' if found.epoch else ''}"
        for found in diagnose(result.epochs, chance)
    ]
    remarks = check_setup(result, chance) if isinstance(result, RunRecord) else ()
    return (*shown, *(remark.text for remark in remarks))


def describe_setup(runs: ArmRuns, chance: float) -> str:
    """What looks wrong with the arm's set-up: one example of each kind, for seeds differ in the figures only."""
    examples: dict[RemarkKind, str] = {}
    for record in runs.records.values():
        for remark in check_setup(record, chance):
            examples.setdefault(remark.kind, remark.text)
    return "; ".join(examples.values()) or NOTHING


def curve_caption(facts: Facts, figure: str) -> str:
    """One sentence for each arm drawn in `figure`, to stand beside its curves."""
    tables = facts.published.tables if facts.published else ()
    drawn = {row[0] for table in tables if table.name == figure for row in table.rows}
    arms = [runs for runs in _trained(facts.shown_arms) if runs.arm.name in drawn]
    return " ".join(f"{runs.arm.label}: {describe_curves(runs, facts.chance_of(runs.arm.name))}." for runs in arms)


COLUMNS = (
    NAME,
    Reader[ArmRow]("curves", "What its curves show", lambda arm: describe_curves(arm.runs, arm.chance)),
    Reader[ArmRow]("setup", "Set-up", lambda arm: describe_setup(arm.runs, arm.chance)),
)


def build_diagnoses(facts: Facts, csv: str) -> Table | None:
    """A row for each arm: what its curves show, and what its probes warn of."""
    rows = arm_rows(facts, _trained(facts.shown_arms))
    return build_table("diagnoses", "What the learning curves show", COLUMNS, rows, csv, NOTE) if rows else None


def _trained(arms: Sequence[ArmRuns]) -> Iterable[ArmRuns]:
    return [runs for runs in arms if runs.records]


def _share(count: int, total: int) -> str:
    return f" (all {seeds_text(total)})" if count == total > 1 else f" ({count} of {seeds_text(total)})"
