"""The works that a page cites, in full."""

from __future__ import annotations

from collections.abc import Iterator

from kerascnn.report.parts.elements import Source
from kerascnn.report.parts.pages import ExperimentPage
from kerascnn.report.text.references import cited_in


def build_sources(*texts: str) -> tuple[Source, ...]:
    """In alphabetical order. A work that the list of references does not know is left out."""
    return tuple(
        Source(work.named, work.year, work.title, work.venue, work.identifier, work.href) for work in cited_in(*texts)
    )


def texts_of(page: ExperimentPage) -> Iterator[str]:
    """What an experiment's page says in words of its notebook."""
    prose = (page.idea, page.found, *(figure.before for figure in page.figures))
    yield from (part.striptags() for part in (*prose, *(question.text for question in page.questions)) if part)
    yield from page.takeaways
    for card in page.cards:
        yield from (card.says, card.source, card.smallest_reason)
