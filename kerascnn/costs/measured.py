"""What was measured on this machine, and what follows from it for runs to come."""

from __future__ import annotations

import contextlib
import hashlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec

from kerascnn.costs.guesses import (
    EXECUTING_SECONDS,
    FORWARD_SHARE,
    LANE_SECONDS,
    RENDERING_SECONDS,
    RENDERING_SECONDS_PER_PAGE,
    SECONDS_OF_FIRST_STEPS,
    STARTING_SECONDS,
    TYPICAL,
    Cost,
    Size,
    answered_images,
    guess,
    trained_images,
)
from kerascnn.errors import StoreError
from kerascnn.specs import Spec, TrainSpec
from kerascnn.store import load_spec, write_replacing

Seconds = Annotated[float, msgspec.Meta(ge=0.0, le=1e7)]
WEIGHT_OF_THE_LATEST = 0.5
MUCH_SHORTER = 3
LIKENESS = 1.0
"""Another builder or number format counts as much as a network e times as dear."""


class Spent(Spec, frozen=True, kw_only=True):
    """What a run took: all seconds, those of its training steps, and whether its network was traced for it."""

    seconds: float
    training_seconds: float
    is_first: bool


class Kind(Spec, frozen=True, kw_only=True):
    """Runs of one kind: what they are, what each image costs, each run besides, and the first one in a worker.

    `images`: of the longest run that `per_image` was learned from. Much shorter ones tell little of it.
    """

    builder: str
    precision: str
    batch_size: int
    multiply_adds: int
    variables: int
    images: int
    per_image: Seconds
    per_run: Seconds | None = None
    tracing: Seconds | None = None

    @property
    def size(self) -> Size:
        """How large the network is."""
        return Size(self.multiply_adds, self.variables)

    @property
    def guessed(self) -> Cost:
        """What would have been guessed."""
        return guess(self.size, self.batch_size, self.precision)

    def with_run(self, images: int, answered: int, spent: Spent) -> Kind:
        """With another run in it, of so many images trained on and answered."""
        first_steps = min(SECONDS_OF_FIRST_STEPS, spent.training_seconds / 2)
        worth = images + FORWARD_SHARE * answered
        seen = min((spent.training_seconds - first_steps) / max(1, images), spent.seconds / max(1, worth))
        per_image = self.per_image if images * MUCH_SHORTER < self.images else _mean(self.per_image, seen)
        per_image = seen if images > MUCH_SHORTER * self.images else per_image
        rest = max(0.0, spent.seconds - per_image * worth)
        kind = msgspec.structs.replace(self, per_image=per_image, images=max(images, self.images))
        if not spent.is_first:
            return msgspec.structs.replace(kind, per_run=_mean(self.per_run, rest))
        usual = self.guessed.per_run if self.per_run is None else self.per_run
        return msgspec.structs.replace(kind, tracing=_mean(self.tracing, max(0.0, rest - usual)))


class Measured(Spec, frozen=True, kw_only=True):
    """The file. `executing`: notebook and profile -> seconds. `rendering`: seconds of a report with one new
    result; the other pages are taken over, so how many there are hardly counts."""

    kinds: dict[str, Kind] = msgspec.field(default_factory=dict)
    executing: dict[str, Seconds] = msgspec.field(default_factory=dict)
    rendering: Seconds | None = None
    starting: Seconds | None = None


class Costs:
    """Seconds of one processor that runs, notebooks and pages take. Kept in a small file in the store.

    Losing it costs nothing but a worse forecast.
    """

    def __init__(self, store_root: Path) -> None:
        self._file = store_root / "_costs.json"
        try:
            found = load_spec(self._file, Measured)
        except StoreError:
            found = None
        self._measured, self._is_new = found or Measured(), False
        self._sizes: dict[str, Size] = {}
        self._yardstick: Kind | None = None
        self._usual_start = STARTING_SECONDS

    def note_size(self, spec: TrainSpec, size: Size) -> None:
        """How large the network of `spec` is, for the guess."""
        self._sizes[kind_of(spec)] = size

    def is_measured(self, spec: TrainSpec) -> bool:
        """Whether a run of this kind was measured."""
        return kind_of(spec) in self._measured.kinds

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was measured on this machine."""
        return not (self._measured.kinds or self._measured.executing)

    def estimate_seconds(self, spec: TrainSpec, train_images: int, *, is_first: bool = False) -> float:
        """Seconds for the run; `train_images` is the number there is. `is_first`: no worker has its network yet."""
        cost = self._cost(spec)
        images = trained_images(spec, train_images) + FORWARD_SHARE * answered_images(spec, train_images)
        return cost.per_image * images + cost.per_run + (cost.tracing if is_first else 0.0)

    def _cost(self, spec: TrainSpec) -> Cost:
        own = self._measured.kinds.get(kind_of(spec))
        size = own.size if own else self._sizes.get(kind_of(spec), TYPICAL)
        guessed = guess(size, spec.batch_size, spec.precision)
        like = own or self._nearest(spec, guessed)
        if like is None:
            return guessed
        other = like.guessed
        return Cost(
            per_image=guessed.per_image * like.per_image / other.per_image,
            per_run=guessed.per_run * _ratio(like.per_run, other.per_run),
            tracing=guessed.tracing * _ratio(like.tracing, other.tracing),
        )

    def _nearest(self, spec: TrainSpec, guessed: Cost) -> Kind | None:
        """The kind measured that is most like `spec`: in its builder, its number format and what it should cost."""

        def distance(kind: Kind) -> float:
            unlike = (kind.builder != spec.model.builder) + (kind.precision != spec.precision)
            return abs(math.log(kind.guessed.per_image / guessed.per_image)) + LIKENESS * unlike

        return min(self._measured.kinds.values(), key=distance, default=self._yardstick)

    def learn(self, spec: TrainSpec, train_images: int, spent: Spent) -> None:
        """Remember what a run took; recent ones count half."""
        name = kind_of(spec)
        kind = self._measured.kinds.get(name) or _new_kind(spec, self._sizes.get(name, TYPICAL))
        self._learned(kinds={**self._measured.kinds, name: _with_run(kind, spec, train_images, spent)})

    def note_pace(
        self, spec: TrainSpec, train_images: int, size: Size, spent: Sequence[Spent], starting_seconds: float
    ) -> None:
        """How fast this machine is, for the guess: what a run that is no part of any suite took, one time after the other."""
        kind = _new_kind(spec, size)
        for once in spent:
            kind = _with_run(kind, spec, train_images, once)
        self._yardstick, self._usual_start = kind, starting_seconds

    @property
    def pace_is_known(self) -> bool:
        """Whether anything tells how fast this machine trains."""
        return bool(self._measured.kinds) or self._yardstick is not None

    def executing_seconds(self, experiment: str, profile: str) -> float:
        """Seconds to execute the notebook; those of other notebooks where it never was."""
        known = self._measured.executing
        others = [seconds for name, seconds in known.items() if name.endswith(f" {profile}")] or [*known.values()]
        typical = sum(others) / len(others) if others else EXECUTING_SECONDS * self._slowness
        return known.get(f"{experiment} {profile}", typical)

    def learn_executing(self, experiment: str, profile: str, seconds: float) -> None:
        """Remember what executing a notebook took."""
        name, known = f"{experiment} {profile}", self._measured.executing
        self._learned(executing={**known, name: _mean(known.get(name), seconds)})

    def rendering_seconds(self, pages: int) -> float:
        """Seconds to render a report with the results of so many notebooks, one of them new."""
        known = self._measured.rendering
        if known is None:
            return (RENDERING_SECONDS + pages * RENDERING_SECONDS_PER_PAGE) * self._slowness
        return known

    def learn_rendering(self, seconds: float) -> None:
        """Remember what rendering took."""
        self._learned(rendering=_mean(self._measured.rendering, seconds))

    @property
    def lane_seconds(self) -> float:
        """Seconds until the process that executes and renders can begin."""
        return LANE_SECONDS * self._slowness

    @property
    def _slowness(self) -> float:
        """How much longer than elsewhere this machine takes for what is mostly Python, by how long a worker takes to start."""
        return self.starting_seconds / STARTING_SECONDS

    @property
    def starting_seconds(self) -> float:
        """Seconds until a worker can train."""
        return self._usual_start if self._measured.starting is None else self._measured.starting

    def learn_starting(self, seconds: float) -> None:
        """Remember what starting a worker took."""
        self._learned(starting=_mean(self._measured.starting, seconds))

    def _learned(self, **fields: object) -> None:
        self._measured, self._is_new = msgspec.structs.replace(self._measured, **fields), True

    def save(self) -> None:
        """Write the file if there is anything new and it can be written; what another pipeline measured may win."""
        if self._is_new:
            with contextlib.suppress(StoreError):
                write_replacing(self._file, self._measured.canonical_json())


def _new_kind(spec: TrainSpec, size: Size) -> Kind:
    return Kind(
        builder=spec.model.builder,
        precision=spec.precision,
        batch_size=spec.batch_size,
        multiply_adds=size.multiply_adds,
        variables=size.variables,
        images=0,
        per_image=0.0,
    )


def _with_run(kind: Kind, spec: TrainSpec, train_images: int, spent: Spent) -> Kind:
    return kind.with_run(trained_images(spec, train_images), answered_images(spec, train_images), spent)


def kind_of(spec: TrainSpec) -> str:
    """Runs of one kind cost about the same for each image, and mostly share what a warm worker has traced."""
    parts = [spec.model, spec.batch_size, spec.precision, spec.augmentation, spec.optimiser.name]
    return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()[:16]


def _mean(before: float | None, latest: float) -> float:
    return latest if before is None else before + WEIGHT_OF_THE_LATEST * (latest - before)


def _ratio(measured: float | None, guessed: float) -> float:
    return 1.0 if measured is None else measured / guessed
