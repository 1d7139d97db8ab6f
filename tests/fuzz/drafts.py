"""A pack on its way from sound to crooked, and the register of everything that may be done to it."""

from __future__ import annotations

import random
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from material import Base, Entry, quietly


@dataclass
class Member:
    """One file of a pack. `info` may change what the zip file says of it before it is written."""

    name: str
    content: bytes
    compression: int = zipfile.ZIP_STORED
    info: Callable[[zipfile.ZipInfo], None] | None = None


@dataclass
class Draft:
    """A pack of a victim and of runs that nothing is done to.

    Changes to the entries come first, then `members` of the zip file, then its `bytes`. `place_it`: puts something else
    than a file where the pack should be.
    """

    victim: Entry
    others: list[Entry]
    proposals: dict[str, bytes]
    members: list[Callable[[list[Member], random.Random], None]] = field(default_factory=list)
    bytes: list[Callable[[bytes, random.Random], bytes]] = field(default_factory=list)
    place_it: Callable[[Path], None] | None = None

    def write(self, path: Path, choose: random.Random) -> None:
        """The pack, or what stands in its place."""
        with quietly():
            self._write(path, choose)

    def _write(self, path: Path, choose: random.Random) -> None:
        if self.place_it is not None:
            self.place_it(path)
            return
        members = [
            Member(f"{entry.folder or entry.key()}/{name}", content)
            for entry in (self.victim, *self.others)
            for name, content in entry.files().items()
        ]
        members += [Member(f"_proposals/{name}", content) for name, content in self.proposals.items()]
        for change in self.members:
            change(members, choose)
        _write_zip(path, members)
        if self.bytes:
            content = path.read_bytes()
            for alter in self.bytes:
                content = alter(content, choose)
            path.write_bytes(content)


def _write_zip(path: Path, members: list[Member]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for member in members:
            info = zipfile.ZipInfo(member.name)
            info.compress_type = member.compression
            if member.info is not None:
                member.info(info)
            archive.writestr(info, member.content)


@dataclass(frozen=True)
class Mutation:
    """One way to make a pack crooked. `lie`: the victim must not be taken in. `task`: the victims it is for."""

    name: str
    kind: str
    change: Callable[[Draft, random.Random], None]
    lie: bool = False
    task: str | None = None


MUTATIONS: list[Mutation] = []


def register(
    name: str, kind: str, change: Callable[[Draft, random.Random], None], *, lie: bool = False, task: str | None = None
) -> None:
    """Add a mutation to those that are tried. Names are its only handle, so none is given twice."""
    assert all(known.name != name for known in MUTATIONS), name
    MUTATIONS.append(Mutation(name, kind, change, lie, task))


@dataclass(frozen=True)
class Case:
    """A numbered draft: the number alone decides what is done, and to whom."""

    number: int
    mutations: tuple[Mutation, ...]
    victim: str
    others: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"pack {self.number}: {' + '.join(m.name for m in self.mutations)} (to {self.victim[:8]})"

    @property
    def is_lie(self) -> bool:
        return any(mutation.lie for mutation in self.mutations)

    @property
    def is_about_proposals(self) -> bool:
        return any(mutation.kind == "proposals" for mutation in self.mutations)

    def draft(self, base: Base) -> Draft:
        choose = random.Random(f"draft {self.number}")
        draft = Draft(base.entry(self.victim), [base.entry(key) for key in self.others], dict(base.proposals))
        with quietly():
            for mutation in self.mutations:
                mutation.change(draft, choose)
        return draft


def make_case(base: Base, number: int) -> Case:
    """Case `number`: every mutation once alone, then each again with other luck, every third time with a second one."""
    choose = random.Random(f"case {number}")
    first = MUTATIONS[number % len(MUTATIONS)]
    mutations = (first,)
    fitting = [second for second in MUTATIONS if _go_together(first, second)]
    if number >= len(MUTATIONS) and fitting and choose.random() < 0.4:
        mutations = (first, choose.choice(fitting))
    task = first.task or next((m.task for m in mutations if m.task), None)
    victims = [key for key in base.shown if task in (None, base.tasks[key])]
    victim = choose.choice(victims)
    others = tuple(choose.sample([key for key in base.keys if key != victim], 2))
    return Case(number, mutations, victim, others)


STAGES = {"names": "members", "bytes": "bytes", "members": "members", "proposals": "proposals"}
PARTS = ("record", "identity", "predictions", "weights")


def _go_together(first: Mutation, second: Mutation) -> bool:
    """Whether the second finds what it changes, whatever the first did: another part, or a later stage of the making."""
    one, other = first.kind.split()[0], second.kind.split()[0]
    if "instead" in (one, other) or second.task not in (None, first.task):
        return False
    return STAGES.get(one) != STAGES.get(other) or (one in PARTS and other in PARTS and one != other)


def end_record(content: bytes) -> int:
    """Where the zip file's last record begins."""
    return content.rindex(b"PK\x05\x06")


def patch(content: bytes, at: int, form: str, value: int) -> bytes:
    return content[:at] + struct.pack(form, value) + content[at + struct.calcsize(form) :]
