"""What must hold after any command on any input, found out without the product's own checks."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from material import ENTRY_FILES, MANIFEST
from place import Place
from warm import Commands, Done, run_alone

from kerascnn.errors import KerascnnError
from kerascnn.identity import RunIdentity

EXIT_CODES = {0, 2, 3, 4, 5, 6}
"""Of the table in docs/commands.md, those that nobody's signal brings about."""
HANG_SECONDS = 10.0
KILL_SECONDS = 30.0
LARGEST_PEAK_BYTES = 1_500_000_000
NOT_PRINTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What moves the cursor, rings, or turns the reading direction of a terminal."""
LONGEST_LINE = 4000
SPOKEN = re.compile(r": refused |damaged:|^pipeline\.py:")
"""How a line begins that is about a file: of `store add`, of `store verify`, of any other command."""


def run(place: Place, commands: Commands | None, folder: Path, *arguments: str) -> tuple[Done, list[str]]:
    """A command in the place, in a fork or (without `commands`) as a user starts it; and what is wrong with it.

    What takes too long is tried once more: other work on the machine must not look like a hang.
    """
    words = [*arguments, "--profile", "smoke", "--data", str(place.data)]
    start = run_alone if commands is None else commands.run
    done = start(words, place.variables(), folder, KILL_SECONDS)
    if HANG_SECONDS < done.seconds < KILL_SECONDS:
        done = start(words, place.variables(), folder, KILL_SECONDS)
    return done, complaints(done)


def complaints(done: Done) -> list[str]:
    """What no command may do."""
    said = done.stdout + done.stderr
    found = {
        "a traceback": "Traceback" in done.stderr,
        f"exit code {done.code}": done.code not in EXIT_CODES and "Traceback" not in done.stderr,
        f"took {done.seconds:.0f} s": done.seconds > HANG_SECONDS,
        f"took {done.peak_bytes / 1e9:.1f} GB": done.peak_bytes > LARGEST_PEAK_BYTES,
        f"printed {NOT_PRINTED.findall(said)[:3]}": bool(NOT_PRINTED.search(said)),
        "printed a line of thousands of letters": any(len(line) > LONGEST_LINE for line in said.splitlines()),
        "failed without a word": done.code not in (0, 6) and not said.strip(),
    }
    verb = " ".join(word for word in done.arguments[:2] if not word.startswith("-"))
    return [f"`{verb}`: {text}; it said: ...{said[-400:]!a}" for text, holds in found.items() if holds]


def unnamed(done: Done, pattern: str) -> list[str]:
    """Lines of a refusal that name no file by `pattern`."""
    if "Traceback" in done.stderr:
        return []  # said elsewhere
    about = [line for line in (done.stdout + done.stderr).splitlines() if SPOKEN.search(line)]
    silent = [line for line in about if not re.search(pattern, line)]
    missing = ["it failed and named no file"] if done.code not in (0, 6) and not about else []
    return [f"`{done.arguments[0]}` names no file: {line[:300]}" for line in [*silent, *missing]]


FILE_OF_AN_ENTRY = rf"[0-9a-fFx]{{8,32}}.*({'|'.join(map(re.escape, (*ENTRY_FILES, MANIFEST)))}|proposals)"
"""A key, or enough of it, and a file of that entry."""


@dataclass(frozen=True)
class Photograph:
    """Everything below a folder: kind and content of each name."""

    contents: dict[str, str]

    def below(self, *names: str) -> dict[str, str]:
        return {path: content for path, content in self.contents.items() if path.split("/")[0] in names}

    @property
    def digest(self) -> str:
        """The same for the same runs, proposals and published results: all that a plan and a report follow from."""
        passing = ("_locks", "_logs", "_tmp")
        kept = {path: what for path, what in self.contents.items() if path.split("/")[0] not in passing}
        return hashlib.sha256(repr(sorted(kept.items())).encode()).hexdigest()


def photograph(root: Path) -> Photograph:
    contents: dict[str, str] = {}
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(folder, name)
            contents[str(path.relative_to(root))] = _look(path)
    return Photograph(contents)


def _look(path: Path) -> str:
    kind = path.lstat().st_mode
    if stat.S_ISREG(kind):
        return hashlib.sha256(path.read_bytes()).hexdigest()
    if stat.S_ISLNK(kind):
        return f"link to {path.readlink()}"
    return "folder" if stat.S_ISDIR(kind) else "special"


def changed(before: Photograph, after: Photograph, names: Collection[str]) -> list[str]:
    """What of `names`, entries and folders of a store, is not as it was."""
    old, new = before.below(*names), after.below(*names)
    return [
        f"{path} was {'changed' if path in new else 'taken away'}" for path in sorted(old) if new.get(path) != old[path]
    ]


def wrong_keys(store: Path) -> list[str]:
    """Entries whose key is not the digest of their identity, or that lack a file."""
    found = []
    for folder in sorted(path for path in store.iterdir() if re.fullmatch("[0-9a-f]{32}", path.name)):
        missing = [name for name in (*ENTRY_FILES, MANIFEST) if not (folder / name).is_file()]
        if missing:
            found.append(f"the store has {folder.name} without {missing}")
        elif digest(folder / "identity.json") != folder.name:
            found.append(f"the store has an identity under {folder.name} that is not its own")
    return found


def digest(identity: Path) -> str:
    """The key of an identity's file: of its bytes where they are in the one canonical form, else of what they say."""
    content = identity.read_bytes()
    key = hashlib.sha256(content).hexdigest()[:32]
    if key == identity.parent.name:
        return key
    try:
        return RunIdentity.from_json(content).key
    except KerascnnError:
        return "no identity"


def has_scripts_of_others(reports: Path) -> list[str]:
    """Pages with markup that a run's text brought along."""
    pages = [path for path in sorted(reports.rglob("*.html")) if b"<script>alert(1)" in path.read_bytes()]
    return [f"{page.name} runs a script of a pack" for page in pages]
