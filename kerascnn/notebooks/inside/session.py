"""A study run inside a notebook: what the store has, the rest trained by the same workers as in the pipeline."""

from __future__ import annotations

import sys
from functools import partial

from kerascnn.errors import NotebookError
from kerascnn.machine import usable_cores
from kerascnn.notebooks.inside.results import Results
from kerascnn.notebooks.inside.whereabouts import find_whereabouts
from kerascnn.ownership.scratch import scratch_folder
from kerascnn.planning.ledger import Ledger
from kerascnn.planning.settle import check_data, is_settled, open_ledger
from kerascnn.records import DatasetInfo
from kerascnn.specs import Study
from kerascnn.surroundings.notices import Notices

__all__ = ["Results", "run_study", "train_missing"]


def run_study(study: Study) -> Results:
    """The study's results: what the store has, the rest trained.

    Raises: NotebookError when the pipeline planned another study than the one executed.
    """
    here = find_whereabouts(study)
    origin = here.origin_of(study)
    open_here = partial(open_ledger, study, here.dataset, here.store, here.search_path, origin, seeds=here.seeds)
    train_missing(study, open_here(retry_failures=here.retries_failures), here.dataset)
    return Results(study, here, open_here(retry_failures=False), here.dataset)


def train_missing(study: Study, ledger: Ledger, dataset: DatasetInfo) -> None:
    """Train every run that the study still wants, with one worker for each core.

    Raises: NotebookError when a model of it cannot be built. Nothing is trained then.
    """
    if is_settled(study, ledger):
        return
    from kerascnn.data import check_enough

    check_enough(dataset, study.next_specs(ledger))
    check_data(dataset, None)
    from kerascnn.execution.scheduling.progress import Progress
    from kerascnn.execution.scheduling.scheduler import Scheduler
    from kerascnn.execution.scheduling.works import Work
    from kerascnn.execution.structures import Structures, wanted_models
    from kerascnn.execution.trainers import start_trainers

    jobs, work = usable_cores(), Work("notebook", study, ledger)
    structures, wanted = Structures(), wanted_models("notebook", study, ledger, dataset)
    with scratch_folder() as scratch:
        notices = Notices(scratch / "notices")
        with start_trainers(jobs, notices.variables, ledger.store.worker_log()) as executor:
            structures.build(structures.doubtful(wanted), executor)
            for fault in structures.faults(wanted).values():
                raise NotebookError(fault)
            Scheduler([work], executor, jobs, Progress(sys.stderr), notices=notices.fresh).run()
