"""A pipeline whose trainer only waits: everything but the training itself is the real thing."""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from factories import CONTENT, make_arm, make_result

from kerascnn.costs import Spent
from kerascnn.execution import worker
from kerascnn.execution.pool import LocalExecutor
from kerascnn.execution.scheduling.progress import Progress
from kerascnn.execution.scheduling.scheduler import Scheduler
from kerascnn.execution.scheduling.works import Work
from kerascnn.planning.ledger import Ledger
from kerascnn.specs import Budget, Study
from kerascnn.specs.setting import Setting
from kerascnn.store import Store

if os.environ.get("JUMPING_CLOCK"):
    time.time = lambda: time.monotonic() + random.choice([-1e6, 0.0, 1e6])  # type: ignore[assignment]


def train(task_json: bytes) -> bytes:
    """`worker.train` with a trainer that waits some hundredths of a second and gives weights that follow from the key."""
    worker._start, worker._measure = lambda task: 0.0, stand_in  # type: ignore[assignment]
    return worker.train(task_json)


def stand_in(task: worker.TrainTask) -> Any:
    """What `train_run` gives back, and what it took."""
    key = task.identity.key
    seconds = 0.02 + int(key[:2], 16) / 4000
    time.sleep(seconds)
    return make_result(task.identity, weights=weights_of(key)), Spent(
        seconds=seconds, training_seconds=seconds, is_first=False
    )


def weights_of(key: str) -> dict[str, Any]:
    """What the stand-in trains a run to."""
    return {"kernel": np.random.default_rng(int(key, 16)).normal(size=2000).astype(np.float32)}


def main(root: str, runs: str, jobs: str) -> None:
    """Settle a study of `runs` runs in the store below `root`."""
    budget = Budget(epochs=1, seeds=int(runs))
    study = Study(question="?", arms=(make_arm(),), budgets={"smoke": budget, "quick": budget, "full": budget})
    setting = Setting(content=CONTENT, train_images=900, precision="float32")
    store = Store(Path(root))
    store.check_writable()
    store.remove_temporaries()
    ledger = Ledger(store, setting, Path(root), retry_failures=True)
    with LocalExecutor(int(jobs), {}, store.worker_log()) as executor:
        Scheduler([Work("stand-in", study, ledger)], executor, int(jobs), Progress(sys.stderr), task=train).run()
