"""Forecasts: guessed by size for the first run of a kind, learned afterwards, in seconds of one processor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from factories import make_arm, make_spec

from kerascnn.costs import Costs, Size, Spent
from kerascnn.costs.guesses import EXECUTING_SECONDS, STARTING_SECONDS
from kerascnn.specs import DataSpec, OptimiserSpec, TrainSpec, model

IMAGES = 50_000
"""How many training images there are."""


def make_run(epochs: int = 2, images: int | None = 10_000, **fields: Any) -> TrainSpec:
    spec = make_spec(make_arm(), seed=1, epochs=epochs)
    return msgspec.structs.replace(spec, **{"data": DataSpec(content="c", train_images=images), **fields})


def spent(seconds: float, training: float | None = None, *, first: bool = False) -> Spent:
    return Spent(seconds=seconds, training_seconds=0.8 * seconds if training is None else training, is_first=first)


def test_after_one_run_its_kind_is_forecast_as_long_as_it_took(tmp_path: Path) -> None:
    costs = Costs(tmp_path)
    assert not costs.is_measured(make_run())
    costs.learn(make_run(), IMAGES, spent(20))
    assert costs.is_measured(make_run())
    assert costs.estimate_seconds(make_run(), IMAGES) == pytest.approx(20, rel=0.01)


@pytest.mark.parametrize(("epochs", "images", "times"), [(4, 10_000, 2), (2, 30_000, 3), (2, None, 5)])
def test_a_forecast_grows_with_epochs_and_images(tmp_path: Path, epochs: int, images: int | None, times: int) -> None:
    costs = Costs(tmp_path)
    costs.learn(make_run(), IMAGES, spent(20, 16))
    seconds = costs.estimate_seconds(make_run(epochs=epochs, images=images), IMAGES)
    assert seconds == pytest.approx(20 + (times - 1) * 16, rel=0.1)


def test_a_recent_run_counts_half(tmp_path: Path) -> None:
    costs = Costs(tmp_path)
    for seconds in (20, 10):
        costs.learn(make_run(), IMAGES, spent(seconds))
    assert costs.estimate_seconds(make_run(), IMAGES) == pytest.approx(15, rel=0.01)


def test_a_short_run_does_not_change_what_a_long_one_told_of_each_image(tmp_path: Path) -> None:
    costs = Costs(tmp_path)
    costs.learn(make_run(), IMAGES, spent(20))
    before = costs.estimate_seconds(make_run(epochs=20), IMAGES)
    costs.learn(make_run(epochs=1, images=300), IMAGES, spent(2, 1))
    assert costs.estimate_seconds(make_run(epochs=20), IMAGES) == pytest.approx(before, rel=0.02)


def test_the_first_run_in_a_worker_costs_its_tracing_besides(tmp_path: Path) -> None:
    costs = Costs(tmp_path)
    costs.learn(make_run(), IMAGES, spent(20, 16))
    costs.learn(make_run(), IMAGES, spent(25, 16, first=True))
    assert costs.estimate_seconds(make_run(), IMAGES) == pytest.approx(20, rel=0.1)
    assert costs.estimate_seconds(make_run(), IMAGES, is_first=True) == pytest.approx(25, rel=0.1)


def test_another_seed_and_step_size_are_the_same_kind(tmp_path: Path) -> None:
    costs = Costs(tmp_path)
    costs.learn(make_run(), IMAGES, spent(20))
    other = make_run(seed=9, optimiser=OptimiserSpec(learning_rate=0.5))
    assert costs.estimate_seconds(other, IMAGES) == pytest.approx(20, rel=0.01)


def test_a_wider_net_is_forecast_by_its_multiply_adds_from_the_nearest_that_was_measured(tmp_path: Path) -> None:
    costs = Costs(tmp_path)
    narrow, wide, widest = (make_run(model=model("models.vgg", width=width)) for width in (1, 4, 8))
    for run, size in ((narrow, Size(10**7, 20)), (wide, Size(16 * 10**7, 20)), (widest, Size(64 * 10**7, 20))):
        costs.note_size(run, size)
    guessed = costs.estimate_seconds(wide, IMAGES)
    costs.learn(narrow, IMAGES, spent(2 * costs.estimate_seconds(narrow, IMAGES)))
    costs.learn(make_run(model=model("models.mlp")), IMAGES, spent(1))
    seconds = costs.estimate_seconds(wide, IMAGES)
    assert seconds == pytest.approx(2 * guessed, rel=0.3), "twice as slow a machine as the guess takes it for"
    assert seconds > 8 * costs.estimate_seconds(narrow, IMAGES)
    costs.learn(wide, IMAGES, spent(5 * seconds))
    assert costs.estimate_seconds(widest, IMAGES) == pytest.approx(20 * seconds, rel=0.2)


def test_before_anything_is_measured_larger_nets_take_longer_and_bfloat16_less(tmp_path: Path) -> None:
    costs = Costs(tmp_path)
    assert costs.is_empty
    small, large = make_run(model=model("models.deep", depth=2)), make_run(model=model("models.deep", depth=20))
    costs.note_size(small, Size(10**6, 10))
    costs.note_size(large, Size(10**8, 50))
    assert 0 < costs.estimate_seconds(small, IMAGES) < costs.estimate_seconds(large, IMAGES) / 10
    assert costs.estimate_seconds(make_run(precision="bfloat16"), IMAGES) < costs.estimate_seconds(make_run(), IMAGES)


def test_notebooks_and_pages_are_forecast_as_they_were_measured(tmp_path: Path) -> None:
    costs = Costs(tmp_path / "runs")
    assert costs.executing_seconds("01_first", "quick") == EXECUTING_SECONDS
    costs.learn_executing("01_first", "quick", 30)
    costs.learn_executing("01_first", "smoke", 4)
    costs.learn_rendering(10)
    costs.learn_starting(9)
    costs.save()
    again = Costs(tmp_path / "runs")
    assert again.executing_seconds("01_first", "quick") == 30
    assert again.executing_seconds("02_second", "quick") == 30, "as the others of this profile"
    assert again.executing_seconds("02_second", "full") == 17, "as all others"
    assert again.rendering_seconds(1) == again.rendering_seconds(16) == 10, "pages that are as they were are taken over"
    assert again.starting_seconds == 9
    assert not again.is_empty


def test_what_was_learned_is_there_the_next_time(tmp_path: Path) -> None:
    costs = Costs(tmp_path / "runs")
    costs.learn(make_run(), IMAGES, spent(20))
    costs.save()
    assert Costs(tmp_path / "runs").estimate_seconds(make_run(), IMAGES) == pytest.approx(20, rel=0.01)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"3", b'{"a": "x"}', b"\xff", b'{"kinds": {"a": 0.1}}', b'{"starting": -1}', b"[" * 99_999],
)
def test_a_damaged_file_costs_nothing_but_the_forecast(tmp_path: Path, content: bytes) -> None:
    guess = Costs(tmp_path).estimate_seconds(make_run(), IMAGES)
    (tmp_path / "_costs.json").write_bytes(content)
    assert Costs(tmp_path).estimate_seconds(make_run(), IMAGES) == guess
    assert Costs(tmp_path).is_empty


def test_a_store_that_cannot_be_written_costs_nothing_but_the_forecast(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    costs = Costs(tmp_path / "file" / "runs")
    costs.learn_starting(3)
    costs.save()
    assert (tmp_path / "file").read_text() == ""


def test_a_run_that_took_no_time_does_not_make_forecasts_negative(tmp_path: Path) -> None:
    costs = Costs(tmp_path)
    costs.learn(make_run(), IMAGES, spent(0, 0))
    assert costs.estimate_seconds(make_run(), IMAGES) >= 0


def test_what_a_short_run_took_here_scales_every_guess_until_something_was_trained(tmp_path: Path) -> None:
    costs, size, other = Costs(tmp_path), Size(3_000_000, 8), make_run(model=model("models.lenet", kernels=3))
    guessed = costs.estimate_seconds(other, IMAGES)
    costs.note_size(make_run(), size)
    usual = costs.estimate_seconds(make_run(), IMAGES)
    costs.note_pace(make_run(), IMAGES, size, [spent(3 * usual)], STARTING_SECONDS)
    assert costs.pace_is_known
    assert costs.is_empty, "no run of the suite was measured"
    assert 2 * guessed < costs.estimate_seconds(other, IMAGES) < 4 * guessed
    costs.learn(make_run(), IMAGES, spent(usual))
    assert costs.estimate_seconds(other, IMAGES) == pytest.approx(guessed, rel=0.5)


def test_a_machine_on_which_a_worker_starts_slowly_executes_and_renders_slowly(tmp_path: Path) -> None:
    costs = Costs(tmp_path)
    rendering = costs.rendering_seconds(pages=5)
    costs.learn_starting(2 * STARTING_SECONDS)
    assert costs.executing_seconds("01_first", "quick") == pytest.approx(2 * EXECUTING_SECONDS)
    assert costs.rendering_seconds(pages=5) == pytest.approx(2 * rendering)
