"""Pages to files: one Jinja environment, whole files only, nothing removed that we did not write."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from filelock import Timeout
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from kerascnn.errors import StoreError
from kerascnn.locks import process_lock
from kerascnn.report.clean import clean_text
from kerascnn.report.filters import FILTERS
from kerascnn.report.history import HISTORY, Chapter, History
from kerascnn.report.inputs import TEMPLATES

MANIFEST = ".kerascnn-report.json"
LOCK = ".kerascnn-report.lock"
STAGING = ".kerascnn-report.tmp"
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
    return jinja


def render_template(name: str, **context: Any) -> str:
    """The template `name` filled in."""
    return environment().get_template(name).render(**context)


def _finalize(value: Any) -> Any:
    return clean_text(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@dataclass(frozen=True)
class Manifest:
    """What the last render wrote: the digest of its inputs, and the SHA-256 of each file.

    `pieces` maps the digest of what a part of the report was made from to the names of that part's files.
    """

    digest: str
    files: Mapping[str, str]
    pieces: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> Manifest:
        """The folder's manifest; an empty one where there is none that can be read."""
        try:
            values = json.loads((folder / MANIFEST).read_bytes())
            files = {str(name): str(digest) for name, digest in values["files"].items()}
            pieces = {str(digest): tuple(map(str, names)) for digest, names in values.get("pieces", {}).items()}
            return cls(str(values["digest"]), {name: files[name] for name in files if _is_inside(name)}, pieces)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return cls("", {})

    def to_bytes(self) -> bytes:
        """The manifest as it is written."""
        pieces = {digest: sorted(names) for digest, names in sorted(self.pieces.items())}
        values = {"schema": 1, "digest": self.digest, "files": dict(sorted(self.files.items())), "pieces": pieces}
        return (json.dumps(values, indent=1) + "\n").encode()

    def holds(self, folder: Path) -> bool:
        """Whether every file is there as it was written."""
        return all(_sha256_of(folder / name) == digest for name, digest in self.files.items())


Content = str | bytes
"""What a file of the report holds: a text, or the bytes of a picture."""


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

    Raises: StoreError when the folder cannot be written.
    """
    contents = {name: file.encode("utf-8") if isinstance(file, str) else file for name, file in files.items()}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    with only_writer(folder), _folder_errors(folder):
        _write_all(contents, Manifest(digest, digests, pieces or {}), folder, chapter)


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Nobody else writes a report into `folder` meanwhile. Who has the folder already may ask again.

    Raises: StoreError when the folder cannot be written.
    """
    lock = process_lock(folder / LOCK, timeout=LOCK_TIMEOUT_SECONDS, is_singleton=True)
    with _folder_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _write_all(
    contents: Mapping[str, bytes], manifest: Manifest, folder: Path, chapter: tuple[str, Chapter] | None
) -> None:
    earlier = Manifest.load(folder)
    staging = folder / STAGING
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    try:
        _write_manifest(Manifest("", {**earlier.files, **dict.fromkeys(contents, "")}), staging, folder)
        for name, content in contents.items():
            if earlier.files.get(name) != manifest.files[name] or _sha256_of(folder / name) != manifest.files[name]:
                _replace(content, staging / "file", folder / name)
        _remove(sorted(set(earlier.files) - set(contents)), folder)
        if chapter is not None:
            # Before the manifest: a render that breaks off in between is done again and finds its own base.
            _replace(History.load(folder).with_chapter(*chapter).to_bytes(), staging / "history", folder / HISTORY)
        _write_manifest(manifest, staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write_manifest(manifest: Manifest, staging: Path, folder: Path) -> None:
    _replace(manifest.to_bytes(), staging / "manifest", folder / MANIFEST)


def _replace(content: bytes, temporary: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(target)


def _remove(names: list[str], folder: Path) -> None:
    for name in names:
        (folder / name).unlink(missing_ok=True)
    for parent in {(folder / name).parent for name in names} - {folder}:
        if parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name and len(path.parts) in (1, 2)


def _sha256_of(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


@contextmanager
def _folder_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, Timeout) as err:
        reason = "another report is being written there" if isinstance(err, Timeout) else err.strerror or str(err)
        raise StoreError(
            f"The reports folder must be a folder that can be written. Received: {folder} ({reason}). "
            "Make room or grant write access there, or choose another folder."
        ) from err
