"""Where a notebook runs: inside the pipeline, which tells it everything, or by hand, which it finds out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from kerascnn.errors import DataError, NotebookError
from kerascnn.identity import Origin
from kerascnn.machine import native_precision, usable_cores
from kerascnn.notebooks.contract import Notebook
from kerascnn.notebooks.inside.results import Results
from kerascnn.notebooks.inside.running import current_shell, running_notebook
from kerascnn.ownership.scratch import scratch_folder
from kerascnn.places import experiments_folder, store_folder
from kerascnn.planning.ledger import Ledger
from kerascnn.records import DatasetInfo
from kerascnn.specs import Precision, Spec, Study, TrainSpec
from kerascnn.specs.setting import Setting
from kerascnn.store import Store
from kerascnn.surroundings.notices import Notices

SESSION_VARIABLE = "KERASCNN_SESSION"


class Session(Spec, frozen=True, kw_only=True):
    """What a running notebook must know. `staging` is where it publishes to; empty when run by hand.
    `origin`: where the pipeline found the runs, None for this machine.

    `experiment` is empty where a notebook run by hand could not be told apart; from which others, `alike` says.
    """

    experiment: str
    notebook: str
    store: str
    dataset: DatasetInfo
    parameters: dict[str, Any]
    changed_parameters: dict[str, Any]
    study_digest: str = ""
    freshness: str = ""
    staging: str = ""
    alike: tuple[str, ...] = ()
    origin: Origin | None = None


def run_study(study: Study) -> Results:
    """The study's results: what the store has, the rest trained by the same workers as in the pipeline.

    Raises: NotebookError when the pipeline planned another study than the one executed.
    """
    session = current_session(study)
    if session.study_digest and session.study_digest != study.digest:
        raise NotebookError(
            "The executed study differs from the planned one: a cell between `parameters` and `study` gives "
            "something else each time. Build the study from the parameters alone."
        )
    store = Store(Path(session.store))
    search_path = Path(session.notebook).parent if session.notebook else experiments_folder()
    origin = session.origin if session.staging else choose_origin(study, session.dataset, store, search_path)
    open_here = partial(open_ledger, study, session.dataset, store, search_path, origin)
    train_missing(study, open_here(retry_failures=not session.staging), session.dataset)
    return Results(study, session, open_here(retry_failures=False), session.dataset)


def open_ledger(
    study: Study,
    dataset: DatasetInfo,
    store: Store,
    search_path: Path,
    origin: Origin | None,
    *,
    retry_failures: bool,
    like: Ledger | None = None,
) -> Ledger:
    """The study's results made on this machine, or at `origin`; `like` as for `Ledger`."""
    precision = study.precision or (origin.precision if origin else native_precision())
    setting = dataset_setting(dataset, precision, study.companions)
    return Ledger(store, setting, search_path, retry_failures=retry_failures, origin=origin, like=like)


def dataset_setting(dataset: DatasetInfo, precision: Precision, companions: tuple[str, ...] = ()) -> Setting:
    """What a study is run on: the data set, with those of its companions that are at hand."""
    return Setting(
        content=dataset.content,
        train_images=dataset.train_images,
        precision=precision,
        companions={
            n: dataset_setting(dataset.companions[n], precision) for n in companions if n in dataset.companions
        },
    )


def choose_origin(study: Study, dataset: DatasetInfo, store: Store, search_path: Path) -> Origin | None:
    """Where the study's runs are from: None for this machine, another where only that one's are complete.

    Runs of different classes of machines are never mixed: their seeds do not pair.
    """
    here = open_ledger(study, dataset, store, search_path, None, retry_failures=True)
    if is_settled(study, here):
        return None
    wanted: dict[Precision, list[TrainSpec]] = {}
    for origin in store.origins():
        there = open_ledger(study, dataset, store, search_path, origin, retry_failures=True, like=here)
        if there.setting.precision not in wanted:
            wanted[there.setting.precision] = list(study.grid(there.setting).values())
        # Most origins lack the first run already: nothing else is asked of them.
        if all(there.record(spec) is not None for spec in wanted[there.setting.precision]) and is_settled(study, there):
            return origin
    return None


def is_settled(study: Study, ledger: Ledger) -> bool:
    """Whether nothing is left to train or to ask an oracle for."""
    return not study.next_specs(ledger) and not ledger.requests


def train_missing(study: Study, ledger: Ledger, dataset: DatasetInfo) -> None:
    """Train every run that the study still wants, with one worker for each core.

    Raises: NotebookError when a model of it cannot be built. Nothing is trained then.
    """
    if is_settled(study, ledger):
        return
    from kerascnn.data import check_enough

    check_enough(dataset, study.next_specs(ledger))
    check_data(dataset, None)
    from kerascnn.execution.pool import LocalExecutor
    from kerascnn.execution.progress import Progress
    from kerascnn.execution.scheduler import Scheduler, Work
    from kerascnn.execution.structures import Structures, wanted_runs

    jobs, work = usable_cores(), Work("notebook", study, ledger)
    structures, wanted = Structures(), wanted_runs("notebook", study, ledger, dataset)
    with scratch_folder() as scratch:
        notices = Notices(scratch / "notices")
        with LocalExecutor(jobs, notices.variables, ledger.store.worker_log()) as executor:
            structures.build(structures.doubtful(wanted), executor)
            for fault in structures.faults(wanted).values():
                raise NotebookError(fault)
            Scheduler([work], executor, jobs, Progress(sys.stderr), notices=notices.fresh).run()


def current_session(study: Study) -> Session:
    """The session that the pipeline handed over, or one made up from what can be seen."""
    handed = os.environ.get(SESSION_VARIABLE)
    if handed:
        return Session.from_json(Path(handed).read_bytes())
    dataset = load_info(None, study.companions)
    running = running_notebook(experiments_folder())
    notebook = running.notebook
    values = _current_values(notebook) if notebook else {}
    defaults = {name: p.default for name, p in notebook.parameters().items()} if notebook else {}
    return Session(
        experiment=notebook.name if notebook else "",
        alike=running.alike,
        notebook=str(notebook.path) if notebook else "",
        store=str(store_folder()),
        dataset=dataset,
        parameters=values,
        changed_parameters={n: v for n, v in values.items() if n != "profile" and v != defaults[n]},
    )


def load_info(choice: str | None, companions: Iterable[str]) -> DatasetInfo:
    """What is known about the chosen data set, with the companions that are at hand."""
    from kerascnn.data import load_dataset, with_companions

    return with_companions(load_dataset(choice).info, companions, choice)


def check_data(dataset: DatasetInfo, choice: str | None) -> None:
    """Compare the decoded images that are about to be trained on with their content hash, which is in every run's key.

    A set that differs is decoded again from where it came from (`choice`, as for `load_info`).
    Raises: DataError when it cannot be, or when its source now gives other images.
    """
    from kerascnn.data import verify

    for info in (dataset, *dataset.companions.values()):
        try:
            verify(info.content)
        except DataError as damage:
            print(f"{info.title}: {damage}\nIt is decoded again.", file=sys.stderr, flush=True)
            load_info(choice, dataset.companions)
            verify(info.content)


def _current_values(notebook: Notebook) -> dict[str, Any]:
    namespace = current_shell().user_ns
    return {name: namespace.get(name, p.default) for name, p in notebook.parameters().items()}
