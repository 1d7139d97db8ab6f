"""What weights a model has, asked of Keras in a worker process: for runs that somebody sent."""

from __future__ import annotations

import json
from concurrent.futures import TimeoutError as Late
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from kerascnn import framework
from kerascnn.errors import UsageError
from kerascnn.execution.pool import LocalExecutor, WorkerDied
from kerascnn.identity import RunIdentity, identify
from kerascnn.models import BUILDERS
from kerascnn.records import DatasetInfo
from kerascnn.specs import ModelSpec, Spec, Task
from kerascnn.store import DamagedEntry

START_SECONDS = 60.0
"""Loading TensorFlow takes some seconds, on a busy machine more."""
BUILD_SECONDS = 5.0
"""The largest network of the suite is described in two; arguments that somebody made up may take for ever."""


class ShapeTask(Spec, frozen=True, kw_only=True):
    """A model, and the images it is built for."""

    model: ModelSpec
    task: Task
    image_shape: tuple[int, int, int]
    classes: int


class ModelShapes:
    """The shapes of the weights (variable path -> shape) of a run's model, each distinct model described once.

    Only this package's own builders are called for a run that somebody sent, and only where its sources are those of
    today: no other run can be used here before its model has been built.
    """

    def __init__(self, log: Path, search_path: Path) -> None:
        self._log, self._search_path = log, search_path
        self._executor: LocalExecutor | None = None
        self._known: dict[bytes, dict[str, list[int]]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def __call__(self, identity: RunIdentity, dataset: DatasetInfo) -> dict[str, list[int]] | None:
        """None where the model is not one of this package as it is now. Raises: DamagedEntry when it cannot be built."""
        spec = identity.spec
        if spec.model.builder not in BUILDERS or identity.sources != identify(spec, self._search_path).sources:
            return None
        task = ShapeTask(
            model=spec.model, task=spec.task, image_shape=dataset.image_shape, classes=len(dataset.class_names)
        )
        name = task.canonical_json()
        if name not in self._known:
            self._known[name] = self._ask(name)
        return self._known[name]

    def _ask(self, task_json: bytes) -> dict[str, list[int]]:
        try:
            if self._executor is None:
                self._executor = LocalExecutor(1, {}, self._log)
                self._executor.submit(warm_up).result(START_SECONDS)
            return msgspec.json.decode(self._executor.submit(describe, task_json).result(BUILD_SECONDS))
        except Late as err:
            self._stop()
            raise DamagedEntry(f"its model takes longer than {BUILD_SECONDS:.0f} s to build") from err
        except (UsageError, WorkerDied) as err:
            raise DamagedEntry(f"its model cannot be built ({err})") from err

    def _stop(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)
            self._executor = None


def warm_up() -> None:
    """In a worker: what takes seconds, before anything is timed."""
    framework.load_keras()
    import kerascnn.training.build  # noqa: F401


def describe(task_json: bytes) -> bytes:
    """In a worker: variable path -> shape (JSON) of the model of a ShapeTask (JSON). No weight is allocated.

    Raises: UsageError when the builder does not bear the arguments, whatever it says.
    """
    from kerascnn.training.build import build_model
    from kerascnn.training.tasks import answers_of

    task = ShapeTask.from_json(task_json)
    answers = answers_of(task.task, task.image_shape, task.classes)
    keras = framework.load_keras()
    keras.utils.clear_session(free_memory=False)
    try:
        with keras.StatelessScope(initialize_variables=False):
            network = build_model(
                task.model,
                task.image_shape,
                answers.classes,
                precision="float32",
                search_path=Path(),
                label_shape=answers.label_shape,
            )
    except Exception as err:  # whatever made-up arguments provoke in a builder
        raise UsageError(f"{type(err).__name__}: {err}"[:300]) from None
    variables = [variable for variable in network.variables if variable.name != "seed_generator_state"]
    return json.dumps({variable.path: list(variable.shape) for variable in variables}).encode()
