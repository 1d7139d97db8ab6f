"""What a search proposed and what its trials scored: data, asked for and checked without Keras Tuner or TensorFlow."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from itertools import accumulate
from typing import Any

import msgspec

from kerascnn.errors import UsageError
from kerascnn.records import PublishedSearch, Trial
from kerascnn.specs import Arm, Budget, Proposals, ProposedTrial, Search, Spec, Study, TrainSpec
from kerascnn.specs.search_size import epochs_to_spend, hyperband_sweep, longest_search
from kerascnn.specs.seeds import FRESH_SEEDS, RATE_SEEDS
from kerascnn.specs.setting import RunsSoFar, Setting
from kerascnn.specs.study import Known


class ProposalRequest(Spec, frozen=True, kw_only=True):
    """What an oracle must know to go on: `scores` maps the digest of a spec to its validation accuracy
    (None: the trial failed), `seconds` to how long it trained, where a budget of time asks for that."""

    study: Study
    search: str
    setting: Setting
    scores: dict[str, float | None]
    seconds: dict[str, float]
    source: str
    keras_tuner: str

    @property
    def asked_search(self) -> Search:
        """The search that is to go on."""
        return next(search for search in self.study.searches if search.name == self.search)

    @property
    def digest(self) -> str:
        """The name under which the answer is kept. Only what the search depends on is in it."""
        alone = msgspec.structs.replace(self.setting, companions={})  # a search is on the study's own data set
        parts = [self.asked_search, self.study.budget, alone]
        told = repr((sorted(self.scores.items()), sorted(self.seconds.items())))
        text = b"\n".join(part.canonical_json() for part in parts) + told.encode()
        return hashlib.sha256(text + self.source.encode() + self.keras_tuner.encode()).hexdigest()[:32]


class Told:
    """The results that a ProposalRequest carries, as the oracle's replay wants to see them."""

    def __init__(self, request: ProposalRequest) -> None:
        self.setting = request.setting
        self._scores, self._seconds = request.scores, request.seconds

    def is_settled(self, spec: TrainSpec) -> bool:
        return spec_digest(spec) in self._scores

    def val_accuracy(self, spec: TrainSpec) -> float | None:
        return self._scores.get(spec_digest(spec))

    def training_seconds(self, spec: TrainSpec) -> float:
        return self._seconds[spec_digest(spec)]


def spec_digest(spec: TrainSpec) -> str:
    """A short name for a spec, independent of source and machine."""
    return hashlib.sha256(spec.canonical_json()).hexdigest()[:16]


def check_answer(study: Study, search: Search, state: RunsSoFar, known: Proposals, answer: Proposals) -> None:
    """Whether `answer` goes on from `known` by trials that this search could propose, whoever proposed them.

    Raises: UsageError saying why it cannot be an answer. Loads neither Keras Tuner nor TensorFlow.
    """
    budget, count = study.budget, len(known.trials)
    if answer.trials[:count] != known.trials:
        raise _no_answer(search, "it does not begin with the known trials")
    tried = [trial.spec for trial in known.trials]
    if not answer.complete and all(trial.spec in tried for trial in answer.trials):
        raise _no_answer(search, "it proposes no new trial but does not end the search")
    if len(answer.trials) > epochs_to_spend(budget):
        raise _no_answer(search, f"it has {len(answer.trials)} trials, more than the budget pays for")
    if sum(trial.epochs for trial in answer.trials) > epochs_to_spend(budget):
        raise _no_answer(search, "its trials train longer than the budget pays for")
    for place, trial in enumerate(answer.trials[count:], start=count):
        _check_trial(study, search, state, place, trial)


def _check_trial(study: Study, search: Search, state: RunsSoFar, place: int, trial: ProposedTrial) -> None:
    values = {choice.name: {(type(value), value) for value in choice.values} for choice in search.space}
    given = {
        name: (type(value), value) for name, value in trial.arguments.items() if not isinstance(value, dict | list)
    }
    if given.keys() != values.keys() or any(given[name] not in allowed for name, allowed in values.items()):
        raise _no_answer(search, f"trial {place} is outside the space")
    lengths = (
        hyperband_sweep(study.budget.trial_epochs) if search.oracle == "hyperband" else [study.budget.trial_epochs]
    )
    arm = completed(search, trial.arguments, trial.epochs, study.budget)
    is_own = trial.number == place and trial.epochs in lengths
    if not is_own or trial.spec != study.spec_for(arm, search.seed, state.setting):
        raise _no_answer(search, f"the run of trial {place} does not have the arguments of the trial")


def _no_answer(search: Search, reason: str) -> UsageError:
    return UsageError(f"The answer of the oracle of search {search.name!r} cannot be used: {reason}.")


def published_search(
    search: Search, proposals: Proposals, state: RunsSoFar, key_of: Callable[[TrainSpec], str]
) -> PublishedSearch:
    """All trials of `search` with their scores; `best` is the number of the first with the highest
    validation accuracy (None: no trial has one). Test figures play no part.
    """
    scores = proposals.scores(state)
    trials = tuple(
        Trial(
            number=proposed.number,
            arguments=proposed.arguments,
            epochs=proposed.epochs,
            key=key_of(proposed.spec),
            val_accuracy=scores.get(proposed.number),
        )
        for proposed in proposals.trials
    )
    return PublishedSearch(
        name=search.name, label=search.label, oracle=search.oracle, trials=trials, best=proposals.best(state)
    )


def still_to_ask(study: Study, state: Known) -> list[TrainSpec]:
    """Stand-ins for the runs that `study` may still want and that nobody can name yet.

    One for every seed of an arm whose best learning rate is not known, for every trial not proposed, and for every
    fresh seed of a winner not known, each with the base arm's arguments: good for a forecast, never to be trained. Loads neither Keras Tuner nor TensorFlow.
    """
    unknown: list[TrainSpec] = []
    for grid in study.rate_grids:
        if study.budget.rate_seeds and study.best_rate(grid, state) is None:
            unknown += [study.spec_for(study.arm(grid.arm), RATE_SEEDS + 1, state.setting)] * study.first_seeds
    for search in study.searches:
        proposals = state.proposals(study, search)
        if proposals.complete:
            continue
        spent = sum(trial.epochs for trial in proposals.trials)
        longest = longest_search(search, study.budget)
        for epochs in [each for each, total in zip(longest, accumulate(longest), strict=True) if total > spent]:
            trial = completed(search, {}, epochs, study.budget)
            unknown.append(study.spec_for(trial, search.seed, state.setting))
        final = study.spec_for(search.base, FRESH_SEEDS + 1, state.setting)
        unknown += [final] * study.first_seeds
    return unknown


def completed(search: Search, arguments: dict[str, Any], epochs: int, budget: Budget) -> Arm:
    """The base arm with the proposed model arguments, trained from scratch for `epochs` on the trials' images."""
    images = budget.trial_images or search.base.train_images
    return msgspec.structs.replace(search.base, model=search.model_with(arguments), epochs=epochs, train_images=images)
