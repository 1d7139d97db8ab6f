"""What is known of the models that studies want, each distinct one built once under its sources and versions."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property

import msgspec

from kerascnn.errors import StoreError
from kerascnn.execution.building import BuildTask, Built, build_all
from kerascnn.execution.pool import LocalExecutor
from kerascnn.identity import RunIdentity
from kerascnn.ownership.scratch import scratch_folder, variables_inside
from kerascnn.places import cache_folder
from kerascnn.planning.ledger import Ledger
from kerascnn.records import DatasetInfo
from kerascnn.specs import Study, TrainSpec, Wanted
from kerascnn.spelling import spell_arms
from kerascnn.store import load_spec, write_replacing


@dataclass(frozen=True)
class ModelWanted:
    """The model of a run to come of an experiment: it must be one that can be trained."""

    experiment: str
    run: Wanted
    ledger: Ledger
    dataset: DatasetInfo

    @property
    def spec(self) -> TrainSpec:
        return self.run.spec

    @cached_property
    def task(self) -> BuildTask:
        """How its model is built."""
        sets = (self.dataset, *self.dataset.companions.values())
        info = next((one for one in sets if one.content == self.spec.data.content), self.dataset)
        return BuildTask(
            model=self.spec.model,
            task=self.spec.task,
            image_shape=info.image_shape,
            classes=len(info.class_names),
            search_path=str(self.ledger.search_path),
        )

    @cached_property
    def name(self) -> str:
        """The same for the same model under the same sources and library versions, wherever they lie."""
        return name_of(self.task, self.ledger.identity(self.spec))


def name_of(task: BuildTask, identity: RunIdentity) -> str:
    """What the model of a task is known by, where `identity` has its sources and the library versions."""
    task = msgspec.structs.replace(task, search_path="")
    parts = [Built.__struct_fields__, task.canonical_json(), sorted(identity.sources.items())]
    return hashlib.sha256(repr([*parts, sorted(identity.versions.items())]).encode()).hexdigest()[:32]


def wanted_models(experiment: str, study: Study, ledger: Ledger, dataset: DatasetInfo) -> list[ModelWanted]:
    """The models of the runs that are to be trained next."""
    return [ModelWanted(experiment, run, ledger, dataset) for run in study.next_wanted(ledger)]


class Structures:
    """What is known of models, in small files of the user's cache; losing one costs a moment.

    A model that could not be built is built again before that is said: the cause need not lie in its sources.
    """

    def __init__(self) -> None:
        self._folder = cache_folder() / "models"
        self._known: dict[str, Built | None] = {}

    def find(self, wanted: ModelWanted) -> Built | None:
        """What became of the model the last time it was built; None where that is not known."""
        return self.recall(wanted.name)

    def recall(self, name: str) -> Built | None:
        """The same by the name of the model."""
        if name not in self._known:
            try:
                self._known[name] = load_spec(self._folder / f"{name}.json", Built)
            except StoreError:  # may not be read
                self._known[name] = None
        return self._known[name]

    def remember(self, name: str, built: Built) -> None:
        """Keep what became of a model."""
        self._known[name] = built
        with contextlib.suppress(StoreError):
            write_replacing(self._folder / f"{name}.json", built.canonical_json())

    def doubtful(self, wanted: Iterable[ModelWanted]) -> dict[str, ModelWanted]:
        """By name, one run for each distinct model that was never built, or could not be."""
        found = ((one, self.find(one)) for one in wanted)
        return {one.name: one for one, built in found if built is None or built.fault}

    def build(self, doubtful: Mapping[str, ModelWanted], executor: Executor) -> None:
        """Build these models in workers of `executor`, and remember what became of them."""
        for name, built in build_all({name: one.task for name, one in doubtful.items()}, executor).items():
            self.remember(name, built)

    def faults(self, wanted: Iterable[ModelWanted]) -> dict[str, str]:
        """Experiment -> what is wrong with its models: a sentence for each distinct fault, which names the arms."""
        arms: dict[str, dict[str, list[str]]] = {}
        for one in wanted:
            built = self.find(one)
            if built is not None and built.fault:
                labels = arms.setdefault(one.experiment, {}).setdefault(built.fault, [])
                labels += [one.run.arm.label] if one.run.arm.label not in labels else []
        return {
            experiment: " ".join(f"{spell_arms(labels)}: {fault}" for fault, labels in by_fault.items())
            for experiment, by_fault in arms.items()
        }


@contextlib.contextmanager
def one_worker() -> Iterator[Executor]:
    """A worker that is gone afterwards, for planning."""
    with scratch_folder() as scratch:
        executor = LocalExecutor(1, variables_inside(scratch), scratch / "worker.log")
        try:
            yield executor
        finally:
            executor.shutdown(cancel_futures=True)
