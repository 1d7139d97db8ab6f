"""Who gets more seeds: the arms of claims that are open after a look, and nobody else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from factories import CONTENT, make_arm, make_record, make_result
from slots import DATASET as TINY

from kerascnn.planning.ledger import Ledger, SeedsPolicy
from kerascnn.planning.looks import AsTold, WhileOpen, as_stored, runs_that_may_follow, seeds_at_rest
from kerascnn.planning.settle import is_settled
from kerascnn.specs import Budget, Comparison, RateGrid, Study, Wanted
from kerascnn.specs.setting import Setting
from kerascnn.store import Store

DATASET = msgspec.structs.replace(TINY, class_names=tuple("0123456789"))
SETTING = Setting(content=CONTENT, train_images=900, precision="float32")
CLEAR = {"a": (0.60, 0.61, 0.605, 0.602, 0.604, 0.606), "b": (0.50, 0.511, 0.504, 0.503, 0.503, 0.507)}
ARMS = tuple(make_arm(name, batch_size=size) for name, size in (("a", 64), ("b", 32), ("c", 16), ("alone", 8)))


def claim(name: str, arm: str, baseline: str, **fields: Any) -> Comparison:
    return Comparison(name=name, says="s", arm=arm, baseline=baseline, smallest_effect=0.01, **fields)


def make_study(*claims: Comparison, most_seeds: int = 12, rate_seeds: int = 0, **fields: Any) -> Study:
    budget = Budget(epochs=1, seeds=3, most_seeds=most_seeds, arms="all", rate_seeds=rate_seeds)
    claims = claims or (claim("a-over-b", "a", "b"), claim("a-over-c", "a", "c"))
    budgets = {"smoke": budget, "quick": budget, "full": budget}
    return Study(**{"question": "?", "arms": ARMS, "budgets": budgets, "claims": claims, **fields})


def unclear(seed: int) -> float:
    """So far from seed to seed that no number of them tells."""
    return 0.6 + 0.3 * (-1) ** seed


def accuracy(one: Wanted) -> float:
    """Arm a is clearly over b; c is anywhere."""
    return CLEAR[one.arm.name][(one.place - 1) % 6] if one.arm.name in CLEAR else unclear(one.seed)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


def make_ledger(store: Store, seeds: SeedsPolicy | None = None) -> Ledger:
    policy = seeds or WhileOpen(DATASET)
    return Ledger(store, SETTING, Path("/nowhere"), retry_failures=True, seeds=policy)


def train(study: Study, ledger: Ledger, of: Callable[[Wanted], float] = accuracy) -> Iterator[dict[str, int]]:
    """Train what is wanted until nothing is; after each look, how many seeds each arm has."""
    while wanted := study.next_wanted(ledger):
        for one in wanted:
            identity = ledger.identity(one.spec)
            record = make_record(one.arm, one.seed, of(one))
            ledger.store.commit(identity, make_result(identity, record))
        yield {name: len(by_seed) for name, by_seed in ledger.keys(study).items()}


def test_only_the_arms_of_an_open_claim_get_the_seeds_of_the_next_look(store: Store) -> None:
    study, ledger = make_study(), make_ledger(store)
    assert {name: len(by_seed) for name, by_seed in ledger.keys(study).items()} == dict.fromkeys("abc", 3) | {
        "alone": 3
    }
    # The count after a look is that of the next one already.
    assert list(train(study, ledger)) == [
        {"a": 6, "b": 3, "c": 6, "alone": 3},
        {"a": 12, "b": 3, "c": 12, "alone": 3},
        {"a": 12, "b": 3, "c": 12, "alone": 3},
    ]
    assert is_settled(study, ledger)


def test_where_every_claim_is_told_at_once_nothing_more_is_trained(store: Store) -> None:
    study, ledger = make_study(claim("a-over-b", "a", "b")), make_ledger(store)
    assert list(train(study, ledger)) == [dict.fromkeys(("a", "b", "c", "alone"), 3)]


def test_the_same_runs_ask_for_the_same_next_ones_in_another_process(store: Store) -> None:
    study, ledger = make_study(), make_ledger(store)
    next(train(study, ledger))
    assert [one.label for one in study.next_wanted(make_ledger(store))] == [
        one.label for one in study.next_wanted(ledger)
    ]


def test_asked_for_so_many_seeds_there_is_one_look(store: Store) -> None:
    study = make_study(seeds=4)
    assert list(train(study, make_ledger(store))) == [dict.fromkeys(("a", "b", "c", "alone"), 4)]


def test_an_arm_that_takes_long_is_given_fewer(store: Store) -> None:
    dear = [make_arm(arm.name, batch_size=arm.batch_size, most_seeds=6 if arm.name == "c" else None) for arm in ARMS]
    study = make_study(arms=tuple(dear))
    assert list(train(study, make_ledger(store)))[-1] == {"a": 6, "b": 3, "c": 6, "alone": 3}


def test_a_claim_about_what_a_notebook_measures_waits_for_the_notebook_after_every_look(store: Store) -> None:
    study = make_study(claim("steady", "a", "b", metric="stability"), claim("a-over-c", "a", "c"))
    first = make_ledger(store)
    assert list(train(study, first)) == [dict.fromkeys(("a", "b", "c", "alone"), 3)]
    measured = {"stability": {"a": {1: 0.9, 2: 0.5, 3: 0.7}, "b": {1: 0.5, 2: 0.8, 3: 0.6}}}
    published: Any = SimpleNamespace(runs=first.keys(study), measured=measured, freshness="1")
    again = make_ledger(store, WhileOpen(DATASET, lambda: published))
    assert {one.label for one in study.next_wanted(again)} == {f"{name}, seed {n}" for name in "ABC" for n in (4, 5, 6)}
    assert list(train(study, again)) == [{"a": 6, "b": 6, "c": 6, "alone": 3}], "the notebook has not seen six yet"
    of_other_runs: Any = SimpleNamespace(runs={"a": {1: "k"}, "b": {}}, measured=measured, freshness="2")
    assert study.next_wanted(make_ledger(store, WhileOpen(DATASET, lambda: of_other_runs))) == []


def test_a_look_is_over_when_what_arms_follow_from_has_been_tried(store: Store) -> None:
    grid = RateGrid(name="tuned", arm="c", rates=(0.1, 0.2))
    study = make_study(
        claim("a-over-b", "a", "b"), claim("a-over-tuned", "a", "tuned"), rate_grids=(grid,), rate_seeds=1
    )
    ledger = make_ledger(store)
    trials = {one.spec.canonical_json() for one in study.next_wanted(ledger) if one.is_trial}
    assert len(trials) == 2
    for one in study.next_wanted(ledger):
        if one.spec.canonical_json() not in trials:
            identity = ledger.identity(one.spec)
            store.commit(identity, make_result(identity, make_record(one.arm, one.seed, accuracy(one))))
    assert {one.spec.canonical_json() for one in study.next_wanted(ledger)} == trials
    assert list(train(study, ledger))[-1] == {"a": 12, "b": 3, "c": 3, "alone": 3, "tuned": 12}


def test_a_kernel_has_the_seeds_that_it_was_told(store: Store) -> None:
    study = make_study()
    ledger = make_ledger(store, AsTold({"a": 6, "c": 6}))
    assert {name: len(by_seed) for name, by_seed in ledger.keys(study).items()} == {"a": 6, "b": 3, "c": 6, "alone": 3}


def test_by_hand_the_first_look_is_trained_and_later_ones_are_read(store: Store) -> None:
    study = make_study()
    by_hand = make_ledger(store, as_stored)
    assert {one.place for one in study.next_wanted(by_hand)} == {1, 2, 3}
    looks = train(study, make_ledger(store))
    assert next(looks)["a"] == 6
    next(looks)
    assert {name: len(by_seed) for name, by_seed in by_hand.keys(study).items()} == {"a": 6, "b": 3, "c": 6, "alone": 3}
    assert study.next_wanted(by_hand) == []


def test_while_later_looks_are_to_be_trained_a_notebook_shows_the_one_that_is_done(store: Store) -> None:
    study, ledger = make_study(), make_ledger(store)
    looks = train(study, ledger)
    assert next(looks)["a"] == 6
    at_rest = ledger.with_seeds(AsTold(seeds_at_rest(study, ledger)))
    assert {name: len(by_seed) for name, by_seed in at_rest.keys(study).items()} == dict.fromkeys(
        ("a", "b", "c", "alone"), 3
    )
    assert is_settled(study, at_rest)
    assert not is_settled(study, ledger)
    assert list(looks)
    assert seeds_at_rest(study, ledger) == ledger.seeds_by_arm(study)


def follow(study: Study, ledger: Ledger) -> dict[str, int]:
    return dict(Counter(one.arm.name for one in runs_that_may_follow(study, ledger)))


def test_what_may_follow_are_the_later_looks_of_what_is_not_told(store: Store) -> None:
    study, ledger = make_study(), make_ledger(store)
    assert follow(study, ledger) == {"a": 9, "b": 9, "c": 9}
    looks = train(study, ledger)
    next(looks)
    assert follow(study, ledger) == {"a": 6, "c": 6}
    assert list(looks)
    assert follow(study, ledger) == {}
