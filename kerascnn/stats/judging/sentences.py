"""A judgement in plain words: what was contrasted, what came out, and what follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kerascnn.records import ArmRuns
from kerascnn.specs import (
    ByKind,
    Claim,
    Comparison,
    Equivalence,
    Identity,
    Interaction,
    NonInferiority,
    Threshold,
    Trend,
)
from kerascnn.specs.claims import NUMBER_KINDS, Speaker
from kerascnn.spelling import counted
from kerascnn.stats.describing.units import (
    EXACT,
    UNITS,
    Unit,
    decimals_for,
    difference_digits,
    difference_text,
    value_text,
)
from kerascnn.stats.judging.effects import line_of
from kerascnn.stats.judging.verdicts import Rule, Verdict

SAYS: dict[Speaker, str] = {"notes": "the course notes say", "paper": "the paper says", "suite": "this page claims"}
"""Who says a claim, as the subject and verb of a sentence."""

SENTENCES: dict[tuple[Rule, Verdict], str] = {
    ("effect", "supported"): "{found}. This is what {says}: zero lies outside the interval (smallest effect of"
    " interest: {smallest}).",
    ("effect", "contradicted"): "{found}. This is the opposite of what {says}.",
    ("effect", "too small to matter"): "{found}. If there is an effect, it is smaller than the {smallest} that"
    " would matter.",
    (
        "effect",
        "cannot tell",
    ): "{found}. There may or may not be an effect that matters (smallest effect of interest:"
    " {smallest}): {seeds} cannot tell.",
    ("sameness", "supported"): "{found}. This is what {says}: there is no difference as large as {smallest} (two"
    " one-sided tests at 5 %).",
    ("sameness", "contradicted"): "{found}. They differ by {smallest} or more. This is not what {says}.",
    ("sameness", "cannot tell"): "{found}. They may differ by {smallest} or more, or by less: {seeds} cannot tell.",
    (
        "no worse",
        "supported",
    ): "{found}. This is what {says}: if the first is worse at all, then by less than {smallest}.",
    ("no worse", "contradicted"): "{found}. The first is worse by {smallest} or more. This is not what {says}.",
    (
        "no worse",
        "cannot tell",
    ): "{found}. The first may be worse by {smallest} or more, or it may not: {seeds} cannot tell.",
    ("line", "supported"): "{found}. This is what {says} (tolerance: {smallest}).",
    ("line", "contradicted"): "{found}. It lies on the other side of the line. This is not what {says}.",
    ("line", "cannot tell"): "{found}. It may lie on either side of the line: {seeds} cannot tell.",
    ("identity", "supported"): "{found}. They are equal within {smallest}, which is what {says}.",
    ("identity", "contradicted"): "{found}. They differ by more than {smallest}, so they are not equal.",
}
"""What follows, for each rule and verdict; `found` is the contrast with its effect and interval."""

COUNTED: dict[Verdict, str] = {
    "supported": "This is what {says} (smallest {difference} of interest: {smallest}).",
    "contradicted": "This is not what {says} (smallest {difference} of interest: {smallest}).",
    "too small to matter": "That is less than the {smallest} that would matter.",
}

OPEN_AMONG_OTHERS = (
    "{found}. Alone, this result would mean: {alone}. But other claims or earlier looks could have given a false alarm"
    " too. After correction, {seeds} cannot tell."
)

NOT_JUDGED = "Not judged: {reason}"

JUDGED_LATER = "A run did not learn. Where learning may be a matter of luck, a few seeds prove little: the claim is judged from {seeds} seeds on."

TOO_FEW_FOR_LUCK = (
    "A run did not learn. Where learning may be a matter of luck, fewer than {seeds} seeds prove nothing."
)

JUDGED_IN_FULL = "runs of this profile are too few or too short for it. The profile `full` judges it."


def seeds_text(n: int) -> str:
    """1 -> "1 seed", 3 -> "3 seeds"."""
    return counted(n, "seed")


def label_of(runs: Mapping[str, ArmRuns], name: str) -> str:
    """How an arm is called in a sentence: its label, or its name where nothing is known of it."""
    return runs[name].arm.label if name in runs else name


def unit_of(claim: Claim) -> Unit:
    """The unit of what the claim is about."""
    return UNITS[claim.metric] if claim.of_runs else EXACT


def effect_words(claim: Claim, effect: float) -> str:
    """An effect of `claim` with its word, with as many decimals as its smallest effect asks for."""
    text = difference_text(unit_of(claim), effect, _decimals(claim))
    return text + _per_unit(claim)


def interval_words(claim: Claim, low: float, high: float) -> str:
    """An interval of `claim` without its word, as "+1.2 to +3.4"."""
    unit, decimals = unit_of(claim), _decimals(claim)
    return f"{difference_digits(unit, low, decimals)} to {difference_digits(unit, high, decimals)}"


def smallest_words(claim: Claim) -> str:
    """The smallest effect of interest with its word, unsigned."""
    text = difference_text(unit_of(claim), claim.smallest_effect, _decimals(claim), sign=False)
    return text + _per_unit(claim)


def effect_size_text(claim: Claim, size: float) -> str:
    """An unsigned size in the unit of the claim's effect, such as a standard error, with two digits that count."""
    unit = unit_of(claim)
    text = difference_text(unit, size, decimals_for(unit, size), sign=False)
    return text + _per_unit(claim)


def _per_unit(claim: Claim) -> str:
    return f" per {per}" if (per := claim.effect_per()) else ""


def p_text(p_value: float) -> str:
    """A p-value with two digits that count; below 0.0001 only that it is."""
    return "< 0.0001" if p_value < 1e-4 else f"{p_value:.2g}"


def corrected_words(p_value: float, family: int, looks: int) -> str:
    """Said where looking at several claims, or several times, is what leaves a claim open."""
    among = f"the {family} claims of this page" if family > 1 else ""
    often = f"{looks} looks at the data" if looks > 1 else ""
    return (
        f"On its own this claim would be decided (p = {p_text(p_value)})."
        f" After correction for {' and '.join(part for part in (among, often) if part)} it is not."
    )


def contrast_words(claim: Claim, arms: Mapping[str, ArmRuns], chance: float) -> str:
    """What the effect is the effect of, such as "Test accuracy, He minus Glorot"."""
    said = _contrast(claim, lambda name: label_of(arms, name), chance)
    return f"{_capital(unit_of(claim).name)}, {said}" if claim.of_runs else said


def _capital(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"


def sentence_of(claim: Claim, rule: Rule, verdict: Verdict, found: str, n: int) -> str:
    """The judgement's sentence; `found` is the contrast with its numbers."""
    template = SENTENCES[rule, verdict]
    return template.format(found=found, smallest=smallest_words(claim), seeds=seeds_text(n), says=SAYS[claim.speaker])


def counted_words(contrast: str, claim: Claim, effect: float, verdict: Verdict) -> str:
    """The judgement of a number that is counted, not measured: it has no seeds and no interval."""
    difference = "ratio" if unit_of(claim).is_factor else "difference"
    follows = COUNTED[verdict].format(smallest=smallest_words(claim), difference=difference, says=SAYS[claim.speaker])
    return f"{contrast}: {effect_words(claim, effect)} (counted). {follows}"


def found_words(contrast: str, claim: Claim, effect: float, bounds: tuple[float, float] | None, n: int) -> str:
    """The contrast with its effect, its 95 % interval and the seeds it rests on."""
    if bounds is None:
        return f"{contrast}: {effect_words(claim, effect)} ({seeds_text(n)}, so no interval)"
    interval = interval_words(claim, *bounds)
    return f"{contrast}: {effect_words(claim, effect)} (95 % interval {interval}, {seeds_text(n)})"


found_number_words = ByKind[[float], str](NUMBER_KINDS)
"""A published number beside what it should be."""


@found_number_words.of(Identity)
def _found_beside_expected(claim: Identity, value: float) -> str:
    return f"{_number_name(claim)} is {value:g}, expected {claim.expected:g}"


def _number_name(claim: Identity) -> str:
    return claim.number.replace("_", " ")


Label = Callable[[str], str]
"""Arm -> what it is called."""

_contrast = ByKind[[Label, float], str]()
"""What is contrasted with what, given the arms' labels and the accuracy of guessing."""


@_contrast.of(Comparison, NonInferiority)
def _two_arms(claim: Comparison | NonInferiority, label: Label, chance: float) -> str:
    return _minus(claim.direction, label(claim.arm), label(claim.baseline), unit_of(claim))


@_contrast.of(Equivalence)
def _two_like_arms(claim: Equivalence, label: Label, chance: float) -> str:
    return _minus("higher", label(claim.arm), label(claim.baseline), unit_of(claim))


@_contrast.of(Trend)
def _from_first_to_last(claim: Trend, label: Label, chance: float) -> str:
    word = "rise" if claim.direction == "higher" else "fall"
    return f"{word} from {label(claim.arms[0])} to {label(claim.arms[-1])}"


@_contrast.of(Threshold)
def _arm_and_line(claim: Threshold, label: Label, chance: float) -> str:
    higher = "higher" if claim.relation == "above" else "lower"
    return _minus(higher, label(claim.arm), _line_words(claim, chance), unit_of(claim))


@_contrast.of(Interaction)
def _two_differences(claim: Interaction, label: Label, chance: float) -> str:
    unit = unit_of(claim)
    first = _minus("higher", label(claim.arm), label(claim.baseline), unit)
    second = _minus("higher", label(claim.other_arm), label(claim.other_baseline), unit)
    return _minus(claim.direction, f"({first})", f"({second})", unit)


@_contrast.of(Identity)
def _number_and_expected(claim: Identity, label: Label, chance: float) -> str:
    return f"{_number_name(claim)}, which should be {claim.expected:g}"


def _line_words(claim: Threshold, chance: float) -> str:
    line = value_text(unit_of(claim), line_of(claim, chance))
    over = f" plus {difference_text(unit_of(claim), claim.over_chance, sign=False)}" if claim.over_chance else ""
    return f"chance{over} ({line})" if claim.value == "chance" else line


def _minus(direction: str, first: str, second: str, unit: Unit) -> str:
    """The difference of the two that counts as positive; where stored values are logarithms, it is their ratio."""
    before, after = (first, second) if direction == "higher" else (second, first)
    return f"{before} {'over' if unit.is_factor else 'minus'} {after}"


def _decimals(claim: Claim) -> int:
    return decimals_for(unit_of(claim), claim.smallest_effect)
