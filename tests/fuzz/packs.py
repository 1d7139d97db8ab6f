"""One mutated pack through the commands that meet it."""

from __future__ import annotations

import random
import re
from pathlib import Path

from drafts import Case, make_case
from judging import FILE_OF_AN_ENTRY, KILL_SECONDS, changed, has_scripts_of_others, photograph, run, unnamed, wrong_keys
from material import Base, quietly
from place import Place
from warm import Commands

ALONE_EVERY = 50
"""One case in so many runs as a user would start it, not in forks."""


class Packs:
    """Tries packs one after another.

    Most packs are refused, and change nothing: then what the store would be planned and rendered as is no pack's doing,
    and the damaged stores of `test_entries.py` lack entries too. Nor is a store rendered twice. `seen`: the digests of
    the stores that were.
    """

    def __init__(self, base: Base, commands: Commands) -> None:
        self._base, self._commands = base, commands
        self._seen: set[str] = set()

    def attempt(self, number: int, folder: Path) -> list[str]:
        """Take in pack `number` where its victim is missing, then plan and render; everything that is wrong."""
        case = make_case(self._base, number)
        runner = None if number % ALONE_EVERY == ALONE_EVERY - 1 else self._commands
        place = self._base.copy(folder / "place", without=(case.victim,), with_proposals=not case.is_about_proposals)
        self._seen.add(photograph(place.store).digest)
        found = _take_in(self._base, case, place, runner, folder)
        digest = photograph(place.store).digest
        if digest not in self._seen:
            self._seen.add(digest)
            found += _show(case, place, runner, folder)
        return [f"{case.name}: {text}" for text in found]


def _take_in(base: Base, case: Case, place: Place, runner: Commands | None, folder: Path) -> list[str]:
    """`store add`, and whether the store is as it must be afterwards."""
    pack = folder / f"pack-{case.number}.zip"
    case.draft(base).write(pack, random.Random(f"write {case.number}"))
    before, outside = photograph(place.store), photograph(folder)
    added, found = run(place, runner, folder, "store", "add", str(pack))
    if added.seconds < KILL_SECONDS:
        found += unnamed(added, f"{re.escape(pack.name)}|{FILE_OF_AN_ENTRY}")
    found += changed(before, photograph(place.store), {path.split("/")[0] for path in before.contents} - {"_logs"})
    stray = photograph(folder).contents.keys() - outside.contents.keys()
    found += [f"{path} was written" for path in sorted(stray) if not path.startswith(("place/", "std"))]
    return found + wrong_keys(place.store) + _lies(base, case, place.store)


def _show(case: Case, place: Place, runner: Commands | None, folder: Path) -> list[str]:
    """`store`, `plan` and `report`, which must succeed."""
    found = []
    for verb in ("store", "plan", "report"):
        done, wrong = run(place, runner, folder, verb)
        found += wrong
        if done.code != 0 and not wrong:
            found.append(f"`{verb}` failed with {done.code}: {done.stderr[-500:]}")
        if verb == "plan" and case.is_about_proposals and done.code == 0:
            found += _wants(done.stdout)
        if done.seconds >= KILL_SECONDS:
            return found
    return found + has_scripts_of_others(place.reports)


def _lies(base: Base, case: Case, store: Path) -> list[str]:
    """The victim's key, where the lie about it was believed."""
    if not case.is_lie:
        return []
    told = case.draft(base).victim
    with quietly():
        if told.files() == base.entry(case.victim).files():  # by chance it is the truth
            return []
    return ["the lie was taken in"] if (store / (told.folder or told.key())).exists() else []


def _wants(plan: str) -> list[str]:
    """No run is missing but the victim: whatever a plan wants besides, a proposal put there."""
    wanted = [int(number) for number in re.findall(r"^In all: (\d+) runs to train", plan, re.MULTILINE)]
    return [] if wanted and wanted[0] <= 1 else [f"`plan` wants runs that nobody asked for: {plan[-600:]}"]
