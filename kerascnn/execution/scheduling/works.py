"""What a scheduler is given and keeps book of: studies to settle, the runs that they want."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kerascnn.planning.ledger import Ledger
from kerascnn.specs import Study, TrainSpec, Wanted


@dataclass
class Work:
    """One study to settle. `on_settled` is called when nothing of it is left to train, and again where its results then ask for
    more. `on_rest` is called when its first look is done and later ones wait for those of other studies."""

    name: str
    study: Study
    ledger: Ledger
    on_settled: Callable[[], None] = lambda: None
    on_rest: Callable[[], None] = lambda: None
    settled: bool = False
    has_rested: bool = False
    force: bool = False
    keys: set[str] = field(default_factory=set)
    """Of the runs that it wanted when it was asked last."""
    unknown_seconds: list[float] = field(default_factory=list)
    """How long the runs take that nobody can name yet."""


@dataclass
class Run:
    """A run that a work wants; `alone`: nothing else may run beside it, `not_before`: when another pipeline should be done with it."""

    wanted: Wanted
    work: Work
    kind: str
    deaths: int = 0
    alone: bool = False
    not_before: float = 0.0

    @property
    def spec(self) -> TrainSpec:
        return self.wanted.spec

    @property
    def label(self) -> str:
        return self.wanted.label

    @property
    def look(self) -> int:
        """Which look of its study asks for it, counted from zero."""
        return self.work.study.look_of(self.wanted)


@dataclass
class Books:
    """Which runs, by key, are where. `asking`: digests of what oracles are being asked."""

    waiting: dict[str, Run] = field(default_factory=dict)
    under_way: dict[str, Run] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    asking: set[str] = field(default_factory=set)
