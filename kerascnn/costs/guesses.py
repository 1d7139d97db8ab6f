"""What a run takes by the size of its network, before anything like it was measured."""

from __future__ import annotations

from typing import NamedTuple

from kerascnn.specs import TrainSpec

SECONDS_PER_STEP, SECONDS_PER_STEP_AND_VARIABLE = 1e-3, 1e-4
SECONDS_PER_MULTIPLY_ADD = 2.5e-11
"""Forward and backward in bfloat16 on a core that computes it natively; measured on a Zen 5."""
FLOAT32_TIMES = 2.0
SECONDS_OF_A_RUN, SECONDS_OF_A_RUN_AND_VARIABLE = 0.2, 0.02
"""Data, probes, scores and writing, in a worker that has the network traced."""
SECONDS_OF_TRACING, SECONDS_OF_TRACING_AND_VARIABLE = 0.5, 0.035
SECONDS_OF_FIRST_STEPS = 0.08
"""The first and the last step of a run are taken alone, with all weights looked at."""
EXECUTING_SECONDS = 8.0
"""A kernel that loads TensorFlow and draws some pictures."""
RENDERING_SECONDS_PER_PAGE = 0.06
RENDERING_SECONDS = 1.2
"""Pages of results that are as they were are taken over."""
STARTING_SECONDS = 6.0
"""A worker that loads TensorFlow."""
LANE_SECONDS = 3.0
"""The process that executes and renders, until it has loaded what it needs."""
FORWARD_SHARE = 1 / 3
"""An image that is only answered costs so much of one that is trained on."""
SCORED_IMAGES = 1000
"""Training images that are scored at the end."""
TEST_IMAGES = 10_000
VALIDATION_SHARE = 0.1


class Size(NamedTuple):
    """Multiply-adds of one image's forward pass, and variables (a kernel is one)."""

    multiply_adds: int
    variables: int


TYPICAL = Size(8_000_000, 14)
"""Of a network that nobody has built yet."""


class Cost(NamedTuple):
    """Seconds for each image trained on, for all else of a run, and for tracing its network for the first time."""

    per_image: float
    per_run: float
    tracing: float


def guess(size: Size, batch_size: int, precision: str) -> Cost:
    """What a run of a network of this size costs."""
    step = SECONDS_PER_STEP + SECONDS_PER_STEP_AND_VARIABLE * size.variables
    number = SECONDS_PER_MULTIPLY_ADD * (1.0 if precision == "bfloat16" else FLOAT32_TIMES)
    return Cost(
        per_image=step / batch_size + number * size.multiply_adds,
        per_run=SECONDS_OF_A_RUN + SECONDS_OF_A_RUN_AND_VARIABLE * size.variables,
        tracing=SECONDS_OF_TRACING + SECONDS_OF_TRACING_AND_VARIABLE * size.variables,
    )


def trained_images(spec: TrainSpec, train_images: int) -> int:
    """Images that the run's steps see, each as often as it is seen; `train_images` is the number there is."""
    return (spec.data.train_images or train_images) * spec.epochs


def answered_images(spec: TrainSpec, train_images: int) -> int:
    """Images that the run only answers: validation after each epoch, the scores at the end."""
    there = spec.data.train_images or train_images
    validation = spec.data.val_images or round(VALIDATION_SHARE * train_images)
    return validation * spec.epochs + min(SCORED_IMAGES, there) + (spec.data.test_images or TEST_IMAGES)
