"""How long runs take: learned from the runs there were, guessed for the first of a kind."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Annotated

import msgspec

from kerascnn.errors import StoreError
from kerascnn.specs import TrainSpec
from kerascnn.store import read_file, write_replacing
from kerascnn.store.files import ABSENT

FIRST_GUESS_SECONDS_PER_IMAGE = {"models.linear": 3e-5, "models.mlp": 1e-4, "models.lenet": 8e-5}
"""Order of magnitude on one modern core; replaced by measurements after the first run of a kind."""
GUESS_SECONDS_PER_LAYER = 4e-5
RUN_OVERHEAD_SECONDS = 1.5
"""Loading data, probes and scores of one run in a warm worker."""


Rate = Annotated[float, msgspec.Meta(ge=0.0, le=3600.0)]


class Costs:
    """Measured seconds per image and epoch by kind of run, kept in a small file in the store.

    Losing it costs nothing but a worse forecast.
    """

    def __init__(self, store_root: Path) -> None:
        self._file = store_root / "_costs.json"
        try:
            self._measured = msgspec.json.decode(read_file(self._file), type=dict[str, Rate])
        except (*ABSENT, ValueError, RecursionError):
            self._measured = {}

    def estimate_seconds(self, spec: TrainSpec, train_images: int) -> float:
        """Seconds that one worker needs for `spec`; `train_images` is the number there is."""
        images = (spec.data.train_images or train_images) * spec.epochs
        rate = self._measured.get(kind_of(spec)) or _guess(spec)
        return RUN_OVERHEAD_SECONDS + images * rate

    def learn(self, spec: TrainSpec, train_images: int, duration_seconds: float) -> None:
        """Remember what a run took; recent runs count half."""
        images = (spec.data.train_images or train_images) * spec.epochs
        rate = max(0.0, duration_seconds - RUN_OVERHEAD_SECONDS) / images
        before = self._measured.get(kind_of(spec), rate)
        self._measured[kind_of(spec)] = 0.5 * before + 0.5 * rate

    def save(self) -> None:
        """Write the file if it can be written; another pipeline's measurements of the same moment may win."""
        with contextlib.suppress(StoreError):
            write_replacing(self._file, json.dumps(self._measured, sort_keys=True).encode())


def kind_of(spec: TrainSpec) -> str:
    """Runs of one kind cost about the same for each image, and mostly share what a warm worker has traced."""
    parts = [spec.model, spec.batch_size, spec.precision, spec.augmentation, spec.optimiser.name]
    return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()[:16]


def _guess(spec: TrainSpec) -> float:
    layers = spec.model.arguments.get("depth", 8)
    guess = FIRST_GUESS_SECONDS_PER_IMAGE.get(
        spec.model.builder, GUESS_SECONDS_PER_LAYER * (layers if isinstance(layers, int) else 8)
    )
    return guess * (1.0 if spec.precision == "bfloat16" else 2.0)
