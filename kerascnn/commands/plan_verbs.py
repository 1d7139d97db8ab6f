"""`list`, `plan` and `why`: what there is, what it would take, and for what reason."""

from __future__ import annotations

import shlex
import shutil
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kerascnn.commands.forecasts import Forecast, Forecaster
from kerascnn.errors import EXIT_INCOMPLETE, NotebookError, UsageError, near_match
from kerascnn.machine import usable_cores
from kerascnn.notebooks.contract import Notebook, read_notebook
from kerascnn.notebooks.finding import find_notebooks
from kerascnn.places import experiments_folder
from kerascnn.planning.explain import nearest
from kerascnn.planning.ledger import Ledger
from kerascnn.planning.suite import Planned, Request, load_suite
from kerascnn.planning.uncovered import uncovered_reads
from kerascnn.specs import TrainSpec
from kerascnn.spelling import counted, printable, spell_argument, spell_duration, spell_size
from kerascnn.store import Store

MOSTLY = 0.5


def list_experiments() -> int:
    """Every experiment with its title, and its parameters with their defaults and meaning."""
    code = 0
    for path in find_notebooks(experiments_folder()):
        try:
            notebook = read_notebook(path)
            notebook.check()
        except NotebookError as err:
            code = err.exit_code
            print(f"{path.stem}\n    not usable: {err}")
        else:
            _print_experiment(notebook)
    return code


def _print_experiment(notebook: Notebook) -> None:
    print(f"{notebook.name}\n    {printable(notebook.title)}")
    width = shutil.get_terminal_size((100, 24)).columns
    for parameter in notebook.parameters().values():
        value = spell_argument(parameter.default)
        typed = shlex.quote(value) if set(value) & set(' "') else value
        text = printable(f"-p {parameter.name}={typed}  {parameter.comment}")
        print(textwrap.fill(text, width, initial_indent="    ", subsequent_indent="        "))


def print_plan(request: Request) -> int:
    """What `all` (or `run` of the named experiments) would train, execute and render, and how long that would take."""
    suite = load_suite(request)
    print(f"Data: {suite.dataset.title}. Profile: {request.profile}.", flush=True)
    jobs = request.jobs or usable_cores()
    forecaster = Forecaster(suite, jobs)
    if doubtful := forecaster.models_to_build():
        print(
            f"Building {counted(len(doubtful), 'model')} once, without training, to see their size.",
            file=sys.stderr,
            flush=True,
        )
        forecaster.structures.build_alone(doubtful)
    faults = forecaster.structures.faults(forecaster.wanted)
    casts = forecaster.forecasts(left_out=faults)
    for name, cast in casts.items():
        print(f"{name:32s} {_describe(cast, forecaster.seconds_of(cast))}")
        if request.names:
            _print_arms(cast)
    unusable = [
        plan.experiment.unusable(faults[name]) for plan in forecaster.plans if (name := plan.experiment.name) in faults
    ]
    for experiment in (*suite.problems(), *unusable):
        print(f"{experiment.name:32s} not usable: {experiment.problem}")
    for warning in suite.warnings():
        print(printable(warning))
    _print_total(forecaster, list(casts.values()), jobs, suite.store)
    if not forecaster.plans:
        return NotebookError.exit_code
    return EXIT_INCOMPLETE if suite.problems() or unusable else 0


def _print_arms(cast: Forecast) -> None:
    for label, (missing, runs) in cast.arms.items():
        print(f"    {label:40s} {f'{missing} of {runs} runs to train' if missing else f'{runs} runs in the store'}")


def _print_total(forecaster: Forecaster, casts: list[Forecast], jobs: int, store: Store) -> None:
    runs, most = sum(cast.to_train for cast in casts), sum(cast.at_most for cast in casts)
    searching = f" and up to {most} not known yet" if most else ""
    size_bytes = (runs + most) * store.typical_size_bytes()
    disk = f", {spell_size(size_bytes)} of disk" if size_bytes else ""
    executed = sum(cast.executes for cast in casts)
    seconds = forecaster.wall_seconds(casts)
    print(
        f"In all: {runs} runs to train{searching}, about {spell_duration(seconds)} on {jobs} cores, with executing "
        f"and rendering {executed} notebook{'' if executed == 1 else 's'}{disk}."
    )
    if guess := _guessed(forecaster, casts, seconds):
        print(guess)


def _guessed(forecaster: Forecaster, casts: list[Forecast], seconds: float) -> str:
    """How far the forecast is to be believed, where it is not of what was measured."""
    span = f"between {spell_duration(seconds / 2)} and {spell_duration(2 * seconds)}"
    if forecaster.costs.is_empty and any(cast.executes or cast.to_train for cast in casts):
        return f"Nothing was measured on this machine yet: take it for {span}."
    guessed = sum(cast.guessed_seconds for cast in casts)
    if guessed > MOSTLY * sum(sum(cast.stage.runs) for cast in casts) > 0:
        return f"Most of these runs are of networks that were not trained here yet: take it for {span}."
    return ""


def _describe(cast: Forecast, seconds: float) -> str:
    if not (cast.executes or cast.to_train or cast.at_most):
        return f"up to date ({cast.stored} runs{_from_others(cast)})"
    parts = [f"{cast.to_train} runs to train", f"{cast.stored} in the store{_from_others(cast)}"]
    if cast.shared:
        parts.append(f"{cast.shared} shared with an experiment above")
    if cast.at_most:
        parts.append(f"up to {cast.at_most} not known yet")
    return ", ".join(parts) + f"; about {spell_duration(seconds)}"


def _from_others(cast: Forecast) -> str:
    others = [f"{count} also in {name}" for name, count in sorted(cast.reused.items())]
    return f" ({', '.join(others)})" if others else ""


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
    width = shutil.get_terminal_size((100, 24)).columns
    for module, reads in found.items():
        text = (
            f"Not in the keys: what the module {module} gets by {', '.join(reads)}. If that changes, "
            "the runs stay where they are: train them again with --force."
        )
        print(textwrap.fill(text, width, initial_indent="  ", subsequent_indent="    "))


def _arm_sections(plan: Planned) -> Iterator[_Section]:
    arms = {found.name: found for found in (*plan.study.arms, *plan.study.found_arms(plan.ledger))}
    specs = plan.study.planned(plan.ledger)
    for name, by_seed in plan.runs.items():
        yield _Section(name, arms[name].label, {f"seed {seed}": specs[name, seed] for seed in by_seed})


def _rate_sections(plan: Planned) -> Iterator[_Section]:
    for grid in plan.study.rate_grids:
        trials = plan.study.rate_trials(grid, plan.ledger.setting)
        specs = {f"step {rate:g}, seed {seed}": spec for rate, runs in trials.items() for seed, spec in runs.items()}
        more = "the runs at the best step: known once these are" if grid.name not in plan.runs else ""
        if specs:
            yield _Section(grid.name, f"{plan.study.arm(grid.arm).label}: step sizes tried", specs, more)


def _search_sections(plan: Planned) -> Iterator[_Section]:
    for search in plan.study.searches:
        progress = plan.ledger.proposals(plan.study, search)
        specs = {f"trial {trial.number}": trial.spec for trial in progress.trials}
        more = "" if progress.complete else "further trials: proposed once these are known"
        yield _Section(search.name, search.label, specs, more)


def _print_reasons(reasons: dict[str, tuple[str, str]]) -> None:
    """One paragraph for each reason, with the seeds or trials that share it and the runs it speaks of."""
    width = shutil.get_terminal_size((100, 24)).columns
    for reason in dict.fromkeys(reason for reason, _ in reasons.values()):
        names = [name for name, (other, _) in reasons.items() if other == reason]
        keys = dict.fromkeys(key[:8] for other, key in reasons.values() if other == reason and key)
        reason += f" ({', '.join(keys)})" if keys else ""
        start = f"    {', '.join(names)}: "
        print(textwrap.fill(printable(reason), width, initial_indent=start, subsequent_indent=" " * 8))


def _reason(ledger: Ledger, spec: TrainSpec, stored: dict[str, dict[str, Any]]) -> tuple[str, str]:
    """Why the run is there or not, and the key of the stored run that this speaks of."""
    key, record = ledger.key(spec), ledger.record(spec)
    if record is not None:
        return f"in the store, trained {record.environment.finished_at[:10]} on {record.environment.platform}", key
    failure = ledger.failure(spec)
    failed = f" Its last attempt failed: {failure.reason}." if failure else ""
    aside = ledger.store.set_aside_count(key)
    damaged = " An entry of this very key was set aside: damaged, or replaced by --force." if aside else ""
    found = nearest(ledger.identity(spec), stored)
    if found is None:
        return f"to train: the store has no run at all.{failed}{damaged}", ""
    listed = "; ".join(map(str, found.differences)) or "nothing but damage"
    return f"to train.{failed}{damaged} What differs from the nearest run in the store: {listed}.", found.key
