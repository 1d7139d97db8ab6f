"""The import rule: errors <- specs <- records <- everything; who may load Keras; what stays out of what."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import kerascnn

PACKAGE = Path(kerascnn.__file__).parent
TRAINERS = {"keras", "tensorflow", "keras_tuner", "torch", "jax"}
IN_KERNEL = "kerascnn.byhand.against_keras"
"""Compares with Keras in a notebook's kernel, and nowhere else."""
LOADER = "kerascnn.framework"
"""Loads Keras for workers and kernels, in the environment that it pins."""
PLOTTING = {"matplotlib", "seaborn", "PIL", "plotly"}
INPUT_OUTPUT = {
    "os", "io", "pathlib", "shutil", "subprocess", "tempfile", "socket", "urllib", "sqlite3", "csv", "pickle", "requests"
}  # fmt: skip


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def imports(module: str) -> tuple[tuple[str, str], ...]:
    """(imported module, when: "load", "call" inside a function, "types" for the type checker alone)."""
    found: list[tuple[str, str]] = []
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]

    def visit(node: ast.AST, when: str) -> None:
        if isinstance(node, ast.Import):
            found.extend((alias.name, when) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found.extend(
                (f"{base}.{alias.name}" if is_module(base, alias.name) else base, when) for alias in node.names
            )
        in_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            types_only = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and child in node.body
            visit(child, "types" if types_only or when == "types" else "call" if in_function else when)

    visit(ast.parse(path.read_text(encoding="utf-8")), "load")
    return tuple(found)


def is_module(base: str, name: str) -> bool:
    return f"{base}.{name}" in MODULES


def imported(module: str, *whens: str) -> set[str]:
    return {name for name, when in imports(module) if when in (whens or ("load", "call"))}


def below(folder: str) -> list[str]:
    """The modules of a package, or the one module of that name."""
    inside = f"kerascnn.{folder}"
    found = [module for module in MODULES if module == inside or module.startswith(f"{inside}.")]
    assert found, folder
    return found


def outside(module: str, *whens: str) -> set[str]:
    """Top names of what is imported from outside the package."""
    return {name.partition(".")[0] for name in imported(module, *whens)}


def parts_used(module: str, *whens: str) -> set[str]:
    """Which parts of kerascnn are imported: `specs`, `store`, ..."""
    return {name.split(".")[1] for name in imported(module, *whens) if name.startswith("kerascnn.")}


def test_the_walk_sees_every_module_and_tells_when_an_import_happens() -> None:
    assert len(MODULES) > 60
    assert ("kerascnn.errors", "load") in imports("kerascnn.specs.base")
    assert ("kerascnn.planning.search", "call") in imports("kerascnn.specs.study")
    assert ("kerascnn.planning.search", "types") in imports("kerascnn.specs.setting")
    assert ("keras", "load") in imports("kerascnn.models.vgg")


# --- layers -------------------------------------------------------------------------------------------------


def test_errors_import_nothing_of_ours() -> None:
    assert parts_used("kerascnn.errors", "load", "call", "types") == set()


@pytest.mark.parametrize("module", below("ownership"))
def test_what_guards_the_users_files_knows_nothing_of_what_is_written(module: str) -> None:
    assert parts_used(module) <= {"errors", "foreign", "surroundings", "ownership"}


@pytest.mark.parametrize("module", below("foreign"))
def test_what_reads_the_files_of_others_knows_nothing_of_what_is_read(module: str) -> None:
    assert parts_used(module, "load", "call", "types") <= {"errors", "foreign"}


@pytest.mark.parametrize("module", below("surroundings"))
def test_what_looks_at_the_machine_knows_nothing_of_what_is_done_on_it(module: str) -> None:
    assert parts_used(module, "load", "call", "types") <= {"surroundings"}


def test_places_import_nothing_of_ours_but_errors() -> None:
    assert parts_used("kerascnn.places") <= {"errors"}


@pytest.mark.parametrize("module", below("specs"))
def test_specs_import_nothing_of_ours_but_errors(module: str) -> None:
    assert parts_used(module, "load") <= {"errors", "specs"}


def test_records_import_nothing_of_ours_but_specs_and_errors() -> None:
    assert parts_used("kerascnn.records") <= {"errors", "specs"}


@pytest.mark.parametrize("module", below("models"))
def test_models_know_neither_data_nor_training_nor_results(module: str) -> None:
    assert parts_used(module, "load", "call", "types") <= {"errors", "models", "specs"}


@pytest.mark.parametrize("module", below("data"))
def test_data_know_neither_models_nor_results(module: str) -> None:
    assert parts_used(module) <= {"errors", "foreign", "ownership", "places", "specs", "records", "spelling", "data"}


@pytest.mark.parametrize("module", below("training"))
def test_training_knows_neither_store_nor_readers(module: str) -> None:
    assert parts_used(module) <= {"errors", "specs", "records", "data", "models", "training"}


@pytest.mark.parametrize("module", below("stats"))
def test_statistics_do_no_input_or_output_and_no_plotting(module: str) -> None:
    assert parts_used(module) <= {"errors", "specs", "records", "metrics", "stats"}
    assert not outside(module) & (PLOTTING | INPUT_OUTPUT)
    tree = ast.parse(MODULES[module].read_text())
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not called & {"open", "print", "input"}


@pytest.mark.parametrize("module", below("plots"))
def test_plots_do_not_read_the_store(module: str) -> None:
    assert parts_used(module) <= {"errors", "specs", "records", "metrics", "stats", "byhand", "plots"}


@pytest.mark.parametrize("module", below("byhand"))
def test_layers_by_hand_are_arithmetic_alone(module: str) -> None:
    allowed = {"errors", "arithmetic", "byhand"}
    assert parts_used(module) <= (allowed | {"framework"} if module == IN_KERNEL else allowed)
    assert module == IN_KERNEL or not outside(module) & (TRAINERS | PLOTTING | INPUT_OUTPUT)


@pytest.mark.parametrize("module", below("report"))
def test_the_report_reads_records_and_never_what_makes_them(module: str) -> None:
    used = parts_used(module)
    assert not used & {"training", "execution", "models", "data", "store", "planning", "notebooks", "produce"}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_no_module_imports_the_command_line(module: str) -> None:
    assert "pipeline" not in outside(module, "load", "call", "types")


@pytest.mark.parametrize("module", sorted(set(MODULES) - {"kerascnn.commands"} - set(below("commands"))))
def test_no_module_but_the_verbs_imports_the_verbs(module: str) -> None:
    assert "commands" not in parts_used(module)


# --- who may load Keras -------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", sorted(set(MODULES) - set(below("models")) - set(below("training"))))
def test_only_models_training_and_what_runs_in_a_worker_or_a_kernel_load_keras(module: str) -> None:
    assert not outside(module, "load") & TRAINERS
    in_worker = {
        "kerascnn.planning.search",
        LOADER,
        *(f"kerascnn.execution.{name}" for name in ("building", "shapes", "worker")),
    }
    in_kernel = {IN_KERNEL, *below("looking")}
    if module not in in_worker | in_kernel:
        assert not outside(module, "call") & TRAINERS
        assert "kerascnn.training" not in {".".join(name.split(".")[:2]) for name in imported(module)}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_what_loads_keras_in_a_kernel_is_imported_by_notebooks_alone(module: str) -> None:
    asked = {IN_KERNEL} if module in below("looking") else {IN_KERNEL, *below("looking")}
    assert not asked & set(imported(module, "load", "call"))


def test_only_the_loader_imports_keras_outside_models_and_training() -> None:
    trained = {*below("models"), *below("training"), "kerascnn.planning.search"}
    assert {module for module in MODULES if "keras" in outside(module)} - trained == {LOADER}


LAZY = [
    LOADER,
    "kerascnn.models",
    "kerascnn.execution.building",
    "kerascnn.execution.worker",
    "kerascnn.planning.search",
    "kerascnn.looking.predicting",
]


@pytest.mark.parametrize("module", LAZY)
def test_what_plans_may_import_loads_no_keras_itself(module: str) -> None:
    assert not outside(module, "load") & TRAINERS
    assert not imported(module, "load") & {f"kerascnn.training.{name}" for name in ("run", "loop")}


IMPORTS = (
    "kerascnn",
    "kerascnn.planning.suite",
    "kerascnn.report",
    "kerascnn.execution.worker",
    "kerascnn.planning.search",
)
MORE = (
    "kerascnn.rendering",
    "kerascnn.produce",
    "kerascnn.notebooks.inside.session",
    "kerascnn.notebooks.studies",
    "pipeline",
)
PROBE = """
import os, signal, sys
before = dict(os.environ), sorted(os.listdir()), [signal.getsignal(number) for number in (2, 15)]
__import__(sys.argv[1])
after = dict(os.environ), sorted(os.listdir()), [signal.getsignal(number) for number in (2, 15)]
assert before == after, "importing had a side effect"
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


@pytest.mark.parametrize("module", [*IMPORTS, *MORE])
def test_importing_it_loads_neither_keras_nor_tensorflow_and_has_no_side_effect(module: str, tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(PACKAGE.parent), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    command = [sys.executable, "-c", PROBE, module]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (done.stderr, list(tmp_path.iterdir())) == ("", [])
    loaded = set(done.stdout.split())
    assert "kerascnn" in loaded
    assert not loaded & TRAINERS


def test_planning_does_not_wait_for_plotting_libraries() -> None:
    command = [sys.executable, "-c", "import sys, kerascnn.plots, kerascnn.planning.suite; print(*sys.modules)"]
    loaded = set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    assert not loaded & {"matplotlib", "seaborn", "pandas", "papermill"}
