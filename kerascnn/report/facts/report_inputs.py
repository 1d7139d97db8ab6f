"""What a report is made from, and a digest of it that tells whether it must be made again."""

from __future__ import annotations

import hashlib
import json
import platform
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from kerascnn.code.loaded import code_digest
from kerascnn.foreign.notebook_files import parse_notebook
from kerascnn.records import DatasetInfo, NotebookFailure, Published, RunFailure, RunRecord
from kerascnn.report.text.links import REPORT_PAGES

if TYPE_CHECKING:
    import numpy as np

TEMPLATES = Path(__file__).parents[3] / "templates"
"""The templates of the checkout."""

STEM_LENGTH = 80
"""A page's file name is the stem and more, and no file system takes more than 255 bytes."""

_NOTEBOOKS = ("kerascnn.notebooks",)
"""A study can run itself in one; a report runs none."""
_LIBRARIES = (
    "numpy",
    "seaborn",
    "jinja2",
    "latex2mathml",
    "markdown-it-py",
    "markupsafe",
    "matplotlib",
    "mdit-py-plugins",
    "msgspec",
    "pillow",
    "pygments",
    "scipy",
)


@dataclass(frozen=True)
class Entry:
    """One result of one experiment: with its default parameters, or with others (`is_default` false).

    `folder` holds the published figures and `executed.ipynb`. A `failure` may stand beside an older
    published result. `source_notebook` is the notebook as it lies in `experiments/`.
    """

    experiment: str
    title: str
    folder: Path | None
    published: Published | None
    failure: NotebookFailure | None
    is_default: bool
    by_hand: bool
    source_notebook: dict[str, Any]

    @property
    def changed_parameters(self) -> dict[str, Any]:
        """The parameters that the user gave."""
        for result in (self.published, self.failure):
            if result is not None:
                return result.changed_parameters
        return {}

    @property
    def page_stem(self) -> str:
        """The name of this result's pages: the experiment's, marked where the parameters are others."""
        return page_stem(self.experiment, {} if self.is_default else self.changed_parameters)

    @cached_property
    def executed_notebook(self) -> dict[str, Any] | None:
        """The notebook with its outputs, or None where there is none that can be read."""
        if self.folder is None:
            return None
        try:
            return parse_notebook((self.folder / "executed.ipynb").read_bytes())
        except (OSError, ValueError):
            return None


@dataclass(frozen=True, eq=False)
class Answers:
    """What one run said about test images: int32 (images,) each, positions in the test set and classes."""

    positions: np.ndarray
    classes: np.ndarray


@dataclass(frozen=True, eq=False)
class ImageSet:
    """The test images of a data set: uint8 `(n, height, width, channels)`, and int32 (n,) labels."""

    images: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]


def _not_at_hand(_: str) -> None:
    return None


@dataclass(frozen=True)
class ReportInputs:
    """Everything one report shows: results of one data set under one profile.

    `experiments` are all there are, as (stem, title) in lesson order. `command` is the command line,
    with its options, that makes this report again. `load_answers` (by a run's key) and `load_images` (by a data
    set's content) give None for what is not at hand: the page then says so.
    """

    dataset: DatasetInfo
    profile: str
    experiments: tuple[tuple[str, str], ...]
    entries: tuple[Entry, ...]
    load_record: Callable[[str], RunRecord | None]
    load_failure: Callable[[str], RunFailure | None]
    command: str
    load_answers: Callable[[str], Answers | None] = _not_at_hand
    load_images: Callable[[str], ImageSet | None] = _not_at_hand


def file_stem(experiment: str) -> str:
    """The experiment's name if it can stand in an address and is no name of `REPORT_PAGES`, else one like it."""
    safe = re.sub(r"[^A-Za-z0-9_-]", "-", experiment)[:STEM_LENGTH]
    is_taken = safe.lower() in REPORT_PAGES or "--" in safe
    return f"{safe}-{_short_hash(experiment)}" if is_taken or safe != experiment else safe


def page_stem(experiment: str, changed_parameters: Mapping[str, Any]) -> str:
    """The name of the pages of a result with these parameters."""
    stem = file_stem(experiment)
    if not changed_parameters:
        return stem
    return f"{stem}--{_short_hash(json.dumps(changed_parameters, sort_keys=True, default=str))}"


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Digests:
    """SHA-256 (hexadecimal) of all that a report shows and of the code and templates that make it.

    `entries` are the same for each result alone, in their order.
    """

    whole: str
    entries: tuple[str, ...]


def digest_inputs(inputs: ReportInputs) -> Digests:
    """What tells whether a report, or the pages of one result, must be made again."""
    # Sets beside this one are those that each result was made with, whatever the command at hand has looked for.
    common = digest_of(inputs.dataset.beside(()), inputs.profile, inputs.experiments, inputs.command, _code_digest())
    entries = tuple(digest_of(common, *_entry_parts(inputs, entry)) for entry in inputs.entries)
    return Digests(digest_of(common, *entries), entries)


def digest_of(*parts: object) -> str:
    """SHA-256 (hexadecimal) of values: bytes as they are, everything else as JSON."""
    digest = hashlib.sha256()
    for part in parts:
        content = part if isinstance(part, bytes) else _encode(part)
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return digest.hexdigest()


def _entry_parts(inputs: ReportInputs, entry: Entry) -> Iterator[object]:
    contents: set[str] = set()
    yield [entry.experiment, entry.title, entry.is_default, entry.by_hand]
    yield [entry.published, entry.failure, entry.source_notebook]
    yield from _folder_parts(entry.folder)
    for key in run_keys(entry):
        record = inputs.load_record(key)
        contents.update([record.spec.data.content] if record else [])
        yield [key, record, inputs.load_failure(key)]
    # What runs said follows from their keys, and pixels from the content: only whether they are at hand can change.
    yield [[content, inputs.load_images(content) is not None] for content in sorted(contents)]


def run_keys(entry: Entry) -> tuple[str, ...]:
    """The keys of all runs that a result names, sorted."""
    keys: set[str] = set()
    for result in (entry.published, entry.failure):
        if result is not None:
            keys.update(key for by_seed in result.runs.values() for key in by_seed.values())
            keys.update(result.failed_runs)
    if entry.published is not None:
        keys.update(trial.key for search in entry.published.searches for trial in search.trials)
        keys.update(entry.published.rate_trials)
    return tuple(sorted(keys))


def _encode(value: object) -> bytes:
    plain = msgspec.to_builtins(value, str_keys=True)
    try:
        return msgspec.json.encode(plain, order="sorted")
    except UnicodeEncodeError:
        # Half a surrogate pair, which a notebook's JSON may hold and UTF-8 may not.
        return json.dumps(plain, sort_keys=True).encode("ascii")


def _folder_parts(folder: Path | None) -> Iterator[bytes]:
    if folder is None or not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.suffix in (".svg", ".ipynb") and path.is_file():
            yield path.name.encode()
            yield hashlib.sha256(path.read_bytes()).digest()


@cache
def _code_digest() -> str:
    """Taken once: a process renders with the code that it has loaded, whatever becomes of the files meanwhile."""
    return digest_of(*_code_parts())


def _code_parts() -> Iterator[bytes]:
    yield code_digest(["kerascnn.report.render"], without=_NOTEBOOKS).encode()
    for path in sorted(filter(Path.is_file, TEMPLATES.rglob("*"))):
        yield path.relative_to(TEMPLATES).as_posix().encode()
        yield path.read_bytes()
    yield platform.python_version().encode()
    for library in _LIBRARIES:
        yield f"{library} {metadata.version(library)}".encode()
