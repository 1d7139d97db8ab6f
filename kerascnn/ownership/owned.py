"""What we may write and what we may delete in a folder that we share with its owner.

A manifest of ours lists what we wrote there, with its SHA-256. A name may be written when nothing is there, or a plain
file that the manifest lists. A file may be deleted when the manifest lists it and it still has the bytes we wrote. Both
happen under the writer's lock, and no link below the folder is ever followed.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from filelock import Timeout

from kerascnn.errors import StoreError, UsageError
from kerascnn.foreign.litter import is_litter
from kerascnn.ownership.locks import Held, process_lock
from kerascnn.ownership.manifests import HIDDEN, Manifest, half_way, is_possible, sha256_of, tops_of
from kerascnn.ownership.without_links import (
    kind_of,
    list_folder,
    move,
    read_file,
    remove_file,
    remove_if_empty,
    write_new,
)

SHIPPED = ("README.md", ".gitignore", ".gitkeep")
"""What a project keeps in a folder for results that is otherwise empty."""
NAMED_IN_MESSAGES = 10
_STAGED = re.compile(r"[0-9a-f]{8}-[0-9]+|file|manifest|history")
"""Names in the staging folder; the last three are those of earlier versions."""


@dataclass(frozen=True)
class Ours:
    """What kind of thing is kept in a shared folder, and which hidden names we use there besides.

    `beside` are files of ours that are nothing to be read in a browser.
    """

    noun: str
    beside: tuple[str, ...] = ()

    @property
    def manifest(self) -> str:
        return f"{HIDDEN}{self.noun}.json"

    @property
    def lock(self) -> str:
        return f"{HIDDEN}{self.noun}.lock"

    @property
    def staging(self) -> str:
        return f"{HIDDEN}{self.noun}.tmp"

    @property
    def hidden(self) -> tuple[str, ...]:
        """Every name of ours that no page links to."""
        return self.manifest, self.lock, self.staging, *self.beside


def spell_names(names: Sequence[str]) -> str:
    """Some of the names and how many more there are, fit for a terminal."""
    shown = [name if name.isprintable() else ascii(name) for name in names[:NAMED_IN_MESSAGES]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


@dataclass(frozen=True)
class Cleared:
    """What became of a folder: how many files went, and what was left alone."""

    removed: int
    left: tuple[str, ...]


@dataclass(frozen=True)
class SharedFolder:
    """A folder that its owner and we write to. `called` is how the user named it, for messages."""

    path: Path
    ours: Ours
    called: str
    timeout_seconds: float = 120

    def manifest(self) -> Manifest | None:
        """Ours; None where there is none that can be read."""
        return Manifest.read(self.path, self.ours.manifest)

    def in_the_way(self, names: Sequence[str]) -> list[str]:
        """Those of `names`, and of our hidden ones, that are not ours to write."""
        listed = (self.manifest() or Manifest("", {})).files
        foreign = [name for name in names if not self._may_write(name, listed)]
        return foreign + [name for name in self.ours.hidden if not self._is_usable(name)]

    def _may_write(self, name: str, listed: Mapping[str, str]) -> bool:
        kind = kind_of(self.path, name)
        return is_possible(name) and (kind == "nothing" or (kind == "file" and name in listed))

    def _is_usable(self, name: str) -> bool:
        kind = kind_of(self.path, name)
        if name == self.ours.manifest:
            return kind == "nothing" or self.manifest() is not None
        return kind in ("nothing", "folder" if name == self.ours.staging else "file")

    def check_names(self, names: Sequence[str]) -> None:
        """Raises: UsageError when one of them is not ours to write. Nothing was written then."""
        with self.errors():
            foreign = self.in_the_way(names)
        if foreign:
            raise UsageError(
                f"{self.called} must leave the names free that are written there. Received: {self.path}, where "
                f"{spell_names(foreign)} {'is' if len(foreign) == 1 else 'are'} not of {a(self.ours.noun)} that was "
                "written there. Nothing was changed. Move that away, or choose another folder."
            )

    def check_place(self) -> None:
        """Raises: UsageError unless the folder is new, holds nothing but what a project ships, or one of ours."""
        with self.errors():
            if not self.path.is_dir() or self.manifest() is not None:
                foreign = []
            else:
                foreign = [name for name in self.ours.hidden if not self._is_usable(name)]
                others = [name for name in list_folder(self.path) if not is_litter(name)]
                foreign += [name for name in others if name not in (*SHIPPED, *self.ours.hidden)]
        if foreign:
            raise UsageError(
                f"{self.called} must be a new or empty folder, or one with {a(self.ours.noun)}. Received: {self.path} "
                f"(it holds other files: {spell_names(foreign)}). Nothing was changed. Choose another folder, such as "
                "a new one inside it."
            )

    @contextmanager
    def writer(self) -> Iterator[None]:
        """Nobody else writes there meanwhile. Who has the folder already may ask again.

        Raises: StoreError when the folder cannot be written.
        """
        lock = process_lock(
            self.path / self.ours.lock,
            timeout=self.timeout_seconds,
            waits_for=f"the {self.ours.noun}s folder {self.path}",
            is_singleton=True,
        )
        with self.errors():
            self.path.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def write(
        self,
        contents: Mapping[str, bytes],
        digest: str = "",
        pieces: Mapping[str, tuple[str, ...]] | None = None,
        beside: Mapping[str, bytes] | None = None,
    ) -> None:
        """Put `contents` (name -> bytes) there; remove what we wrote earlier and these do not have.

        Every file is on the disk before the first one is put in its place. `beside` goes to hidden names of ours. The
        caller is the writer. Raises: UsageError when a name is not ours, StoreError when the folder cannot be written.
        """
        self.check_names(list(contents))
        with self.errors():
            earlier = self.manifest() or Manifest("", {})
            made = set(earlier.folders) | {top for top in tops_of(contents) if kind_of(self.path, top) == "nothing"}
            digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
            hidden = {name: (hashlib.sha256(content).hexdigest(),) for name, content in (beside or {}).items()}
            whole = Manifest(
                digest, digests, pieces or {}, folders=tuple(made), beside={**(earlier.beside or {}), **hidden}
            )
            self._replace_all(contents, earlier, whole, beside or {})

    def _replace_all(
        self, contents: Mapping[str, bytes], earlier: Manifest, whole: Manifest, beside: Mapping[str, bytes]
    ) -> None:
        changed = {n: c for n, c in contents.items() if sha256_of(self.path, n) != whole.files[n]}
        obsolete = [name for name in earlier.files if name not in contents]
        with self._staging() as stage:
            # Before the manifest: what breaks off in between is done again.
            staged = [(stage(content), name) for name, content in changed.items()]
            last = [(stage(content), name) for name, content in beside.items()]
            self._move([(stage(half_way(earlier, whole).to_bytes()), self.ours.manifest), *staged])
            for name in obsolete:
                self._remove_if_ours(earlier, name)
            gone = {top for top in whole.folders if top not in tops_of(contents) and remove_if_empty(self.path, top)}
            whole = replace(whole, folders=tuple(top for top in whole.folders if top not in gone))
            self._move([*last, (stage(whole.to_bytes()), self.ours.manifest)])

    def _move(self, staged: Sequence[tuple[str, str]]) -> None:
        for source, target in staged:
            move(self.path, source, target)

    @contextmanager
    def _staging(self) -> Iterator[Any]:
        """A function that writes a content to the disk and gives back the name of the file."""
        self._clear_staging()
        if kind_of(self.path, self.ours.staging) == "nothing":
            (self.path / self.ours.staging).mkdir()
        token, count = secrets.token_hex(4), iter(range(1_000_000))

        def stage(content: bytes) -> str:
            name = f"{self.ours.staging}/{token}-{next(count)}"
            write_new(self.path, name, content)
            return name

        try:
            yield stage
        finally:
            self._clear_staging()

    def _clear_staging(self) -> None:
        staging = self.ours.staging
        for name in list_folder(self.path, staging):
            if _STAGED.fullmatch(name) and kind_of(self.path, f"{staging}/{name}") == "file":
                remove_file(self.path, f"{staging}/{name}")
        remove_if_empty(self.path, staging)

    def _remove_if_ours(self, manifest: Manifest, name: str) -> bool:
        if not manifest.wrote(self.path, name):
            return False
        remove_file(self.path, name)
        return True

    def clear(self, keep: Sequence[Path] = ()) -> Cleared:
        """Remove what we wrote and nobody changed since, and all traces of ours; never what lies in one of `keep`.

        Raises: StoreError when the folder cannot be written or another writes there.
        """
        with self.errors():
            if not self.path.is_dir():
                return Cleared(0, ())
            there = self._entries(Manifest("", {}))  # before the next line: a lock that comes between them is ours
            is_ours = self.manifest() is not None or any(map(self._is_trace, (self.ours.lock, self.ours.staging)))
        if not is_ours:
            return Cleared(0, tuple(there))
        with self.writer(), self.errors():
            manifest = self._without(self.manifest() or Manifest("", {}, beside={}), keep)
            removed = sum(self._remove_if_ours(manifest, name) for name in sorted(manifest.files))
            for top in manifest.folders:
                remove_if_empty(self.path, top)
            self._clear_staging()
            for name in (*self.ours.beside, self.ours.manifest):
                if self._is_trace(name, manifest):
                    remove_file(self.path, name)
            hidden = [self.ours.lock] if self._is_trace(self.ours.lock) else []
            left = self._entries(Manifest("", {}, folders=manifest.folders))
            # The lock last and while it is held: who waits for it sees that it has no name any more, and makes another.
            for name in hidden:
                remove_file(self.path, name)
            return Cleared(removed, tuple(name for name in left if name not in hidden))

    def _without(self, manifest: Manifest, keep: Sequence[Path]) -> Manifest:
        """The manifest without names that lead into one of `keep`."""
        kept = [place.relative_to(self.path) for place in keep if place.is_relative_to(self.path)]
        files = {n: d for n, d in manifest.files.items() if not any(Path(n).is_relative_to(place) for place in kept)}
        return replace(manifest, files=files)

    def _is_trace(self, name: str, manifest: Manifest | None = None) -> bool:
        """Whether one of our hidden names is there and ours: a lock is empty, a manifest can be read."""
        kind = kind_of(self.path, name)
        if name == self.ours.lock:
            return kind == "file" and read_file(self.path, name) == b""
        if name == self.ours.manifest:
            return self.manifest() is not None
        if name == self.ours.staging or manifest is None or manifest.beside is None:
            return kind == ("folder" if name == self.ours.staging else "file")
        return sha256_of(self.path, name) in manifest.beside.get(name, ())

    def others(self) -> list[str]:
        """What lies there besides what we wrote and what a project ships."""
        if not self.path.is_dir():
            return []
        found = self._entries(self.manifest() or Manifest("", {}))
        hidden = {name for name in self.ours.hidden if self._is_trace(name)}
        return [name for name in found if name.rstrip("/") not in hidden and name not in SHIPPED]

    def _entries(self, manifest: Manifest) -> list[str]:
        """What lies there, in the folders of `manifest` too, without its files."""
        found = []
        for name in list_folder(self.path):
            kind = kind_of(self.path, name)
            if kind == "folder" and (name in manifest.folders or name in tops_of(manifest.files)):
                inner = [f"{name}/{below}" for below in list_folder(self.path, name)]
                found += [below for below in inner if not self._is_listed_file(manifest, below)]
            elif not self._is_listed_file(manifest, name):
                found.append(f"{name}/" if kind == "folder" else name)
        return found

    def _is_listed_file(self, manifest: Manifest, name: str) -> bool:
        return name in manifest.files and kind_of(self.path, name) == "file"

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turns what goes wrong with the folder into a StoreError that says what to do."""
        try:
            yield
        except (OSError, Timeout) as err:
            if isinstance(err, Timeout):
                reason = f"another {self.ours.noun} is being written there"
                reason += f" by {err.holder}" if isinstance(err, Held) else ""
            else:
                reason = err.strerror or str(err)
            raise StoreError(
                f"The {self.ours.noun}s folder must be a folder that can be written. Received: {self.path} ({reason}). "
                "Make room or grant write access there, or choose another folder."
            ) from err


def a(noun: str) -> str:
    """The noun with its article."""
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
