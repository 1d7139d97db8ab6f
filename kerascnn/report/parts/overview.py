"""What the overview is made of beside the parts of all pages: claims, tallies, what changed."""

from __future__ import annotations

from dataclasses import dataclass

from kerascnn.report.parts.elements import Link, Mark, Property, Strip


@dataclass(frozen=True)
class SeedEffect:
    """The effect that one seed shows."""

    seed: int
    effect: float


@dataclass(frozen=True)
class ClaimCard:
    """One claim with its verdict. Effects are positive where they go the claim's way. `speaker_words` introduce the
    sentence, `source` cites the place of it, where there is one to cite. `is_main`: the lesson is about it. `looks`: after how
    many seeds it may be judged.

    `unit` is the effect's, `smallest_effect` decides how many decimals are shown of it,
    `smallest_reason` says why that size matters, where somebody wrote it down.
    """

    anchor: str
    href: str
    says: str
    speaker: str
    speaker_words: str
    source: str
    is_main: bool
    verdict: str
    state: str
    sentence: str
    kind: str
    contrast: str
    metric: str
    effect_text: str
    interval_text: str
    smallest_name: str
    smallest_text: str
    smallest_reason: str
    unit: str
    effect: float | None
    low: float | None
    high: float | None
    smallest_effect: float
    seeds: int
    looks: tuple[int, ...]
    effects: tuple[SeedEffect, ...]
    strip: Strip | None
    warnings: tuple[str, ...]
    details: tuple[Property, ...]


@dataclass(frozen=True)
class Tally:
    """How many claims have one verdict, and where the share begins on a bar (percent)."""

    verdict: str
    state: str
    claims: int
    start: float
    width: float


@dataclass(frozen=True)
class Variant:
    """A run of an experiment with parameters that are not the defaults."""

    link: Link
    parameters: str
    status: Mark


@dataclass(frozen=True)
class Turn:
    """A claim, or an experiment (`where` is empty), whose verdict or status differs from the last report."""

    link: Link
    where: str
    before: Mark
    after: Mark


@dataclass(frozen=True)
class Move:
    """An effect that moved by more than the claim's smallest effect of interest."""

    link: Link
    where: str
    before: str
    after: str
    smallest_text: str


@dataclass(frozen=True)
class Changes:
    """What differs between this report and the last; `since` is when the youngest result of that one was made.

    `is_lost`: what the last one said could not be read. `is_same`: all that changed, if
    anything, is the number of runs. `is_judged_anew`: the last report judged by another rule, so no verdict counts as changed.
    """

    since: str
    is_lost: bool
    is_same: bool
    verdicts: tuple[Turn, ...]
    states: tuple[Turn, ...]
    moved: tuple[Move, ...]
    new: tuple[Link, ...]
    gone: tuple[str, ...]
    runs_added: int
    runs_gone: int
    is_judged_anew: bool = False


@dataclass(frozen=True)
class ContentsLine:
    """One experiment in a table of contents, with a mark for each of its verdicts."""

    link: Link
    number: str
    marks: tuple[Mark, ...]
