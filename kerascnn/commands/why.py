"""`why`: for what reason a run is in the store, or is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kerascnn.commands.tables import print_paragraph
from kerascnn.errors import UsageError, near_match
from kerascnn.planning.explain import nearest
from kerascnn.planning.ledger import Ledger
from kerascnn.planning.suite import Planned, Request, load_suite
from kerascnn.planning.uncovered import uncovered_reads
from kerascnn.specs import TrainSpec


@dataclass(frozen=True)
class _Section:
    """Runs that `why` speaks of together: `specs` by what each is called; `more` says what is not known yet."""

    name: str
    label: str
    specs: dict[str, TrainSpec]
    more: str = ""


def print_why(request: Request, arm: str | None) -> int:
    """For each run of one experiment why it is in the store, or what differs from the nearest one that is."""
    suite = load_suite(request)
    plan = suite.only()
    stored = {key: identity.flat() for key, identity in suite.store.identities().items()}
    sections = [*_arm_sections(plan), *_rate_sections(plan), *_search_sections(plan)]
    names = dict.fromkeys(section.name for section in sections)
    if arm is not None and arm not in names:
        raise UsageError(f"{plan.experiment.name} has no arm {arm!r} in this profile. {near_match(arm, names)}")
    print(f"{plan.experiment.name} on {suite.dataset.title}, profile {request.profile}")
    _print_uncovered(plan.ledger, sections)
    for section in sections:
        if arm in (None, section.name):
            print(f"  {section.label} ({section.name})")
            _print_reasons({what: _reason(plan.ledger, spec, stored) for what, spec in section.specs.items()})
            if section.more:
                print(f"    {section.more}")
    return 0


def _print_uncovered(ledger: Ledger, sections: list[_Section]) -> None:
    """What the builders read that the keys do not cover, a sentence for each module."""
    builders = {spec.model.builder for section in sections for spec in section.specs.values()}
    found: dict[str, tuple[str, ...]] = {}
    for builder in sorted(builders):
        found |= uncovered_reads(builder, ledger.search_path)
    for module, reads in found.items():
        text = (
            f"Not in the keys: what the module {module} reads through {', '.join(reads)}. When that changes, the stored "
            "runs still count as up to date. Train them again with --force."
        )
        print_paragraph(text, start="  ", hanging=4)


def _arm_sections(plan: Planned) -> Iterator[_Section]:
    arms = {found.name: found for found in (*plan.study.arms, *plan.study.found_arms(plan.ledger))}
    specs = plan.study.planned(plan.ledger)
    for name, by_seed in plan.runs.items():
        yield _Section(name, arms[name].label, {f"seed {seed}": specs[name, seed] for seed in by_seed})


def _rate_sections(plan: Planned) -> Iterator[_Section]:
    for grid in plan.study.rate_grids:
        trials = plan.study.rate_trials(grid, plan.ledger.setting)
        specs = {f"step {rate:g}, seed {seed}": spec for rate, runs in trials.items() for seed, spec in runs.items()}
        more = "The runs at the best step are known when these are done." if grid.name not in plan.runs else ""
        if specs:
            yield _Section(grid.name, f"{plan.study.arm(grid.arm).label}: step sizes to try", specs, more)


def _search_sections(plan: Planned) -> Iterator[_Section]:
    for search in plan.study.searches:
        progress = plan.ledger.proposals(plan.study, search)
        specs = {f"trial {trial.number}": trial.spec for trial in progress.trials}
        more = "" if progress.complete else "The search proposes further trials when these are done."
        yield _Section(search.name, search.label, specs, more)


def _print_reasons(reasons: dict[str, tuple[str, str]]) -> None:
    """One paragraph for each reason, with the seeds or trials that share it and the runs it speaks of."""
    for reason in dict.fromkeys(reason for reason, _ in reasons.values()):
        names = [name for name, (other, _) in reasons.items() if other == reason]
        keys = dict.fromkeys(key[:8] for other, key in reasons.values() if other == reason and key)
        reason += f" ({', '.join(keys)})" if keys else ""
        print_paragraph(reason, start=f"    {', '.join(names)}: ", hanging=8)


def _reason(ledger: Ledger, spec: TrainSpec, stored: dict[str, dict[str, Any]]) -> tuple[str, str]:
    """Why the run is there or not, and the key of the stored run that this speaks of."""
    key, record = ledger.key(spec), ledger.record(spec)
    if record is not None:
        return f"in the store, trained {record.environment.finished_at[:10]} on {record.environment.platform}", key
    failure = ledger.failure(spec)
    failed = f" Its last attempt failed: {failure.reason}." if failure else ""
    aside = ledger.store.set_aside_count(key)
    damaged = " The store had this run and set it aside: it was damaged, or --force replaced it." if aside else ""
    found = nearest(ledger.identity(spec), stored)
    if found is None:
        return f"to train: the store is empty.{failed}{damaged}", ""
    listed = "; ".join(map(str, found.differences)) or "only the damage"
    return f"to train.{failed}{damaged} Different from the nearest stored run: {listed}.", found.key
