"""Every famous architecture at CIFAR size trains: a step moves its weights, and a few pictures are learnt by heart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from kerascnn.specs import DataSpec, ModelSpec, OptimiserSpec, TrainSpec
from kerascnn.training.inputs import Affine
from kerascnn.training.loop import Images, Program

SHAPE, CLASSES, COUNT = (32, 32, 3), 10, 16
AFFINE = Affine(np.full(3, 127.5, np.float32), np.full(3, 1 / 64, np.float32))
NETWORKS: list[tuple[str, dict[str, Any]]] = [
    ("lenet5", {}),
    ("network_in_network", {}),
    ("alexnet", {}),
    ("zfnet", {}),
    ("vgg16", {"batch_normalisation": True}),
    ("googlenet", {"modules": ["3a", "4a"]}),
    ("googlenet", {"modules": ["3a", "4a"], "version": 2, "reductions": False}),
    ("residual", {"depth": 8, "width": 8}),
    ("residual", {"depth": 8, "width": 8, "skips": False, "stem_stride": 2}),
    ("resnet", {"depth": 18, "width": 8}),
    ("mobilenet", {"repeats": 1}),
    ("mobilenet", {"repeats": 1, "resolution": 0.5}),
    ("densenet", {"blocks": [2, 2]}),
    ("densenet", {"blocks": [2, 2], "bottleneck": True, "compression": 0.5}),
    ("convnext", {"depths": [1, 1], "widths": [16, 32]}),
]


def make_program(name: str, arguments: dict[str, Any], precision: Any) -> Program:
    spec = TrainSpec(
        data=DataSpec(content="c" * 64),
        model=ModelSpec(builder=f"models.{name}", arguments=arguments),
        epochs=1,
        seed=1,
        batch_size=COUNT,
        precision=precision,
        optimiser=OptimiserSpec(learning_rate=2e-3),
    )
    return Program(spec, SHAPE, CLASSES, Path())


@pytest.fixture
def pictures() -> Images:
    """Pictures of 4 x 4 random patches, with labels that have nothing to do with them.

    Not of noise: to a net that averages its last maps all noise looks alike.
    """
    patches = np.random.default_rng(1).integers(0, 256, (COUNT, 4, 4, 3), dtype=np.uint8)
    images = patches.repeat(8, axis=1).repeat(8, axis=2)
    return Images(tf.constant(images), tf.constant(np.arange(COUNT, dtype=np.int32) % CLASSES))


def train(program: Program, pictures: Images, steps: int) -> float:
    """Mean loss over `steps` steps on all pictures."""
    order = np.tile(np.arange(COUNT, dtype=np.int32), (steps, 1))
    done = program.train(pictures, order, np.full(steps, 2e-3, np.float32), AFFINE, 1, 0)
    return done.loss_sum / (steps * COUNT)


@pytest.mark.thorough
@pytest.mark.parametrize(("name", "arguments"), NETWORKS)
def test_a_step_in_the_narrow_format_moves_every_weight(name: str, arguments: dict[str, Any], pictures: Images) -> None:
    program = make_program(name, arguments, "bfloat16")
    assert program.reusable, "a worker can draw every weight anew"
    program.reset(1)
    before = [np.asarray(variable).copy() for variable in program.model.trainable_variables]
    train(program, pictures, 2)
    still = [
        v.path
        for v, old in zip(program.model.trainable_variables, before, strict=True)
        if np.array_equal(np.asarray(v), old)
    ]
    assert still == []


@pytest.mark.thorough
@pytest.mark.parametrize(("name", "arguments"), NETWORKS)
def test_sixteen_pictures_are_learnt_by_heart(name: str, arguments: dict[str, Any], pictures: Images) -> None:
    program = make_program(name, arguments, "float32")
    program.reset(1)
    train(program, pictures, 150)
    assert np.mean(program.evaluate(pictures, AFFINE).predictions == pictures.labels.numpy()) >= 0.9
