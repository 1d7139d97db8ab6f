"""Pages to files: one Jinja environment, whole files only, nothing removed that we did not write."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any, Self

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from kerascnn.ownership import manifests
from kerascnn.ownership.owned import Ours, SharedFolder
from kerascnn.report.facts.report_inputs import TEMPLATES
from kerascnn.report.folder.history import HISTORY, Chapter, History
from kerascnn.report.parts.filters import FILTERS
from kerascnn.report.text.clean import clean_text
from kerascnn.report.text.links import REPORT_PAGES

OURS = Ours("report", beside=(HISTORY,))
MANIFEST, LOCK, STAGING = OURS.manifest, OURS.lock, OURS.staging
LOCK_TIMEOUT_SECONDS = 120


@cache
def environment() -> Environment:
    """The one Jinja environment: everything escaped, nothing undefined."""
    jinja = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_finalize,
    )
    jinja.filters.update(FILTERS)
    jinja.globals["report_pages"] = {f"{stem}.html": title for stem, title in REPORT_PAGES.items()}
    return jinja


def render_template(name: str, **context: Any) -> str:
    """The template `name` filled in."""
    return environment().get_template(name).render(**context)


def _finalize(value: Any) -> Any:
    return clean_text(value) if isinstance(value, str) and not isinstance(value, Markup) else value


class Manifest(manifests.Manifest):
    """What the last render wrote."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The folder's manifest; an empty one where there is none that can be read."""
        return cls.read(folder, MANIFEST) or cls("", {})


Content = str | bytes
"""What a file of the report holds: a text, or the bytes of a picture."""


def report_folder(folder: Path, called: str = "The reports folder") -> SharedFolder:
    """What may be written and deleted in a folder with a report; `called` is what messages call it."""
    return SharedFolder(folder, OURS, called, LOCK_TIMEOUT_SECONDS)


def write_report(
    files: Mapping[str, Content],
    digest: str,
    folder: Path,
    chapter: tuple[str, Chapter] | None = None,
    pieces: Mapping[str, tuple[str, ...]] | None = None,
) -> None:
    """Write `files` (name -> content) into `folder`; remove what an earlier render wrote and this did not.

    `chapter` (name, content) goes into the folder's history, where chapters of other data stay; `digest` and
    `pieces` into its manifest.

    Raises: UsageError when a name there is somebody else's, StoreError when the folder cannot be written.
    """
    contents = {name: file.encode("utf-8") if isinstance(file, str) else file for name, file in files.items()}
    shared = report_folder(folder)
    with only_writer(folder), shared.errors():
        # Before the manifest: a render that breaks off in between is done again and finds its own base.
        beside = {HISTORY: History.load(folder).with_chapter(*chapter).to_bytes()} if chapter is not None else {}
        shared.write(contents, digest, pieces, beside)


def only_writer(folder: Path) -> AbstractContextManager[None]:
    """While the block runs, nobody else writes a report into `folder`. Its holder may ask again.

    Raises: UsageError when the folder holds other things than a report, StoreError when it cannot be written.
    """
    shared = report_folder(folder)
    shared.check_place()
    return shared.writer()
