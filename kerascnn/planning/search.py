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
from itertools import accumulate
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
    told their scores in trial order once all are settled. The search ends when the next trial would see
    more images than the budget has left, when its trials have trained for as long as they may, or when the
    oracle has nothing new to try. A trial without a score counts as failed and does not end the search;
    Hyperband has one fewer to promote.

    Raises: UsageError when the search or its space is not valid.
    """
    _check(search)
    budget = study.budget
    trials: list[ProposedTrial] = []
    if not budget.trials:
        return SearchProgress(trials=(), complete=True)
    with _oracle(search, budget) as oracle:
        exhausted = False
        while not exhausted and not _is_out_of_time(trials, state, budget):
            asked, exhausted = _ask(oracle, search.batch, budget, spent=sum(trial.epochs for trial in trials))
            batch = [_proposed(study, search, state, n, trial) for n, trial in enumerate(asked, start=len(trials))]
            trials += batch
            if not all(state.is_settled(trial.spec) for trial in batch):
                return SearchProgress(trials=tuple(trials), complete=False)
            for trial, proposed in zip(asked, batch, strict=True):
                _tell(oracle, trial, state.val_accuracy(proposed.spec))
    return SearchProgress(trials=tuple(trials), complete=True)


def check_answer(
    study: Study, search: Search, state: SearchState, known: SearchProgress, answer: SearchProgress
) -> None:
    """Whether `answer` goes on from `known` by trials that this search could propose, whoever proposed them.

    Raises: UsageError saying what it cannot be. Loads neither Keras Tuner nor TensorFlow.
    """
    budget, count = study.budget, len(known.trials)
    if answer.trials[:count] != known.trials:
        raise _no_answer(search, "it begins with other trials than those known")
    tried = [trial.spec for trial in known.trials]
    if not answer.complete and all(trial.spec in tried for trial in answer.trials):
        raise _no_answer(search, "it has nothing new to try and does not end the search")
    if len(answer.trials) > _epochs_to_spend(budget):
        raise _no_answer(search, f"it has {len(answer.trials)} trials, more than the budget pays for")
    if sum(trial.epochs for trial in answer.trials) > _epochs_to_spend(budget):
        raise _no_answer(search, "its trials train longer than the budget pays for")
    for place, trial in enumerate(answer.trials[count:], start=count):
        _check_trial(study, search, state, place, trial)


def _check_trial(study: Study, search: Search, state: SearchState, place: int, trial: ProposedTrial) -> None:
    values = {choice.name: {(type(value), value) for value in choice.values} for choice in search.space}
    given = {
        name: (type(value), value) for name, value in trial.arguments.items() if not isinstance(value, dict | list)
    }
    if given.keys() != values.keys() or any(given[name] not in allowed for name, allowed in values.items()):
        raise _no_answer(search, f"trial {place} is outside the space")
    lengths = (
        hyperband_sweep(study.budget.trial_epochs) if search.oracle == "hyperband" else [study.budget.trial_epochs]
    )
    arm = _completed(search.base, trial.arguments, trial.epochs, study.budget)
    is_own = trial.number == place and trial.epochs in lengths
    if not is_own or trial.spec != study.spec_for(arm, search.seed, state.setting):
        raise _no_answer(search, f"trial {place} is another run than its arguments say")


def _no_answer(search: Search, reason: str) -> UsageError:
    return UsageError(f"What the oracle of search {search.name!r} answered is not an answer: {reason}.")


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
    return sum(len(_longest_search(search, study.budget)) for search in study.searches)


def still_to_ask(study: Study, state: Progress) -> list[TrainSpec]:
    """Stand-ins for the runs that `study` may still want and that nobody can name yet.

    One for every seed of an arm whose best learning rate is not known, for every trial not proposed, and for every
    fresh seed of a winner not known, each with the base arm's arguments: good for a forecast, never to be trained. Loads neither Keras Tuner nor TensorFlow.
    """
    unknown: list[TrainSpec] = []
    for grid in study.rate_grids:
        if study.budget.rate_seeds and study.best_rate(grid, state) is None:
            unknown += [study.spec_for(study.arm(grid.arm), RATE_SEEDS + 1, state.setting)] * len(study.seed_numbers)
    for search in study.searches:
        progress = state.progress(study, search)
        if progress.complete:
            continue
        spent = sum(trial.epochs for trial in progress.trials)
        longest = _longest_search(search, study.budget)
        for epochs in [each for each, total in zip(longest, accumulate(longest), strict=True) if total > spent]:
            trial = _completed(search.base, {}, epochs, study.budget)
            unknown.append(study.spec_for(trial, search.seed, state.setting))
        final = study.spec_for(search.base, FRESH_SEEDS + 1, state.setting)
        unknown += [final] * len(study.seed_numbers)
    return unknown


def _longest_search(search: Search, budget: Budget) -> list[int]:
    """The epochs of every trial that the search can ask for at most."""
    _check(search)
    if search.oracle != "hyperband":
        combinations = math.prod(len(choice.values) for choice in search.space)
        return [budget.trial_epochs] * min(budget.trials, combinations)
    # Several sweeps may be open when the budget ends, so what is left may go to the shortest of any of them.
    epochs = sorted(hyperband_sweep(budget.trial_epochs) * _sweeps(budget))
    return [each for each, spent in zip(epochs, accumulate(epochs), strict=True) if spent <= _epochs_to_spend(budget)]


def _epochs_to_spend(budget: Budget) -> int:
    return budget.trials * budget.trial_epochs


def _sweeps(budget: Budget) -> int:
    """How many times Hyperband may go through its brackets: as often as the budget pays for, the last time in part."""
    return math.ceil(_epochs_to_spend(budget) / sum(hyperband_sweep(budget.trial_epochs)))


def hyperband_sweep(max_epochs: int) -> list[int]:
    """The epochs of every trial in one sweep over all brackets, with the sizes of Keras Tuner's HyperbandOracle."""
    brackets, left = 0, float(max_epochs)
    while left >= 1:
        brackets, left = brackets + 1, left / HYPERBAND_FACTOR
    last_rung = math.ceil(1 + math.log(max_epochs, HYPERBAND_FACTOR))
    epochs: list[int] = []
    for bracket in reversed(range(brackets)):
        for rung in reversed(range(bracket + 1)):
            size = math.ceil(last_rung / (bracket + 1) * HYPERBAND_FACTOR**rung)
            epochs += [math.ceil(max_epochs / HYPERBAND_FACTOR**rung)] * size
    return epochs


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
        # The default, 3, would raise and abort the search.
        "max_consecutive_failed_trials": _epochs_to_spend(budget) + 1,
    }
    if search.oracle == "hyperband":
        return keras_tuner.oracles.HyperbandOracle(
            max_epochs=budget.trial_epochs,
            factor=HYPERBAND_FACTOR,
            hyperband_iterations=_sweeps(budget),
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


def _is_out_of_time(trials: list[ProposedTrial], state: SearchState, budget: Budget) -> bool:
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
    left = _epochs_to_spend(budget) - spent
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


def _proposed(study: Study, search: Search, state: SearchState, number: int, trial: Any) -> ProposedTrial:
    values = trial.hyperparameters.values
    arguments = {choice.name: values[choice.name] for choice in search.space}
    epochs = _epochs(trial, study.budget)
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
