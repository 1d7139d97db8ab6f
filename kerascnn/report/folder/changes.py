"""What differs between a report and the last one, and which one the last one is.

A report is compared with the last one that said something else *before the invocation that renders it began*. While one
`all` runs, every finished experiment renders the report again; each of these names the same invocation, and they
all have the same base. Rendering the same results again changes neither base nor pages. Each data set
and profile has its own last report, so going to another one and back changes nothing either.

An effect has moved when it differs from the last by more than the claim's smallest effect of interest. The old interval
would be the other yardstick. With few seeds it is so wide that it contains a reversal. With many it is so narrow that
changes without interest leave it. The smallest effect of interest is the lesson's own measure of what matters.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from kerascnn.report.folder.history import Chapter, ClaimSummary, History, ResultSummary, Summary
from kerascnn.report.parts.elements import Link, Mark
from kerascnn.report.parts.overview import Changes, Move, Turn


def next_chapter(history: History, name: str, now: Summary, invocation: str) -> Chapter:
    """The chapter `name` once a report has said `now`. An empty `invocation` is one of its own."""
    last = history.chapters.get(name)
    if last is None:
        return Chapter(invocation=invocation, current=now, base_lost=history.is_damaged)
    step = _compare(last.current, now)
    is_told = not step.is_same or step.runs_added or step.runs_gone
    if not is_told or (invocation and invocation == last.invocation):
        return replace(last, current=now)
    return Chapter(invocation=invocation, current=now, base=last.current if last.current.results else None)


def build_changes(chapter: Chapter | None) -> Changes | None:
    """The changes since the chapter's base; None for a first report, which has nothing to be compared with."""
    if chapter is None or (chapter.base is None and not chapter.base_lost):
        return None
    if chapter.base is None:
        return Changes("", True, False, (), (), (), (), (), 0, 0)
    return _compare(chapter.base, chapter.current)


def _compare(old: Summary, now: Summary) -> Changes:
    pairs = [(old.results[stem], result) for stem, result in now.results.items() if stem in old.results]
    is_judged_anew = old.rule != now.rule
    turned = () if is_judged_anew else (turn for before, after in pairs for turn in _turned_claims(before, after))
    verdicts = tuple(turned)
    states = tuple(_turned_result(before, after) for before, after in pairs if before.status != after.status)
    moved = tuple(move for before, after in pairs for move in _moved(before, after))
    new = (*_new_results(old, now), *(link for pair in pairs for link in _new_claims(*pair)))
    gone = (*_gone_results(old, now), *(name for pair in pairs for name in _gone_claims(*pair)))
    added, lost = len(set(now.runs) - set(old.runs)), len(set(old.runs) - set(now.runs))
    is_same = not (verdicts or states or moved or new or gone)
    return Changes(old.latest, False, is_same, verdicts, states, moved, new, gone, added, lost, is_judged_anew)


def _turned_claims(before: ResultSummary, after: ResultSummary) -> Iterator[Turn]:
    for old, now in _shared_claims(before, after):
        if old.state != now.state:
            link = Link(now.says, now.href)
            yield Turn(link, after.title, Mark(old.verdict, old.state), Mark(now.verdict, now.state))


def _turned_result(before: ResultSummary, after: ResultSummary) -> Turn:
    link = Link(after.title, after.page)
    return Turn(link, "", Mark(before.status, before.state), Mark(after.status, after.state))


def _moved(before: ResultSummary, after: ResultSummary) -> Iterator[Move]:
    for old, now in _shared_claims(before, after):
        if old.effect is None or now.effect is None or abs(now.effect - old.effect) <= now.smallest_effect:
            continue
        yield Move(Link(now.says, now.href), after.title, old.effect_text, now.effect_text, now.smallest_text)


def _shared_claims(before: ResultSummary, after: ResultSummary) -> Iterator[tuple[ClaimSummary, ClaimSummary]]:
    for name, claim in after.claims.items():
        if name in before.claims:
            yield before.claims[name], claim


def _new_results(old: Summary, now: Summary) -> Iterator[Link]:
    for stem, result in now.results.items():
        if stem not in old.results:
            yield Link(result.title, result.page)


def _gone_results(old: Summary, now: Summary) -> Iterator[str]:
    for stem, result in old.results.items():
        if stem not in now.results:
            yield result.title


def _new_claims(before: ResultSummary, after: ResultSummary) -> Iterator[Link]:
    for name, claim in after.claims.items():
        if name not in before.claims:
            yield Link(f"{after.title}: {claim.says}", claim.href)


def _gone_claims(before: ResultSummary, after: ResultSummary) -> Iterator[str]:
    for name, claim in before.claims.items():
        if name not in after.claims:
            yield f"{before.title}: {claim.says}"
