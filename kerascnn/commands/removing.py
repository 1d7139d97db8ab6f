"""`forget`, `store --unused` and `store drop`: what can be removed, shown before it goes; never what anything else wants."""

from __future__ import annotations

import contextlib
import dataclasses
import shlex
import sys
from collections.abc import Collection
from typing import Any

from kerascnn.errors import UsageError, near_match
from kerascnn.identity import Origin, origin_of
from kerascnn.notebooks.finding import find_notebooks
from kerascnn.places import experiments_folder, reports_folder, store_folder
from kerascnn.planning.suite import Request, Suite, load_suite
from kerascnn.rendering import is_up_to_date, render, report_of
from kerascnn.report.facts.inputs import page_stem
from kerascnn.report.folder.writer import only_writer
from kerascnn.specs.budget import PROFILES
from kerascnn.spelling import counted, printable, spell_argument, spell_size
from kerascnn.store import Store
from kerascnn.store.published import Slot, find_slots, gone_slots, shown_runs, used_runs


def forget(request: Request, command: str, *, sure: bool) -> int:
    """Delete one variant of an experiment: its page, its result, and the runs that nothing else wants."""
    suite = load_suite(dataclasses.replace(request, parameters={}, seeds=None))
    store, slot = suite.store, _variant(suite, request)
    before, task = (slot.load(), slot.load_failure()), report_of(suite.dataset, suite.request.profile, command)
    wanted, is_shown = _wanted_keys(Request(data=request.data)), is_up_to_date(task)
    runs = shown_runs(slot) - wanted - used_runs(store.root, _experiments(), leaving_out=slot).keys()
    print(printable(f"{_called(slot)}, on {suite.dataset.title}, profile {slot.profile}:"))
    for line in _what_goes(slot, store, runs, is_shown):
        print(f"  {line}")
    if not sure and not _confirmed("Forget this?"):
        print("Nothing was deleted.")
        return 0
    with only_writer(reports_folder()) if is_shown else contextlib.nullcontext():
        if (slot.load(), slot.load_failure()) != before:
            raise UsageError(f"{_called(slot)} was run again in the meantime. Nothing was deleted. Start again.")
        slot.remove()
        for key in sorted(runs - used_runs(store.root, _experiments()).keys()):  # a page may have come meanwhile
            store.remove(key)
            store.forget_failure(key)
        if is_shown:
            render(task.canonical_json())
    print(printable(f"Forgot {_called(slot)}."))
    return 0


def _variant(suite: Suite, request: Request) -> Slot:
    """The result that `request` names by its parameters. Raises: UsageError with those that there are."""
    (experiment,) = suite.experiments
    known = {} if experiment.problem else experiment.notebook.parameters()
    given = request.parameters | ({"seeds": request.seeds} if request.seeds else {})
    given = {name: value for name, value in given.items() if name not in known or known[name].default != value}
    slots = find_slots(suite.store.root, experiment.name, suite.dataset, request.profile)
    variants = [slot for slot in slots if slot.changed_parameters]
    for slot in variants:
        if slot.changed_parameters == given:
            return slot
    there = "; ".join(_options(slot.changed_parameters) for slot in variants) or "none"
    raise UsageError(
        f"`forget` must name a variant by the parameters that it was run with. Received: {_options(given) or 'none'}. "
        f"Under profile {request.profile} on {suite.dataset.title}, {experiment.name} has: {there}."
    )


def _options(parameters: dict[str, Any]) -> str:
    """Parameters as they are typed."""
    return " ".join(f"-p {name}={shlex.quote(spell_argument(value))}" for name, value in sorted(parameters.items()))


def _called(slot: Slot) -> str:
    return f"{slot.experiment} with {_options(slot.changed_parameters)}"


def _what_goes(slot: Slot, store: Store, runs: set[str], is_shown: bool) -> list[str]:
    page = reports_folder() / f"{page_stem(slot.experiment, slot.changed_parameters)}.html"
    stored = runs.intersection(store.keys())
    kept = len(shown_runs(slot) - runs)
    published, failure = slot.load(), slot.load_failure()
    lines = [f"its page {page}"] if is_shown else []
    lines += [f"its result of {published.created_at[:10]}"] if published else []
    lines += [f"its failure of {failure.failed_at[:10]}"] if failure else []
    lines += [
        f"{counted(len(stored), 'run')} that nothing else wants ({spell_size(sum(map(store.size_bytes, stored)))})"
    ]
    lines += [f"Kept: {kept} of its runs, because a notebook wants them or another page shows them."] if kept else []
    lines += (
        []
        if is_shown
        else ["The report is out of date. `python pipeline.py report` renders it again without this page."]
    )
    return lines


def remove_unused(request: Request, *, sure: bool) -> int:
    """Delete the runs on this data set that no notebook wants, under any profile, and no page of a notebook shows.

    The results of notebooks that are gone go with them: no report shows those.
    """
    store, suite = Store(store_folder()), load_suite(request)
    identities, content = store.identities(), suite.dataset.content
    wanted, shown = (
        _wanted_keys(Request(data=request.data, seeds=request.seeds)),
        used_runs(store.root, _experiments()).keys(),
    )
    here = [key for key, identity in identities.items() if identity.spec.data.content == content]
    unused = sorted(key for key in here if key not in wanted and key not in shown)
    gone = gone_slots(store.root, _experiments(), suite.dataset, PROFILES)
    kept = _kept(here, wanted, shown, len(identities) - len(here))
    if not unused and not gone:
        print(f"Every run on this data set is wanted. {kept}")
        return 0
    size = spell_size(sum(store.size_bytes(key) for key in unused))
    print(f"No notebook wants {len(unused)} of the {counted(len(identities), 'run')} ({size}). {kept}")
    if gone:
        names = ", ".join(sorted({slot.experiment for slot in gone}))
        print(printable(f"{counted(len(gone), 'result')} of notebooks that are gone: {names}."))
    what = counted(len(unused), "run") + (f" and {counted(len(gone), 'result')}" if gone else "")
    if not sure and not _confirmed(f"Delete {what}?"):
        print("Nothing was deleted.")
        return 0
    for slot in gone:
        slot.remove()
    for key in unused:
        store.remove(key)
    print(f"Deleted {what}.")
    return 0


def _kept(here: list[str], wanted: Collection[str], shown: Collection[str], elsewhere: int) -> str:
    """What keeps the other runs."""
    by_notebook = sum(key in wanted for key in here)
    by_page = sum(key in shown and key not in wanted for key in here)
    parts = [f"{by_notebook} that a notebook in {experiments_folder()} wants under some profile"]
    parts += [f"{by_page} that only a page shows (other parameters or seeds; `forget` removes them)"] if by_page else []
    parts += [f"{elsewhere} on other data sets"] if elsewhere else []
    return f"Kept: {'; '.join(parts)}."


def drop(name: str, *, sure: bool) -> int:
    """Delete the runs that came from one other machine, named as `store` shows it, and look for no more of it."""
    store = Store(store_folder())
    origins = {origin.name: origin for origin in store.origins()}
    if name not in origins:
        raise UsageError(
            f"`store drop` must name an origin of runs, as `store` shows it. Received: {name}. {near_match(name, origins)}"
        )
    origin = origins[name]
    keys = [key for key, identity in store.identities().items() if origin_of(identity) == origin]
    size = spell_size(sum(map(store.size_bytes, keys)))
    print(printable(f"{counted(len(keys), 'run')} ({size}) came from {describe_origin(origin)}."))
    if not sure and not _confirmed(f"Delete {counted(len(keys), 'run')}?"):
        print("Nothing was deleted.")
        return 0
    for key in keys:
        store.remove(key)
    store.forget_origin(origin)
    print(f"Deleted {counted(len(keys), 'run')}.")
    return 0


def describe_origin(origin: Origin) -> str:
    """The class of machines, precision and versions of an origin."""
    versions = ", ".join(f"{name} {version}" for name, version in sorted(origin.versions.items()))
    return f"{origin.platform}, {origin.precision}, {versions}"


def _experiments() -> set[str]:
    return {path.stem for path in find_notebooks(experiments_folder())}


def _wanted_keys(request: Request) -> set[str]:
    """The keys that the notebooks want on the request's data set under every profile.

    Raises: UsageError when a notebook cannot be read: what it wants is not known.
    """
    wanted: set[str] = set()
    for profile in PROFILES:
        suite = load_suite(dataclasses.replace(request, profile=profile))
        for experiment in suite.problems():
            raise UsageError(
                f"Nobody knows which runs {experiment.name} wants: {experiment.problem} Nothing was deleted."
            )
        for plan in suite.planned():
            for ledger in suite.ledgers(plan.study, plan.experiment):
                there = dataclasses.replace(plan, ledger=ledger)
                wanted |= {key for by_seed in there.runs.values() for key in by_seed.values()}
                wanted |= set(map(ledger.key, there.trials()))
    return wanted


def _confirmed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise UsageError(f"{question} Answer with --yes, or ask in a terminal.")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
