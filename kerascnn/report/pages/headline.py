"""The first lines of the overview: what the results are of, from when, what they took, what failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kerascnn.records import RunRecord
from kerascnn.report.facts.inputs import ReportInputs
from kerascnn.report.facts.results import Facts
from kerascnn.report.parts.elements import Fact
from kerascnn.report.tables import published as other_tables
from kerascnn.report.text.numbers import plural
from kerascnn.spelling import spell_duration

SPENT = {
    "smoke": "a few hundred images, one seed; shows that everything works, not what holds",
    "quick": "some thousand images and a few epochs; each page says how many",
    "full": "all images, more epochs and seeds",
}
"""What a profile spends, for readers who take the size of the data set for that of the training."""


def build_headline(inputs: ReportInputs, facts: Sequence[Facts]) -> tuple[Fact, ...]:
    """Each line that there is something to say for; without any result the data and the profile alone."""
    known = (
        Fact("Data set", (inputs.dataset.title,)),
        Fact("Profile", (f"{inputs.profile}: {SPENT.get(inputs.profile, '')}".rstrip(": "),)),
        Fact("Machine class", other_tables.platforms(facts)),
        Fact("Precision", other_tables.precisions(facts)),
        Fact("Results from", _span(facts), "date"),
        Fact("Trained", _effort(facts)),
        Fact("Failed", _failed(facts)),
    )
    return tuple(fact for fact in known if fact.values)


def _records(facts: Sequence[Facts]) -> tuple[RunRecord, ...]:
    """Every run once, trials too: experiments share runs."""
    every = (run for fact in facts for run in fact.stored.values() if isinstance(run, RunRecord))
    return tuple({record.key: record for record in every}.values())


def _span(facts: Sequence[Facts]) -> tuple[str, ...]:
    """When the oldest run and when the youngest result was made: the same minute once."""
    times = [record.environment.finished_at for record in _records(facts)]
    times += [fact.latest for fact in facts if fact.latest]
    ends = (min(times), max(times)) if times else ()
    return ends[:1] if len({time[:16] for time in ends}) == 1 else ends


def _effort(facts: Sequence[Facts]) -> tuple[str, ...]:
    """Training time of all runs, and the time from each run's start to its end: runs side by side count each."""
    records = _records(facts)
    if not records:
        return ()
    training = sum(record.cost.training_seconds for record in records)
    whole = sum(record.cost.duration_seconds for record in records)
    runs = plural(len(records), "run")
    return (
        f"{runs}: {spell_duration(training)} of training, {spell_duration(whole)} with building and scoring, all workers added up",
    )


def _failed(facts: Sequence[Facts]) -> tuple[str, ...]:
    if not facts:
        return ()
    return (", ".join(_failure_words(facts)) or "nothing",)


def _failure_words(facts: Sequence[Facts]) -> Iterator[str]:
    notebooks = sum(fact.entry.failure is not None for fact in facts)
    runs = len({run.key for fact in facts for run in fact.failed_runs})
    if notebooks:
        yield plural(notebooks, "notebook")
    if runs:
        yield plural(runs, "run")
