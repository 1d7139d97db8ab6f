"""One harmed store through the commands that read it."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from pathlib import Path

from disks import HARMS, Scene, before_harm
from judging import FILE_OF_AN_ENTRY, KILL_SECONDS, changed, digest, photograph, run, unnamed
from material import Base
from warm import Commands, Done

EXPERIMENT = "04_glorot_vs_he"
COMMANDS = (["store", "verify"], ["store"], ["why", EXPERIMENT], ["plan"], ["report"], ["store", "export"])
QUICKEST = (["store", "verify"], ["plan"], ["report"])
ALONE_EVERY = 50
NAMED = (
    rf"{FILE_OF_AN_ENTRY}|_(published|proposals|failures|costs|taken_in|locks|tmp|logs|damaged)\b|runs/[0-9a-fFx]{{32}}"
)
"""What a message may name: a file of an entry, a folder or file of the store itself, or an entry that is no folder."""


def try_harm(base: Base, commands: Commands, number: int, folder: Path, *, verbs: Sequence[Sequence[str]]) -> list[str]:
    """Harm a store in way `number`, then verify, plan and render; everything that is wrong."""
    choose = random.Random(f"harm {number}")
    harm = HARMS[number % len(HARMS)]
    victims = [key for key in base.shown if harm.task in (None, base.tasks[key])]
    (folder / "outside").mkdir()
    place = base.copy(folder / "place")
    scene = Scene(base, place.store, choose.choice(victims), folder / "outside", choose)
    before_harm(scene)
    sound = photograph(place.store)
    harm.do(scene)
    harmed, outside = photograph(place.store), photograph(scene.outside)
    found = []
    for verb in verbs:
        more = [str(folder / "export")] if verb[-1] == "export" else []
        done, wrong = run(place, None if number % ALONE_EVERY == ALONE_EVERY - 1 else commands, folder, *verb, *more)
        found += wrong
        if done.seconds >= KILL_SECONDS:
            break
        found += unnamed(done, NAMED)
        if verb[-1] == "verify":
            found += _verified(done, scene.victim, harm.file) + _believed(place.store, done)
        if verb[-1] in ("plan", "report") and harm.readable and done.code != 0:
            found.append(f"`{verb[-1]}` failed with {done.code}: {done.stderr[-500:]}")
    found += _lost(base, harmed.contents, place.store)
    found += changed(outside, photograph(scene.outside), {path.split("/")[0] for path in outside.contents})
    untouched = {key for key in base.keys if sound.below(key) == harmed.below(key)}
    found += changed(harmed, photograph(place.store), untouched)
    return [f"harm {number}: {harm.name} (to {scene.victim[:8]}): {text}" for text in found]


def _verified(done: Done, victim: str, file: str) -> list[str]:
    """Whether what verify said of a damaged entry names the entry and, where it is one, its file."""
    if done.code == 0:
        return []
    lines = (done.stdout + done.stderr).splitlines()
    named = any(victim[:12] in line and file in line for line in lines) or not file
    return [] if named else [f"`verify` does not name {victim[:12]} and {file}: {lines[-3:]}"]


def _believed(store: Path, done: Done) -> list[str]:
    """Entries left in place by verify, though their identity is another run's."""
    if done.code not in (0, 5):
        return []
    left = [path for path in store.glob("?" * 32) if (path / "identity.json").is_file() and path.name.islower()]
    wrong = [path.name for path in left if digest(path / "identity.json") != path.name]
    return [f"`verify` leaves {name[:12]} under a key that is not its own" for name in wrong]


def _lost(base: Base, harmed: dict[str, str], store: Path) -> list[str]:
    """Entries that were there, whole or not, and are neither there nor set aside."""
    there = {path.split("/")[0] for path in harmed} & set(base.keys)
    aside = {path.name.split("-")[0] for path in (store / "_damaged").glob("*")}
    return [
        f"the entry {key} is gone" for key in sorted(there) if not os.path.lexists(store / key) and key not in aside
    ]
