"""The command line: help for everything, one clear line for every mistake, and no TensorFlow for planning."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tiny_suite import STUDY, cell, write_data, write_experiment
from warm import Commands, start_commands

from kerascnn.places import CHECKOUT

VERBS = ("all", "run", "plan", "list", "why", "new", "report", "serve", "data", "store", "forget", "clean")
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A tiny data set as Keras ships its own."""
    return write_data(tmp_path / "tiny.npz")


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """The same with pictures that every network of the suite can take.

    As many classes as most data sets here have: a model that another test has built is known from the shared cache.
    """
    return write_data(tmp_path / "whole.npz", pixels=32, classes=10)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    places = {name: str(tmp_path / name.lower()) for name in ("CACHE", "STORE", "REPORTS")}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KERASCNN_")}
    return kept | {f"KERASCNN_{name}": value for name, value in places.items()} | {"COLUMNS": "100"}


@pytest.fixture(scope="module")
def forks() -> Iterator[Commands]:
    """Starting Python for each of a hundred commands would take most of the time."""
    with start_commands() as started:
        yield started


@pytest.fixture
def command(forks: Commands, environment: dict[str, str], tmp_path: Path) -> Command:
    """Run `pipeline.py` with arguments, from a folder that is not the checkout."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        done = forks.run(list(arguments), environment | variables, tmp_path, limit_seconds=60)
        return subprocess.CompletedProcess(arguments, done.code, done.stdout, done.stderr)

    return run


@pytest.fixture
def experiments(tmp_path: Path) -> Path:
    """Two experiments that share a run."""
    folder = tmp_path / "experiments"
    write_experiment(folder, "01_first", STUDY.replace("BUILDER", "models.deep"))
    write_experiment(folder, "02_second", STUDY.replace("BUILDER", "models.deep"))
    return folder


# --- help ---------------------------------------------------------------------------------------------------


def test_help_shows_every_verb_examples_and_exit_codes(command: Command) -> None:
    done = command("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "examples:\n  python pipeline.py all" in done.stdout
    assert "exit codes:" in done.stdout
    assert all(re.search(rf"^    {verb} ", done.stdout, re.MULTILINE) for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_every_verb_shows_an_example_and_the_common_options(command: Command, verb: str) -> None:
    done = command(verb, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"example:\n  python pipeline.py {verb}" in done.stdout
    assert all(option in done.stdout for option in ("--profile", "--data", "--jobs", "--seeds"))


# --- mistakes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], r"arguments are required: VERB.*pipeline.py --help"),
        (["plna"], r"invalid choice: 'plna' \(choose from 'all'.*pipeline.py --help"),
        (["run"], r"arguments are required: NAME.*pipeline.py run --help"),
        (["data", "fetsh"], r"invalid choice: 'fetsh'.*fetch"),
        (["plna"], r"Did you mean 'plan'\?"),
        (["list", "--jbs", "3"], r"unrecognized arguments: --jbs 3.*--help"),
        (["all", "--seed", "3"], r"unrecognized arguments: --seed 3. Did you mean '--seeds'\?"),
        (["all", "--prof=smoke"], r"unrecognized arguments: --prof=smoke. Did you mean '--profile'\?"),
        (["--see", "3", "list"], r"unrecognized arguments: --see 3. Did you mean '--seeds'\?"),
        (["plan", "--force"], r"unrecognized arguments: --force. `--force` is an option of: all, run\."),
        (["plan", "--jobs", "two"], r"--jobs: invalid int value: 'two'"),
        (["plan", "--jobs", "0"], r"`--jobs` must be at least 1. Received: --jobs 0"),
        (["list", "--jobs", "0"], r"`--jobs` must be at least 1"),
        (["plan", "--seeds", "-1"], r"`--seeds` must be at least 1. Received: --seeds -1"),
        (["plan", "--profile", "smok"], r"`--profile` must be one of smoke, quick, full.*Did you mean 'smoke'"),
        (["--profile", "fast", "list"], r"`--profile` must be one of smoke, quick, full"),
        (["plan", "05"], r"no experiment '05'. .*Known: .*01_first"),
        (["run", "fist"], r"no experiment 'fist'. Did you mean 'first'\?"),
        (["all", "--only", "thrid"], r"no experiment 'thrid'"),
        (["all", "--skip", "thrid"], r"no experiment 'thrid'"),
        (["plan", "0"], r"'0' fits several experiments: 01_first, 02_second"),
        (["plan", "01", "-p", "depth=[2]"], r"01_first has no parameter 'depth'. Did you mean 'depths'\?"),
        (["plan", "01", "-p", "depths=3"], r"`depths` of 01_first must have the same type as its default, \[1\].*: 3"),
        (["plan", "01", "-p", "depths"], r"`-p` must be NAME=JSON. Received: -p depths. Write for example"),
        (["plan", "01", "-p", "depths=[1,"], r"`-p depths` must be JSON. Received: \[1,.*Quote it for the shell"),
        (["plan", "01", "-p", "depths=NaN"], r"must be a finite number. Received: NaN"),
        (["plan", "01", "-p", "depths=[1]", "-p", "depths=[2]"], r"`-p depths` must be given once"),
        (["plan", "--jobs", "1025"], r"`--jobs` must be at most 1024. Received: --jobs 1025"),
        (["plan", "--jobs", "9" * 5000], r"--jobs: invalid int value of 5000 letters"),
        (["plan", "--seeds", "1000"], r"`--seeds` must be at most 999"),
        (["run", "01", "--until-decided", "0"], r"`--until-decided` must be at least 1"),
        (["serve", "--port", "65536"], r"`--port` must be at most 65535"),
        (["serve", "--port", "-1"], r"`--port` must be at least 0"),
        (["plan", "01", "-p", "profile=full"], r"must be given with --profile"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_answered_in_one_line_that_says_what_to_do(
    command: Command, experiments: Path, data: Path, arguments: list[str], message: str
) -> None:
    done = command(*arguments, KERASCNN_EXPERIMENTS=str(experiments), KERASCNN_DATA=str(data))
    assert done.returncode == 2, done.stderr
    assert re.fullmatch(r"pipeline\.py: .+\n", done.stderr), done.stderr
    assert re.search(message, done.stderr), done.stderr


def test_a_folder_without_notebooks_is_a_clear_error(command: Command, tmp_path: Path) -> None:
    done = command("plan", KERASCNN_EXPERIMENTS=str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert "There are no notebooks in" in done.stderr
    assert "set KERASCNN_EXPERIMENTS" in done.stderr


def test_data_that_are_not_there_are_a_clear_error_of_their_own(command: Command, experiments: Path) -> None:
    done = command("plan", "--data", "nowhere.npz", KERASCNN_EXPERIMENTS=str(experiments))
    assert done.returncode == 3
    assert re.fullmatch(r"pipeline\.py: .*nowhere.npz.*\n", done.stderr)


def test_a_store_that_cannot_be_written_is_a_clear_error_of_its_own(
    command: Command, experiments: Path, data: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    places = {"KERASCNN_EXPERIMENTS": str(experiments), "KERASCNN_STORE": str(tmp_path / "file" / "runs")}
    assert command("plan", "--data", str(data), **places).returncode == 0, "planning writes nothing"
    done = command("all", "--data", str(data), **places)
    assert done.returncode == 5
    assert re.search(r"^pipeline\.py: The store cannot be written: .*set KERASCNN_STORE", done.stderr, re.MULTILINE)
    assert "Traceback" not in done.stderr


# --- why ----------------------------------------------------------------------------------------------------


def test_why_speaks_of_the_step_sizes_a_study_tries(command: Command, experiments: Path, data: Path) -> None:
    tried = 'rate_grids=[RateGrid(name="tuned", arm="a1", rates=[0.1, 0.2])],\n    profile=profile,'
    study = STUDY.replace("BUILDER", "models.deep").replace("profile=profile,", tried)
    study = study.replace("Budget, Study", "Budget, RateGrid, Study").replace("seeds=2)", "seeds=2, rate_seeds=1)")
    write_experiment(experiments, "03_tuned", study)
    done = command("why", "tuned", "tuned", "--data", str(data), KERASCNN_EXPERIMENTS=str(experiments))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[1:] == [
        "  A: step sizes to try (tuned)",
        "    step 0.1, seed 2001, step 0.2, seed 2001: to train: the store is empty.",
        "    The runs at the best step are known when these are done.",
    ]


def test_why_says_what_a_users_module_reads_that_no_key_covers(command: Command, experiments: Path, data: Path) -> None:
    source = "import numpy as np\n\nEDGES = np.load('edges.npy')\n\n\ndef build(image_shape, classes, depth): ...\n"
    (experiments / "nets.py").write_text(source)
    write_experiment(experiments, "03_read", STUDY.replace("BUILDER", "nets:build"))
    done = command("why", "read", "--data", str(data), KERASCNN_EXPERIMENTS=str(experiments), COLUMNS="300")
    assert done.returncode == 0, done.stderr
    said = (
        "Not in the keys: what the module nets reads through np.load (line 3). When that changes, the stored runs still"
    )
    assert done.stdout.splitlines()[1].strip().startswith(said)


# --- list and plan ------------------------------------------------------------------------------------------


def test_list_shows_every_experiment_with_its_parameters(command: Command, experiments: Path) -> None:
    done = command("list", KERASCNN_EXPERIMENTS=str(experiments))
    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r"^\w+", done.stdout, re.MULTILINE) == ["01_first", "02_second"]
    assert done.stdout.count("-p depths=[1]") == 2


def test_list_shows_values_as_they_are_typed(command: Command, experiments: Path) -> None:
    cells = [
        cell('profile = "quick"\nflip = True  # mirrored\nseeds = None\nwidths = [8, 16]', "parameters"),
        cell("study = 1", "study"),
    ]
    content = {"cells": cells, "nbformat": 4, "nbformat_minor": 5}
    (experiments / "03_own.ipynb").write_text(json.dumps(content))
    said = command("list", KERASCNN_EXPERIMENTS=str(experiments)).stdout
    for line in ("-p profile=quick", "-p flip=true +mirrored", "-p seeds=null", r"-p widths='\[8, 16\]'"):
        assert re.search(line, said)


def test_list_of_the_checkout_has_every_notebook(command: Command) -> None:
    done = command("list")
    names = {path.stem for path in (CHECKOUT / "experiments").glob("*.ipynb")}
    assert done.returncode == 0
    assert names <= set(re.findall(r"^\w+", done.stdout, re.MULTILINE))


def test_list_shows_a_notebook_that_is_not_usable_and_says_so_in_its_exit_code(
    command: Command, experiments: Path
) -> None:
    (experiments / "03_broken.ipynb").write_text("{")
    done = command("list", KERASCNN_EXPERIMENTS=str(experiments))
    assert done.returncode == 4
    assert "03_broken\n    not usable: 03_broken.ipynb cannot be read" in done.stdout
    assert "02_second" in done.stdout


def test_a_reader_that_closes_early_sees_no_traceback(environment: dict[str, str]) -> None:
    command = f"{sys.executable} {CHECKOUT / 'pipeline.py'} list | true"
    for _ in range(3):
        done = subprocess.run(command, shell=True, env=environment, capture_output=True, text=True, check=False)
        assert done.stderr == ""


def test_plan_counts_a_run_that_two_experiments_share_once(command: Command, experiments: Path, data: Path) -> None:
    done = command("plan", "--data", str(data), "--jobs", "2", KERASCNN_EXPERIMENTS=str(experiments))
    assert done.returncode == 0, done.stderr
    assert re.search(r"01_first +2 runs to train +0 in the store +about ", done.stdout)
    assert re.search(r"02_second +0 runs to train +0 in the store .* 2 shared with", done.stdout)
    assert re.search(r"In all: 2 runs to train, about .* on 2 cores", done.stdout)


def test_plan_takes_seeds_and_parameters_and_what_is_given_with_p_wins(
    command: Command, experiments: Path, data: Path
) -> None:
    def count(*arguments: str) -> str:
        done = command("plan", "01", "--data", str(data), *arguments, KERASCNN_EXPERIMENTS=str(experiments))
        found = re.search(r"In all: (\d+) runs", done.stdout)
        assert found, done.stderr
        return found[1]

    assert count("-p", "depths=[1, 2, 3]") == "6"
    assert count("--seeds", "5") == "5"
    assert count("--seeds", "5", "-p", "seeds=3") == "3"


def test_seeds_for_a_notebook_that_takes_none_are_an_error(command: Command, experiments: Path, data: Path) -> None:
    study = STUDY.replace("BUILDER", "models.deep").replace("seeds=seeds", "seeds=2")
    write_experiment(experiments, "03_own_seeds", study, seeds="")
    done = command("plan", "03", "--data", str(data), "--seeds", "5", KERASCNN_EXPERIMENTS=str(experiments))
    assert done.returncode == 2
    assert "03_own_seeds has no parameter `seeds`" in done.stderr


@pytest.mark.parametrize(
    ("study", "message"),
    [
        (STUDY.replace("BUILDER", "models.deeep"), "Did you mean 'models.deep'"),
        (STUDY.replace("BUILDER", "my_nets:build"), "Put my_nets.py beside the notebooks"),
        (STUDY.replace("BUILDER", "broken_nets:build"), "broken_nets.py is not valid Python"),
        (STUDY.replace("BUILDER", "models.deep").replace("profile=profile", "profile='smoke'"), "'quick'.*'smoke'"),
        ("study = 1 / 0", "ZeroDivisionError"),
    ],
)
def test_what_is_wrong_with_one_experiment_leaves_the_others_in_the_plan(
    command: Command, experiments: Path, data: Path, study: str, message: str
) -> None:
    write_experiment(experiments, "03_wrong", study)
    (experiments / "broken_nets.py").write_text("def build(:\n")
    done = command("plan", "--data", str(data), KERASCNN_EXPERIMENTS=str(experiments))
    assert done.returncode == 6, done.stderr
    assert re.search(rf"03_wrong +not usable: .*{message}.*03_wrong.ipynb", done.stdout), done.stdout
    assert re.search(r"01_first +2 runs to train", done.stdout)


# --- TensorFlow ---------------------------------------------------------------------------------------------

PROBE = """
import json, os, sys, pipeline
for words in json.loads(sys.argv[1]):
    code = pipeline.main(words)
    loaded = sorted({"tensorflow", "keras", "keras_tuner"} & set(sys.modules))
    print("\\nafter", json.dumps([words[0], code, loaded, os.path.exists(os.environ["KERASCNN_STORE"])]))
"""


@pytest.mark.slow  # every network of the suite is built, in a worker
def test_planning_and_rendering_never_load_tensorflow_and_planning_writes_nothing_into_the_store(
    environment: dict[str, str], whole: Path, shared_cache: Path
) -> None:
    verbs = ("list", "plan", "data", "report", "clean")
    commands = [[verb, "--data", str(whole)] if verb in ("plan", "report") else [verb] for verb in verbs]
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(commands)],
        cwd=CHECKOUT,
        env=environment | {"KERASCNN_CACHE": str(shared_cache)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    after = [json.loads(line) for line in re.findall(r"^after (.*)$", done.stdout, re.MULTILINE)]
    assert [(verb, code, loaded) for verb, code, loaded, _ in after] == [(verb, 0, []) for verb in verbs], done.stderr
    assert [verb for verb, _, _, store_is_there in after if store_is_there and verb in ("list", "plan", "data")] == []


# --- report, elsewhere and as a file ------------------------------------------------------------------------


def test_a_report_is_written_elsewhere_and_as_a_file_the_same_every_time(
    command: Command, experiments: Path, data: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    def report(*arguments: str) -> str:
        done = command("report", "--data", str(data), *arguments, KERASCNN_EXPERIMENTS=str(experiments))
        assert done.returncode == 0, done.stderr
        return done.stdout

    said = report("--output", "mine", "--zip", "one.zip")
    assert re.fullmatch(r"Open mine/index\.html\nWrote one\.zip \(.* kB\); unpacked, open (\S+)/index\.html\n", said)
    assert (tmp_path / "mine" / "index.html").is_file()
    assert not Path(environment["KERASCNN_REPORTS"]).exists(), "only the folder asked for is written"
    report("--zip", "two.zip")
    assert (Path(environment["KERASCNN_REPORTS"]) / "index.html").is_file()
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert f"{said.split()[-1]}" in archive.namelist()


@pytest.mark.parametrize("arguments", [["--output", ""], ["--zip", ""], ["--zip", "data"], ["--output", "full"]])
def test_a_report_in_the_wrong_place_is_refused_before_anything_is_written(
    command: Command,
    experiments: Path,
    data: Path,
    tmp_path: Path,
    environment: dict[str, str],
    arguments: list[str],
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "index.html").write_text("mine")
    done = command("report", "--data", str(data), *arguments, KERASCNN_EXPERIMENTS=str(experiments))
    assert done.returncode == 2
    assert re.fullmatch(rf"pipeline\.py: `{arguments[0]}` must .+\n", done.stderr)
    assert (tmp_path / "full" / "index.html").read_text() == "mine"
    assert not Path(environment["KERASCNN_REPORTS"]).exists()
