"""What one result says, gathered once: its runs from the store, its verdicts from the statistics."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import msgspec

from kerascnn.plots.drawing.palette import TONES, series_tone
from kerascnn.records import ArmRuns, Published, RunFailure, RunRecord, gather_runs
from kerascnn.report.facts.report_inputs import Entry, ReportInputs, run_keys
from kerascnn.report.text.links import run_page
from kerascnn.spelling import spell_argument
from kerascnn.stats import Judgement, Remark, judge_all


@dataclass(frozen=True)
class FailedRun:
    """A run that ended in an error; `failure` is None where the store lost its traceback."""

    arm: str
    seed: int | None
    key: str
    failure: RunFailure | None


@dataclass(frozen=True)
class Facts:
    """One entry with everything that its runs tell. `chance` is the accuracy of guessing.

    `stored` are all runs that the result names, trials of searches included, as far as the store has them.
    """

    entry: Entry
    arms: dict[str, ArmRuns]
    failed_runs: tuple[FailedRun, ...]
    missing_keys: tuple[str, ...]
    stored: dict[str, RunRecord | RunFailure]
    chance: float
    command: str

    @property
    def published(self) -> Published | None:
        """What the notebook published, if it ever did."""
        return self.entry.published

    @cached_property
    def shown_arms(self) -> tuple[ArmRuns, ...]:
        """The arms that the profile trains or that have runs; the others belong to larger profiles."""
        if self.published is None:
            return ()
        wanted = {arm.name for arm in self.published.study.profile_arms()} | set(self.published.runs)
        return tuple(runs for name, runs in self.arms.items() if name in wanted)

    @property
    def own_arms(self) -> tuple[ArmRuns, ...]:
        """Those of `shown_arms` that classify the images the report is about, and so compare with other experiments' arms."""
        return tuple(r for r in self.shown_arms if r.arm.dataset is None and r.arm.task == "classification")

    @cached_property
    def tones(self) -> dict[str, str]:
        """Arm -> the name of its colour: its own, or the next of the series."""
        return {
            runs.arm.name: runs.arm.tone if runs.arm.tone in TONES else series_tone(place)
            for place, runs in enumerate(self.shown_arms)
        }

    def chance_of(self, arm: str) -> float:
        """The accuracy of guessing on that arm."""
        return self.arms[arm].chance_or(self.chance)

    @property
    def page(self) -> str:
        """The file of the experiment's page."""
        return f"{self.entry.page_stem}.html"

    @property
    def notebook_page(self) -> str:
        """The file of the notebook's page."""
        return f"{self.entry.page_stem}.notebook.html"

    def run_page(self, key: str | None) -> str | None:
        """The page of a run, seen from the experiment's; None where the store has nothing about it."""
        return run_page(key) if key in self.stored and key else None

    @property
    def search_page(self) -> str:
        """The file of the page of its searches."""
        return f"{self.entry.page_stem}.search.html"

    @cached_property
    def records(self) -> tuple[RunRecord, ...]:
        """All finished and diverged runs, arm by arm."""
        every = (record for runs in self.arms.values() for record in runs.records.values())
        return tuple({record.key: record for record in every}.values())

    @cached_property
    def judgements(self) -> dict[str, Judgement]:
        """The verdict on every claim of the study, by the claim's name, main claims first."""
        if self.published is None:
            return {}
        study = self.published.study
        numbers = self.published.numbers
        judged = judge_all(study.claims, self.arms, self.chance, numbers, study.looks_of, study.profile, study.main)
        in_order = sorted(judged, key=lambda name: name not in study.main)
        return {name: self._with_edges(judged[name]) for name in in_order}

    def _with_edges(self, judgement: Judgement) -> Judgement:
        """The judgement with a remark for each of its arms whose best learning rate may lie further out."""
        at_edge = self.published.rates_at_edge if self.published else ()
        remarks = tuple(
            Remark(
                "rate at the edge",
                f"{self.arms[name].arm.label}: the best learning rate is the smallest or the largest of those tried."
                " A better one may lie outside that range.",
            )
            for name in dict.fromkeys(judgement.claim.arm_names())
            if name in at_edge and name in self.arms
        )
        return msgspec.structs.replace(judgement, remarks=judgement.remarks + remarks)

    @cached_property
    def latest(self) -> str:
        """When the youngest of the results was made (UTC, ISO 8601), or nothing."""
        times = [record.environment.finished_at for record in self.records]
        times += [run.failure.failed_at for run in self.failed_runs if run.failure]
        times += [self.published.created_at] if self.published else []
        times += [self.entry.failure.failed_at] if self.entry.failure else []
        return max(times, default="")


def gather_facts(inputs: ReportInputs, entry: Entry) -> Facts:
    """Everything about `entry`, its runs loaded from the store."""
    loaded = _Loaded(inputs, entry)
    return Facts(
        entry=entry,
        arms=loaded.arms(),
        failed_runs=loaded.failed_runs(),
        missing_keys=loaded.missing_keys(),
        stored=loaded.stored(),
        chance=inputs.dataset.chance,
        command=rerun_command(inputs.command, entry),
    )


def full_title(facts: Facts) -> str:
    """The experiment's title, with the parameters that are not the defaults."""
    changed = changed_parameters_text(facts.entry)
    return f"{facts.entry.title} ({changed})" if not facts.entry.is_default else facts.entry.title


def changed_parameters_text(entry: Entry) -> str:
    """The parameters that the user gave, as a reader sees them."""
    return ", ".join(f"{name} = {parameter_text(value)}" for name, value in sorted(entry.changed_parameters.items()))


def rerun_command(command: str, entry: Entry) -> str:
    """The command line that makes this one result again, with the parameters that the user gave."""
    return " ".join([run_command(command, entry.experiment), *_parameter_words(entry)])


def why_command(command: str, entry: Entry, arm: str = "") -> str:
    """The command line that says why each run of the result, or of one of its arms, is stored or not."""
    names = [shlex.quote(name) for name in (entry.experiment, arm) if name]
    return " ".join([command, "why", *names, *_parameter_words(entry)])


def _parameter_words(entry: Entry) -> list[str]:
    given = sorted(entry.changed_parameters.items())
    return [word for name, value in given for word in ("-p", shlex.quote(f"{name}={spell_argument(value)}"))]


def run_command(command: str, experiment: str) -> str:
    """The command line that makes the result of one experiment with its default parameters."""
    return f"{command} run {shlex.quote(experiment)}"


def parameter_text(value: Any) -> str:
    """A parameter as a reader sees it: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value, order="sorted").decode()


@dataclass(frozen=True)
class _Loaded:
    """The runs of an entry as the store has them."""

    inputs: ReportInputs
    entry: Entry

    @cached_property
    def runs(self) -> dict[str, dict[int, str]]:
        """Arm -> seed -> key: of the published result, else of the failed notebook."""
        result = self.entry.published or self.entry.failure
        return dict(result.runs) if result else {}

    @cached_property
    def failed_keys(self) -> frozenset[str]:
        results = (self.entry.published, self.entry.failure)
        return frozenset(key for result in results if result for key in result.failed_runs)

    @cached_property
    def records(self) -> dict[str, RunRecord]:
        found = {key: self.inputs.load_record(key) for key in self._keys() if key not in self.failed_keys}
        return {key: record for key, record in found.items() if record is not None}

    @cached_property
    def failures(self) -> dict[str, RunFailure]:
        wanted = {*self.failed_keys, *(key for key in self._keys() if key not in self.records)}
        found = {key: self.inputs.load_failure(key) for key in sorted(wanted)}
        return {key: failure for key, failure in found.items() if failure is not None}

    def arms(self) -> dict[str, ArmRuns]:
        """Every arm of the study, in its order, with what the store has of it."""
        published = self.entry.published
        if published is None:
            return {}
        return {
            name: replace(
                gather_runs(
                    arm, self.runs.get(name, {}), self.records.get, self.failures.get, published.dataset.chance_of(arm)
                ).with_measured(published.measured),
                absent="" if name in self.runs else _why_absent(published, name),
            )
            for name, arm in published.named_arms().items()
        }

    def failed_runs(self) -> tuple[FailedRun, ...]:
        """Every failed run, by arm and seed; runs of searches last."""
        named: dict[str, tuple[str, int | None]] = {
            key: (arm, seed)
            for runs in (self._failure_runs(), self.runs)
            for arm, by_seed in runs.items()
            for seed, key in by_seed.items()
        }
        keys = {*self.failed_keys, *self.failures}
        places = {key: named.get(key, ("", None)) for key in keys}
        runs = [FailedRun(arm, seed, key, self.failures.get(key)) for key, (arm, seed) in places.items()]
        return tuple(sorted(runs, key=lambda run: (not run.arm, run.arm, run.seed or 0, run.key)))

    def missing_keys(self) -> tuple[str, ...]:
        """Runs that the result names and the store no longer has."""
        known = {*self.records, *self.failures, *self.failed_keys}
        return tuple(sorted(key for key in self._keys() if key not in known))

    def stored(self) -> dict[str, RunRecord | RunFailure]:
        """What the store has of every run that the result names: its record, else why it failed."""
        found: dict[str, RunRecord | RunFailure] = {**self.failures, **self.records}
        for key in run_keys(self.entry):
            result = found.get(key) or self.inputs.load_record(key) or self.inputs.load_failure(key)
            if result is not None:
                found[key] = result
        return found

    def _failure_runs(self) -> dict[str, dict[int, str]]:
        return self.entry.failure.runs if self.entry.failure else {}

    def _keys(self) -> Iterable[str]:
        return [key for by_seed in self.runs.values() for key in by_seed.values()]


def _why_absent(published: Published, name: str) -> str:
    """Why the profile wants no run of an arm; nothing where it wants some, or would once it knows which."""
    study = published.study
    base = next((grid.arm for grid in study.rate_grids if grid.name == name), name)
    arm = next((arm for arm in study.arms if arm.name == base), None)
    if arm is None:
        return ""
    if arm not in study.profile_arms():
        return f"{study.profile} does not train this arm"
    is_at_hand = arm.dataset is None or arm.dataset in published.dataset.companions
    return "" if is_at_hand else "its data set was not available"
