"""What is known so far: runs in the store by spec, runs that failed, and what the oracles proposed.

Proposals are kept under a digest of everything they follow from, the scores included, so that a second
`all` walks a whole search without asking an oracle, and without loading TensorFlow.
"""

from __future__ import annotations

import copy
import importlib.metadata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from kerascnn.code.meaning import PACKAGE, file_digest
from kerascnn.errors import UsageError
from kerascnn.identity import Origin, RunIdentity, identify, run_sources
from kerascnn.planning.search import ProposalRequest, check_answer, spec_digest
from kerascnn.records import ArmRuns, DatasetInfo, RunFailure, RunRecord, gather_runs
from kerascnn.specs import Proposals, Search, Study, TrainSpec, Wanted
from kerascnn.specs.seeds import SeedsOf
from kerascnn.specs.setting import Setting
from kerascnn.store import Store, load_spec, write_replacing

PROPOSERS = ("planning/oracle.py", "planning/search.py", "specs/search_size.py")
"""The modules that a proposal follows from."""
NO_TRIALS = Proposals(trials=(), complete=False)


class SeedsPolicy(Protocol):
    """How many seeds the arms of a study are to have, given its results so far."""

    def __call__(self, study: Study, ledger: Ledger) -> Mapping[str, int]:
        """Arm -> how many; those of the first look for an arm that is left out."""
        ...


def first_look(study: Study, ledger: Ledger) -> Mapping[str, int]:
    """No more than those of the first look."""
    return {}


class Ledger:
    """The results of one setting, read from the store as they come in.

    A failed run is settled here when `retry_failures` is False (a notebook looks at what there is) or once
    `give_up` was told of it (the pipeline tries it once an invocation). `origin` is where the runs were made,
    this machine unless said otherwise. `like` is a ledger that has read the same sources a moment ago. `seeds` says how
    many seeds arms get.
    """

    def __init__(
        self,
        store: Store,
        setting: Setting,
        search_path: Path,
        *,
        retry_failures: bool,
        origin: Origin | None = None,
        like: Ledger | None = None,
        seeds: SeedsPolicy = first_look,
    ) -> None:
        self.origin = origin
        self.seeds = seeds
        self._sources: dict[str, dict[str, str]] = like._sources if like else {}
        self.store, self.setting, self.search_path = store, setting, search_path
        self.requests: dict[str, ProposalRequest] = {}
        self._told: dict[str, Proposals] = {}
        self._retry_failures = retry_failures
        self._given_up: set[str] = set()
        self._identities: dict[bytes, tuple[RunIdentity, str]] = {}

    def with_seeds(self, seeds: SeedsPolicy) -> Ledger:
        """The same results for another number of seeds."""
        ledger = copy.copy(self)
        ledger.seeds = seeds
        return ledger

    def identity(self, spec: TrainSpec) -> RunIdentity:
        """The identity of `spec` with today's sources."""
        return self._identified(spec)[0]

    def key(self, spec: TrainSpec) -> str:
        return self._identified(spec)[1]

    def _identified(self, spec: TrainSpec) -> tuple[RunIdentity, str]:
        # Asked for every wanted run after every finished one: not the canonical form, which takes far longer.
        text = msgspec.json.encode(spec)
        if text not in self._identities:
            identity = identify(spec, self.search_path, self.origin, self._sources_of(spec.model.builder))
            self._identities[text] = (identity, identity.key)
        return self._identities[text]

    def _sources_of(self, builder: str) -> dict[str, str]:
        """Read once for each ledger: workers read them again before they train."""
        if builder not in self._sources:
            self._sources[builder] = run_sources(builder, self.search_path)
        return self._sources[builder]

    def record(self, spec: TrainSpec) -> RunRecord | None:
        """The run's record where the store has it."""
        return self.store.load(self.key(spec))

    def failure(self, spec: TrainSpec) -> RunFailure | None:
        """Why the run's last attempt failed, where it did and no later one succeeded."""
        return None if self.record(spec) else self.store.load_failure(self.key(spec))

    def seeds_by_arm(self, study: Study) -> Mapping[str, int]:
        """Arm -> how many seeds it is to have; those of the first look for an arm that is left out."""
        return self.seeds(study, self)

    def seeds_of(self, study: Study) -> SeedsOf:
        """How many seeds each arm is to have, as far as the results so far say."""
        seeds = self.seeds_by_arm(study)
        return lambda arm: seeds.get(arm, study.first_seeds)

    def keys(self, study: Study) -> dict[str, dict[int, str]]:
        """Arm -> seed -> key of every run that the study wants so far."""
        return self._keys_of(study.wanted_arms(self))

    def _keys_of(self, wanted: Iterable[Wanted]) -> dict[str, dict[int, str]]:
        keys: dict[str, dict[int, str]] = {}
        for one in wanted:
            keys.setdefault(one.arm.name, {})[one.seed] = self.key(one.spec)
        return keys

    def arms(self, study: Study, dataset: DatasetInfo) -> list[ArmRuns]:
        """Every arm that the study trains with the runs there are, in its order."""
        return self.arms_of(study, study.wanted_arms(self), dataset)

    def arms_of(self, study: Study, wanted: Iterable[Wanted], dataset: DatasetInfo) -> list[ArmRuns]:
        """The arms of the wanted runs with those of them that there are."""
        named = {arm.name: arm for arm in (*study.arms, *study.found_arms(self))}
        return [
            gather_runs(named[name], keys, self.store.load, self.store.load_failure, dataset.chance_of(named[name]))
            for name, keys in self._keys_of(wanted).items()
        ]

    def give_up(self, key: str) -> None:
        """The run was tried and failed: nothing more is expected of it in this invocation."""
        self._given_up.add(key)

    def is_settled(self, spec: TrainSpec) -> bool:
        if self.record(spec) is not None:
            return True
        if self._retry_failures:
            return self.key(spec) in self._given_up
        return self.failure(spec) is not None

    def val_accuracy(self, spec: TrainSpec) -> float | None:
        record = self.record(spec)
        return record.val.accuracy if record and record.outcome == "finished" else None

    def training_seconds(self, spec: TrainSpec) -> float:
        """How long the run trained; 0 where it is not in the store."""
        record = self.record(spec)
        return record.cost.training_seconds if record else 0.0

    def proposals(self, study: Study, search: Search) -> Proposals:
        """The trials proposed so far. Where the oracle must be asked, its request is left in `requests`."""
        known = NO_TRIALS
        while True:
            request = self._request(study, search, known)
            answer = self._answer(request, study, search, known)
            if answer is None:
                self.requests[search.name], self._told[request.digest] = request, known
                return known
            if answer.complete or not all(self.is_settled(trial.spec) for trial in answer.trials):
                self.requests.pop(search.name, None)
                return answer
            known = answer

    def _answer(self, request: ProposalRequest, study: Study, search: Search, known: Proposals) -> Proposals | None:
        """The stored answer; None where there is none, or one that this search's oracle cannot have given."""
        answer = load_spec(self._proposal_file(request), Proposals)
        try:
            if answer is not None:
                check_answer(study, search, self, known, answer)
        except UsageError:  # damaged, or sent by somebody: the oracle is asked again, and its own answer replaces it
            return None
        return answer

    def save_proposals(self, request: ProposalRequest, answer: Proposals) -> None:
        """Keep an oracle's answer. Raises: UsageError when it does not go on from what `request` told."""
        check_answer(request.study, request.asked_search, self, self._told.get(request.digest, NO_TRIALS), answer)
        write_replacing(self._proposal_file(request), answer.canonical_json())

    def _request(self, study: Study, search: Search, known: Proposals) -> ProposalRequest:
        specs = [trial.spec for trial in known.trials]
        is_timed = study.budget.search_minutes is not None
        return ProposalRequest(
            study=study,
            search=search.name,
            setting=self.setting,
            scores={spec_digest(spec): self.val_accuracy(spec) for spec in specs},
            seconds={spec_digest(spec): self.training_seconds(spec) for spec in specs} if is_timed else {},
            source="".join(file_digest(PACKAGE / name) for name in PROPOSERS),
            keras_tuner=importlib.metadata.version("keras-tuner"),
        )

    def _proposal_file(self, request: ProposalRequest) -> Path:
        return self.store.root / "_proposals" / f"{request.digest}.json"
