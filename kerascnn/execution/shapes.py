"""What weights a model has, asked of Keras in a worker process: for runs that somebody sent."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import TimeoutError as Late
from pathlib import Path
from types import TracebackType
from typing import Self

from kerascnn.errors import UsageError
from kerascnn.execution.building import BuildTask, Built, build
from kerascnn.execution.loading import load_timed
from kerascnn.execution.pool import LocalExecutor, WorkerDied
from kerascnn.execution.structures import Structures, name_of
from kerascnn.identity import RunIdentity, identify
from kerascnn.models import BUILDERS
from kerascnn.notebooks.signatures import check_call
from kerascnn.records import DatasetInfo
from kerascnn.specs import ModelSpec
from kerascnn.store import DamagedEntry

START_SECONDS = 60.0
"""Loading TensorFlow takes some seconds, on a busy machine more."""
BUILD_SECONDS = 5.0
"""The largest network of the suite is described in two; arguments that somebody made up may take for ever."""


class ModelShapes:
    """The shapes of the weights (variable path -> shape) of a run's model, each distinct model built once.

    Only this package's own builders are called for a run that somebody sent, and only where its sources are those of
    today: no other run can be used here before its model has been built.
    """

    def __init__(self, log: Path, search_path: Path) -> None:
        self._log, self._search_path = log, search_path
        self._executor: LocalExecutor | None = None
        self._structures = Structures()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def __call__(self, identity: RunIdentity, dataset: DatasetInfo) -> Mapping[str, tuple[int, ...]] | None:
        """None where the model is not one of this package as it is now. Raises: DamagedEntry when it cannot be built."""
        spec = identity.spec
        if spec.model.builder not in BUILDERS:
            return None
        mine = identify(spec, self._search_path)
        if identity.sources != mine.sources:
            return None
        _check_signature(spec.model, self._search_path)
        task = BuildTask(
            model=spec.model,
            task=spec.task,
            image_shape=dataset.image_shape,
            classes=len(dataset.class_names),
            search_path=str(self._search_path),
        )
        name = name_of(task, mine)
        built = self._structures.recall(name)
        if built is None or built.fault:
            built = self._build(task)
            self._structures.remember(name, built)
        return built.shapes

    def _build(self, task: BuildTask) -> Built:
        try:
            if self._executor is None:
                self._executor = LocalExecutor(1, {}, self._log)
                self._executor.submit(warm_up).result(START_SECONDS)
            built = Built.from_json(self._executor.submit(build, task.canonical_json()).result(BUILD_SECONDS))
        except Late as err:
            self._stop()
            raise DamagedEntry(f"its model takes longer than {BUILD_SECONDS:.0f} s to build") from err
        except WorkerDied as err:
            raise DamagedEntry(f"its model cannot be built ({err})") from err
        if built.fault:
            raise DamagedEntry(f"its model cannot be built ({built.fault})")
        return built

    def _stop(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)
            self._executor = None


def _check_signature(model: ModelSpec, search_path: Path) -> None:
    """Most arguments that somebody made up are seen from the builder's source, without loading TensorFlow."""
    try:
        check_call(model, search_path)
    except UsageError as err:
        raise DamagedEntry(f"its model cannot be built ({err})") from err


def warm_up() -> None:
    """In a worker: what takes seconds, before anything is timed."""
    load_timed()
    import kerascnn.training.build  # noqa: F401
