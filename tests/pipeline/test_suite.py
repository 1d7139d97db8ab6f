"""From the command line to pages, with real training: what a user does, in the order a user does it."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from browsing import check_links, start_browser
from place import CHECKOUT, ONE_OF_EACH, Place, make_place

pytestmark = pytest.mark.slow

NAMES = sorted(ONE_OF_EACH)


def test_all_gives_every_experiment_a_page_whose_links_lead_somewhere(finished: Place) -> None:
    pages = {path.name for path in finished.reports.glob("*.html")}
    assert {f"{name}.html" for name in NAMES} | {f"{name}.notebook.html" for name in NAMES} < pages
    count, broken = check_links(finished.reports)
    assert broken == []
    assert count > 100


def test_a_second_all_trains_nothing_executes_nothing_and_leaves_the_pages_alone(finished: Place) -> None:
    before = {path: path.stat().st_mtime_ns for path in finished.reports.rglob("*") if path.is_file()}
    done = finished.pipeline("all")
    assert done.returncode == 0
    assert "Trained 0 runs, executed 0 notebooks." in done.stdout
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_an_edited_markdown_cell_executes_that_notebook_alone_and_trains_nothing(finished: Place) -> None:
    finished.edit("04_glorot_vs_he", "**The question.**", "**A better question.**")
    done = finished.pipeline("all")
    assert "Trained 0 runs, executed 1 notebooks." in done.stdout
    assert "A better question." in (finished.reports / "04_glorot_vs_he.html").read_text(encoding="utf-8")


def test_other_parameters_train_only_what_is_missing_and_get_a_page_beside_the_default_one(finished: Place) -> None:
    before, default_page = finished.keys(), finished.reports / "04_glorot_vs_he.html"
    text = default_page.read_text(encoding="utf-8")
    done = finished.pipeline("run", "glorot_vs_he", "-p", "depths=[2, 6]")
    assert done.returncode == 0, done.stderr
    added = finished.keys().keys() - before.keys()
    assert len(added) == 2, "Glorot and He at 6 convolutions; those at 2 are in the store"
    assert finished.keys() | before == finished.keys()
    assert default_page.read_text(encoding="utf-8").count("<h1") == text.count("<h1")
    (page,) = finished.reports.glob("04_glorot_vs_he--*[0-9a-f].html")
    assert str(page) in done.stdout + done.stderr
    assert re.search(r"depths.{0,200}\[2, ?6\]", page.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.thorough
def test_open_claims_get_more_seeds_and_the_page_says_at_how_many_they_were_judged(
    as_made: Place, tmp_path: Path
) -> None:
    place = make_place(tmp_path / "place", as_made.data, "04_glorot_vs_he")
    shutil.copytree(as_made.store, place.store, ignore=shutil.ignore_patterns("_*"))
    done = place.pipeline("run", "glorot_vs_he", "--until-decided", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Trained 4 runs, executed 1 notebooks." in done.stdout, "one seed is stored, and no claim is told by one"
    (page,) = place.reports.glob("04_glorot_vs_he--*[0-9a-f].html")
    assert "looks at 1, 2" in page.read_text(encoding="utf-8")
    assert "Trained 0 runs" in place.pipeline("run", "glorot_vs_he", "--until-decided", "2").stdout


def test_the_report_works_in_a_browser_without_complaint(finished: Place) -> None:
    driver = start_browser()
    try:
        for page in sorted(finished.reports.glob("*.html")):
            driver.get(page.as_uri())
            assert driver.execute_script("return document.documentElement.scrollWidth <= window.innerWidth"), page.name
        assert driver.get_log("browser") == []
    finally:
        driver.quit()


def test_the_search_is_replayed_from_the_store_with_its_winners_on_fresh_seeds(finished: Place) -> None:
    published = _published_searches(finished)
    assert [search["name"] for search in published["searches"]] == ["random", "hyperband", "bayesian"]
    assert all(int(seed) > 1000 for arm in ("random", "bayesian") for seed in published["runs"][arm])
    keys = set(finished.keys())
    assert all(trial["key"] in keys for search in published["searches"] for trial in search["trials"])


@pytest.mark.faults
def test_a_killed_search_trains_no_trial_twice_and_ends_with_the_same_best(as_made: Place, tmp_path: Path) -> None:
    place = make_place(tmp_path / "place", as_made.data, "14_depth_and_kernels_search")
    process = place.start()
    _wait_until(lambda: place.store.exists() and len(_trials_in(place, as_made)) >= 2, seconds=200)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = place.keys()
    done = place.pipeline("all")
    assert done.returncode == 0, done.stderr
    assert kept.items() <= place.keys().items() <= as_made.keys().items()
    assert f"Trained {len(place.keys()) - len(kept)} runs" in done.stdout
    again, before = _published_searches(place), _published_searches(as_made)
    assert again["searches"] == before["searches"]
    assert again["runs"] == before["runs"]


@pytest.mark.thorough
@pytest.mark.parametrize("where", ["checkout", "experiments"])
def test_a_notebook_run_by_papermill_gives_the_same_keys_and_bits(as_made: Place, tmp_path: Path, where: str) -> None:
    place = make_place(tmp_path / "place", as_made.data, "04_glorot_vs_he")
    folder = {"checkout": place.root, "experiments": place.experiments}[where]
    target = place.notebook("04_glorot_vs_he").relative_to(folder)
    command = [sys.executable, "-m", "papermill", str(target), str(tmp_path / "out.ipynb"), "-p", "profile", "smoke"]
    done = subprocess.run(
        [*command, "-k", "python3"],
        env=place.variables() | {"KERASCNN_DATA": str(as_made.data)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert len(place.keys()) == 4
    assert place.keys().items() <= as_made.keys().items()


def test_a_notebook_run_by_nbconvert_is_published_by_hand_and_all_does_it_again(as_made: Place, tmp_path: Path) -> None:
    place = make_place(tmp_path / "place", as_made.data, "04_glorot_vs_he")
    shutil.copytree(as_made.store, place.store, ignore=shutil.ignore_patterns("_*"))
    before = place.keys()
    place.edit("04_glorot_vs_he", 'profile = \\"quick\\"', 'profile = \\"smoke\\"')
    command = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--output-dir", str(tmp_path)]
    done = place.run([*command, str(place.notebook("04_glorot_vs_he"))], KERASCNN_DATA=str(as_made.data))
    assert done.returncode == 0, done.stderr
    assert place.keys() == before, "it finds the runs that the pipeline trained"
    assert "Published by hand" in _render(place)
    assert "Trained 0 runs, executed 1 notebooks." in place.pipeline("all").stdout
    assert "Published by hand" not in (place.reports / "04_glorot_vs_he.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def own(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Two experiments of a user, planned and run together: that of the documents, and what `new` makes of a few words."""
    place = Place(tmp_path_factory.mktemp("own"), data)
    place.experiments.mkdir()
    _write_experiment_of_the_documents(place)
    for words in (
        ["new", "mine", "--model", "--differs", "activation", "--arms", "tanh", "relu"],
        ["plan"],
        ["all"],
    ):
        done = place.pipeline(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        assert words[0] != "plan" or {"20_activation_of_mlp", "21_mine"} <= set(done.stdout.split())
    return place


def _write_experiment_of_the_documents(place: Place) -> None:
    section = (
        (CHECKOUT / "docs" / "own-experiments.md").read_text(encoding="utf-8").partition("## A net of your own")[2]
    )
    module, title, parameters, study, look, questions, publish = re.findall(
        r"```\w+\n(.*?)```", section.partition("\n## What a study can say")[0], re.DOTALL
    )
    (place.experiments / "my_models.py").write_text(module, encoding="utf-8")
    cells = [_cell("markdown", title), _cell("code", parameters, "parameters"), _cell("code", study, "study")]
    notebook = {
        "cells": [*cells, _cell("code", look), _cell("markdown", questions), _cell("code", publish)],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    place.notebook("20_activation_of_mlp").write_text(json.dumps(notebook), encoding="utf-8")


@pytest.mark.xdist_group("own")
def test_the_experiment_of_the_documents_works_as_written(own: Place) -> None:
    assert "ReLU against tanh in a small MLP" in own.pipeline("list").stdout
    page = (own.reports / "20_activation_of_mlp.html").read_text(encoding="utf-8")
    assert "ReLU is better than tanh." in page
    assert "Does a wider net close the gap?" in page


@pytest.mark.xdist_group("own")
def test_a_new_experiment_with_a_net_of_its_own_runs_and_is_in_the_report(own: Place) -> None:
    page = (own.reports / "21_mine.html").read_text(encoding="utf-8")
    assert "With activation relu the net gets more images right than with activation tanh." in page
    assert json.loads(own.notebook("21_mine").read_text(encoding="utf-8"))["cells"][-1]["outputs"] == []


BROKEN = {
    "30_raises": "1 / 0",
    "31_leaves_early": "import sys; sys.exit(0)",
    "33_never_ends": "import time; time.sleep(600)",
    "34_kills_its_kernel": "import os; os.kill(os.getpid(), 9)",
    "35_prints_without_end": "print('x' * 20_000_000); results = study.run()",
}
"""Notebook -> what stands there instead of running its study; the last one is sound."""
PROBABILITIES = """
import keras


def probabilities(image_shape, classes, **options):
    inputs = keras.Input(image_shape)
    outputs = keras.layers.Dense(classes, activation="softmax", name="end")(keras.layers.Flatten()(inputs))
    return keras.Model(inputs, outputs)
"""


@dataclass(frozen=True)
class Broken:
    """A place with a finished experiment and broken ones, `all` run there once, and the runs there were before."""

    place: Place
    done: subprocess.CompletedProcess[str]
    keys_before: dict[str, str]

    def page(self, name: str) -> str:
        return (self.place.reports / f"{name}.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def broken(as_made: Place, tmp_path_factory: pytest.TempPathFactory) -> Broken:
    """Notebooks broken in every way, beside a sound one."""
    place = make_place(tmp_path_factory.mktemp("broken") / "place", as_made.data, "04_glorot_vs_he")
    shutil.copytree(as_made.store, place.store, ignore=shutil.ignore_patterns("_locks", "_tmp"))
    for name in (*BROKEN, "32_has_no_study", "36_probabilities"):
        shutil.copy(place.notebook("04_glorot_vs_he"), place.notebook(name))
    for name, line in BROKEN.items():
        place.edit(name, "results = study.run()", line)
    place.edit("32_has_no_study", '"study"', '"studies"')
    place.edit("36_probabilities", "models.cheap", "nets:probabilities")
    (place.experiments / "nets.py").write_text(PROBABILITIES)
    place.environment["KERASCNN_NOTEBOOK_DEADLINE"] = "30"
    keys = place.keys()
    return Broken(place, place.pipeline("all"), keys)


@pytest.mark.xdist_group("broken")
def test_broken_notebooks_are_shown_as_failed_and_the_others_go_on(broken: Broken) -> None:
    said = broken.done.stderr
    assert broken.done.returncode == 6
    assert "33_never_ends: the notebook failed: The notebook was stopped after 30 s" in said
    assert "34_kills_its_kernel: the notebook failed: DeadKernelError" in said
    assert "35_prints_without_end: the notebook failed" not in said
    assert (broken.place.reports / "35_prints_without_end.notebook.html").stat().st_size < 2_000_000
    assert "32_has_no_study is left out: A notebook must have exactly one code cell tagged `study`" in said
    assert broken.page("index").count("failed") >= 3
    assert "ZeroDivisionError" in broken.page("30_raises")
    assert (broken.place.reports / "04_glorot_vs_he.html").exists()


@pytest.mark.xdist_group("broken")
def test_models_that_cannot_be_trained_are_told_once_before_anything_is_trained(broken: Broken) -> None:
    said = broken.done.stderr
    assert said.count("must end in logits") == 1
    assert re.search(r"36_probabilities is left out: Arms '.*', '.*': Model 'nets:probabilities' must", said)
    assert f"Trained 0 runs, executed {len(BROKEN)} notebooks." in broken.done.stdout, (
        "all that have a study to look at"
    )
    assert broken.place.keys() == broken.keys_before
    assert "must end in logits" in broken.page("36_probabilities")


@pytest.mark.faults
def test_a_killed_pipeline_keeps_what_was_finished_and_leaves_no_process(data: Path, tmp_path: Path) -> None:
    place = make_place(tmp_path / "place", data, "04_glorot_vs_he")
    process = place.start()
    _wait_until(lambda: place.store.exists() and bool(place.keys()), seconds=120)
    process.send_signal(signal.SIGKILL)
    process.wait()
    _wait_until(lambda: not _processes_of_session(process.pid), seconds=5)
    kept = place.keys()
    done = place.pipeline("all")
    assert done.returncode == 0, done.stderr
    assert f"Trained {4 - len(kept)} runs" in done.stdout
    assert kept.items() <= place.keys().items()


def test_a_terminated_pipeline_leaves_within_seconds_and_says_so_by_its_code(data: Path, tmp_path: Path) -> None:
    place = make_place(tmp_path / "place", data, "04_glorot_vs_he")
    process = place.start()
    _wait_until(lambda: (place.store / "_logs").exists(), seconds=60)
    time.sleep(3)
    process.terminate()
    assert process.wait(timeout=20) == 75
    _wait_until(lambda: not _processes_of_session(process.pid), seconds=5)


def test_an_interrupted_pipeline_finishes_what_is_about_to_finish_and_then_leaves(data: Path, tmp_path: Path) -> None:
    place = make_place(tmp_path / "place", data, "04_glorot_vs_he")
    process = place.start("--jobs", "1")
    _wait_until(lambda: place.store.exists() and bool(place.keys()), seconds=120)
    before = place.keys()
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 130
    assert time.monotonic() - started < 13
    assert "Interrupted. Waiting up to 10 s" in place.errors.read_text()
    assert before.items() <= place.keys().items()
    _wait_until(lambda: not _processes_of_session(process.pid), seconds=5)


def test_a_pipeline_interrupted_twice_leaves_at_once(data: Path, tmp_path: Path) -> None:
    place = make_place(tmp_path / "place", data, "04_glorot_vs_he")
    process = place.start()
    _wait_until(lambda: (place.store / "_logs").exists(), seconds=60)
    time.sleep(3)
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
    assert process.wait(timeout=4) == 130
    _wait_until(lambda: not _processes_of_session(process.pid), seconds=5)


def test_a_reports_folder_that_cannot_be_written_is_one_clear_message(finished: Place, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = finished.run(
        [sys.executable, str(CHECKOUT / "pipeline.py"), "report", "--profile", "smoke", "--data", str(finished.data)],
        KERASCNN_REPORTS=str(tmp_path / "file" / "reports"),
    )
    assert done.returncode == 5
    assert "Traceback" not in done.stderr
    assert "reports" in done.stderr


@pytest.mark.thorough
def test_force_trains_again_and_finds_the_same_bits_with_another_number_of_workers(finished: Place) -> None:
    before = finished.keys()
    done = finished.pipeline("run", "glorot_vs_he", "--force")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Trained 4 runs" in done.stdout
    assert finished.keys() == before


def _published_searches(place: Place) -> dict:
    (result,) = (place.store / "_published" / "14_depth_and_kernels_search").glob("smoke-*[0-9a-f].json")
    return json.loads(result.read_bytes())


def _trials_in(place: Place, whole: Place) -> set[str]:
    """The trials of the finished suite's searches that `place` has so far."""
    trials = {trial["key"] for search in _published_searches(whole)["searches"] for trial in search["trials"]}
    return trials & place.keys().keys()


def _cell(kind: str, source: str, *tags: str) -> dict:
    cell = {
        "cell_type": kind,
        "id": str(abs(hash(source)))[:8],
        "metadata": {"tags": list(tags)},
        "source": source.strip(),
    }
    return cell | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def _render(place: Place) -> str:
    assert place.pipeline("report").returncode == 0
    return (place.reports / "04_glorot_vs_he.html").read_text(encoding="utf-8")


def _wait_until(condition, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)


def _processes_of_session(session: int) -> list[str]:
    """Living processes of the session that the killed pipeline led."""
    listed = subprocess.run(["ps", "-o", "pid=,stat=", "-s", str(session)], capture_output=True, text=True).stdout
    return [line for line in listed.splitlines() if " Z" not in line]
