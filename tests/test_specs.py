"""Specs: one canonical form, strict reading, and the runs that a study asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from factories import CONTENT, make_arm

from kerascnn.errors import UsageError
from kerascnn.specs import (
    Arm,
    Budget,
    Choice,
    Comparison,
    DataSpec,
    Identity,
    Interaction,
    ModelSpec,
    OptimiserSpec,
    Proposals,
    ProposedTrial,
    RateGrid,
    ScheduleSpec,
    Search,
    Study,
    Threshold,
    TrainSpec,
    Trend,
    is_measured_by_notebook,
    model,
)
from kerascnn.specs.seeds import FRESH_SEEDS, SeedsOf
from kerascnn.specs.setting import Setting

SETTING = Setting(content=CONTENT, train_images=900, precision="float32")
BUDGET = Budget(epochs=2, seeds=2, train_images=100)
NOTHING_PROPOSED = Proposals(trials=(), complete=False)


def make_train_spec(**fields: Any) -> TrainSpec:
    return TrainSpec(
        **{"data": DataSpec(content=CONTENT), "model": model("models.vgg"), "epochs": 1, "seed": 1, **fields}
    )


def make_study(*arms: Arm, budget: Budget = BUDGET, **fields: Any) -> Study:
    budgets = {"smoke": budget, "quick": budget, "full": budget}
    return Study(**{"question": "Which?", "arms": arms or (make_arm("relu"),), "budgets": budgets, **fields})


def make_search(**fields: Any) -> Search:
    base = make_arm("base", model=model("models.vgg", padding="same"))
    space = (Choice(name="blocks", values=(1, 2, 3)),)
    return Search(
        **{"name": "depth", "label": "Depth", "oracle": "random", "base": base, "space": space, "seed": 7, **fields}
    )


@dataclass
class FakeResults:
    """Results made up: which runs are settled, what they score, and what the oracle has proposed."""

    scores: dict[bytes, float | None] = field(default_factory=dict)
    proposed: Proposals = NOTHING_PROPOSED
    setting: Setting = SETTING

    def is_settled(self, spec: TrainSpec) -> bool:
        return spec.canonical_json() in self.scores

    def val_accuracy(self, spec: TrainSpec) -> float | None:
        return self.scores[spec.canonical_json()]

    def proposals(self, study: Study, search: Search) -> Proposals:
        return self.proposed

    def seeds_of(self, study: Study) -> SeedsOf:
        return lambda arm: study.first_seeds

    def settle(self, spec: TrainSpec, score: float | None = 0.5) -> None:
        self.scores[spec.canonical_json()] = score


def make_trials(study: Study, search: Search, *block_counts: int) -> tuple[ProposedTrial, ...]:
    return tuple(
        ProposedTrial(
            number=number,
            arguments={"blocks": blocks},
            epochs=1,
            spec=study.spec_for(make_arm("trial", model=model("models.vgg", blocks=blocks)), search.seed, SETTING),
        )
        for number, blocks in enumerate(block_counts)
    )


# --- one canonical form -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "explicit",
    [
        {"optimiser": OptimiserSpec()},
        {"optimiser": OptimiserSpec(name="adam", learning_rate=0.001, momentum=0.0)},
        {"schedule": ScheduleSpec(kind="constant", warmup_epochs=0)},
        {"data": DataSpec(content=CONTENT, train_images=None, split_seed=0, validation_share=0.1)},
        {"model": ModelSpec(builder="models.vgg", arguments={})},
        {"augmentation": ()},
        {"augmentation": []},
        {"batch_size": 64, "precision": "float32", "threads": 1, "task": "classification"},
    ],
)
def test_a_field_given_at_its_default_is_left_out_of_the_canonical_form(explicit: dict[str, Any]) -> None:
    assert make_train_spec(**explicit).canonical_json() == make_train_spec().canonical_json()


def test_the_canonical_form_holds_sorted_names_and_nothing_that_is_a_default() -> None:
    text = make_train_spec(optimiser=OptimiserSpec(name="sgd")).canonical_json().decode()
    assert text == (
        f'{{"data":{{"content":"{CONTENT}"}},"epochs":1,"model":{{"builder":"models.vgg"}},'
        '"optimiser":{"name":"sgd"},"seed":1}'
    )


def test_the_order_of_model_arguments_does_not_matter() -> None:
    one = make_train_spec(model=model("models.vgg", blocks=2, activation="relu"))
    other = make_train_spec(model=model("models.vgg", activation="relu", blocks=2))
    assert one.canonical_json() == other.canonical_json()


def test_an_int_where_a_float_is_declared_is_the_same_value() -> None:
    given = make_train_spec(optimiser=OptimiserSpec(learning_rate=1, momentum=1)).canonical_json()
    assert given == make_train_spec(optimiser=OptimiserSpec(learning_rate=1.0, momentum=1.0)).canonical_json()
    assert b'"learning_rate":1.0' in given


def test_a_spec_read_back_from_its_canonical_form_is_equal_and_has_the_same_form() -> None:
    spec = make_train_spec(model=model("models.vgg", filters=[1, 2]), augmentation=("flip",), batch_size=3)
    again = TrainSpec.from_json(spec.canonical_json())
    assert again == spec
    assert again.canonical_json() == spec.canonical_json()


def test_a_claim_keeps_its_kind_when_a_study_is_read_back() -> None:
    claims = (
        Comparison(name="a", says="", arm="relu", baseline="sigmoid", smallest_effect=0.1),
        Threshold(name="b", says="", arm="relu", relation="above", value="chance"),
        Identity(name="c", says="", number="n", expected=1.0, tolerance=0.1),
    )
    study = make_study(make_arm("relu"), make_arm("sigmoid"), claims=claims)
    assert Study.from_json(study.canonical_json()).claims == claims
    assert Study.from_json(study.canonical_json()).digest == study.digest


def test_lists_from_a_notebook_and_tuples_from_disk_give_one_digest() -> None:
    def build(kind: type) -> Study:
        trend = Trend(name="t", says="", arms=kind(["relu", "sigmoid"]), values=kind([1, 2]), smallest_effect=1)
        return make_study(arms=kind([make_arm("relu"), make_arm("sigmoid")]), claims=kind([trend]))

    assert build(list).digest == build(tuple).digest


def test_the_digest_of_a_study_changes_with_a_sentence_of_a_claim() -> None:
    def build(says: str) -> Study:
        return make_study(claims=(Threshold(name="b", says=says, arm="relu", relation="above", value=0.5),))

    assert build("It learns.").digest != build("It does not.").digest


# --- strict reading -----------------------------------------------------------------------------------------


def test_an_unknown_field_is_an_error_with_the_near_match() -> None:
    with pytest.raises(UsageError, match=r"OptimiserSpec.*learning_rat`.*Did you mean 'learning_rate'\?"):
        OptimiserSpec.from_dict({"learning_rat": 0.1})


def test_an_unknown_keyword_is_an_error_with_the_near_match() -> None:
    with pytest.raises(UsageError, match=r"OptimiserSpec has no `learning_rat`. Did you mean 'learning_rate'\?"):
        OptimiserSpec(learning_rat=0.1)


def test_a_missing_keyword_is_an_error_that_names_it() -> None:
    with pytest.raises(UsageError, match="ModelSpec needs `builder`"):
        ModelSpec(arguments={})


def test_a_bad_value_of_a_nested_spec_is_an_error_that_shows_it() -> None:
    arm = Arm(name="a", label="A", model=ModelSpec(builder="b"), optimiser=OptimiserSpec(learning_rate=-1.0))
    with pytest.raises(UsageError, match=r"`float` > 0.0 at `optimiser.learning_rate`. Received: -1.0"):
        arm.validated()


@pytest.mark.parametrize(("arms", "seeds"), [(100, 201), (21, 999)])
def test_more_runs_than_anybody_trains_are_an_error(arms: int, seeds: int) -> None:
    budget = Budget(epochs=1, seeds=1)
    named = [Arm(name=f"a{n}", label="A", model=ModelSpec(builder="b")) for n in range(arms)]
    with pytest.raises(UsageError, match=r"must have at most 20,000 runs"):
        Study(question="?", arms=named, budgets=dict.fromkeys(("smoke", "quick", "full"), budget), seeds=seeds)


def test_an_unknown_field_of_a_nested_spec_is_an_error_that_says_where() -> None:
    with pytest.raises(UsageError, match=r"contnt.* at `data`"):
        TrainSpec.from_dict({**make_train_spec().to_dict(), "data": {"contnt": CONTENT}})


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": "3"},
        {"epochs": 0},
        {"epochs": 1.5},
        {"seed": None},
        {"batch_size": 0},
        {"normalisation": "zscore"},
        {"augmentation": ("mirror",)},
        {"optimiser": {"learning_rate": 0.0}},
        {"optimiser": {"momentum": 1.1}},
        {"schedule": {"kind": "step"}},
    ],
)
def test_a_value_of_the_wrong_kind_is_an_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="TrainSpec is not valid"):
        TrainSpec.from_dict(make_train_spec().to_dict() | wrong)
    with pytest.raises(UsageError):
        make_train_spec(**wrong).canonical_json()


@pytest.mark.parametrize("text", [b"{", b"", b"\xff\xfe", b'{"name": "ad\xffam"}', b"[]", b"null"])
def test_text_that_is_no_such_spec_is_a_usage_error(text: bytes) -> None:
    with pytest.raises(UsageError, match="OptimiserSpec"):
        OptimiserSpec.from_json(text)


# --- the checks of a study ----------------------------------------------------------------------------------


def test_two_arms_of_one_name_are_an_error() -> None:
    with pytest.raises(UsageError, match="twice: relu"):
        make_study(make_arm("relu"), make_arm("relu"))


def test_a_search_may_not_bear_the_name_of_an_arm() -> None:
    with pytest.raises(UsageError, match="twice: depth"):
        make_study(make_arm("depth"), searches=(make_search(),))


@pytest.mark.parametrize(
    "claim",
    [
        Comparison(name="c", says="", arm="relu", baseline="sigmod", smallest_effect=0.1),
        Trend(name="c", says="", arms=("relu", "sigmod"), values=(1, 2), smallest_effect=0.1),
        Threshold(name="c", says="", arm="sigmod", relation="above", value=0.1),
        Interaction(
            name="c",
            says="",
            arm="relu",
            baseline="relu",
            other_arm="relu",
            other_baseline="sigmod",
            smallest_effect=0.1,
        ),
    ],
)
def test_a_claim_about_an_arm_that_is_not_there_is_an_error_with_a_hint(claim: Any) -> None:
    with pytest.raises(UsageError, match=r"Unknown arm 'sigmod'. Did you mean 'sigmoid'"):
        make_study(make_arm("relu"), make_arm("sigmoid"), claims=(claim,))


def test_a_claim_about_an_unknown_metric_is_an_error_with_a_hint() -> None:
    claim = Threshold(name="c", says="", arm="relu", relation="above", value=0.1, metric="test_acuracy")
    with pytest.raises(UsageError, match=r"'c': unknown metric 'test_acuracy'. Did you mean 'test_accuracy'"):
        make_study(claims=(claim,))


def test_a_study_without_a_budget_for_every_profile_is_an_error() -> None:
    with pytest.raises(UsageError, match="Missing: full"):
        make_study(budgets={"smoke": BUDGET, "quick": BUDGET})


def test_an_unknown_profile_is_an_error_that_names_the_profiles() -> None:
    with pytest.raises(UsageError, match=r"smoke, quick, full.*'fast'"):
        make_study(profile="fast")


# --- what a profile trains ----------------------------------------------------------------------------------

FIVE = tuple(make_arm(name) for name in ("a", "b", "c", "d", "spare"))
CLAIMS = (
    Trend(name="t", says="", arms=("a", "b", "c"), values=(1, 2, 3), smallest_effect=1),
    Comparison(name="c", says="", arm="d", baseline="a", smallest_effect=1),
)


@pytest.mark.parametrize(
    ("arms", "expected"), [("pairs", ["a", "c", "d"]), ("claimed", ["a", "b", "c", "d"]), ("all", list("abcd"))]
)
def test_a_profile_trains_the_ends_of_trends_the_claimed_arms_or_all_arms(arms: Any, expected: list[str]) -> None:
    study = make_study(*FIVE, claims=CLAIMS, budget=Budget(epochs=1, seeds=1, arms=arms))
    assert [arm.name for arm in study.profile_arms()] == expected + (["spare"] if arms == "all" else [])


def test_pairs_keep_all_four_arms_of_an_interaction() -> None:
    claim = Interaction(
        name="i", says="", arm="a", baseline="b", other_arm="c", other_baseline="d", smallest_effect=0.1
    )
    study = make_study(*FIVE, claims=(claim,), budget=Budget(epochs=1, seeds=1, arms="pairs"))
    assert [arm.name for arm in study.profile_arms()] == ["a", "b", "c", "d"]


def test_a_study_without_claims_trains_all_its_arms() -> None:
    assert make_study(*FIVE).profile_arms() == FIVE


@pytest.mark.parametrize("seeds", [FRESH_SEEDS, 2**32, 2**62])
def test_more_seeds_than_those_of_arms_are_refused_before_any_of_them_is_listed(seeds: int) -> None:
    with pytest.raises(UsageError, match=f"`seeds` must be less than {FRESH_SEEDS}: .*Received: seeds={seeds}"):
        make_study(seeds=seeds)


def test_the_studys_seeds_beat_the_budgets() -> None:
    assert make_study().first_seeds == 2
    assert make_study(seeds=4).first_seeds == 4


def three_seeds(**fields: Any) -> Budget:
    return Budget(epochs=1, seeds=3, **fields)


def test_a_claim_is_looked_at_as_often_as_its_dearest_arm_allows() -> None:
    arms = make_arm("cheap"), make_arm("cheaper"), make_arm("dear", most_seeds=6)
    study = make_study(*arms, budget=three_seeds(most_seeds=12))
    cheap, dear = (
        Comparison(name="c", says="s", arm="cheap", baseline=other, smallest_effect=0.0)
        for other in ("cheaper", "dear")
    )
    assert [look.seeds for look in study.looks_of(cheap)] == [3, 6, 12]
    assert [look.seeds for look in study.looks_of(dear)] == [3, 6]
    assert [look.seeds for look in msgspec.structs.replace(study, seeds=5).looks_of(dear)] == [5]
    assert [look.seeds for look in msgspec.structs.replace(study, most_seeds=24).looks_of(dear)] == [3, 6, 12, 24]


def test_a_notebook_of_earlier_that_says_looks_is_read_and_studied_like_any_other() -> None:
    study = make_study(make_arm("a"), budget=three_seeds(most_seeds=6))
    old = make_study(make_arm("a"), budget=three_seeds(most_seeds=6), looks=2)
    assert old.grid(SETTING) == study.grid(SETTING)
    assert Study.from_json(old.canonical_json()) == old


def test_an_arm_of_a_rate_grid_gets_the_seeds_of_the_arm_that_it_tunes() -> None:
    grid = RateGrid(name="tuned", arm="dear", rates=(0.1, 0.2))
    study = make_study(make_arm("dear", most_seeds=6), budget=three_seeds(most_seeds=12), rate_grids=(grid,))
    assert study.most_seeds_of("tuned") == 6


@pytest.mark.parametrize("fields", [{"most_seeds": 2}, {"seeds": 9, "most_seeds": 8}])
def test_there_must_be_no_fewer_seeds_at_the_end_than_at_the_start(fields: dict[str, int]) -> None:
    with pytest.raises(UsageError, match=r"`most_seeds` \(`--until-decided`\) must be at least \d"):
        make_study(make_arm("a"), budget=three_seeds(), **fields)


def test_a_budget_that_ends_with_fewer_seeds_than_it_begins_with_is_named_as_such() -> None:
    with pytest.raises(UsageError, match="`most_seeds` of the budget must be at least 3"):
        make_study(make_arm("a"), budget=three_seeds(most_seeds=2))


def test_a_study_has_three_main_claims_at_most_and_they_are_claims() -> None:
    names = [f"c{number}" for number in range(4)]
    claims = [Comparison(name=name, says="s", arm="a", baseline="b", smallest_effect=0.0) for name in names]
    arms = make_arm("a"), make_arm("b")
    assert make_study(*arms, claims=claims, main=names[:3]).main == ("c0", "c1", "c2")
    with pytest.raises(UsageError, match=r"at most 3 main claims. Received: main="):
        make_study(*arms, claims=claims, main=names)
    with pytest.raises(UsageError, match=r"Unknown claim 'c9' in `main`. Did you mean 'c\d'"):
        make_study(*arms, claims=claims, main=["c9"])


def test_the_grid_is_every_arm_with_every_seed() -> None:
    grid = make_study(make_arm("a"), make_arm("b"), seeds=3).grid(SETTING)
    assert list(grid) == [(arm, seed) for arm in "ab" for seed in (1, 2, 3)]
    assert {key: spec.seed for key, spec in grid.items()} == {key: key[1] for key in grid}


def test_a_run_takes_what_the_arm_says_and_the_rest_from_budget_and_setting() -> None:
    arm = make_arm(
        "x",
        normalisation="unit",
        augmentation=("flip",),
        batch_size=8,
        optimiser=OptimiserSpec(name="sgd", learning_rate=1),
        schedule=ScheduleSpec(kind="cosine"),
    )
    budget = Budget(epochs=5, seeds=1, train_images=100, val_images=30, test_images=40)
    setting = Setting(content=CONTENT, train_images=900, precision="bfloat16")
    assert make_study(arm, budget=budget).spec_for(arm, 3, setting) == TrainSpec(
        data=DataSpec(content=CONTENT, train_images=100, val_images=30, test_images=40),
        model=arm.model,
        epochs=5,
        seed=3,
        normalisation="unit",
        augmentation=("flip",),
        optimiser=OptimiserSpec(name="sgd", learning_rate=1.0),
        schedule=ScheduleSpec(kind="cosine"),
        batch_size=8,
        precision="bfloat16",
    )


def test_an_arms_epochs_and_images_beat_the_budgets() -> None:
    arm = make_arm("x", epochs=9, train_images=50)
    spec = make_study(arm).spec_for(arm, 1, SETTING)
    assert (spec.epochs, spec.data.train_images) == (9, 50)


@pytest.mark.parametrize(("wanted", "expected"), [(899, 899), (900, None), (5000, None), (None, None)])
def test_more_images_than_there_are_means_all_of_them(wanted: int | None, expected: int | None) -> None:
    study = make_study(budget=Budget(epochs=1, seeds=1, train_images=wanted))
    assert study.spec_for(study.arms[0], 1, SETTING).data.train_images == expected


def test_an_unknown_arm_is_an_error_with_a_hint() -> None:
    with pytest.raises(UsageError, match="Did you mean 'relu'"):
        make_study().arm("rely")


# --- what is wanted next ------------------------------------------------------------------------------------


def test_only_runs_that_are_not_settled_are_wanted() -> None:
    study, progress = make_study(make_arm("a"), make_arm("b", batch_size=8)), FakeResults()
    grid = study.grid(SETTING)
    progress.settle(grid["a", 1])
    progress.settle(grid["b", 2], None)
    assert study.next_specs(progress) == [grid["a", 2], grid["b", 1]]


def test_a_study_with_everything_settled_wants_nothing() -> None:
    study, progress = make_study(), FakeResults()
    for spec in study.grid(SETTING).values():
        progress.settle(spec)
    assert study.next_specs(progress) == []


def test_two_arms_that_are_the_same_run_want_it_once() -> None:
    study = make_study(make_arm("a"), make_arm("b"))
    assert len(study.grid(SETTING)) == 4
    assert len(study.next_specs(FakeResults())) == 2


def test_the_trials_proposed_so_far_are_wanted_with_the_grid() -> None:
    search = make_search()
    study = make_study(searches=(search,), seeds=1)
    trials = make_trials(study, search, 1, 2)
    progress = FakeResults(proposed=Proposals(trials=trials, complete=False))
    progress.settle(trials[0].spec)
    assert study.next_specs(progress) == [study.grid(SETTING)["relu", 1], trials[1].spec]


def test_a_search_that_is_not_complete_has_no_winner() -> None:
    search = make_search()
    study = make_study(searches=(search,))
    progress = FakeResults(proposed=Proposals(trials=make_trials(study, search, 1), complete=False))
    progress.settle(progress.proposed.trials[0].spec)
    assert study.winners(progress) == ()


def test_the_winner_is_the_best_on_validation_retrained_with_seeds_its_search_has_not_seen() -> None:
    search = make_search()
    study = make_study(searches=(search,), seeds=2)
    trials = make_trials(study, search, 1, 3, 2)
    progress = FakeResults(proposed=Proposals(trials=trials, complete=True))
    for trial, score in zip(trials, (0.4, 0.6, None), strict=True):
        progress.settle(trial.spec, score)
    (winner,) = study.winners(progress)
    assert (winner.name, winner.model) == ("depth", model("models.vgg", padding="same", blocks=3))
    planned = study.planned(progress)
    assert list(planned) == [("relu", 1), ("relu", 2), ("depth", FRESH_SEEDS + 1), ("depth", FRESH_SEEDS + 2)]
    assert {planned["depth", FRESH_SEEDS + seed].seed for seed in (1, 2)} == {FRESH_SEEDS + 1, FRESH_SEEDS + 2}
    assert all(spec in study.next_specs(progress) for spec in planned.values())


def test_a_search_whose_trials_all_failed_has_no_winner_and_ends_the_study() -> None:
    search = make_search()
    study = make_study(searches=(search,), seeds=1)
    trials = make_trials(study, search, 1, 2)
    progress = FakeResults(proposed=Proposals(trials=trials, complete=True))
    for spec in (*study.grid(SETTING).values(), *(trial.spec for trial in trials)):
        progress.settle(spec, None)
    assert study.winners(progress) == ()
    assert study.next_specs(progress) == []


def test_an_arm_on_a_companion_is_trained_on_its_images_and_left_out_where_it_is_not_at_hand():
    here, other = make_arm("here"), msgspec.structs.replace(make_arm("there"), dataset="easy")
    study = make_study(here, other)
    companion = Setting(content="e" * 64, train_images=300, precision="float32")
    with_it = msgspec.structs.replace(SETTING, companions={"easy": companion})
    assert study.companions == ("easy",)
    assert {spec.data.content for spec in study.grid(with_it).values()} == {SETTING.content, "e" * 64}
    assert {name for name, _ in study.grid(SETTING)} == {"here"}
    assert with_it.images_for(study.spec_for(other, 1, with_it)) == 300
    with pytest.raises(UsageError, match="needs the data set 'easy', which is not at hand"):
        study.spec_for(other, 1, SETTING)


def test_a_segmentation_is_in_the_spec_and_a_classification_leaves_it_as_it_was() -> None:
    plain, masks = make_arm("plain"), make_arm("masks", task="segmentation")
    study = make_study(plain, masks)
    assert "task" not in study.spec_for(plain, 1, SETTING).to_dict()
    assert study.spec_for(masks, 1, SETTING).to_dict()["task"] == "segmentation"


def test_a_segmentation_under_augmentation_is_refused() -> None:
    with pytest.raises(UsageError, match=r"Arm 'masks': a segmentation must not have `augmentation`.*Received: flip"):
        make_study(make_arm("masks", task="segmentation", augmentation=("flip",)))


def test_claims_that_only_a_notebook_can_measure_are_known():
    fields = {"name": "c", "says": "?", "arm": "a", "baseline": "b", "smallest_effect": 0.1}
    assert is_measured_by_notebook(Comparison(metric="stability", **fields))
    assert not is_measured_by_notebook(Comparison(**fields))
    assert not is_measured_by_notebook(Identity(name="i", says="?", number="n", expected=0.0, tolerance=0.0))


def test_a_wanted_run_is_called_by_its_arm_a_trial_by_what_it_tries() -> None:
    arm, search = make_arm("a"), make_search()
    grid = RateGrid(name="tuned", arm="a", rates=(0.1, 0.3))
    budget = msgspec.structs.replace(BUDGET, rate_seeds=1)
    study = make_study(arm, budget=budget, seeds=1, searches=(search,), rate_grids=(grid,))
    proposed = Proposals(trials=make_trials(study, search, 2), complete=False)
    assert [one.label for one in study.next_wanted(FakeResults(proposed=proposed))] == [
        f"{arm.label}, seed 1",
        "models.vgg(padding=same, blocks=2), seed 7",
        f"{arm.label}, step 0.1, seed 2001",
        f"{arm.label}, step 0.3, seed 2001",
    ]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"optimiser": {"name": "adan"}}, "Did you mean 'adam'\\? Known: adam, adamw, sgd"),
        ({"augmentation": ["flipp"]}, "Did you mean 'flip'\\? Known: flip, shift"),
        ({"schedule": {"kind": "cosin"}}, "Did you mean 'cosine'\\? Known: constant, cosine"),
    ],
)
def test_a_misspelt_choice_gets_those_there_are(values: dict, message: str) -> None:
    whole = {"name": "a", "label": "A", "model": {"builder": "models.linear"}, **values}
    with pytest.raises(UsageError, match=message):
        Arm.from_dict(whole)
