"""Where a notebook runs: in the pipeline, which tells it everything, or by hand, where it finds out for itself."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from kerascnn.errors import NotebookError
from kerascnn.identity import Origin
from kerascnn.notebooks.assignment import VARIABLE, Assignment
from kerascnn.notebooks.contract import Notebook, read_notebook
from kerascnn.notebooks.inside.running import Running, current_shell, running_notebook
from kerascnn.places import experiments_folder, store_folder
from kerascnn.planning.ledger import SeedsPolicy
from kerascnn.planning.looks import AsTold, as_stored
from kerascnn.planning.settle import choose_origin, load_info
from kerascnn.records import DatasetInfo
from kerascnn.specs import Study
from kerascnn.store import Store


@dataclass(frozen=True)
class Author:
    """What a result says of the notebook that made it; `freshness` is empty where somebody ran it by hand."""

    notebook: Notebook
    parameters: dict[str, Any]
    changed_parameters: dict[str, Any]
    freshness: str


@dataclass(frozen=True)
class InPipeline:
    """Executed by the pipeline, which has told it everything."""

    told: Assignment
    retries_failures: ClassVar[bool] = False
    nameless: ClassVar[str] = ""

    @property
    def dataset(self) -> DatasetInfo:
        return self.told.dataset

    @cached_property
    def store(self) -> Store:
        return Store(Path(self.told.store))

    @property
    def search_path(self) -> Path:
        """Where a user's own model modules lie."""
        return Path(self.told.notebook).parent

    @property
    def staging(self) -> Path:
        """The folder to publish to: the pipeline takes the result from there once the notebook has ended."""
        return Path(self.told.staging)

    def origin_of(self, study: Study) -> Origin | None:
        """Where the pipeline found the study's runs. Raises: NotebookError when it planned another study."""
        if self.told.study_digest != study.digest:
            raise NotebookError(
                "The executed study differs from the planned one: a cell between `parameters` and `study` gives "
                "a different result each time. Build the study from the parameters alone."
            )
        return self.told.origin

    @property
    def seeds(self) -> SeedsPolicy:
        """As many as the pipeline has settled on."""
        return AsTold(self.told.seeds)

    def author(self) -> Author:
        """Who publishes."""
        told = self.told
        return Author(read_notebook(Path(told.notebook)), told.parameters, told.changed_parameters, told.freshness)


@dataclass(frozen=True)
class ByHand:
    """Run by somebody in Jupyter or by another program; which notebook it is had to be found out.

    `values`: what its parameters were when the study was run.
    """

    running: Running
    dataset: DatasetInfo
    values: dict[str, Any]
    retries_failures: ClassVar[bool] = True

    @cached_property
    def store(self) -> Store:
        return Store(store_folder())

    @property
    def search_path(self) -> Path:
        """Where a user's own model modules lie."""
        return self.running.notebook.path.parent if self.running.notebook else experiments_folder()

    @property
    def nameless(self) -> str:
        """Why nothing can be published here, a sentence or two; empty where it can."""
        if self.running.alike:
            return (
                f"{' and '.join(self.running.alike)} cannot be told apart, because their cells up to the study are the "
                "same. Move one of them away, or let `python pipeline.py run NAME` execute it."
            )
        return "" if self.running.notebook else "the study that was run here is in no notebook in experiments/."

    def origin_of(self, study: Study) -> Origin | None:
        """Where the study's runs are from: another machine where only that one's are complete."""
        return choose_origin(study, self.dataset, self.store, self.search_path)

    @property
    def seeds(self) -> SeedsPolicy:
        """Those of the first look, and of later ones that are stored."""
        return as_stored

    def author(self) -> Author:
        """Who publishes. Raises: NotebookError where that is not known (`nameless`)."""
        if self.running.notebook is None:
            raise NotebookError(f"Not published: {self.nameless}")
        defaults = self.running.notebook.parameters()
        changed = {n: v for n, v in self.values.items() if n != "profile" and v != defaults[n].default}
        return Author(read_notebook(self.running.notebook.path), self.values, changed, freshness="")


Whereabouts = InPipeline | ByHand


def find_whereabouts(study: Study) -> Whereabouts:
    """What the pipeline told this kernel, or what can be seen from inside it."""
    handed = os.environ.get(VARIABLE)
    if handed:
        return InPipeline(Assignment.from_json(Path(handed).read_bytes()))
    running = running_notebook(experiments_folder())
    values = _current_values(running.notebook) if running.notebook else {}
    return ByHand(running, load_info(None, study.companions), values)


def _current_values(notebook: Notebook) -> dict[str, Any]:
    namespace = current_shell().user_ns
    return {name: namespace.get(name, p.default) for name, p in notebook.parameters().items()}
