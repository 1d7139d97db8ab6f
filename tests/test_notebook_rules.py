"""Every notebook in `experiments/` keeps the rules: thin, clean, and planned in every profile."""

from __future__ import annotations

import ast
import importlib.util
import io
import shlex
import tokenize
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from kerascnn.commands.verbs.options import request_of
from kerascnn.data import COMPANIONS
from kerascnn.foreign.notebook_files import cell_source
from kerascnn.identity import builder_sources
from kerascnn.models import BUILDERS
from kerascnn.notebooks.contract import Notebook, read_notebook
from kerascnn.notebooks.finding import find_notebooks
from kerascnn.notebooks.studies import StudyRequest, load_studies
from kerascnn.places import CHECKOUT
from kerascnn.planning.suite import Request
from kerascnn.report.pages.questions import build_questions
from kerascnn.report.parts.elements import Question
from kerascnn.report.text.prose import Prose
from kerascnn.specs import Study, Threshold
from kerascnn.specs.budget import PROFILES
from kerascnn.specs.search_size import at_most
from kerascnn.specs.setting import Setting
from kerascnn.stats.judging.effects import line_of
from kerascnn.stats.judging.lines import GUESSABLE, NEAR, about_line

EXPERIMENTS = CHECKOUT / "experiments"
NAMES = [path.stem for path in find_notebooks(EXPERIMENTS)]
BESIDE = {name: Setting(content=name, train_images=20_000, precision="float32") for name in COMPANIONS}
SETTING = Setting(content="c" * 64, train_images=50_000, precision="float32", companions=BESIDE)
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


@pytest.fixture(params=NAMES)
def notebook(request: pytest.FixtureRequest) -> Notebook:
    return read_notebook(EXPERIMENTS / f"{request.param}.ipynb")


@pytest.fixture(scope="module")
def studies() -> dict[tuple[str, str], Study | Exception]:
    """(experiment, profile) -> its study with the defaults, all built in one child process."""
    wanted = [(name, profile) for name in NAMES for profile in PROFILES]
    requests = [StudyRequest(EXPERIMENTS / f"{name}.ipynb", {"profile": profile}) for name, profile in wanted]
    return dict(zip(wanted, load_studies(requests), strict=True))


def code_cells(notebook: Notebook) -> list[dict[str, Any]]:
    return [cell for cell in notebook.content["cells"] if cell["cell_type"] == "code"]


def trees(notebook: Notebook) -> list[ast.Module]:
    return [ast.parse(cell_source(cell)) for cell in code_cells(notebook)]


def test_there_are_experiments_and_their_names_are_numbered() -> None:
    assert NAMES
    assert all(name[:2].isdigit() and name[2] == "_" for name in NAMES)


# --- the file -----------------------------------------------------------------------------------------------


def test_a_notebook_is_committed_without_outputs_and_execution_counts(notebook: Notebook) -> None:
    for cell in code_cells(notebook):
        assert (cell["outputs"], cell["execution_count"]) == ([], None)


def test_a_notebook_has_minimal_metadata_and_unique_cell_ids(notebook: Notebook) -> None:
    assert {name: value for name, value in notebook.content["metadata"].items() if name != "kerascnn"} == METADATA
    assert (notebook.content["nbformat"], notebook.content["nbformat_minor"]) == (4, 5)
    cells = notebook.content["cells"]
    assert all(set(cell["metadata"]) <= {"tags"} for cell in cells)
    assert all(cell["metadata"].get("tags", True) for cell in cells), "an empty list of tags"
    assert len({cell["id"] for cell in cells}) == len(cells)


def test_a_notebook_has_its_two_tags_and_no_others(notebook: Notebook) -> None:
    notebook.check()
    tags = [tag for cell in notebook.content["cells"] for tag in cell["metadata"].get("tags", [])]
    assert sorted(tags) == ["parameters", "study"]


# --- the text -----------------------------------------------------------------------------------------------


def test_a_notebook_begins_with_a_title_and_the_question_before_any_code(notebook: Notebook) -> None:
    first = notebook.content["cells"][0]
    assert first["cell_type"] == "markdown"
    assert cell_source(first).startswith("# ")
    assert len(notebook.introduction.split()) > 60


def test_titles_differ_between_experiments() -> None:
    titles = [read_notebook(EXPERIMENTS / f"{name}.ipynb").title for name in NAMES]
    assert len(set(titles)) == len(titles)


# --- the code -----------------------------------------------------------------------------------------------


def test_a_notebook_defines_no_function_and_no_class(notebook: Notebook) -> None:
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    found = [ast.unparse(node) for tree in trees(notebook) for node in ast.walk(tree) if isinstance(node, definitions)]
    assert found == []


def test_a_notebook_uses_no_magic_and_no_shell(notebook: Notebook) -> None:
    lines = [line.lstrip() for cell in code_cells(notebook) for line in cell_source(cell).splitlines()]
    assert not [line for line in lines if line.startswith(("%%", "!", "%matplotlib", "%load", "%pip"))]


def test_a_notebook_draws_and_reckons_with_the_library_alone(notebook: Notebook) -> None:
    imported = {
        name.partition(".")[0]
        for tree in trees(notebook)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    own = {path.stem for path in EXPERIMENTS.glob("*.py")}
    assert not imported & {"keras", "tensorflow", "matplotlib", "seaborn", "scipy", "sklearn", "torch"}
    assert imported <= {"kerascnn", "numpy", "pandas", "math", "inspect", "IPython"} | own


def calls(tree: ast.AST, name: str) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == name]


def test_a_notebook_runs_its_study_once_after_building_it(notebook: Notebook) -> None:
    running = [number for number, tree in enumerate(trees(notebook)) if calls(tree, "study.run")]
    tagged = [n for n, cell in enumerate(code_cells(notebook)) if "study" in cell["metadata"].get("tags", [])]
    assert len(running) == 1
    assert running[0] > tagged[0]


def test_a_notebook_publishes_in_its_last_cell_and_only_there(notebook: Notebook) -> None:
    *before, last = trees(notebook)
    assert len(calls(last, "results.publish")) == 1
    assert notebook.content["cells"][-1]["cell_type"] == "code"
    assert not [call for tree in before for call in calls(tree, "results.publish")]


def test_a_notebooks_takeaways_refer_to_measured_values_by_placeholder(notebook: Notebook) -> None:
    (call,) = calls(trees(notebook)[-1], "results.publish")
    texts = [node.value for node in ast.walk(call) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert any("{" in text and "}" in text for text in texts)
    assert not [text for text in texts if any(f"{digit} %" in text or f"{digit}%" in text for digit in range(10))]


def test_parameters_are_explained_and_profile_and_seeds_are_among_them(notebook: Notebook) -> None:
    parameters = notebook.parameters()
    assert parameters["profile"].default == "quick"
    assert parameters["seeds"].default is None
    assert all(parameter.comment for parameter in parameters.values())


def test_a_figure_is_the_last_expression_of_its_cell_so_that_the_notebook_shows_it(notebook: Notebook) -> None:
    for tree in trees(notebook):
        last = tree.body[-1]
        shown = [
            node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "results.show"
        ]
        assert all(isinstance(last, ast.Expr) and call is last.value for call in shown), ast.unparse(tree)


def test_every_parameter_is_used(notebook: Notebook) -> None:
    used = {node.id for tree in trees(notebook) for node in ast.walk(tree) if isinstance(node, ast.Name)
            and isinstance(node.ctx, ast.Load)}  # fmt: skip
    assert set(notebook.parameters()) <= used


def test_cells_are_short(notebook: Notebook) -> None:
    for cell in code_cells(notebook):
        if "study" not in cell["metadata"].get("tags", []):
            lines = {token.start[0] for token in tokenize.generate_tokens(io.StringIO(cell_source(cell)).readline)}
            assert len(lines) <= 25, cell_source(cell)


# --- the questions to the reader ----------------------------------------------------------------------------


HERE = "python pipeline.py --data 'my pictures' --profile quick"


def questions_of(notebook: Notebook) -> tuple[Question, ...]:
    return build_questions(notebook.content, HERE, Prose())


@pytest.fixture(scope="module")
def pipeline() -> ModuleType:
    """The command line, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("pipeline", CHECKOUT / "pipeline.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def asked(pipeline: ModuleType, command: str) -> Request:
    return request_of(pipeline.build_parser().parse_args(shlex.split(command)[2:]))


def test_the_notebooks_of_the_lesson_leave_questions_and_say_how_to_answer_them() -> None:
    asked = {name: questions_of(read_notebook(EXPERIMENTS / f"{name}.ipynb")) for name in NAMES}
    assert len([name for name, questions in asked.items() if len(questions) >= 2]) >= 16


def test_a_question_asks_something_and_its_command_stands_where_it_is_found(notebook: Notebook) -> None:
    for question in questions_of(notebook):
        assert "?" in question.text
        assert "pipeline.py" not in question.text


def test_the_command_of_a_question_runs_its_own_experiment(notebook: Notebook, pipeline: ModuleType) -> None:
    for question in questions_of(notebook):
        if question.command:
            request = asked(pipeline, question.command)
            (name,) = request.names
            assert [other for other in NAMES if other[3:].startswith(name)] == [notebook.path.stem]
            assert (request.data == "my pictures") != question.is_elsewhere


def test_every_question_changes_a_study_that_can_be_built(pipeline: ModuleType) -> None:
    wishes = [
        (read_notebook(path), asked(pipeline, question.command))
        for path in find_notebooks(EXPERIMENTS)
        for question in questions_of(read_notebook(path))
        if question.command
    ]
    values = [request.parameters | ({"seeds": request.seeds} if request.seeds else {}) for _, request in wishes]
    found = load_studies([StudyRequest(book.path, given) for (book, _), given in zip(wishes, values, strict=True)])
    for (book, request), study in zip(wishes, found, strict=True):
        assert isinstance(study, Study), (book.path.name, request.parameters, study)
        known = book.parameters()
        changed = [name for name, value in request.parameters.items() if value != known[name].default]
        assert changed or request.data == "embedded", book.path.name


# --- the studies --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", NAMES)
def test_the_study_is_built_in_every_profile(studies: Any, name: str, profile: str) -> None:
    study = studies[name, profile]
    assert isinstance(study, Study), study
    assert study.profile == profile
    assert study.claims
    assert study.question.endswith("?")
    assert bool(study.grid(SETTING)) == bool(study.arms), "arithmetic alone has no arms"


@pytest.mark.parametrize("name", NAMES)
def test_every_model_of_a_study_has_a_builder_that_is_there(studies: Any, name: str) -> None:
    for profile in PROFILES:
        study = studies[name, profile]
        for arm in (*study.arms, *(search.base for search in study.searches)):
            assert builder_sources(arm.model.builder, EXPERIMENTS)
            assert arm.model.builder in BUILDERS or ":" in arm.model.builder


@pytest.mark.parametrize("name", NAMES)
def test_the_profiles_grow_from_smoke_to_full(studies: Any, name: str) -> None:
    smoke, quick, full = (studies[name, profile] for profile in PROFILES)
    counts = [len(study.grid(SETTING)) + at_most(study) for study in (smoke, quick, full)]
    assert counts == sorted(counts)
    assert smoke.first_seeds == 1
    assert quick.first_seeds >= 3
    assert quick.budget.most_seeds or not quick.arms, "A claim that is open after three seeds gets more."
    assert full.budget.train_images is None
    assert {arm.name for arm in full.profile_arms()} == {arm.name for arm in full.arms}


@pytest.mark.parametrize("name", NAMES)
def test_claims_have_unique_names_sentences_and_a_smallest_effect(studies: Any, name: str) -> None:
    claims = studies[name, "quick"].claims
    assert len({claim.name for claim in claims}) == len(claims)
    assert all(claim.says.endswith(".") for claim in claims)
    for claim in claims:
        if claim.of_runs and getattr(claim, "relation", "above") == "above":
            assert claim.smallest_effect >= 0


@pytest.mark.parametrize("classes", [2, 3, 10, 100])
def test_a_net_that_guesses_lies_clearly_on_one_side_of_every_line(studies: Any, classes: int) -> None:
    lines = [claim for study in studies.values() for claim in study.claims if isinstance(claim, Threshold)]
    assert len(lines) > 20
    assert [claim.name for claim in lines if list(about_line(claim, 1 / classes))] == []
    for claim in lines:
        if claim.metric in GUESSABLE:
            line = line_of(claim, 1 / classes)
            assert 1 / classes + NEAR <= line + (claim.smallest_effect if claim.relation == "above" else 0) < 1, (
                claim.name
            )


@pytest.fixture(scope="module")
def built_again() -> dict[tuple[str, str], Study | Exception]:
    """(experiment, what is given) -> its study, all built in one other child process, whose sets have another order."""
    given = {"quick": {"profile": "quick"}, "two seeds": {"seeds": 2}}
    wanted = [(name, words) for name in NAMES for words in given]
    requests = [StudyRequest(EXPERIMENTS / f"{name}.ipynb", given[words]) for name, words in wanted]
    return dict(zip(wanted, load_studies(requests), strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_building_a_study_twice_gives_the_same_study(studies: Any, built_again: Any, name: str) -> None:
    again = built_again[name, "quick"]
    assert isinstance(again, Study)
    assert again.digest == studies[name, "quick"].digest


@pytest.mark.parametrize("name", NAMES)
def test_seeds_reach_the_study(built_again: Any, name: str) -> None:
    study = built_again[name, "two seeds"]
    assert isinstance(study, Study)
    assert study.first_seeds == 2


def test_a_module_beside_the_notebooks_is_python(tmp_path: Path) -> None:
    for path in EXPERIMENTS.glob("*.py"):
        ast.parse(path.read_text(encoding="utf-8"))


def test_everything_a_notebook_imports_from_the_package_is_there(notebook: Notebook) -> None:
    """Notebooks are executed by slow tests alone; a room that was renamed should not wait for those."""
    for tree in trees(notebook):
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "kerascnn":
                module = importlib.import_module(str(node.module))
                for name in node.names:
                    spec = (
                        importlib.util.find_spec(f"{node.module}.{name.name}") if hasattr(module, "__path__") else None
                    )
                    assert hasattr(module, name.name) or spec, f"{node.module}.{name.name}"
