"""The Keras Tuner half of a search: an oracle proposes, ordinary training runs answer.

The oracle is never saved. It is replayed from its first proposal with the search's seed and told what the
runs so far have scored; the same scores give the same proposals, so a replay finds every finished trial
in the store, and a search that was killed goes on where it stood.

Importing this module is cheap. What it does loads Keras Tuner, hence TensorFlow (seconds): it belongs in a worker process.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kerascnn.planning.search import (
    ProposalRequest,
    Told,
    completed,
)
from kerascnn.specs import Budget, Choice, Proposals, ProposedTrial, Search, Study
from kerascnn.specs.search_size import HYPERBAND_FACTOR, check_search, epochs_to_spend, hyperband_sweeps
from kerascnn.specs.setting import RunsSoFar

OBJECTIVE = "val_accuracy"


def answer_request(request: ProposalRequest) -> Proposals:
    """How the search goes on, by its oracle replayed from its start."""
    return replay(request.study, request.asked_search, Told(request))


def replay(study: Study, search: Search, state: RunsSoFar) -> Proposals:
    """The trials of `search` as far as the settled runs in `state` let it go.

    The oracle is asked for `search.batch` trials at a time (fewer where it must first hear the scores) and
    told their scores in trial order once all are settled. The search ends when the next trial would see
    more images than the budget has left, when its trials have trained for as long as they may, or when the
    oracle has nothing new to try. A trial without a score counts as failed and does not end the search;
    Hyperband has one fewer to promote.

    Raises: UsageError when the search or its space is not valid.
    """
    check_search(search)
    budget = study.budget
    trials: list[ProposedTrial] = []
    if not budget.trials:
        return Proposals(trials=(), complete=True)
    with _oracle(search, budget) as oracle:
        exhausted = False
        while not exhausted and not _is_out_of_time(trials, state, budget):
            asked, exhausted = _ask(oracle, search.batch, budget, spent=sum(trial.epochs for trial in trials))
            batch = [_proposed(study, search, state, n, trial) for n, trial in enumerate(asked, start=len(trials))]
            trials += batch
            if not all(state.is_settled(trial.spec) for trial in batch):
                return Proposals(trials=tuple(trials), complete=False)
            for trial, proposed in zip(asked, batch, strict=True):
                _tell(oracle, trial, state.val_accuracy(proposed.spec))
    return Proposals(trials=tuple(trials), complete=True)


@contextmanager
def _oracle(search: Search, budget: Budget) -> Iterator[Any]:
    """A fresh oracle of Keras Tuner that prints nothing, writes nothing and leaves nothing behind."""
    with _undisturbed():
        from keras_tuner.src.engine import oracle as oracle_module
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        oracle = _build_oracle(search, budget)
        oracle.verbose = 0
        # Its files would only serve a resume by Keras Tuner, and a killed process would leave them behind.
        oracle.save = lambda: None
        oracle._save_trial = lambda trial: None
        try:
            # The Gaussian process must see the same bits in a worker with one thread as in a notebook.
            with threadpool_limits(limits=1):
                yield oracle
        finally:
            # `synchronized` keeps every oracle alive in these two module-level dictionaries.
            oracle_module.LOCKS.pop(oracle, None)
            oracle_module.THREADS.pop(oracle, None)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Gives Python's global generator and the warning filters back as they were.

    With a seed the oracles draw from generators of their own (read in 1.4.8), but importing Keras Tuner
    draws from the global `random`. NumPy's global generator is touched by neither.
    """
    generator = random.getstate()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=DeprecationWarning)  # threading.currentThread, at every call
            warnings.filterwarnings("ignore", module=r"sklearn\b|scipy\b")  # few trials fit no kernel well
            yield
    finally:
        random.setstate(generator)


def _build_oracle(search: Search, budget: Budget) -> Any:
    import keras_tuner

    common = {
        "objective": keras_tuner.Objective(OBJECTIVE, "max"),
        "seed": search.seed,
        "hyperparameters": _hyperparameters(search.space),
        # The default, 3, would raise and abort the search.
        "max_consecutive_failed_trials": epochs_to_spend(budget) + 1,
    }
    if search.oracle == "hyperband":
        return keras_tuner.oracles.HyperbandOracle(
            max_epochs=budget.trial_epochs,
            factor=HYPERBAND_FACTOR,
            hyperband_iterations=hyperband_sweeps(budget),
            **common,
        )
    if search.oracle == "bayesian":
        return keras_tuner.oracles.BayesianOptimizationOracle(
            max_trials=budget.trials, num_initial_points=_initial_points(search, budget), **common
        )
    return keras_tuner.oracles.RandomSearchOracle(max_trials=budget.trials, **common)


def _hyperparameters(space: tuple[Choice, ...]) -> Any:
    import keras_tuner

    hyperparameters = keras_tuner.HyperParameters()
    for choice in space:
        values = list(choice.values)
        hyperparameters.Choice(choice.name, values, ordered=not isinstance(values[0], str))
    return hyperparameters


def _initial_points(search: Search, budget: Budget) -> int:
    """Scored trials before the Gaussian process proposes: Keras Tuner's 3 a dimension, or half the trials.

    Without the second bound a search of 15 trials over 3 arguments would propose 12 of them at random.
    """
    return max(3, min(3 * len(search.space), budget.trials // 2))


def _is_out_of_time(trials: list[ProposedTrial], state: RunsSoFar, budget: Budget) -> bool:
    """By the seconds that the finished trials took, not by a clock: a replay must come to the same end."""
    if budget.search_minutes is None:
        return False
    runs = {trial.spec.canonical_json(): trial.spec for trial in trials}  # a point proposed twice is one run
    return sum(map(state.training_seconds, runs.values())) >= 60 * budget.search_minutes


def _ask(oracle: Any, wanted: int, budget: Budget, spent: int) -> tuple[list[Any], bool]:
    """Up to `wanted` trials of Keras Tuner, and whether there will be no more after them.

    An oracle that is IDLE waits for the scores of these trials: the batch ends early.
    """
    asked: list[Any] = []
    left = epochs_to_spend(budget) - spent
    for slot in range(wanted):
        trial = oracle.create_trial(f"slot {slot}")
        if trial.status != "RUNNING":
            return asked, trial.status == "STOPPED" or not asked
        left -= _epochs(trial, budget)
        if left < 0:
            return asked, True
        asked.append(trial)
    return asked, left == 0


def _epochs(trial: Any, budget: Budget) -> int:
    """How long the trial trains; Hyperband says it for every rung."""
    return trial.hyperparameters.values.get("tuner/epochs", budget.trial_epochs)


def _tell(oracle: Any, trial: Any, val_accuracy: float | None) -> None:
    """Ends `trial` in the oracle; without a score it is failed for good, as a second try would be the same run."""
    if val_accuracy is None:
        trial.status = "FAILED"
    else:
        oracle.update_trial(trial.trial_id, {OBJECTIVE: val_accuracy})
        trial.status = "COMPLETED"
    oracle.end_trial(trial)


def _proposed(study: Study, search: Search, state: RunsSoFar, number: int, trial: Any) -> ProposedTrial:
    values = trial.hyperparameters.values
    arguments = {choice.name: values[choice.name] for choice in search.space}
    epochs = _epochs(trial, study.budget)
    arm = completed(search, arguments, epochs, study.budget)
    spec = study.spec_for(arm, search.seed, state.setting)
    return ProposedTrial(number=number, arguments=arguments, epochs=epochs, spec=spec)
