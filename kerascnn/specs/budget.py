"""What a profile may spend."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from kerascnn.specs.base import Spec
from kerascnn.specs.run import Positive

Profile = Literal["smoke", "quick", "full"]
PROFILES: tuple[Profile, ...] = ("smoke", "quick", "full")


class Budget(Spec, frozen=True, kw_only=True):
    """What one profile spends. None images: all there are. `arms`: which arms the profile trains.

    Every arm gets `seeds`; then the arms of claims that are still open get twice as many, and so on up to `most_seeds`
    (None: no more).

    `rate_seeds`: seeds for each learning rate of a grid, on `trial_images`; with 0 the profile tries none.
    `trials`: what each search may spend, in trials of `trial_epochs`; shorter ones buy more of them, so that all
    searches see the same number of images. `search_minutes`: no further trial once those of a search have trained
    for that long.
    """

    epochs: Positive
    seeds: Positive
    most_seeds: Positive | None = None
    train_images: Positive | None = None
    val_images: Positive | None = 500
    test_images: Positive | None = 2000
    trials: int = 0
    trial_epochs: Positive = 1
    trial_images: Positive | None = None
    search_minutes: Annotated[float, msgspec.Meta(gt=0)] | None = None
    rate_seeds: int = 0
    arms: Literal["pairs", "claimed", "all"] = "claimed"
