"""What `plan` counts: training, executing and rendering; measured here, or said to be a guess."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from tiny_suite import STUDY, TinyPlace, make_tiny_place, write_experiment

import pipeline
from kerascnn.commands import forecasts
from kerascnn.commands.forecasts import Forecaster
from kerascnn.costs import Costs, Size, Spent
from kerascnn.execution.building import Built
from kerascnn.execution.structures import ModelWanted, Structures
from kerascnn.execution.yardstick import TRAIN_IMAGES, yardstick_spec

JOBS = 2


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyPlace:
    return make_tiny_place(tmp_path, monkeypatch)


def measure(place: TinyPlace, executing: float = 20, rendering: float = 2, training: float = 10) -> None:
    """What a first `all` would have measured."""
    costs = Costs(place.store.root)
    for run in Forecaster(place.suite(), JOBS).wanted:
        spent = Spent(seconds=training, training_seconds=0.5 * training, is_first=False)
        costs.learn(run.spec, run.ledger.setting.images_for(run.spec), spent)
    for name in ("01_first", "02_second"):
        costs.learn_executing(name, "quick", executing)
    costs.learn_rendering(rendering)
    costs.save()


def said_seconds(text: str, start: str) -> float:
    line = next(line for line in text.splitlines() if line.startswith(start))
    found = re.search(r"about (\d+) (s|min)\b", line)
    assert found, line
    return int(found[1]) * {"s": 1, "min": 60}[found[2]]


def test_executing_and_rendering_are_counted_where_nothing_is_to_train(
    place: TinyPlace, capsys: pytest.CaptureFixture[str]
) -> None:
    place.finish()
    measure(place)
    write_experiment(place.experiments, "01_first", f"# edited\n{STUDY.replace('BUILDER', 'models.deep')}")
    assert pipeline.main(["plan", "--jobs", "2"]) == 0
    said = capsys.readouterr().out
    assert re.search(r"02_second +up to date", said)
    assert said_seconds(said, "01_first") == pytest.approx(20 + 1 + 2, abs=4)
    assert "This includes executing and rendering 1 notebook." in said
    assert said_seconds(said, "In all: 0 runs") == pytest.approx(20 + 3 + 3 + 3, abs=6)


def test_run_executes_what_is_up_to_date_and_plan_of_a_name_says_so(
    place: TinyPlace, capsys: pytest.CaptureFixture[str]
) -> None:
    place.finish()
    measure(place)
    assert pipeline.main(["plan"]) == 0
    assert said_seconds(capsys.readouterr().out, "In all: 0 runs") <= 5
    assert pipeline.main(["plan", "first"]) == 0
    assert said_seconds(capsys.readouterr().out, "01_first") >= 20


def test_training_is_divided_among_the_workers_and_followed_by_the_notebook(
    place: TinyPlace, capsys: pytest.CaptureFixture[str]
) -> None:
    measure(place, executing=5, training=30)
    assert pipeline.main(["plan", "first", "--jobs", "1"]) == 0
    alone = said_seconds(capsys.readouterr().out, "01_first")
    assert pipeline.main(["plan", "first", "--jobs", "2"]) == 0
    both = said_seconds(capsys.readouterr().out, "01_first")
    assert alone == pytest.approx(2 * 30 + 5 + 3, abs=5)
    assert both == pytest.approx(30 + 5 + 3, abs=5) or Forecaster(place.suite(), 2)._cores == 1


def test_a_machine_on_which_nothing_was_measured_is_given_a_span(
    place: TinyPlace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pipeline.main(["plan"]) == 0
    assert re.search(
        r"Nothing has been measured on this machine yet. Expect between \d+ s and ", capsys.readouterr().out
    )
    measure(place)
    assert pipeline.main(["plan"]) == 0
    assert "between" not in capsys.readouterr().out
    assert pipeline.main(["plan", "first", "-p", "depths=[4]"]) == 0
    assert "networks have never been trained here" in capsys.readouterr().out


def test_what_a_builder_does_not_bear_leaves_its_experiment_out_of_the_plan(
    place: TinyPlace, capsys: pytest.CaptureFixture[str]
) -> None:
    write_experiment(place.experiments, "03_wrong", STUDY.replace('"BUILDER", depth', '"models.deep", dpeth'))
    assert pipeline.main(["plan"]) == 6
    said = capsys.readouterr().out
    assert "03_wrong  not usable: Arm 'A': Model 'models.deep' has no argument 'dpeth'." in said
    assert "(in 03_wrong.ipynb)" in said
    assert re.search(r"01_first +2 runs to train", said)


class Builder:
    """Notes which models `plan` has built, and finds a softmax at the end of the deep ones."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.built: list[int] = []
        patch.setattr(Structures, "build", self.build)
        patch.setattr(forecasts, "one_worker", contextlib.nullcontext)
        patch.setattr(forecasts, "learn_pace", self.take_pace)
        self.paces = 0
        patch.setattr(Structures, "find", self.find)
        self.known: dict[str, Built] = {}

    def take_pace(self, costs: Costs, precision: str, executor: object) -> None:
        self.paces += 1
        costs.note_pace(
            yardstick_spec("float32"),
            TRAIN_IMAGES,
            Size(10**6, 9),
            [Spent(seconds=9, training_seconds=8, is_first=True)],
            6.0,
        )

    def build(self, doubtful: dict[str, ModelWanted], executor: object) -> None:
        for name, run in doubtful.items():
            depth = run.spec.model.arguments["depth"]
            self.built.append(depth)
            self.known[name] = Built(multiply_adds=10**6, variables=9, fault="It ends in softmax." if depth > 5 else "")

    def find(self, wanted: ModelWanted) -> Built | None:
        return self.known.get(wanted.name)


def test_models_are_built_for_a_plan_only_where_much_depends_on_them(
    place: TinyPlace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    builder = Builder(monkeypatch)
    assert pipeline.main(["plan"]) == 0
    assert builder.built == []
    monkeypatch.setattr(forecasts, "WORTH_SECONDS", 0.0)
    assert pipeline.main(["plan", "01", "-p", "depths=[1, 2]"]) == 0
    assert builder.built == [1, 2]
    assert "Building 2 models once, without training, to learn the size. Timing a short run" in capsys.readouterr().err
    assert pipeline.main(["plan", "01", "-p", "depths=[1, 2]"]) == 0
    assert builder.built == [1, 2]
    assert builder.paces > 0


def test_a_model_that_cannot_be_trained_is_told_by_plan_and_looked_at_again_each_time(
    place: TinyPlace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    builder = Builder(monkeypatch)
    monkeypatch.setattr(forecasts, "WORTH_SECONDS", 0.0)
    for _ in range(2):
        assert pipeline.main(["plan", "01", "-p", "depths=[1, 6, 7]"]) == 6
        said = capsys.readouterr().out
        assert re.search(r"01_first +not usable: Arm 'A': It ends in softmax. \(in 01_first.ipynb\)", said)
    assert builder.built == [1, 6, 7, 6, 7]


def test_stored_runs_are_said_to_be_in_experiments_that_there_are(
    place: TinyPlace, capsys: pytest.CaptureFixture[str]
) -> None:
    write_experiment(place.experiments, "03_gone")
    place.finish()
    (place.experiments / "03_gone.ipynb").unlink()
    assert pipeline.main(["plan"]) == 0
    said = capsys.readouterr().out
    assert "2 also in 02_second" in said
    assert "03_gone" not in said
