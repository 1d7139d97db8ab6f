"""A report in short, as it is kept for the next one to be compared with."""

from __future__ import annotations

from collections.abc import Sequence

from kerascnn.report.facts.report_inputs import ReportInputs
from kerascnn.report.facts.results import Facts, full_title
from kerascnn.report.facts.status import status_of
from kerascnn.report.folder.history import ClaimSummary, ResultSummary, Summary
from kerascnn.report.text.clean import clean_text
from kerascnn.report.text.links import anchor_of
from kerascnn.report.text.words import verdict_state
from kerascnn.stats import RULE, Judgement


def chapter_name(inputs: ReportInputs) -> str:
    """Which reports may be compared: those of the same data, by content, under the same profile."""
    return f"{inputs.dataset.content}/{inputs.profile}"


def summarise(all_facts: Sequence[Facts]) -> Summary:
    """What a report of these results says, in short."""
    return Summary(
        results={facts.entry.page_stem: _result(facts) for facts in all_facts},
        runs=tuple(sorted({record.key[:12] for facts in all_facts for record in facts.records})),
        latest=max((facts.latest for facts in all_facts), default=""),
        rule=RULE,
    )


def _result(facts: Facts) -> ResultSummary:
    status = status_of(facts)
    taken: set[str] = set()
    return ResultSummary(
        title=clean_text(full_title(facts)),
        page=facts.page,
        status=status.word,
        state=status.state,
        claims={
            name: _claim(judgement, f"{facts.page}#{anchor_of('claim', name, taken)}")
            for name, judgement in facts.judgements.items()
        },
    )


def _claim(judgement: Judgement, href: str) -> ClaimSummary:
    return ClaimSummary(
        says=judgement.claim.says,
        href=href,
        verdict=judgement.label,
        state=verdict_state(judgement.verdict),
        effect=judgement.effect,
        effect_text=judgement.effect_text,
        smallest_effect=judgement.smallest_effect,
        smallest_text=judgement.smallest_text,
    )
