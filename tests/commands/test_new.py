"""`new`: a notebook that every other verb takes at once, and nothing of anybody's written over."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
import test_notebook_rules as rules
from tiny_suite import TinyPlace, make_tiny_place

import pipeline
from kerascnn.commands.new import _write
from kerascnn.errors import UsageError
from kerascnn.notebooks.building import build_study
from kerascnn.notebooks.contract import Notebook, read_notebook
from kerascnn.specs import Comparison, Study

ACTIVATIONS = ["--differs", "activation", "--arms", "tanh", "relu"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyPlace:
    monkeypatch.setattr(sys, "stdin", io.StringIO())  # nobody who can answer
    return make_tiny_place(tmp_path, monkeypatch)


def files(place: TinyPlace) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in place.experiments.iterdir()}


def notebook_of(place: TinyPlace, name: str) -> Notebook:
    return read_notebook(place.experiments / f"{name}.ipynb")


def study_of(notebook: Notebook) -> Study:
    return build_study(notebook, {name: found.default for name, found in notebook.parameters().items()})


def refused(arguments: list[str], place: TinyPlace, capsys: pytest.CaptureFixture[str]) -> str:
    """What `new` says against these arguments, in one line and leaving everything as it was."""
    before = files(place)
    assert pipeline.main(["new", *arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith("pipeline.py: ")
    assert len(said.splitlines()) == 1
    assert files(place) == before
    return said


# --- what is written ------------------------------------------------------------------------------------------

KINDS = {
    "of a model of ours": ACTIVATIONS,
    "of a net of its own": ["--model", "--differs", "width", "--arms", "8", "16", "32"],
    "of the arm": ["--differs", "learning_rate", "--arms", "0.01", "0.001"],
    "of other numbers": [*ACTIVATIONS, "--epochs", "2", "--images", "300", "--seeds", "4", "--smallest-effect", "0.05"],
}


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_a_new_notebook_keeps_the_rules_of_those_that_are_here(place: TinyPlace, options: list[str]) -> None:
    assert pipeline.main(["new", "mine", *options]) == 0
    notebook = notebook_of(place, "03_mine")
    for rule in (
        rules.test_a_notebook_is_committed_without_outputs_and_execution_counts,
        rules.test_a_notebook_has_minimal_metadata_and_unique_cell_ids,
        rules.test_a_notebook_has_its_two_tags_and_no_others,
        rules.test_a_notebook_begins_with_a_title_and_the_question_before_any_code,
        rules.test_a_notebook_defines_no_function_and_no_class,
        rules.test_a_notebook_uses_no_magic_and_no_shell,
        rules.test_a_notebook_draws_and_reckons_with_the_library_alone,
        rules.test_a_notebook_runs_its_study_once_after_building_it,
        rules.test_a_notebook_publishes_in_its_last_cell_and_only_there,
        rules.test_a_notebooks_takeaways_refer_to_measured_values_by_placeholder,
        rules.test_parameters_are_explained_and_profile_and_seeds_are_among_them,
        rules.test_every_parameter_is_used,
        rules.test_cells_are_short,
        rules.test_a_question_asks_something_and_its_command_stands_where_it_is_found,
        rules.test_everything_a_notebook_imports_from_the_package_is_there,
    ):
        rule(notebook)


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_a_new_notebook_is_formatted_as_the_others_are(place: TinyPlace, options: list[str]) -> None:
    assert pipeline.main(["new", "mine", *options]) == 0
    written = [str(place.experiments / "03_mine.ipynb"), *map(str, place.experiments.glob("*.py"))]
    for action in (["format", "--check"], ["check"]):
        command = [
            sys.executable,
            "-m",
            "ruff",
            *action,
            "--no-cache",
            "--config",
            str(rules.CHECKOUT / "pyproject.toml"),
        ]
        done = subprocess.run([*command, *written], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_it_is_about_what_the_options_say(place: TinyPlace) -> None:
    words = ["--question", "Is bent better", "--claim", "Bent is better", *KINDS["of other numbers"]]
    assert pipeline.main(["new", "bent", *words]) == 0
    study = study_of(notebook_of(place, "03_bent"))
    assert (study.question, study.claims[0].says) == ("Is bent better?", "Bent is better.")
    assert [arm.model.arguments for arm in study.arms] == [{"activation": "tanh"}, {"activation": "relu"}]
    (claim,) = study.claims
    assert isinstance(claim, Comparison)
    assert (claim.arm, claim.baseline, claim.smallest_effect) == ("activation-relu", "activation-tanh", 0.05)
    quick, full = study.budgets["quick"], study.budgets["full"]
    assert (quick.epochs, quick.train_images, quick.seeds) == (2, 300, 4)
    assert (full.epochs, full.train_images, full.seeds) == (10, None, 8)
    assert (quick.most_seeds, full.most_seeds) == (16, 32)


@pytest.mark.parametrize(
    ("differs", "values", "found"),
    [
        ("learning_rate", ["0.1", "0.01"], lambda arm: arm.optimiser.learning_rate),
        ("batch_size", ["16", "64"], lambda arm: arm.batch_size),
        ("epochs", ["1", "2"], lambda arm: arm.epochs),
        ("normalisation", ["raw", "z-score"], lambda arm: arm.normalisation),
    ],
)
def test_the_arms_may_differ_in_how_they_are_trained(place: TinyPlace, differs: str, values: list[str], found) -> None:
    assert pipeline.main(["new", "mine", "--differs", differs, "--arms", *values]) == 0
    study = study_of(notebook_of(place, "03_mine"))
    assert [str(found(arm)) for arm in study.arms] == values
    assert {arm.model.builder for arm in study.arms} == {"models.small_cnn"}


@pytest.mark.parametrize("text", ['She said "no" \\ {maybe}', "$x^2$ <b>", "它有用吗", "it's {0}"])
def test_any_line_of_text_stands_in_the_study_as_it_was_written(place: TinyPlace, text: str) -> None:
    assert pipeline.main(["new", "mine", *ACTIVATIONS, "--question", text, "--claim", text]) == 0
    study = study_of(notebook_of(place, "03_mine"))
    assert (study.question, study.claims[0].says) == (f"{text}?", f"{text}.")


def test_list_and_plan_take_it_at_once(place: TinyPlace, capsys: pytest.CaptureFixture[str]) -> None:
    assert pipeline.main(["new", "mine", "--model", *ACTIVATIONS, "--images", "100"]) == 0
    said = capsys.readouterr().out
    assert "03_mine.ipynb" in said
    assert "mine_net.py" in said
    assert "python pipeline.py run mine" in said
    assert pipeline.main(["list"]) == 0
    assert "03_mine\n    Mine\n" in capsys.readouterr().out
    (plan,) = place.suite(names=("mine",), profile="full").planned()
    assert len(plan.study.next_specs(plan.ledger)) == 2 * 6


# --- the name -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("given", "name"), [("mine", "03_mine"), ("20_mine", "20_mine"), ("7_mine.ipynb", "07_mine")])
def test_a_name_gets_the_next_free_number_unless_it_has_one(place: TinyPlace, given: str, name: str) -> None:
    assert pipeline.main(["new", given, *ACTIVATIONS]) == 0
    assert (place.experiments / f"{name}.ipynb").is_file()


@pytest.mark.parametrize(
    "name",
    ["", "../x", "a/b", "a b", "-", "3", "3_", "_a", "a.b", "ä", "x" * 61, "a\n", ".ipynb", "12345_a", "\x1b[2J"],
)
def test_a_name_that_cannot_be_used_is_one_clear_error(
    place: TinyPlace, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    said = refused([*ACTIVATIONS, "--", name], place, capsys)
    assert "name of an experiment must be" in said
    assert "\x1b" not in said


@pytest.mark.parametrize("name", ["first", "09_first", "First", "01_other", "1_other"])
def test_a_name_or_a_number_that_is_taken_is_an_error_that_says_by_what(
    place: TinyPlace, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert "there is 01_first" in refused([name, *ACTIVATIONS], place, capsys)


# --- nothing is written over ----------------------------------------------------------------------------------


def test_a_module_that_is_there_stays_and_no_notebook_is_written(
    place: TinyPlace, capsys: pytest.CaptureFixture[str]
) -> None:
    (place.experiments / "mine_net.py").write_text("mine")
    assert "mine_net.py is there already" in refused(["mine", "--model", *ACTIVATIONS], place, capsys)


def test_a_link_that_leads_nowhere_is_not_followed(
    place: TinyPlace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place.experiments / "20_mine.ipynb").symlink_to(tmp_path / "elsewhere")
    assert pipeline.main(["new", "20_mine", *ACTIVATIONS]) == 2
    assert "20_mine" in capsys.readouterr().err
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_that_came_meanwhile_is_kept_and_the_module_goes_again(tmp_path: Path) -> None:
    (tmp_path / "b.ipynb").write_text("mine")
    with pytest.raises(UsageError, match=r"b\.ipynb cannot be written"):
        _write({tmp_path / "a.py": "new", tmp_path / "b.ipynb": "new"})
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"b.ipynb": "mine"}


def test_a_folder_that_takes_no_file_is_one_clear_error(
    place: TinyPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KERASCNN_EXPERIMENTS", str(tmp_path / "file"))
    assert pipeline.main(["new", "mine", *ACTIVATIONS]) == 2
    said = capsys.readouterr().err
    assert "01_mine.ipynb cannot be written" in said
    assert "set KERASCNN_EXPERIMENTS" in said


# --- what cannot be planned -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "`new` needs `--differs`"),
        (["--differs", "activation"], "`new` needs `--arms`"),
        (["--differs", "activation", "--arms", "relu"], "`--arms` cannot be used. They must be two or more different"),
        (["--differs", "activation", "--arms", "relu", "relu"], "two or more different"),
        (["--differs", "activation", "--arms", "relu", "3"], "two or more different"),
        (["--differs", "activation", "--arms", "relu", "a{b}"], "two or more different"),
        (["--differs", "a b", "--arms", "1", "2"], "`--differs` cannot be used"),
        (["--differs", "activatoin", "--arms", "relu", "tanh"], "no argument 'activatoin'. Did you mean 'activation'"),
        (["--builder", "models.smal_cnn", *ACTIVATIONS], "Did you mean 'models.small_cnn'"),
        (["--builder", "models.small_cnn", "--model", *ACTIVATIONS], "Leave out --builder"),
        (["--model", "--differs", "depth", "--arms", "1", "2"], "The net has no argument 'depth'"),
        (["--differs", "normalisation", "--arms", "raw", "row"], "cannot be planned"),
        ([*ACTIVATIONS, "--epochs", "0"], "`--epochs` cannot be used. It must be a whole number from 1 on"),
        ([*ACTIVATIONS, "--smallest-effect", "2"], "`--smallest-effect` cannot be used. It must be a number between"),
        ([*ACTIVATIONS, "--question", "a\nb"], "`--question` cannot be used. It must be one line"),
        ([*ACTIVATIONS, "--claim", " "], "`--claim` cannot be used"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_planned_is_refused_before_anything_is_written(
    place: TinyPlace, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert message in refused(["mine", *options], place, capsys)


# --- asked for ------------------------------------------------------------------------------------------------


class Keyboard(io.StringIO):
    """Somebody who can answer."""

    def isatty(self) -> bool:
        return True


def type_in(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr(sys, "stdin", Keyboard("".join(f"{line}\n" for line in lines)))


def test_what_no_option_says_is_asked_for_and_an_empty_answer_takes_the_default(
    place: TinyPlace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    type_in(monkeypatch, "", "activation", "tanh relu", "", "It learns faster", "", "2", "400", "")
    assert pipeline.main(["new", "mine"]) == 0
    study = study_of(notebook_of(place, "03_mine"))
    assert study.question == "Is the net better with activation relu than with activation tanh?"
    assert study.claims[0].says == "It learns faster."
    assert (study.budgets["quick"].epochs, study.budgets["quick"].train_images) == (2, 400)
    assert "[models.small_cnn]: " in capsys.readouterr().out


def test_an_answer_that_cannot_be_used_is_asked_for_again(
    place: TinyPlace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    type_in(monkeypatch, "", "relu", "tanh relu", "", "", "much", "0.1", "", "", "")
    assert pipeline.main(["new", "mine", "--differs", "activation"]) == 0
    assert "two or more different" in (said := capsys.readouterr().out)
    assert "It must be a number between 0 and 1. Received: 'much'." in said
    assert study_of(notebook_of(place, "03_mine")).claims[0].smallest_effect == 0.1  # type: ignore[union-attr]


def test_whoever_stops_answering_gets_no_half_of_a_notebook(
    place: TinyPlace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    type_in(monkeypatch, "", "activation")
    assert "Nothing was written" in refused(["mine"], place, capsys)
