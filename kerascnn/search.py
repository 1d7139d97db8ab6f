"""Hyperparameter searches: a Keras Tuner oracle proposes, ordinary training runs answer.

The oracle is never saved. It is replayed from its first proposal with the search's seed and told what the
runs so far have scored; the same scores give the same proposals, so a replay finds every finished trial
in the store, and a search that was killed goes on where it stood.

Importing this module is cheap. `replay` and what builds on it import Keras Tuner, hence TensorFlow
(seconds): they belong in a worker process or a notebook. `at_most` and `still_to_ask` do not.
"""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from kerascnn.errors import UsageError
from kerascnn.records import PublishedSearch, Trial
from kerascnn.specs import Arm, Budget, Choice, ModelSpec, Search, Spec, Study, TrainSpec
from kerascnn.specs.setting import Progress, SearchState
from kerascnn.specs.study import FRESH_SEEDS, RATE_SEEDS

HYPERBAND_FACTOR = 3
"""Each rung keeps one in three and trains it three times as long. Source: Li et al. 2018, algorithm 1 (eta)."""

OBJECTIVE = "val_accuracy"


class ProposedTrial(Spec, frozen=True, kw_only=True):
    """One proposal: `arguments` complete the base arm's model, `spec` is the run that tries it.

    `number` is its place in the order of proposal, from 0. Two trials may have one spec: the Bayesian
    oracle may propose a point again, which costs no further run.
    """

    number: int
    arguments: dict[str, Any]
    epochs: int
    spec: TrainSpec


class SearchProgress(Spec, frozen=True, kw_only=True):
    """Every trial proposed so far; unless `complete`, the last batch has trials that are not settled."""

    trials: tuple[ProposedTrial, ...]
    complete: bool


def replay(study: Study, search: Search, state: SearchState) -> SearchProgress:
    """The trials of `search` as far as the settled runs in `state` let it go.

    The oracle is asked for `search.batch` trials at a time (fewer where it must first hear the scores) and
    told their scores in trial order once all are settled. The search ends when the profile's number of
    trials is proposed, or earlier when the oracle has nothing new to try. A trial without a score counts
    as failed and never ends the search.

    Raises: UsageError when the search or its space is not valid.
    """
    _check(search)
    budget = study.budget
    trials: list[ProposedTrial] = []
    if not budget.trials:
        return SearchProgress(trials=(), complete=True)
    with _oracle(search, budget) as oracle:
        exhausted = False
        while len(trials) < budget.trials and not exhausted:
            asked, exhausted = _ask(oracle, min(search.batch, budget.trials - len(trials)))
            batch = [_proposed(study, search, state, n, trial) for n, trial in enumerate(asked, start=len(trials))]
            trials += batch
            if not all(state.is_settled(trial.spec) for trial in batch):
                return SearchProgress(trials=tuple(trials), complete=False)
            for trial, proposed in zip(asked, batch, strict=True):
                _tell(oracle, trial, state.val_accuracy(proposed.spec))
    return SearchProgress(trials=tuple(trials), complete=True)


def published_search(
    search: Search, progress: SearchProgress, state: SearchState, key_of: Callable[[TrainSpec], str]
) -> PublishedSearch:
    """All trials of `search` with their scores; `best` is the number of the first with the highest
    validation accuracy (None: no trial has one). Test figures play no part.
    """
    trials = tuple(
        Trial(
            number=proposed.number,
            arguments=proposed.arguments,
            epochs=proposed.epochs,
            key=key_of(proposed.spec),
            val_accuracy=state.val_accuracy(proposed.spec) if state.is_settled(proposed.spec) else None,
        )
        for proposed in progress.trials
    )
    return PublishedSearch(
        name=search.name, label=search.label, oracle=search.oracle, trials=trials, best=_best(trials)
    )


def at_most(study: Study) -> int:
    """The most runs that the searches of `study` can ask for. Loads neither Keras Tuner nor TensorFlow.

    Raises: UsageError when a search or its space is not valid.
    """
    return sum(_most_runs(search, study.budget) for search in study.searches)


def still_to_ask(study: Study, state: Progress) -> list[TrainSpec]:
    """Stand-ins for the runs that `study` may still want and that nobody can name yet.

    One for every seed of an arm whose best learning rate is not known, for every trial not proposed, and for every
    fresh seed of a winner not known, each with the base arm's arguments: good for a forecast, never to be trained. Loads neither Keras Tuner nor TensorFlow.
    """
    budget, unknown = study.budget, []
    for grid in study.rate_grids:
        if budget.rate_seeds and study.best_rate(grid, state) is None:
            unknown += [study.spec_for(study.arm(grid.arm), RATE_SEEDS + 1, state.setting)] * len(study.seed_numbers)
    for search in study.searches:
        progress = state.progress(study, search)
        if progress.complete:
            continue
        trial = study.spec_for(_completed(search.base, {}, budget.trial_epochs, budget), search.seed, state.setting)
        final = study.spec_for(search.base, FRESH_SEEDS + 1, state.setting)
        unknown += [trial] * max(0, _most_runs(search, budget) - len(progress.trials))
        unknown += [final] * len(study.seed_numbers)
    return unknown


def _most_runs(search: Search, budget: Budget) -> int:
    _check(search)
    if search.oracle == "hyperband":
        return min(budget.trials, _hyperband_sweep(budget.trial_epochs))
    return min(budget.trials, math.prod(len(choice.values) for choice in search.space))


def _hyperband_sweep(max_epochs: int) -> int:
    """Trials in one sweep over all brackets; the sizes are those of Keras Tuner's HyperbandOracle."""
    brackets, epochs = 0, float(max_epochs)
    while epochs >= 1:
        brackets, epochs = brackets + 1, epochs / HYPERBAND_FACTOR
    last_rung = math.ceil(1 + math.log(max_epochs, HYPERBAND_FACTOR))
    return sum(
        math.ceil(last_rung / (bracket + 1) * HYPERBAND_FACTOR**rung)
        for bracket in range(brackets)
        for rung in range(bracket + 1)
    )


def _check(search: Search) -> None:
    """Raises: UsageError for what Keras Tuner would misread or only find out about half-way."""
    search.validated()
    names = [choice.name for choice in search.space]
    if not names or len(set(names)) < len(names):
        raise UsageError(
            f"Search {search.name!r}: `space` must name at least one argument and none twice. Received: {names}."
        )
    for choice in search.space:
        if len({type(value) for value in choice.values}) != 1 or len(set(choice.values)) < len(choice.values):
            raise UsageError(
                f"Search {search.name!r}: the values of {choice.name!r} must differ and be of one type. "
                f"Received: values={choice.values}."
            )


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
        "max_consecutive_failed_trials": budget.trials + 1,  # the default, 3, would raise and abort the search
    }
    if search.oracle == "hyperband":
        return keras_tuner.oracles.HyperbandOracle(
            max_epochs=budget.trial_epochs, factor=HYPERBAND_FACTOR, hyperband_iterations=1, **common
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


def _ask(oracle: Any, wanted: int) -> tuple[list[Any], bool]:
    """Up to `wanted` trials of Keras Tuner, and whether the oracle will have no more after them.

    An oracle that is IDLE waits for the scores of these trials: the batch ends early.
    """
    asked: list[Any] = []
    for slot in range(wanted):
        trial = oracle.create_trial(f"slot {slot}")
        if trial.status != "RUNNING":
            return asked, trial.status == "STOPPED" or not asked
        asked.append(trial)
    return asked, False


def _tell(oracle: Any, trial: Any, val_accuracy: float | None) -> None:
    """Ends `trial` in the oracle; without a score it is failed for good, as a second try would be the same run."""
    if val_accuracy is None:
        trial.status = "FAILED"
    else:
        oracle.update_trial(trial.trial_id, {OBJECTIVE: val_accuracy})
        trial.status = "COMPLETED"
    oracle.end_trial(trial)


def _proposed(study: Study, search: Search, state: SearchState, number: int, trial: Any) -> ProposedTrial:
    values = trial.hyperparameters.values
    arguments = {choice.name: values[choice.name] for choice in search.space}
    epochs = values.get("tuner/epochs", study.budget.trial_epochs)  # set by Hyperband: the epochs of the rung
    arm = _completed(search.base, arguments, epochs, study.budget)
    spec = study.spec_for(arm, search.seed, state.setting)
    return ProposedTrial(number=number, arguments=arguments, epochs=epochs, spec=spec)


def _completed(base: Arm, arguments: dict[str, Any], epochs: int, budget: Budget) -> Arm:
    """The base arm with the proposed model arguments, trained from scratch for `epochs` on the trials' images."""
    model = ModelSpec(builder=base.model.builder, arguments=base.model.arguments | arguments)
    images = budget.trial_images or base.train_images
    return msgspec.structs.replace(base, model=model, epochs=epochs, train_images=images)


def winner_arm(search: Search, progress: SearchProgress, state: SearchState) -> Arm | None:
    """The arm that the search chose on validation, under the search's name.

    None while the search is not complete, and where no trial has a score.
    """
    published = published_search(search, progress, state, key_of=lambda spec: "")
    if not progress.complete or published.best is None:
        return None
    chosen = progress.trials[published.best]
    model = ModelSpec(builder=search.base.model.builder, arguments=search.base.model.arguments | chosen.arguments)
    return msgspec.structs.replace(search.base, name=search.name, label=f"best of {search.label}", model=model)


def _best(trials: tuple[Trial, ...]) -> int | None:
    scores = {trial.number: trial.val_accuracy for trial in trials if trial.val_accuracy is not None}
    return max(scores, key=scores.__getitem__, default=None)  # `max` keeps the first of equals
