"""Planning: which experiments there are, which runs they want, and which of their results are up to date."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kerascnn.errors import DataError, KerascnnError, NotebookError, UsageError
from kerascnn.identity import Origin, builder_sources
from kerascnn.notebooks.assignment import Assignment
from kerascnn.notebooks.contract import Notebook, check_values, read_notebook
from kerascnn.notebooks.finding import misnamed, select
from kerascnn.notebooks.order import notebooks_in_order
from kerascnn.notebooks.reading import reading_digest
from kerascnn.notebooks.signatures import check_call
from kerascnn.notebooks.studies import StudyRequest, load_studies
from kerascnn.places import experiments_folder, store_folder
from kerascnn.planning.ledger import Ledger
from kerascnn.planning.looks import AsTold, WhileOpen, as_stored, seeds_at_rest
from kerascnn.planning.settle import choose_origin, dataset_setting, load_info, open_ledger
from kerascnn.records import DatasetInfo
from kerascnn.specs import Profile, Study, TrainSpec
from kerascnn.specs.search_size import at_most
from kerascnn.spelling import printable, spell_arms
from kerascnn.stats.judging.lines import warnings_of
from kerascnn.store import Store
from kerascnn.store.published import Slot, find_slots


@dataclass(frozen=True)
class Request:
    """What the user asked for. `parameters` go to the notebooks in `names` alone; no names: all experiments."""

    names: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    profile: Profile = "quick"
    data: str | None = None
    seeds: int | None = None
    most_seeds: int | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    force: bool = False
    jobs: int | None = None


@dataclass(frozen=True)
class Experiment:
    """A notebook with the parameter values of this request, and its study or what is wrong with it."""

    notebook: Notebook
    values: dict[str, Any]
    changed: dict[str, Any]
    study: Study | None
    problem: NotebookError | None = None

    @property
    def name(self) -> str:
        return self.notebook.name

    def unusable(self, reason: str) -> Experiment:
        """The same experiment, which cannot be planned for `reason`."""
        problem = NotebookError(f"{reason} (in {self.notebook.path.name})")
        return Experiment(self.notebook, self.values, self.changed, None, problem)


@dataclass(frozen=True)
class Planned:
    """An experiment that can run: its study with the results so far, and where its own result goes."""

    experiment: Experiment
    study: Study
    ledger: Ledger
    slot: Slot

    @property
    def runs(self) -> dict[str, dict[int, str]]:
        """Arm -> seed -> key of every run wanted so far."""
        return self.ledger.keys(self.study)

    def at_rest(self) -> Planned:
        """The same with the seeds of the latest look whose runs are all there: what a notebook can show by now."""
        return replace(self, ledger=self.ledger.with_seeds(AsTold(seeds_at_rest(self.study, self.ledger))))

    def trials(self) -> list[TrainSpec]:
        """The runs that try learning rates, and those that the searches have proposed so far."""
        asked = (self.ledger.proposals(self.study, search) for search in self.study.searches)
        proposed = [trial.spec for proposals in asked for trial in proposals.trials]
        return [*self.study.all_rate_trials(self.ledger.setting), *proposed]

    def freshness(self) -> str:
        """Digest of everything the published result follows from."""
        keys = sorted(key for by_seed in self.runs.values() for key in by_seed.values())
        parts = [
            self.experiment.notebook.digest,
            self.experiment.values,
            self.ledger.setting.to_dict(),
            self.study.digest,
            [[key, self.ledger.store.load(key) is not None] for key in keys],
            reading_digest(self.experiment.notebook),
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def is_fresh(self) -> bool:
        """Whether the slot holds the result that executing the notebook now would give."""
        published = self.slot.load()
        if published is None or self.slot.load_failure() is not None or published.freshness != self.freshness():
            return False
        return self.slot.is_whole(published)

    def assignment(self, dataset: DatasetInfo) -> Assignment:
        """What the executing notebook is told."""
        return Assignment(
            experiment=self.experiment.name,
            notebook=str(self.experiment.notebook.path),
            store=str(self.ledger.store.root),
            dataset=dataset.beside(self.study.companions),
            parameters=self.experiment.values,
            changed_parameters=self.experiment.changed,
            study_digest=self.study.digest,
            seeds=dict(self.ledger.seeds_by_arm(self.study)),
            freshness=self.freshness(),
            origin=self.ledger.origin,
        )


@dataclass(frozen=True)
class Suite:
    """All experiments there are, those of the request, and the data they run on."""

    notebooks: tuple[Notebook, ...]
    experiments: tuple[Experiment, ...]
    dataset: DatasetInfo
    store: Store
    request: Request

    def planned(self) -> list[Planned]:
        """The experiments of the request whose study could be built, in lesson order."""
        return [self._plan(e, e.study) for e in self.experiments if e.study is not None]

    def problems(self) -> list[Experiment]:
        """The experiments of the request that do not keep the contract."""
        return [e for e in self.experiments if e.problem is not None]

    def warnings(self) -> list[str]:
        """What to know about the claims of the request's experiments on these data, a sentence each."""
        studies = {e.name: e.study for e in self.experiments if e.study is not None}
        return [f"{name}: {text}" for name, study in studies.items() for text in warnings_of(study, self.dataset)]

    def only(self) -> Planned:
        """The experiment of a request for one. Raises: NotebookError when it does not keep the contract."""
        for experiment in self.problems():
            raise experiment.problem or NotebookError(f"{experiment.name} cannot be planned.")
        (plan,) = self.planned()
        return plan

    def _plan(self, experiment: Experiment, study: Study) -> Planned:
        trains = self.request.force or study.most_seeds  # who asks for more seeds wants them trained here
        folder = experiment.notebook.path.parent
        origin = None if trains else choose_origin(study, self.dataset, self.store, folder)
        return Planned(experiment, study, self._ledger(study, experiment, origin), self.slot(experiment))

    def _ledger(self, study: Study, experiment: Experiment, origin: Origin | None) -> Ledger:
        seeds = as_stored if origin else WhileOpen(self.dataset, self.slot(experiment).load)  # nobody trains elsewhere
        folder = experiment.notebook.path.parent
        return open_ledger(study, self.dataset, self.store, folder, origin, retry_failures=True, seeds=seeds)

    def count_results(self) -> int:
        """How many results the report of this request has."""
        return sum(
            len(find_slots(self.store.root, notebook.name, self.dataset, self.request.profile))
            for notebook in self.notebooks
        )

    def ledgers(self, study: Study, experiment: Experiment) -> list[Ledger]:
        """The study's results here, and at every other place that runs were taken in from."""
        return [self._ledger(study, experiment, origin) for origin in (None, *self.store.origins())]

    def slot(self, experiment: Experiment) -> Slot:
        """Where the experiment's result goes."""
        return Slot(self.store.root, experiment.name, self.request.profile, self.dataset.content, experiment.changed)


def load_suite(request: Request) -> Suite:
    """Read the notebooks, build the studies (in a child process) and find the data, all at once.

    Raises: UsageError for unknown names or parameters, DataError when there are no data. A notebook that
    breaks the contract is an Experiment with a problem.
    """
    paths = notebooks_in_order(experiments_folder())
    if not paths:
        raise UsageError(
            f"There are no notebooks in {experiments_folder()}. Run from a checkout, or set KERASCNN_EXPERIMENTS."
        )
    known = [path.stem for path in paths]
    chosen = select(list(request.names), known) or known
    left_out = select(list(request.skip), known)
    wanted = [_read(path, request) for path in paths if path.stem in chosen and path.stem not in left_out]
    if not request.names:
        wanted += map(_misnamed, misnamed(experiments_folder()))
    with ThreadPoolExecutor(1) as pool:
        dataset = pool.submit(load_info, request.data, ())
        try:
            experiments = load_experiments(wanted)
            companions = {name for e in experiments if e.study is not None for name in e.study.companions}
            info = _with_companions(dataset.result(), companions, request.data)
        except (KeyboardInterrupt, SystemExit):
            _stop_transfers()  # the pool waits for its thread
            raise
        return Suite(
            notebooks=tuple(read for path in paths if (read := _try_read(path)) is not None),
            experiments=_without_too_large(experiments, info),
            dataset=info,
            store=Store(store_folder()),
            request=request,
        )


def load_experiments(found: list[Experiment]) -> tuple[Experiment, ...]:
    """The experiments with their studies, or with what is wrong with them."""
    sound = [experiment for experiment in found if experiment.problem is None]
    studies = load_studies([StudyRequest(e.notebook.path, e.values) for e in sound])
    built = {e.name: _with_study(e, study) for e, study in zip(sound, studies, strict=True)}
    return tuple(built.get(experiment.name, experiment) for experiment in found)


def _with_companions(dataset: DatasetInfo, companions: set[str], choice: str | None) -> DatasetInfo:
    if not companions:
        return dataset
    from kerascnn.data import with_companions

    return with_companions(dataset, sorted(companions), choice)


def _stop_transfers() -> None:
    from kerascnn.data import stop_transfers

    stop_transfers()


def _misnamed(path: Path) -> Experiment:
    name = printable(path.stem, 60)
    problem = NotebookError(
        f"The name of a notebook must be UTF-8 without line ends and control characters. Received: {name}.ipynb. Rename it."
    )
    return Experiment(Notebook(path.with_name(f"{name}.ipynb"), {"cells": []}), {}, {}, None, problem)


def _without_too_large(experiments: tuple[Experiment, ...], dataset: DatasetInfo) -> tuple[Experiment, ...]:
    """The experiments; those that want more images than there are get a problem.

    Raises: DataError when most of those that train get one: then the data set is too small, and one message says so.
    """
    from kerascnn.data import lacking

    specs = {e.name: _first_specs(e.study, dataset) for e in experiments if e.study is not None}
    lacks = {name: lack for name, wanted in specs.items() if (lack := lacking(dataset, wanted))}
    fit = [name for name in specs if name not in lacks]
    if 2 * len(lacks) > sum(map(bool, specs.values())):
        enough = f" This is enough for {', '.join(fit)} alone (`--only`)." if fit else ""
        raise DataError(f"{max(lacks.values(), key=list(lacks.values()).count)}{enough}")
    return tuple(
        replace(e, study=None, problem=NotebookError(f"{lacks[e.name]} (in {e.notebook.path.name})"))
        if e.name in lacks
        else e
        for e in experiments
    )


def _first_specs(study: Study, dataset: DatasetInfo) -> list[TrainSpec]:
    """Runs of every kind that the study trains, as far as they are known beforehand."""
    setting = dataset_setting(dataset, study.precision or "float32", study.companions)
    bases = [study.spec_for(search.base, 1, setting) for search in study.searches if setting.on(search.base.dataset)]
    return [*study.grid(setting).values(), *study.all_rate_trials(setting), *bases]


def _try_read(path: Path) -> Notebook | None:
    try:
        return read_notebook(path)
    except NotebookError:
        return None


def _read(path: Path, request: Request) -> Experiment:
    try:
        notebook = read_notebook(path)
        notebook.check()
    except NotebookError as err:
        return Experiment(Notebook(path, {"cells": []}), {}, {}, None, err)
    known = notebook.parameters()
    options = {"--seeds": ("seeds", request.seeds), "--until-decided": ("most_seeds", request.most_seeds)}
    given: dict[str, Any] = {"profile": request.profile}
    for option, (name, value) in options.items():
        if value and request.names and name not in known:
            raise UsageError(
                f"{path.stem} has no parameter `{name}`. Leave out {option}, or add the parameter to the notebook."
            )
        given |= {name: value} if value else {}
    given = {name: value for name, value in given.items() if name in known}
    try:
        check_values(notebook, given)
    except UsageError as err:  # no value that the user chose for this notebook, but a default that takes no such value
        return Experiment(notebook, {}, {}, None, NotebookError(f"{err} (in {path.name})"))
    given |= check_values(notebook, request.parameters)
    changed = {n: v for n, v in given.items() if n != "profile" and v != known[n].default}
    values = {name: parameter.default for name, parameter in known.items()} | given
    return Experiment(notebook, values, changed, None)


def _with_study(experiment: Experiment, study: Study | NotebookError) -> Experiment:
    try:
        if isinstance(study, KerascnnError):
            raise study
        _check_study(experiment, study)
    except NotebookError as err:
        return replace(experiment, problem=err)
    except KerascnnError as err:
        return experiment.unusable(str(err))
    return replace(experiment, study=study)


def _check_study(experiment: Experiment, study: Study) -> None:
    """Raises: KerascnnError for what would otherwise stop the other experiments as well."""
    profile = experiment.values.get("profile", study.profile)
    if study.profile != profile:
        raise UsageError(
            f"The study must take its profile from the parameter, here {profile!r}. Received: {study.profile!r}."
        )
    at_most(study)
    folder = experiment.notebook.path.parent
    later = {search.base.name: [choice.name for choice in search.space] for search in study.searches}
    faults: dict[str, list[str]] = {}
    for arm in (*study.arms, *(search.base for search in study.searches)):
        builder_sources(arm.model.builder, folder)
        try:
            check_call(arm.model, folder, later.get(arm.name, ()))
        except UsageError as err:
            faults.setdefault(str(err), []).append(arm.label)
    if faults:
        raise UsageError(" ".join(f"{spell_arms(labels)}: {fault}" for fault, labels in faults.items()))
