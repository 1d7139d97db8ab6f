"""Searches: proposals that replay to the bit, whatever was killed, failed or proposed twice."""

from __future__ import annotations

import importlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from searches import BLOCKS, KERNELS, KIND, make_search, make_study

from kerascnn.planning.oracle import replay
from kerascnn.planning.search import published_search as publish_progress
from kerascnn.records import PublishedSearch
from kerascnn.specs import Choice, Proposals, Search, Study, TrainSpec
from kerascnn.specs.search_size import at_most, hyperband_sweep
from kerascnn.specs.setting import Setting

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("search")]  # each loads what it needs once

ORACLES = ("random", "hyperband", "bayesian")


def hill(arguments: dict[str, Any]) -> float | None:
    """Best at 3 blocks of 128 kernels; every combination of the space has a score of its own."""
    distance = abs(arguments["blocks"] - 3) * 0.08 + (arguments["activation"] == "elu") * 0.03
    return 0.5 - distance + arguments["kernels"] / 1000


@dataclass
class FakeState:
    """Results by a formula. `settled` None: every run that is asked for is settled at once."""

    score: Callable[[dict[str, Any]], float | None] = hill
    settled: set[bytes] | None = None
    setting: Setting = field(
        default_factory=lambda: Setting(content="c" * 64, train_images=10_000, precision="float32")
    )

    def is_settled(self, spec: TrainSpec) -> bool:
        return self.settled is None or spec.canonical_json() in self.settled

    def val_accuracy(self, spec: TrainSpec) -> float | None:
        assert self.is_settled(spec), "a run that is not settled has no score"
        return self.score(spec.model.arguments)

    def training_seconds(self, spec: TrainSpec) -> float:
        return 10.0 * spec.epochs


def run_all(oracle: str, trials: int = 8, **changes: Any) -> Proposals:
    search = make_search(oracle)
    return replay(make_study(search, trials=trials), search, FakeState(**changes))


def proposals(progress: Proposals) -> list[list[Any]]:
    return [[trial.number, trial.arguments, trial.epochs] for trial in progress.trials]


FRESH_PROCESS = """
import json, random, sys
import numpy as np
from tests.planning.test_oracle import ORACLES, proposals, run_all
before = random.getstate(), np.random.get_state()[1].tolist()
found = {oracle: proposals(run_all(oracle)) for oracle in ORACLES}
untouched = before == (random.getstate(), np.random.get_state()[1].tolist())
print(json.dumps({"found": found, "untouched": untouched}))
"""


@pytest.fixture(scope="module")
def fresh_process(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, list[Path], str]:
    """What a new process with another hash seed and more threads proposes, the files it left, its stderr."""
    folder = tmp_path_factory.mktemp("fresh")
    root = str(Path(__file__).resolve().parents[2])
    environment = os.environ | {
        "PYTHONHASHSEED": "4711", "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "PYTHONPATH": f"{root}:{root}/tests",
        "TMPDIR": str(folder), "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    command = [sys.executable, "-c", FRESH_PROCESS]
    with subprocess.Popen(
        command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        run_all("random")  # loads TensorFlow here while the other process loads it there
        output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return json.loads(output), list(folder.rglob("*")), errors


@pytest.mark.parametrize("oracle", ORACLES)
def test_a_fresh_process_with_another_hash_seed_proposes_the_same_trials(oracle: str, fresh_process: Any) -> None:
    assert fresh_process[0]["found"][oracle] == proposals(run_all(oracle))


def test_a_replay_prints_nothing_leaves_no_file_and_touches_no_global_generator(fresh_process: Any) -> None:
    answer, files, errors = fresh_process  # stdout was one JSON document, or reading it would have failed
    assert answer["untouched"]
    assert files == []
    assert "Warning" not in errors


def test_no_oracle_outlives_its_replay() -> None:
    run_all("hyperband")
    locks = importlib.import_module("keras_tuner.src.engine.oracle").LOCKS
    assert not locks


def test_a_replay_in_this_process_leaves_the_global_generators_alone() -> None:
    before = random.getstate(), str(np.random.get_state())  # noqa: NPY002 - the global one is the subject
    run_all("bayesian", trials=6)
    assert (random.getstate(), str(np.random.get_state())) == before  # noqa: NPY002


@pytest.mark.parametrize("oracle", ORACLES)
def test_killed_after_any_number_of_settled_trials_a_search_goes_on_with_the_same_sequence(oracle: str) -> None:
    search = make_search(oracle)
    study = make_study(search, trials=6)
    whole = replay(study, search, FakeState()).trials
    keys = [trial.spec.canonical_json() for trial in whole]
    for count in range(len(keys)):
        part = replay(study, search, FakeState(settled=set(keys[:count])))
        assert part.trials == whole[: len(part.trials)]
        assert len(part.trials) > count or set(keys[count:]) <= set(keys[:count])


def published_search(study: Study, search: Search, state: FakeState, key_of: Any) -> PublishedSearch:
    return publish_progress(search, replay(study, search, state), state, key_of)


def next_trials(study: Study, state: FakeState) -> list[TrainSpec]:
    progress = [replay(study, search, state) for search in study.searches]
    wanted = [trial.spec for search in progress for trial in search.trials if not state.is_settled(trial.spec)]
    return list({spec.canonical_json(): spec for spec in wanted}.values())


@pytest.mark.parametrize("oracle", ORACLES)
def test_trials_settled_in_any_order_lead_to_the_same_search(oracle: str) -> None:
    search = make_search(oracle)
    study = make_study(search, trials=6)
    settled: set[bytes] = set()
    while wanted := next_trials(study, FakeState(settled=settled)):
        settled.add(wanted[-1].canonical_json())
    assert replay(study, search, FakeState(settled=settled)) == replay(study, search, FakeState())


@pytest.mark.parametrize("oracle", ORACLES)
@pytest.mark.parametrize("trials", [1, 3, 10])
def test_every_oracle_finishes_within_the_budget(oracle: str, trials: int) -> None:
    progress = run_all(oracle, trials=trials)
    assert progress.complete
    assert 1 <= sum(trial.epochs for trial in progress.trials) <= 4 * trials
    assert [trial.number for trial in progress.trials] == list(range(len(progress.trials)))


def test_a_batch_has_the_fixed_size_until_it_is_settled() -> None:
    search = make_search("random", batch=3)
    study = make_study(search)
    progress = replay(study, search, FakeState(settled=set()))
    assert not progress.complete
    assert [trial.spec for trial in progress.trials] == next_trials(study, FakeState(settled=set()))
    assert len(progress.trials) == 3


def test_a_trial_is_the_base_arm_completed_with_the_proposal_under_the_trial_budget() -> None:
    trial = run_all("random").trials[0]
    assert trial.spec.model.arguments == {"padding": "same"} | trial.arguments
    assert set(trial.arguments) == {"blocks", "kernels", "activation"}
    assert (trial.spec.epochs, trial.spec.data.train_images, trial.spec.seed) == (4, 500, 1)


def test_without_trial_images_a_trial_sees_as_many_images_as_any_other_run() -> None:
    search = make_search("random")
    study = make_study(search, trial_images=None)
    assert replay(study, search, FakeState()).trials[0].spec.data.train_images == 2000


def test_another_seed_searches_elsewhere() -> None:
    search = make_search("random", seed=2)
    assert proposals(replay(make_study(search), search, FakeState())) != proposals(run_all("random"))


def test_bayesian_search_proposes_better_points_once_it_knows_some() -> None:
    scores = [hill(trial.arguments) or 0.0 for trial in run_all("bayesian", trials=14).trials]
    guided = scores[8:]  # half of the trials, rounded up to a whole batch, are drawn at random
    assert np.mean(guided) > np.mean(scores[:8])
    assert max(guided) == hill({"blocks": 3, "kernels": 128, "activation": "relu"})


def test_hyperband_trains_the_best_of_a_rung_again_for_three_times_as_long() -> None:
    search = make_search("hyperband", batch=3)  # divides the rung: no trial is promoted before all have scores
    trials = replay(make_study(search, trials=100, trial_epochs=9), search, FakeState()).trials
    first_rung = [trial for trial in trials[:9] if trial.epochs == 1]
    second_rung = trials[9:12]
    best = sorted(first_rung, key=lambda trial: -(hill(trial.arguments) or 0.0))[:3]
    assert len(first_rung) == 9
    assert [trial.arguments for trial in second_rung] == [trial.arguments for trial in best]
    assert [trial.spec.epochs for trial in second_rung] == [3, 3, 3]


LESSON_SPACE = (BLOCKS, Choice(name="kernels", values=(16, 32, 64)), KIND)
LARGE_SPACE = (Choice(name="blocks", values=tuple(range(1000))), KERNELS, KIND)


@pytest.mark.parametrize("oracle", ORACLES)
@pytest.mark.parametrize(
    ("space", "trials", "epochs"),
    [
        pytest.param(LARGE_SPACE, 30, 4, id="large"),
        pytest.param(LESSON_SPACE, 9, 4, id="quick", marks=pytest.mark.thorough),
        pytest.param(LESSON_SPACE, 14, 9, id="full", marks=pytest.mark.thorough),
    ],
)
def test_all_oracles_see_the_same_number_of_images_up_to_one_trial(
    oracle: str, space: tuple[Choice, ...], trials: int, epochs: int
) -> None:
    search = make_search(oracle, space=space, batch=3)
    asked = replay(make_study(search, trials=trials, trial_epochs=epochs), search, FakeState()).trials
    assert {trial.spec.data.train_images for trial in asked} == {500}
    assert epochs * (trials - 1) < sum(trial.epochs for trial in asked) <= epochs * trials


@pytest.mark.parametrize("oracle", ORACLES)
def test_no_trial_is_asked_for_when_those_before_have_trained_for_as_long_as_they_may(oracle: str) -> None:
    search = make_search(oracle, batch=1)
    timed = replay(make_study(search, trials=5, search_minutes=2.0), search, FakeState())
    untimed = replay(make_study(search, trials=5), search, FakeState())
    assert timed.complete
    assert timed.trials == untimed.trials[: len(timed.trials)]
    seconds = [FakeState().training_seconds(trial.spec) for trial in timed.trials]
    assert sum(seconds[:-1]) < 120 <= sum(seconds)
    assert replay(make_study(search, trials=5, search_minutes=60.0), search, FakeState()) == untimed


@pytest.mark.parametrize(("trials", "trial_epochs"), [(1, 9), (50, 1), (20, 3), (9, 4), (20, 10), (10, 27)])
def test_hyperband_asks_for_no_more_trials_than_the_upper_bound_says(trial_epochs: int, trials: int) -> None:
    search = make_search("hyperband", space=LARGE_SPACE, batch=16)
    study = make_study(search, trials=trials, trial_epochs=trial_epochs)
    asked = replay(study, search, FakeState()).trials
    assert len(asked) <= at_most(study)


@pytest.mark.parametrize("trial_epochs", [1, 2, 3, 4, 9])
def test_the_trials_of_a_sweep_are_those_of_keras_tuner(trial_epochs: int) -> None:
    sweep = hyperband_sweep(trial_epochs)
    search = make_search("hyperband", space=LARGE_SPACE, batch=1)
    asked = replay(
        make_study(search, trials=sum(sweep) // trial_epochs + 1, trial_epochs=trial_epochs), search, FakeState()
    ).trials
    assert [trial.epochs for trial in asked[: len(sweep)]] == sweep


@pytest.mark.parametrize("oracle", ORACLES)
def test_failed_trials_do_not_abort_a_search(oracle: str) -> None:
    good = run_all(oracle, trials=12, score=lambda arguments: None if arguments["blocks"] < 4 else hill(arguments))
    bad = run_all(oracle, trials=12, score=lambda arguments: None)
    assert good.complete
    assert bad.complete
    assert len(bad.trials) >= 5


@pytest.mark.parametrize("oracle", ORACLES)
def test_a_space_smaller_than_the_budget_ends_the_search(oracle: str) -> None:
    search = make_search(oracle, space=(Choice(name="blocks", values=(1, 2, 3)),))
    study = make_study(search, trials=7, trial_epochs=9)
    progress = replay(study, search, FakeState(score=lambda arguments: 0.1 * arguments["blocks"]))
    assert progress.complete
    assert len({trial.spec.canonical_json() for trial in progress.trials}) <= at_most(study)
    assert {json.dumps(trial.arguments) for trial in progress.trials} == {f'{{"blocks": {n}}}' for n in (1, 2, 3)}


def test_the_same_proposal_twice_is_one_run() -> None:
    search = make_search("bayesian", space=(BLOCKS, KIND))
    flat = FakeState(score=lambda arguments: 0.1 * arguments["blocks"])
    trials = replay(make_study(search, trials=12), search, flat).trials
    by_arguments = {json.dumps(trial.arguments, sort_keys=True): trial.spec for trial in trials}
    assert len(by_arguments) < len(trials) == 12
    assert all(by_arguments[json.dumps(trial.arguments, sort_keys=True)] == trial.spec for trial in trials)


def test_the_winner_of_a_complete_search_is_the_base_arm_with_the_best_arguments() -> None:
    search = make_search("random")
    study = make_study(search)
    progress = replay(study, search, FakeState())
    best = max(progress.trials, key=lambda trial: hill(trial.arguments))
    arm = progress.winner(search, FakeState())
    assert arm is not None
    assert arm.model.arguments == {"padding": "same"} | best.arguments
    unfinished = replay(study, search, FakeState(settled=set()))
    assert unfinished.winner(search, FakeState(settled=set())) is None


def test_a_published_search_keeps_every_trial_and_chooses_the_best_on_validation() -> None:
    search = make_search("random")
    published = published_search(make_study(search), search, FakeState(), lambda spec: f"key-{spec.epochs}")
    scores = [trial.val_accuracy or 0.0 for trial in published.trials]
    assert scores == [hill(trial.arguments) for trial in published.trials]
    assert published.best == int(np.argmax(scores))
    assert {trial.key for trial in published.trials} == {"key-4"}
    assert published.validated() == published


def test_of_equal_trials_the_first_is_best_and_of_none_there_is_no_best() -> None:
    search = make_search("random")
    study = make_study(search)
    even = FakeState(score=lambda arguments: None if arguments["blocks"] == 2 else 0.4)
    published = published_search(study, search, even, lambda spec: "key")
    first = next(trial.number for trial in published.trials if trial.arguments["blocks"] != 2)
    assert published.best == first
    assert published_search(study, search, FakeState(score=lambda arguments: None), lambda spec: "key").best is None


def test_an_unfinished_search_is_published_with_the_scores_it_has() -> None:
    search = make_search("random")
    study = make_study(search)
    first = replay(study, search, FakeState()).trials[0].spec
    published = published_search(study, search, FakeState(settled={first.canonical_json()}), lambda spec: "key")
    assert [trial.val_accuracy is None for trial in published.trials] == [False, True, True, True]
    assert published.best == 0


def test_a_profile_without_trials_has_nothing_to_search() -> None:
    search = make_search("bayesian")
    assert replay(make_study(search, trials=0), search, FakeState()) == Proposals(trials=(), complete=True)
