"""Models built once, without training: whether they can be trained at all, and how large they are."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from concurrent.futures import Executor, wait
from pathlib import Path

from msgspec import field

from kerascnn import framework
from kerascnn.costs import Size
from kerascnn.errors import KerascnnError
from kerascnn.execution.loading import load_timed
from kerascnn.execution.pool import WorkerDied, Workers
from kerascnn.models import BUILDERS
from kerascnn.specs import ModelSpec, Spec, Task
from kerascnn.spelling import printable

START_SECONDS = 120.0
BUILD_SECONDS = 20.0
"""A network of somebody's own may be as large as the machine can hold; the largest of the suite takes a second."""
LONGEST_FAULT = 400


class BuildTask(Spec, frozen=True, kw_only=True):
    """A model, the images it is for, and where the user's own modules lie."""

    model: ModelSpec
    task: Task
    image_shape: tuple[int, int, int]
    classes: int
    search_path: str


class Built(Spec, frozen=True, kw_only=True):
    """What a model is: its parameters, the multiply-adds of one image, the shape of each variable. `fault`: why it cannot be trained.

    `shapes`: variable path -> shape, of what a run of the model stores.
    """

    parameters: int = 0
    multiply_adds: int = 0
    variables: int = 0
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    fault: str = ""

    @property
    def size(self) -> Size:
        """What its cost follows from."""
        return Size(self.multiply_adds, self.variables)


def build_all(tasks: Mapping[str, BuildTask], executor: Executor) -> dict[str, Built]:
    """Name -> what became of its task, each built in a worker of `executor`.

    A model whose worker dies or does not come to an end is left out: what is wrong with it shows when it is trained.
    """
    futures = {executor.submit(build, task.canonical_json()): name for name, task in tasks.items()}
    done, late = wait(futures, START_SECONDS + BUILD_SECONDS * len(futures))
    for future in late:
        future.cancel()
    if late and isinstance(executor, Workers):
        executor.kill_workers()
    found = {}
    for future in done:
        with contextlib.suppress(WorkerDied, KerascnnError):
            found[futures[future]] = Built.from_json(future.result())
    return found


def build(task_json: bytes) -> bytes:
    """In a worker: a Built (JSON) for a BuildTask (JSON). Of this package's own builders no weight is allocated."""
    task = BuildTask.from_json(task_json)
    load_timed()
    try:
        return _build(task).canonical_json()
    except KerascnnError as err:
        fault = str(err)
    except (Exception, SystemExit) as err:  # whatever a builder raises
        said = str(err).strip().splitlines() or [""]
        fault = f"Model {task.model.builder!r} cannot be built with these arguments: {type(err).__name__}: {said[0]}"
    return Built(fault=printable(fault, LONGEST_FAULT)).canonical_json()


def _build(task: BuildTask) -> Built:
    from kerascnn.training.build import build_model
    from kerascnn.training.cost import count_multiply_adds, count_parameters
    from kerascnn.training.heads import refuse_probabilities
    from kerascnn.training.tasks import answers_of

    keras = framework.load_keras()
    keras.utils.clear_session(free_memory=False)
    answers = answers_of(task.task, task.image_shape, task.classes)
    is_ours = task.model.builder in BUILDERS
    # A user's builder may set weights, and is asked for its answers to see whether they are probabilities.
    with keras.StatelessScope(initialize_variables=False) if is_ours else contextlib.nullcontext():
        network = build_model(
            task.model,
            task.image_shape,
            answers.classes,
            precision="float32",
            search_path=Path(task.search_path),
            label_shape=answers.label_shape,
            afresh=True,
        )
    refuse_probabilities(network, task.model.builder)
    return Built(
        parameters=count_parameters(network),
        multiply_adds=count_multiply_adds(network),
        variables=len(network.variables),
        # The state of random layers is no weight: a run does not store it.
        shapes={one.path: tuple(one.shape) for one in network.variables if one.name != "seed_generator_state"},
    )
