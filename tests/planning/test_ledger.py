"""The ledger: what is settled, what failed, and how far a search has come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from factories import CONTENT, make_arm, make_record, make_result
from slots import DATASET

from kerascnn.errors import UsageError
from kerascnn.planning.ledger import Ledger
from kerascnn.planning.search import ProposalRequest, Told, spec_digest
from kerascnn.records import RunFailure
from kerascnn.specs import Budget, Choice, Proposals, ProposedTrial, Search, Study, TrainSpec, model
from kerascnn.specs.setting import Setting
from kerascnn.store import Store

SETTING = Setting(content=CONTENT, train_images=900, precision="float32")
BUDGET = Budget(epochs=1, seeds=1, trials=4)
SEARCH = Search(
    name="depth",
    label="Depth",
    oracle="random",
    base=make_arm("base"),
    space=(Choice(name="blocks", values=(1, 2, 3, 4)),),
    batch=2,
)


def make_study(**fields: Any) -> Study:
    budgets = {"smoke": BUDGET, "quick": BUDGET, "full": BUDGET}
    return Study(**{"question": "?", "arms": (make_arm("relu"),), "budgets": budgets, "searches": (SEARCH,), **fields})


STUDY = make_study()
SPEC = STUDY.grid(SETTING)["relu", 1]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


def make_ledger(store: Store, retry_failures: bool = True) -> Ledger:
    return Ledger(store, SETTING, Path("/nowhere"), retry_failures=retry_failures)


def commit(ledger: Ledger, spec: TrainSpec, val_accuracy: float = 0.5, outcome: Any = "finished") -> None:
    identity = ledger.identity(spec)
    record = make_record(val_accuracy=val_accuracy, outcome=outcome)
    ledger.store.commit(identity, make_result(identity, record))


def fail(ledger: Ledger, spec: TrainSpec) -> RunFailure:
    failure = RunFailure(key=ledger.key(spec), spec=spec, reason="no", traceback="no", failed_at="now")
    ledger.store.save_failure(failure)
    return failure


def trials(*blocks: int) -> tuple[ProposedTrial, ...]:
    arms = [make_arm("t", model=model("models.vgg", blocks=count)) for count in blocks]
    return tuple(
        ProposedTrial(number=n, arguments={"blocks": b}, epochs=1, spec=STUDY.spec_for(arm, 1, SETTING))
        for n, (b, arm) in enumerate(zip(blocks, arms, strict=True))
    )


# --- runs ---------------------------------------------------------------------------------------------------


def test_the_arms_have_the_records_and_failures_that_there_are_by_seed(store: Store) -> None:
    study = make_study(seeds=3, searches=())
    ledger, specs = make_ledger(store), [spec for _, spec in sorted(study.grid(SETTING).items())]
    commit(ledger, specs[0])
    failure = fail(ledger, specs[1])
    (arm,) = ledger.arms(study, DATASET)
    assert list(ledger.keys(study)["relu"]) == [1, 2, 3]
    assert (list(arm.records), arm.failures, arm.chance) == ([1], {2: failure}, 0.5)


def test_a_run_in_the_store_is_settled_with_its_validation_accuracy(store: Store) -> None:
    ledger = make_ledger(store)
    assert not ledger.is_settled(SPEC)
    assert ledger.record(SPEC) is None
    commit(ledger, SPEC, 0.7)
    assert ledger.is_settled(SPEC)
    assert ledger.val_accuracy(SPEC) == 0.7
    assert make_ledger(Store(store.root)).is_settled(SPEC)


def test_a_diverged_run_is_settled_without_a_score(store: Store) -> None:
    ledger = make_ledger(store)
    commit(ledger, SPEC, 0.7, outcome="diverged")
    assert ledger.is_settled(SPEC)
    assert ledger.val_accuracy(SPEC) is None


def test_a_failed_run_is_settled_for_a_notebook_and_tried_again_by_the_pipeline(store: Store) -> None:
    failure = fail(make_ledger(store), SPEC)
    assert make_ledger(store, retry_failures=False).is_settled(SPEC)
    pipeline = make_ledger(store, retry_failures=True)
    assert not pipeline.is_settled(SPEC)
    assert pipeline.failure(SPEC) == failure
    pipeline.give_up(pipeline.key(SPEC))
    assert pipeline.is_settled(SPEC)
    assert not make_ledger(store, retry_failures=True).is_settled(SPEC), "the next invocation tries it again"


def test_a_run_that_succeeded_after_all_has_no_failure(store: Store) -> None:
    ledger = make_ledger(store)
    fail(ledger, SPEC)
    commit(ledger, SPEC)
    fail(ledger, SPEC)  # another pipeline's, of an earlier moment
    assert ledger.failure(SPEC) is None
    assert ledger.val_accuracy(SPEC) == 0.5


def test_equal_specs_have_one_key(store: Store) -> None:
    ledger = make_ledger(store)
    again = TrainSpec.from_json(SPEC.canonical_json())
    assert again == SPEC
    assert ledger.key(again) == ledger.key(SPEC) == ledger.identity(SPEC).key
    assert ledger.key(msgspec.structs.replace(SPEC, seed=2)) != ledger.key(SPEC)


# --- searches -----------------------------------------------------------------------------------------------


def answer(ledger: Ledger, *blocks: int, complete: bool = False) -> ProposalRequest:
    """Answer the oracle request that is open with the trials of `blocks`."""
    ledger.proposals(STUDY, SEARCH)
    request = ledger.requests["depth"]
    ledger.save_proposals(request, Proposals(trials=trials(*blocks), complete=complete))
    return request


def test_a_search_of_which_nothing_is_known_leaves_a_request_for_its_oracle(store: Store) -> None:
    ledger = make_ledger(store)
    assert ledger.proposals(STUDY, SEARCH) == Proposals(trials=(), complete=False)
    assert ledger.requests["depth"].scores == {}


def test_while_trials_are_not_settled_the_oracle_is_not_asked(store: Store) -> None:
    ledger = make_ledger(store)
    answer(ledger, 1, 2)
    assert ledger.proposals(STUDY, SEARCH).trials == trials(1, 2)
    assert ledger.requests == {}
    commit(ledger, trials(1, 2)[0].spec)
    assert ledger.proposals(STUDY, SEARCH).trials == trials(1, 2)
    assert ledger.requests == {}


def test_once_a_batch_is_settled_the_oracle_is_asked_with_its_scores(store: Store) -> None:
    ledger = make_ledger(store)
    answer(ledger, 1, 2)
    first, second = (trial.spec for trial in trials(1, 2))
    commit(ledger, first, 0.4)
    ledger.give_up(ledger.key(second))
    assert ledger.proposals(STUDY, SEARCH).trials == trials(1, 2)
    request = ledger.requests["depth"]
    assert request.scores == {spec_digest(first): 0.4, spec_digest(second): None}
    seen = Told(ProposalRequest.from_json(request.canonical_json()))
    assert (seen.setting, seen.is_settled(first), seen.is_settled(second)) == (SETTING, True, True)
    assert (seen.val_accuracy(first), seen.val_accuracy(second)) == (0.4, None)
    assert not seen.is_settled(SPEC)


def test_only_a_search_with_a_time_budget_is_told_how_long_its_trials_trained(store: Store) -> None:
    """For the answer is kept under what it follows from, and seconds differ from machine to machine."""
    ledger = make_ledger(store)
    answer(ledger, 1)
    (spec,) = (trial.spec for trial in trials(1))
    commit(ledger, spec)
    ledger.proposals(STUDY, SEARCH)
    assert ledger.requests["depth"].seconds == {}

    timed = make_study(
        budgets=dict.fromkeys(("smoke", "quick", "full"), msgspec.structs.replace(BUDGET, search_minutes=1.0))
    )
    ledger.proposals(timed, SEARCH)
    first = ledger.requests["depth"]
    ledger.save_proposals(first, Proposals(trials=trials(1), complete=False))
    ledger.proposals(timed, SEARCH)
    seconds = make_record().cost.training_seconds
    assert ledger.requests["depth"].seconds == {spec_digest(spec): seconds}
    assert Told(ledger.requests["depth"]).training_seconds(spec) == seconds


def test_a_second_walk_through_a_finished_search_asks_no_oracle(store: Store) -> None:
    ledger = make_ledger(store)
    answer(ledger, 1, 2)
    for trial in trials(1, 2):
        commit(ledger, trial.spec, 0.3)
    answer(ledger, 1, 2, 3, 4)
    for trial in trials(1, 2, 3, 4)[2:]:
        commit(ledger, trial.spec, 0.6)
    answer(ledger, 1, 2, 3, 4, complete=True)
    again = make_ledger(Store(store.root))
    assert again.proposals(STUDY, SEARCH) == Proposals(trials=trials(1, 2, 3, 4), complete=True)
    assert again.requests == {}
    assert [arm.model.arguments for arm in STUDY.winners(again)] == [{"blocks": 3}]


def test_a_damaged_answer_is_asked_for_again(store: Store) -> None:
    ledger = make_ledger(store)
    answer(ledger, 1, 2)
    (file,) = (store.root / "_proposals").iterdir()
    file.write_bytes(b"\xff{")
    assert ledger.proposals(STUDY, SEARCH).trials == ()
    assert "depth" in ledger.requests


@pytest.mark.parametrize(
    "crooked",
    [
        Proposals(trials=(), complete=False),
        Proposals(trials=trials(1, 2), complete=False),
        Proposals(trials=trials(2, 1, 3), complete=False),
        Proposals(trials=trials(1, 2, 9), complete=False),
        Proposals(trials=trials(1, 2, 3, 4) * 3, complete=True),
        Proposals(trials=(*trials(1, 2), msgspec.structs.replace(trials(3)[0], number=-1)), complete=False),
        Proposals(trials=(*trials(1, 2), msgspec.structs.replace(trials(3)[0], number=2, epochs=50)), complete=False),
        Proposals(
            trials=(*trials(1, 2), msgspec.structs.replace(trials(3)[0], number=2, arguments={})), complete=False
        ),
        Proposals(
            trials=(*trials(1, 2), msgspec.structs.replace(trials(3)[0], number=2, arguments={"blocks": [3]})),
            complete=False,
        ),
        Proposals(trials=(*trials(1, 2), msgspec.structs.replace(trials(3)[0], number=2, spec=SPEC)), complete=False),
    ],
)
def test_an_answer_that_the_searchs_oracle_cannot_have_given_is_asked_for_again(
    store: Store, crooked: Proposals
) -> None:
    """Packs bring answers from anybody: none may send a search round in circles, or make it train the sender's runs."""
    ledger = make_ledger(store)
    answer(ledger, 1, 2)
    for trial in trials(1, 2):
        commit(ledger, trial.spec, 0.3)
    assert ledger.proposals(STUDY, SEARCH).trials == trials(1, 2)
    request = ledger.requests["depth"]
    store.take_in_proposals(f"{request.digest}.json", crooked.canonical_json())
    again = make_ledger(store)
    assert again.proposals(STUDY, SEARCH).trials == trials(1, 2)
    assert again.requests["depth"].digest == request.digest
    with pytest.raises(UsageError, match="cannot be used"):
        again.save_proposals(request, crooked)
    again.save_proposals(request, Proposals(trials=trials(1, 2, 3), complete=False))
    assert again.proposals(STUDY, SEARCH).trials == trials(1, 2, 3)


def test_the_answer_follows_from_search_budget_setting_scores_and_the_oracles_source(store: Store) -> None:
    ledger = make_ledger(store)
    ledger.proposals(STUDY, SEARCH)
    request = ledger.requests["depth"]
    seed = make_study(searches=(msgspec.structs.replace(SEARCH, seed=2),))
    more = Budget(epochs=1, seeds=1, trials=5)
    changes: list[dict[str, Any]] = [
        {"study": seed},
        {"study": make_study(budgets={"smoke": more, "quick": more, "full": more})},
        {"setting": msgspec.structs.replace(SETTING, train_images=901)},
        {"scores": {"a": 0.5}},
        {"scores": {"a": None}},
        {"source": "other"},
        {"keras_tuner": "0"},
    ]
    digests = {request.digest} | {msgspec.structs.replace(request, **change).digest for change in changes}
    assert len(digests) == len(changes) + 1
    unrelated = make_study(question="Another?", arms=(make_arm("tanh"),))
    assert msgspec.structs.replace(request, study=unrelated).digest == request.digest
