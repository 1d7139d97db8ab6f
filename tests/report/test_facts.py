"""What a result says about its arms, those included that it has no runs of."""

from __future__ import annotations

from msgspec.structs import replace
from sample_report import CNN, DATASET, DEEP, MLP, Store, make_entry, make_inputs, make_published

from kerascnn import Budget, Study
from kerascnn.report.facts.results import gather_facts
from kerascnn.specs import Comparison, Trend

CLAIMS = (
    Comparison(name="first", says="s", arm="cnn", baseline="mlp", smallest_effect=0.02),
    Trend(name="all", says="s", arms=("mlp", "deep", "cnn"), values=(1, 2, 3), smallest_effect=0.01),
)


def reasons(profile: str, trained: tuple[str, ...], tmp_path, **arms) -> dict[str, str]:
    """Claim -> why it is not judged, where the store has one run of each arm in `trained`."""
    few, all_arms = Budget(epochs=1, seeds=1, arms="pairs"), Budget(epochs=1, seeds=1, arms="all")
    study = Study(
        question="Does it?",
        arms=tuple(arms.get(arm.name, arm) for arm in (MLP, DEEP, CNN)),
        claims=CLAIMS,
        budgets={"smoke": few, "quick": all_arms, "full": all_arms},
        profile=profile,
    )
    store = Store()
    runs = {arm.name: store.train(arm, {1: 0.5}) for arm in study.arms if arm.name in trained}
    published = make_published("01_mlp_vs_cnn", study, runs, dataset=DATASET)
    entry = make_entry(published, tmp_path)
    inputs = make_inputs(tmp_path / "others", entries=(entry,), load_record=store.records.get)
    return {name: judgement.reason for name, judgement in gather_facts(inputs, entry).judgements.items()}


def test_an_arm_that_the_profile_leaves_out_is_said_to_be_left_out(tmp_path):
    assert reasons("smoke", ("mlp", "cnn"), tmp_path)["all"] == "MLP 4 × 512: smoke does not train this arm."


def test_an_arm_that_the_profile_wants_and_has_not_got_is_no_run_yet(tmp_path):
    assert reasons("quick", ("mlp", "cnn"), tmp_path)["all"] == "MLP 4 × 512: no run yet."
    assert reasons("smoke", ("mlp",), tmp_path)["first"] == "CNN 16-32-64: no run yet."


def test_an_arm_whose_pictures_are_not_there_is_said_to_lack_them(tmp_path):
    elsewhere = replace(DEEP, dataset="easy")
    assert reasons("quick", ("mlp", "cnn"), tmp_path, deep=elsewhere)["all"] == (
        "MLP 4 × 512: its data set was not available."
    )
