"""Published results on disk: what a notebook made of its runs, for the report to read.

    <store>/_published/<experiment>/<slot>.json           a Published: replaced in one step
    <store>/_published/<experiment>/<slot>.failed.json    a NotebookFailure, beside an older result
    <store>/_published/<experiment>/<slot>-<digest>/      figures and the executed notebook of that result, with a manifest

A slot is (profile, data, parameters that are not the defaults): a run with `-p` never replaces the default.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerascnn.ownership.locks import process_lock
from kerascnn.ownership.writing import sync
from kerascnn.records import DatasetInfo, NotebookFailure, Published
from kerascnn.specs import Spec
from kerascnn.store.files import ABSENT, is_folder, load_spec, names_in, read_file, write_replacing, writing_to

RESULT, EXECUTED, MANIFEST = "published.json", "executed.ipynb", "manifest.json"

MOST_BYTES = 500_000_000
"""Of a figure or an executed notebook."""


class Manifest(Spec, frozen=True, kw_only=True):
    """The SHA-256 of each file that a result consists of."""

    files: dict[str, str]


@dataclass(frozen=True)
class Slot:
    """Where one result of one experiment is kept."""

    store: Path
    experiment: str
    profile: str
    content: str
    changed_parameters: dict[str, Any]

    @property
    def name(self) -> str:
        """`quick-1a2b3c4d` for the defaults; with a digest of the parameters for any others."""
        base = f"{self.profile}-{self.content[:8]}"
        if not self.changed_parameters:
            return base
        text = json.dumps(self.changed_parameters, sort_keys=True)
        return f"{base}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    @property
    def folder(self) -> Path:
        return self.store / "_published" / self.experiment

    def load(self) -> Published | None:
        """The result in this slot; None where there is none, or its files are gone."""
        published = load_spec(self.folder / f"{self.name}.json", Published)
        return published if published and is_folder(self.files(published)) else None

    def is_whole(self, published: Published) -> bool:
        """Whether every file of the result is there as it was written.

        Raises: StoreError when one may not be read.
        """
        folder = self.files(published)
        manifest = load_spec(folder / MANIFEST, Manifest)
        return manifest is not None and all(_is_as_written(folder / n, digest) for n, digest in manifest.files.items())

    def load_failure(self) -> NotebookFailure | None:
        """Why the notebook's last execution failed, where it did."""
        return load_spec(self.folder / f"{self.name}.failed.json", NotebookFailure)

    def files(self, published: Published) -> Path:
        """The folder of the result's figures and executed notebook."""
        digest = hashlib.sha256(published.canonical_json()).hexdigest()[:8]
        return self.folder / f"{self.name}-{digest}"

    def failed_files(self) -> Path:
        """The folder of the executed notebook that failed."""
        return self.folder / f"{self.name}-failed"

    def adopt(self, staging: Path) -> Published:
        """Make the result in `staging` the slot's: its files first, then the one file that names them."""
        published = Published.from_json(read_file(staging / RESULT))
        _seal(staging)
        target = self.files(published)
        with self._locked():
            if target.exists():
                shutil.rmtree(target)
            staging.rename(target)
            write_replacing(self.folder / f"{self.name}.json", published.canonical_json())
            self._remove_others(target)
        return published

    def remove(self) -> None:
        """Delete the result, or that it failed, with its files; its runs stay."""
        with self._locked(), writing_to(self.folder):
            (self.folder / f"{self.name}.json").unlink(missing_ok=True)  # first: without it the files are nobody's
            self._remove_others(None)
            (self.folder / f".{self.name}.lock").unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # another result of the experiment is there
            self.folder.rmdir()

    def adopt_failure(self, failure: NotebookFailure, executed: Path | None) -> None:
        """Keep that the notebook failed; an older result stays beside it."""
        with self._locked():
            shutil.rmtree(self.failed_files(), ignore_errors=True)
            if executed is not None and executed.exists():
                # Copied, not renamed: what was executed lies in the system's folder for temporaries, often another disk.
                write_replacing(self.failed_files() / EXECUTED, executed.read_bytes())
            write_replacing(self.folder / f"{self.name}.failed.json", failure.canonical_json())

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Two pipelines may publish the same experiment at once; the system frees the lock of one that dies."""
        with writing_to(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = process_lock(self.folder / f".{self.name}.lock", waits_for=f"the results of {self.experiment}")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _remove_others(self, current: Path | None) -> None:
        (self.folder / f"{self.name}.failed.json").unlink(missing_ok=True)
        for name in names_in(self.folder):
            folder, suffix = self.folder / name, name.removeprefix(f"{self.name}-")
            is_own = suffix == "failed" or (len(suffix) == 8 and not (self.folder / f"{name}.json").exists())
            if suffix != name and is_own and folder != current and folder.is_dir() and not folder.is_symlink():
                shutil.rmtree(folder)


def slot_of(store: Path, published: Published) -> Slot:
    """Where a result belongs."""
    return Slot(
        store,
        published.experiment,
        published.study.profile,
        published.dataset.content,
        published.changed_parameters,
    )


def _seal(staging: Path) -> None:
    """Wait until the files of a result are on the disk, and write down what they hold."""
    with writing_to(staging):
        for name in names_in(staging):
            sync(staging / name)
        digests = {
            name: hashlib.sha256(read_file(staging / name, MOST_BYTES)).hexdigest() for name in names_in(staging)
        }
    write_replacing(staging / MANIFEST, Manifest(files=digests).canonical_json())


def _is_as_written(path: Path, digest: str) -> bool:
    try:
        return hashlib.sha256(read_file(path, MOST_BYTES)).hexdigest() == digest
    except ABSENT:
        return False


def find_slots(store: Path, experiment: str, dataset: DatasetInfo, profile: str) -> list[Slot]:
    """Every slot of the experiment with a result or a failure, the default one first."""
    folder = store / "_published" / experiment
    names = set(map(_slot_name, _result_files(folder)))
    slots = []
    for name in sorted(names, key=lambda name: (len(name), name)):
        if not name.startswith(f"{profile}-{dataset.content[:8]}"):
            continue
        found = load_spec(folder / f"{name}.json", Published) or load_spec(
            folder / f"{name}.failed.json", NotebookFailure
        )
        if found is not None:
            slots.append(Slot(store, experiment, profile, dataset.content, found.changed_parameters))
    return slots


def _result_files(folder: Path) -> list[str]:
    """The names of the results and failures in an experiment's folder; what is being written begins with a dot."""
    return [name for name in names_in(folder) if name.endswith(".json") and not name.startswith(".")]


def used_runs(store: Path, experiments: Collection[str], leaving_out: Slot | None = None) -> dict[str, set[str]]:
    """Run key -> those of `experiments` whose pages, under any profile and parameters, finished or failed, show it.

    A result of a notebook that is gone is on no page. `leaving_out` is a slot whose page does not count.
    """
    users: dict[str, set[str]] = {}
    for name in experiments:
        folder = store / "_published" / name
        for file in _result_files(folder):
            if leaving_out is None or (name, _slot_name(file)) != (leaving_out.experiment, leaving_out.name):
                for key in _runs_in(folder / file):
                    users.setdefault(key, set()).add(name)
    return users


def shown_runs(slot: Slot) -> set[str]:
    """The keys of all runs that the slot's result, or its failure, names."""
    return {
        key
        for name in _result_files(slot.folder)
        if _slot_name(name) == slot.name
        for key in _runs_in(slot.folder / name)
    }


def gone_slots(store: Path, known: Collection[str], dataset: DatasetInfo, profiles: Sequence[str]) -> list[Slot]:
    """The results on the data set of experiments other than those `known`."""
    gone = [name for name in names_in(store / "_published") if name not in known]
    return [slot for name in gone for profile in profiles for slot in find_slots(store, name, dataset, profile)]


def _slot_name(file: str) -> str:
    return file.removesuffix(".json").removesuffix(".failed")


def _runs_in(file: Path) -> list[str]:
    """The keys of the runs that a result or a failure names."""
    published = load_spec(file, Published)
    shown = published or load_spec(file, NotebookFailure)
    if shown is None:
        return []
    trials = [trial.key for search in published.searches for trial in search.trials] if published else []
    trials += published.rate_trials if published else ()
    return [*trials, *(key for by_seed in shown.runs.values() for key in by_seed.values())]
