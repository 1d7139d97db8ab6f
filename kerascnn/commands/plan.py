"""`plan`: what a request would take."""

from __future__ import annotations

import sys

from kerascnn.commands.forecasts import Forecast, Forecaster
from kerascnn.commands.tables import print_paragraph, print_table
from kerascnn.errors import EXIT_INCOMPLETE, NotebookError
from kerascnn.machine import usable_cores
from kerascnn.planning.suite import Request, load_suite
from kerascnn.spelling import counted, spell_duration, spell_size
from kerascnn.store import Store

MOSTLY = 0.5


def print_plan(request: Request) -> int:
    """What `all` (or `run` of the named experiments) would train, execute and render, and how long that would take."""
    suite = load_suite(request)
    print(f"Data: {suite.dataset.title}. Profile: {request.profile}.", flush=True)
    jobs = request.jobs or usable_cores()
    forecaster = Forecaster(suite, jobs)
    doubtful = forecaster.models_to_build()
    if doubtful or forecaster.wants_pace():
        print(f"{_looks(len(doubtful), timed=forecaster.wants_pace())}.", file=sys.stderr, flush=True)
        forecaster.look(doubtful)
    faults = forecaster.structures.faults(forecaster.wanted)
    casts = forecaster.forecasts(left_out=faults)
    print_table(
        [row for name, cast in casts.items() for row in _rows(name, cast, forecaster, with_arms=bool(request.names))],
        ("Experiment", "Runs", "Stored", "Time", "Note"),
    )
    unusable = [
        plan.experiment.unusable(faults[name]) for plan in forecaster.plans if (name := plan.experiment.name) in faults
    ]
    for experiment in (*suite.problems(), *unusable):
        print(f"{experiment.name}  not usable: {experiment.problem}")
    for warning in suite.warnings():
        print_paragraph(warning)
    _print_total(forecaster, list(casts.values()), jobs, suite.store)
    if not forecaster.plans:
        return NotebookError.exit_code
    return EXIT_INCOMPLETE if suite.problems() or unusable else 0


def _looks(models: int, *, timed: bool) -> str:
    """What is done before the forecast, so that it is one."""
    building = f"Building {counted(models, 'model')} once, without training, to learn the size" if models else ""
    timing = "Timing a short run, to learn how fast this machine is" if timed else ""
    return ". ".join(filter(None, (building, timing)))


def _rows(name: str, cast: Forecast, forecaster: Forecaster, *, with_arms: bool) -> list[tuple[str, ...]]:
    """An experiment as a row of the plan's table, with rows for its arms where they are asked for."""
    if cast.executes or cast.to_train or cast.at_most:
        runs, seconds = f"{cast.to_train} runs to train", f"about {spell_duration(forecaster.seconds_of(cast))}"
    else:
        runs, seconds = "up to date", ""
    row = (name, runs, f"{cast.stored} in the store", seconds, "; ".join(_notes(cast)))
    arms = cast.arms.items() if with_arms else ()
    return [row, *((f"    {label}", f"{missing} of {n} runs to train", "", "", "") for label, (missing, n) in arms)]


def _notes(cast: Forecast) -> list[str]:
    notes = [f"{count} also in {name}" for name, count in sorted(cast.reused.items())]
    notes += [f"{cast.shared} shared with an experiment above"] if cast.shared else []
    return notes + ([f"up to {cast.at_most} more, not known yet"] if cast.at_most else [])


def _print_total(forecaster: Forecaster, casts: list[Forecast], jobs: int, store: Store) -> None:
    runs, most = sum(cast.to_train for cast in casts), sum(cast.at_most for cast in casts)
    searching = f" and up to {most} more, not known yet" if most else ""
    size_bytes = (runs + most) * store.typical_size_bytes()
    disk = f", {spell_size(size_bytes)} of disk" if size_bytes else ""
    executed = sum(cast.executes for cast in casts)
    seconds = forecaster.wall_seconds(casts)
    print(
        f"In all: {runs} runs to train{searching}, about {spell_duration(seconds)} on {counted(jobs, 'core')}{disk}. This includes "
        f"executing and rendering {counted(executed, 'notebook')}."
    )
    if guess := _guessed(forecaster, casts, seconds):
        print(guess)


def _guessed(forecaster: Forecaster, casts: list[Forecast], seconds: float) -> str:
    """How far to trust a forecast that is not made from measurements; nothing where it is."""
    span = f"between {spell_duration(seconds / 2)} and {spell_duration(2 * seconds)}"
    if forecaster.costs.is_empty and any(cast.executes or cast.to_train for cast in casts):
        return f"Nothing has been measured on this machine yet. Expect {span}."
    guessed = sum(cast.guessed_seconds for cast in casts)
    if guessed > MOSTLY * sum(sum(cast.stage.runs) for cast in casts) > 0:
        return f"Most of these networks have never been trained here. Expect {span}."
    return ""
