"""The import rule: which room may use which, that no two modules use each other, and who may load Keras."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import kerascnn

PACKAGE = Path(kerascnn.__file__).parent
TRAINERS = {"keras", "tensorflow", "keras_tuner", "torch", "jax"}
IN_KERNEL = "kerascnn.byhand.against_keras"
"""Compares with Keras in a notebook's kernel, and nowhere else."""
LOADER = "kerascnn.framework"
"""Loads Keras for workers and kernels, in the environment that it pins."""
ORACLE = "kerascnn.planning.oracle"
PLOTTING = {"matplotlib", "seaborn", "PIL", "plotly"}
INPUT_OUTPUT = {
    "os", "io", "pathlib", "shutil", "subprocess", "tempfile", "socket", "urllib", "sqlite3", "csv", "pickle", "requests"
}  # fmt: skip

MOST_LINES, MOST_MODULES = 350, 14
CLOSED = {"kerascnn.training.run"}
"""Its source is part of every run's key: it is not split for its length."""
LOOSE = {"models"}
"""One module for each network."""

PROMISED = ("kerascnn.specs.study", "kerascnn.notebooks.inside.session")
"""`study.run()`, the one arrow that goes up."""

ROOMS = {
    # what everything may use
    "errors":              "",
    "spelling":            "",
    "surroundings":        "",
    "foreign":             "",
    "places":              "errors",
    "ownership":           "errors foreign surroundings",
    "framework":           "errors places",
    "code":                "errors places ownership",
    # what can be asked for, and what comes back
    "specs":               "errors",
    "records":             "specs",
    "machine":             "specs surroundings",
    "metrics":             "errors specs records",
    # from a spec to a record
    "models":              "errors",
    "data":                "errors foreign ownership places specs records spelling",
    "training":            "errors specs records models data",
    # what is kept, and under which key
    "identity":            "errors code specs machine models",
    "store":               "errors foreign ownership surroundings specs records models identity",
    "costs":               "errors specs machine store",
    # from runs to verdicts and pictures
    "stats":               "errors spelling specs records metrics",
    "byhand":              "errors framework",
    "looking":             "errors specs records framework models data training byhand",
    "plots":               "errors spelling specs records stats byhand looking",
    "report":              "errors foreign places spelling ownership code specs records metrics stats plots",
    # from notebooks to runs, and back
    "notebooks":           "errors foreign code places spelling specs records models identity",
    "planning":            "errors places spelling code specs records machine data identity store stats notebooks",
    "execution":           "errors places spelling surroundings ownership framework specs records machine models data training "
                           "identity store costs notebooks planning",
    "notebooks.inside":    "errors places surroundings ownership specs records machine data identity store stats plots "
                           "notebooks planning execution",
    "notebooks.executing": "errors places ownership specs records store notebooks",
    # what the user starts
    "rendering":           "errors places specs records data store stats report notebooks",
    "report_lane":         "errors costs notebooks.executing execution rendering",
    "produce":             "errors places spelling surroundings ownership specs records machine costs stats report planning "
                           "execution notebooks notebooks.executing rendering report_lane",
    "serving":             "errors report",
    "commands":            "errors places spelling surroundings ownership specs records machine data identity store costs "
                           "report notebooks planning execution rendering report_lane produce serving",
}  # fmt: skip
"""Room -> the rooms above it that it uses, at any time or for types alone."""


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


def room_of(module: str) -> str:
    """The room that a module lies in; a notebook's kernel and its execution are rooms of their own."""
    names = module.split(".")[1:]
    return next((room for room in (".".join(names[:2]), names[0]) if room in ROOMS), names[0])


def arrows() -> set[tuple[str, str]]:
    """(module, module of ours that it imports), imports inside functions and for types included."""
    found = {(module, name) for module in MODULES for name in imported(module, "load", "call", "types")}
    return {(module, name) for module, name in found if name in MODULES and name != module} - {PROMISED}


def test_the_walk_sees_every_module_and_tells_when_an_import_happens() -> None:
    assert len(MODULES) > 60
    assert ("kerascnn.errors", "load") in imports("kerascnn.specs.base")
    assert (PROMISED[1], "call") in imports(PROMISED[0])
    assert (PROMISED[1], "types") in imports(PROMISED[0])
    assert ("keras", "load") in imports("kerascnn.models.vgg")


# --- rooms --------------------------------------------------------------------------------------------------


def test_no_two_modules_import_each_other_in_a_circle() -> None:
    uses: dict[str, set[str]] = {module: set() for module in MODULES}
    for module, name in arrows():
        uses[module].add(name)
    try:
        TopologicalSorter(uses).prepare()
    except CycleError as circle:
        pytest.fail(" <- ".join(circle.args[1]))


def test_every_room_uses_only_rooms_above_it_in_the_drawing() -> None:
    above: list[str] = []
    for room, used in ROOMS.items():
        assert not set(used.split()) - set(above), f"{room} uses a room below it"
        above.append(room)


def test_rooms_use_each_other_as_drawn() -> None:
    between = {(module, name) for module, name in arrows() if module != "kerascnn" and room_of(module) != room_of(name)}
    used = {(room_of(module), room_of(name)) for module, name in between}
    drawn = {(room, other) for room, others in ROOMS.items() for other in others.split()}
    assert sorted(f"{a} -> {b}" for a, b in between if (room_of(a), room_of(b)) not in drawn) == [], "not drawn"
    assert sorted(f"{a} -> {b}" for a, b in drawn - used) == [], "drawn, and nobody needs it"
    assert {room_of(module) for module in MODULES if module != "kerascnn"} == set(ROOMS)


def test_no_module_is_long_and_no_folder_crowded() -> None:
    lines = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in MODULES.items()}
    assert {m: n for m, n in lines.items() if n > MOST_LINES and m not in CLOSED} == {}
    folders = Counter(path.parent for path in MODULES.values() if path.name != "__init__.py")
    assert {folder.name: n for folder, n in folders.items() if n > MOST_MODULES and folder.name not in LOOSE} == {}


def test_statistics_do_no_input_or_output_and_no_plotting() -> None:
    assert {module: used for module in below("stats") if (used := outside(module) & (PLOTTING | INPUT_OUTPUT))} == {}
    assert {module: called for module in below("stats") if (called := calls(module) & {"open", "print", "input"})} == {}


def calls(module: str) -> set[str]:
    """The names that are called as functions."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    return {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}


def test_layers_by_hand_are_arithmetic_alone() -> None:
    plain = set(below("byhand")) - {IN_KERNEL}
    assert {module for module in plain if outside(module) & (TRAINERS | PLOTTING | INPUT_OUTPUT)} == set()
    assert {module for module in plain if LOADER in imported(module)} == set()


def test_no_module_imports_the_command_line() -> None:
    assert {module for module in MODULES if "pipeline" in outside(module, "load", "call", "types")} == set()


# --- who may load Keras -------------------------------------------------------------------------------------


def test_only_models_training_and_what_runs_in_a_worker_or_a_kernel_load_keras() -> None:
    others = set(MODULES) - {*below("models"), *below("training")}
    assert {module for module in others if outside(module, "load") & TRAINERS} == set()
    in_worker = {
        ORACLE,
        LOADER,
        *(f"kerascnn.execution.{name}" for name in ("building", "shapes", "worker", "yardstick")),
    }
    plain = others - in_worker - {IN_KERNEL, *below("looking")}
    assert {module for module in plain if outside(module, "call") & TRAINERS} == set()
    assert {module for module in plain if any(n.startswith("kerascnn.training") for n in imported(module))} == set()


def test_what_loads_keras_in_a_kernel_is_imported_by_notebooks_alone() -> None:
    kernels = set(below("looking"))
    assert {module for module in MODULES if IN_KERNEL in imported(module)} == set()
    assert {module for module in set(MODULES) - kernels if kernels & imported(module)} == set()


def test_only_the_loader_imports_keras_outside_models_and_training() -> None:
    trained = {*below("models"), *below("training"), ORACLE}
    assert {module for module in MODULES if "keras" in outside(module)} - trained == {LOADER}


def test_what_plans_may_import_loads_no_keras_itself() -> None:
    lazy = {LOADER, ORACLE, "kerascnn.models", "kerascnn.looking.predicting"}
    lazy |= {"kerascnn.execution.building", "kerascnn.execution.worker"}
    trained = {f"kerascnn.training.{name}" for name in ("run", "loop")}
    assert {
        module for module in lazy if outside(module, "load") & TRAINERS or imported(module, "load") & trained
    } == set()


def test_no_study_and_no_plan_reaches_the_oracle() -> None:
    users = {module for module, name in arrows() if name == ORACLE}
    assert users == {"kerascnn.execution.worker"}


IMPORTS = (
    "kerascnn",
    "kerascnn.planning.suite",
    "kerascnn.report",
    "kerascnn.execution.worker",
    "kerascnn.planning.oracle",
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
