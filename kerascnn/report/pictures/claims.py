"""Claims with their verdicts, drawn on one scale for each unit."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence

from kerascnn.report.facts.results import Facts
from kerascnn.report.parts.axes import Axis, draw_strip, effect_axis
from kerascnn.report.parts.elements import Property, Strip, Table
from kerascnn.report.parts.overview import ClaimCard, SeedEffect, Tally
from kerascnn.report.tables.columns import Reader, build_table
from kerascnn.report.text.links import anchor_of
from kerascnn.report.text.numbers import metric_unit
from kerascnn.report.text.words import KIND_WORDS, SPEAKER_WORDS, STATES, verdict_state
from kerascnn.specs import ByKind, Comparison, Equivalence, Identity, Interaction, NonInferiority, Threshold, Trend
from kerascnn.spelling import noun
from kerascnn.stats import Judgement, effect_size_text, p_text

Scale = tuple[str, str]
Axes = Mapping[Scale, Axis]


def effect_axes(all_facts: Iterable[Facts]) -> Axes:
    """One axis for each kind of effect that can be compared by eye."""
    groups: dict[Scale, list[Judgement]] = {}
    for judgement in (judgement for facts in all_facts for judgement in facts.judgements.values()):
        if (scale := scale_of(judgement.claim)) is not None:
            groups.setdefault(scale, []).append(judgement)
    return {scale: _axis_for(members) for scale, members in groups.items()}


def build_cards(facts: Facts, axes: Axes) -> tuple[ClaimCard, ...]:
    """A card for each claim of the study, in the order of `Facts.judgements`."""
    taken: set[str] = set()
    return tuple(_build_card(facts, judgement, axes, taken) for judgement in facts.judgements.values())


def tally_verdicts(cards: Sequence[ClaimCard]) -> tuple[Tally, ...]:
    """How many cards there are of each look, as parts of one bar."""
    tallies: list[Tally] = []
    start = 0.0
    for verdict, state in STATES.items():
        members = [card for card in cards if card.state == state]
        if members:
            width = 100 * len(members) / len(cards)
            tallies.append(Tally(verdict, state, len(members), start, width))
            start += width
    return tuple(tallies)


ListedClaim = tuple[str, ClaimCard]
"""The title of an experiment, and one of its claims."""

CLAIM_COLUMNS = (
    Reader[ListedClaim]("experiment", "experiment", lambda listed: listed[0]),
    Reader[ListedClaim]("claim", "claim", lambda listed: listed[1].says),
    Reader[ListedClaim]("speaker", "said by", lambda listed: listed[1].speaker),
    Reader[ListedClaim]("source", "source", lambda listed: listed[1].source),
    Reader[ListedClaim]("main", "main claim", lambda listed: listed[1].is_main),
    Reader[ListedClaim]("verdict", "verdict", lambda listed: listed[1].verdict),
    Reader[ListedClaim]("metric", "metric", lambda listed: listed[1].metric),
    Reader[ListedClaim]("effect", "effect", lambda listed: listed[1].effect),
    Reader[ListedClaim]("low", "low", lambda listed: listed[1].low),
    Reader[ListedClaim]("high", "high", lambda listed: listed[1].high),
    Reader[ListedClaim]("smallest_effect", "smallest_effect", lambda listed: listed[1].smallest_effect),
    Reader[ListedClaim]("seeds", "seeds", lambda listed: listed[1].seeds),
    Reader[ListedClaim]("looks", "looks", lambda listed: " ".join(map(str, listed[1].looks))),
    Reader[ListedClaim]("evidence", "evidence", lambda listed: listed[1].sentence),
)


def build_claims_table(rows: Sequence[ListedClaim], csv: str) -> Table | None:
    """All claims with their verdicts, for the CSV file."""
    return build_table("claims", "All claims", CLAIM_COLUMNS, rows, csv) if rows else None


def _build_card(facts: Facts, judgement: Judgement, axes: Axes, taken: set[str]) -> ClaimCard:
    claim, words = judgement.claim, KIND_WORDS[type(judgement.claim)]
    anchor = anchor_of("claim", claim.name, taken)
    return ClaimCard(
        anchor=anchor,
        href=f"{facts.page}#{anchor}",
        says=claim.says,
        speaker=claim.speaker,
        speaker_words=SPEAKER_WORDS[claim.speaker],
        source=claim.source,
        is_main=facts.published is not None and claim.name in facts.published.study.main,
        verdict=judgement.label,
        state=verdict_state(judgement.verdict),
        sentence=judgement.sentence,
        kind=words.kind,
        contrast=judgement.contrast,
        metric=claim.metric,
        effect_text=judgement.effect_text,
        interval_text=judgement.interval_text,
        smallest_name=words.smallest,
        smallest_text=judgement.smallest_text,
        smallest_reason=claim.reason,
        unit=f"effect:{claim.metric}",
        effect=judgement.effect,
        low=judgement.low,
        high=judgement.high,
        smallest_effect=judgement.smallest_effect,
        seeds=judgement.n,
        looks=judgement.looks,
        effects=tuple(SeedEffect(seed, effect) for seed, effect in sorted(judgement.effects.items())),
        strip=_strip(judgement, axes),
        warnings=judgement.warnings,
        details=tuple(_details(judgement, facts)),
    )


def _details(judgement: Judgement, facts: Facts) -> Iterator[Property]:
    """How sure the verdict is, and what the uncertainty is made of."""
    claim = judgement.claim
    if judgement.p_value is not None and judgement.adjusted_p_value is not None:
        reasons = [f"{judgement.family} claims"] if judgement.family > 1 else []
        reasons += [f"{len(judgement.looks)} looks"] if len(judgement.looks) > 1 else []
        alone = f" ({p_text(judgement.p_value)} alone)" if reasons else ""
        corrected = f", corrected for {' and '.join(reasons)}" if reasons else ""
        yield Property(f"p-value{corrected}", (p_text(judgement.adjusted_p_value) + alone,))
    effects = tuple(judgement.effects.values())
    if len(effects) > 1:
        error = statistics.stdev(effects) / math.sqrt(len(effects))
        yield Property("Standard error from seeds", (effect_size_text(claim, error),))
    image_error = facts.published.image_errors.get(claim.name) if facts.published else None
    if image_error is not None:
        yield Property("Standard error from test images", (effect_size_text(claim, image_error),))
    if judgement.correlation is not None:
        yield Property("Correlation of the pair over seeds", (f"{judgement.correlation:+.2f}".replace("-", "−"),))
    if judgement.seeds_needed is not None:
        more = judgement.seeds_needed - judgement.n
        command = f"--until-decided {judgement.seeds_needed}"
        size = judgement.smallest_text
        yield Property(f"To rule out {size}", (f"about {more} more {noun(more, 'seed')} ({command})",))


scale_of = ByKind[[], "Scale | None"]()
"""Which claims share an axis, because their effects can be compared by eye; None for a claim that is not drawn."""


@scale_of.of(Comparison, Equivalence, NonInferiority, Threshold, Interaction)
def _scale_of_unit(claim: Comparison | Equivalence | NonInferiority | Threshold | Interaction) -> Scale | None:
    """None for a ratio of counts: a line without zero, interval or seeds shows nothing that the number does not say."""
    if metric_unit(claim.metric).is_factor:
        return None
    return (metric_unit(claim.metric).difference or f"{claim.metric} of {claim.name}", "")


@scale_of.of(Trend)
def _scale_of_its_own(claim: Trend) -> Scale:
    """What is counted by one trend's unit is not what is counted by another's."""
    return (metric_unit(claim.metric).difference or f"{claim.metric} of {claim.name}", claim.name)


@scale_of.of(Identity)
def _not_drawn(claim: Identity) -> None:
    return None


def _axis_for(judgements: Sequence[Judgement]) -> Axis:
    values = [effect for judgement in judgements for effect in judgement.effects.values()]
    values += [judgement.effect for judgement in judgements if judgement.effect is not None]
    values += [judgement.smallest_effect for judgement in judgements if judgement.smallest_effect]
    ends = [end for judgement in judgements for end in (judgement.low, judgement.high) if end is not None]
    return effect_axis(values, ends)


def _strip(judgement: Judgement, axes: Axes) -> Strip | None:
    scale = scale_of(judgement.claim)
    if judgement.effect is None or scale is None:
        return None
    return draw_strip(
        axes[scale],
        tuple(judgement.effects.values()),
        (judgement.effect, judgement.low, judgement.high),
        f"effect:{judgement.claim.metric}",
        band=judgement.smallest_effect,
        line=0.0,
    )
