"""Forecasts: guessed for the first run of a kind, learned afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from factories import make_arm, make_spec

from kerascnn.costs import RUN_OVERHEAD_SECONDS, Costs
from kerascnn.specs import DataSpec, OptimiserSpec, TrainSpec, model


def make_run(epochs: int = 2, images: int | None = 100, **fields: Any) -> TrainSpec:
    spec = make_spec(make_arm(), seed=1, epochs=epochs)
    return msgspec.structs.replace(spec, **{"data": DataSpec(content="c", train_images=images), **fields})


def test_after_one_run_its_kind_is_forecast_as_long_as_it_took(tmp_path: Path) -> None:
    costs = Costs(tmp_path)
    costs.learn(make_run(), 1000, RUN_OVERHEAD_SECONDS + 8)
    assert costs.estimate_seconds(make_run(), 1000) == pytest.approx(RUN_OVERHEAD_SECONDS + 8)


def test_a_forecast_grows_with_epochs_and_images_above_the_overhead(tmp_path: Path) -> None:
    costs = Costs(tmp_path)
    costs.learn(make_run(epochs=2, images=100), 1000, RUN_OVERHEAD_SECONDS + 8)
    for epochs, images, times in ((4, 100, 2), (2, 300, 3), (2, None, 10)):
        seconds = costs.estimate_seconds(make_run(epochs=epochs, images=images), 1000)
        assert seconds == pytest.approx(RUN_OVERHEAD_SECONDS + 8 * times)


def test_a_recent_run_counts_half(tmp_path: Path) -> None:
    costs = Costs(tmp_path)
    for seconds in (8, 4):
        costs.learn(make_run(), 1000, RUN_OVERHEAD_SECONDS + seconds)
    assert costs.estimate_seconds(make_run(), 1000) == pytest.approx(RUN_OVERHEAD_SECONDS + 6)


def test_another_seed_and_step_size_are_the_same_kind(tmp_path: Path) -> None:
    costs = Costs(tmp_path)
    costs.learn(make_run(), 1000, RUN_OVERHEAD_SECONDS + 8)
    other = make_run(seed=9, optimiser=OptimiserSpec(learning_rate=0.5))
    assert costs.estimate_seconds(other, 1000) == pytest.approx(RUN_OVERHEAD_SECONDS + 8)


@pytest.mark.parametrize(
    "change", [{"model": model("models.vgg", depth=3)}, {"batch_size": 8}, {"precision": "bfloat16"}]
)
def test_another_model_batch_or_number_format_is_another_kind(tmp_path: Path, change: dict[str, Any]) -> None:
    costs = Costs(tmp_path)
    before = costs.estimate_seconds(make_run(**change), 1000)
    costs.learn(make_run(), 1000, 500.0)
    assert costs.estimate_seconds(make_run(**change), 1000) == before


def test_deeper_nets_are_guessed_to_take_longer_and_bfloat16_less(tmp_path: Path) -> None:
    costs = Costs(tmp_path)
    seconds = [costs.estimate_seconds(make_run(model=model("models.deep", depth=d)), 1000) for d in (2, 20)]
    assert RUN_OVERHEAD_SECONDS < seconds[0] < seconds[1]
    assert costs.estimate_seconds(make_run(precision="bfloat16"), 1000) < costs.estimate_seconds(make_run(), 1000)


def test_what_was_learned_is_there_the_next_time(tmp_path: Path) -> None:
    costs = Costs(tmp_path / "runs")
    costs.learn(make_run(), 1000, RUN_OVERHEAD_SECONDS + 8)
    costs.save()
    again = Costs(tmp_path / "runs").estimate_seconds(make_run(), 1000)
    assert again == pytest.approx(RUN_OVERHEAD_SECONDS + 8)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b'{"a": "x"}', b"\xff", b'{"a\xff": 1}'])
def test_a_damaged_file_costs_nothing_but_the_forecast(tmp_path: Path, content: bytes) -> None:
    guess = Costs(tmp_path).estimate_seconds(make_run(), 1000)
    (tmp_path / "_costs.json").write_bytes(content)
    assert Costs(tmp_path).estimate_seconds(make_run(), 1000) == guess


def test_a_measurement_that_is_no_number_costs_nothing_but_the_forecast(tmp_path: Path) -> None:
    costs, file = Costs(tmp_path), tmp_path / "_costs.json"
    guess = costs.estimate_seconds(make_run(), 1000)
    costs.learn(make_run(), 1000, RUN_OVERHEAD_SECONDS + 8)
    costs.save()
    file.write_text(json.dumps(dict.fromkeys(json.loads(file.read_text()), "much")))
    assert Costs(tmp_path).estimate_seconds(make_run(), 1000) == guess


def test_a_store_that_cannot_be_written_costs_nothing_but_the_forecast(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    Costs(tmp_path / "file" / "runs").save()
    assert (tmp_path / "file").read_text() == ""


def test_a_run_that_took_no_time_does_not_make_forecasts_negative(tmp_path: Path) -> None:
    costs = Costs(tmp_path)
    costs.learn(make_run(), 1000, 0.1)
    assert costs.estimate_seconds(make_run(), 1000) >= RUN_OVERHEAD_SECONDS
