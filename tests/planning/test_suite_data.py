"""A data set that is too small is said once for all experiments; an experiment that wants too much is left out alone."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from factories import CONTENT, make_arm

from kerascnn.errors import DataError
from kerascnn.notebooks.contract import Notebook
from kerascnn.planning.suite import Experiment, _without_too_large
from kerascnn.records import DatasetInfo
from kerascnn.specs import Budget, Study

INFO = DatasetInfo(
    name="pets",
    title="Pets",
    content=CONTENT,
    image_shape=(32, 32, 3),
    class_names=("cat", "dog"),
    train_images=100,
    test_images=20,
    source="folders of pictures, pets",
)


def experiment(name: str, batch_size: int | None) -> Experiment:
    """One that trains with this batch size; with none it trains nothing."""
    arms = (make_arm("relu", batch_size=batch_size),) if batch_size else ()
    budgets = dict.fromkeys(("smoke", "quick", "full"), Budget(epochs=1, seeds=1))
    study = Study(question="?", arms=arms, budgets=budgets)
    return Experiment(Notebook(Path(f"{name}.ipynb"), {"cells": []}), {}, {}, study)


def test_every_experiment_goes_on_where_the_set_is_large_enough() -> None:
    all_of_them = (experiment("01_a", 64), experiment("02_b", 90), experiment("03_c", None))
    assert _without_too_large(all_of_them, INFO) == all_of_them


def test_one_experiment_that_wants_a_larger_batch_is_left_out_alone() -> None:
    a, b, c = _without_too_large((experiment("01_a", 64), experiment("02_b", 512), experiment("03_c", 8)), INFO)
    assert (a.problem, c.problem, b.study) == (None, None, None)
    assert "a batch of 512" in str(b.problem)


def test_a_set_that_is_too_small_for_most_is_said_once_with_what_it_is_enough_for() -> None:
    small = msgspec.structs.replace(INFO, train_images=40)
    experiments = (experiment("01_a", 64), experiment("02_b", 64), experiment("03_c", 8), experiment("04_d", None))
    with pytest.raises(
        DataError, match=r"a batch of 64 .* Received: 36: Pets .* This is enough for 03_c, 04_d alone \(`--only`\)"
    ):
        _without_too_large(experiments, small)
