"""Where each run counts: as a seed of an arm, or as a trial of a search, on which pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kerascnn.report.facts.results import Facts
from kerascnn.report.text.links import anchor_of


@dataclass(frozen=True)
class Use:
    """One place where a run counts. `arm` is its name, empty for a trial; `place` is its address in the report."""

    facts: Facts
    arm: str
    words: str
    place: str

    @property
    def chance(self) -> float:
        """The accuracy of guessing on what the run was asked."""
        return self.facts.chance_of(self.arm) if self.arm in self.facts.arms else self.facts.chance


def gather_uses(all_facts: Sequence[Facts]) -> dict[str, list[Use]]:
    """Run key -> the places where it counts, for every run that the store knows something about."""
    uses: dict[str, list[Use]] = {}
    for facts in all_facts:
        for key, use in _uses(facts):
            if key in facts.stored:
                uses.setdefault(key, []).append(use)
    return uses


def _uses(facts: Facts) -> Iterator[tuple[str, Use]]:
    named: dict[str, Use] = {}
    for key, use in (*_seeds(facts), *_trials(facts)):
        named[key] = use
        yield key, use
    for key in facts.stored.keys() - named.keys():  # trials of learning rates, and runs of a failed attempt
        yield key, Use(facts, "", "a trial of a learning rate, or a run of a failed attempt", facts.page)


def _seeds(facts: Facts) -> Iterator[tuple[str, Use]]:
    result = facts.published or facts.entry.failure
    place = f"{facts.page}#finals" if facts.shown_arms else facts.page
    for arm, by_seed in (result.runs if result else {}).items():
        label = facts.arms[arm].arm.label if arm in facts.arms else arm
        for seed, key in sorted(by_seed.items()):
            yield key, Use(facts, arm, f"{label}, seed {seed}", place)


def _trials(facts: Facts) -> Iterator[tuple[str, Use]]:
    taken: set[str] = set()
    for search in facts.published.searches if facts.published else ():
        place = f"{facts.search_page}#{anchor_of('search', search.name, taken)}"
        for trial in search.trials:
            yield trial.key, Use(facts, "", f"trial {trial.number} of {search.label}", place)
