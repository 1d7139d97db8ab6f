"""The first lines of the overview: what the results are of, from when, what they took, what failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kerascnn.records import RunRecord
from kerascnn.report.facts.report_inputs import ReportInputs
from kerascnn.report.facts.results import Facts
from kerascnn.report.parts.elements import Property
from kerascnn.report.tables import published as other_tables
from kerascnn.report.text.numbers import plural
from kerascnn.spelling import spell_duration

SPENT = {
    "smoke": "a few hundred images, one seed; shows that everything works, says nothing about the claims",
    "quick": "a few thousand images and a few epochs; each page says how many",
    "full": "all images, more epochs and seeds",
}
"""What a profile spends, for readers who take the size of the data set for that of the training."""


def build_headline(inputs: ReportInputs, all_facts: Sequence[Facts]) -> tuple[Property, ...]:
    """Each line that there is something to say for; without any result the data and the profile alone."""
    known = (
        Property("Data set", (inputs.dataset.title,)),
        Property("Profile", (f"{inputs.profile}: {SPENT.get(inputs.profile, '')}".rstrip(": "),)),
        Property("Machine class", other_tables.platforms(all_facts)),
        Property("Precision", other_tables.precisions(all_facts)),
        Property("Results from", _span(all_facts), "date"),
        Property("Trained", _effort(all_facts)),
        Property("Failed", _failed(all_facts)),
    )
    return tuple(one for one in known if one.values)


def _records(all_facts: Sequence[Facts]) -> tuple[RunRecord, ...]:
    """Every run once, trials too: experiments share runs."""
    every = (run for facts in all_facts for run in facts.stored.values() if isinstance(run, RunRecord))
    return tuple({record.key: record for record in every}.values())


def _span(all_facts: Sequence[Facts]) -> tuple[str, ...]:
    """When the oldest run and when the youngest result was made: the same minute once."""
    times = [record.environment.finished_at for record in _records(all_facts)]
    times += [facts.latest for facts in all_facts if facts.latest]
    ends = (min(times), max(times)) if times else ()
    return ends[:1] if len({time[:16] for time in ends}) == 1 else ends


def _effort(all_facts: Sequence[Facts]) -> tuple[str, ...]:
    """Training time of all runs, and the time from each run's start to its end: runs side by side count each."""
    records = _records(all_facts)
    if not records:
        return ()
    training = sum(record.cost.training_seconds for record in records)
    whole = sum(record.cost.duration_seconds for record in records)
    runs = plural(len(records), "run")
    return (
        f"{runs}: {spell_duration(training)} of training, {spell_duration(whole)} with building and scoring,"
        " summed over all workers",
    )


def _failed(all_facts: Sequence[Facts]) -> tuple[str, ...]:
    if not all_facts:
        return ()
    return (", ".join(_failure_words(all_facts)) or "nothing",)


def _failure_words(all_facts: Sequence[Facts]) -> Iterator[str]:
    notebooks = sum(facts.entry.failure is not None for facts in all_facts)
    runs = len({run.key for facts in all_facts for run in facts.failed_runs})
    if notebooks:
        yield plural(notebooks, "notebook")
    if runs:
        yield plural(runs, "run")
