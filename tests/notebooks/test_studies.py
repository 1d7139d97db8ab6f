"""Studies of notebooks, built in a child process that survives whatever the cells do."""

from __future__ import annotations

import json
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import psutil
import pytest

from kerascnn.errors import NotebookError
from kerascnn.notebooks.building import BLOCKED
from kerascnn.notebooks.studies import StudyRequest, load_studies
from kerascnn.specs import Study

SOUND = """
from kerascnn import Arm, Budget, Study, model
budget = Budget(epochs=1, seeds=1)
study = Study(
    question="How deep?",
    arms=[Arm(name=f"deep-{depth}", label="Deep", model=model("models.deep", depth=depth)) for depth in depths],
    budgets={"smoke": budget, "quick": budget, "full": budget},
    profile=profile,
)
"""
HOSTILE = {
    "raises": "1 / 0",
    "exits": "import sys; sys.exit(0)",
    "ends": "import os; os._exit(3)",
    "dies": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "syntax": "x = = 3",
    "no_study": "study = 3",
    "keras": "import keras",
    "grows": "much = bytearray()\nwhile True: much += bytes(10**8)",
    "answers": "import os\nfor stream in range(256):\n    try: os.write(stream, b'{\"study\": 3}\\n')\n    except OSError: pass",
    "bytes": "import sys; sys.stderr.buffer.write(b'\\xff\\xfe'); sys.stderr.flush(); import os; os.abort()",
    "circular": SOUND + "study.arms[0].model.arguments['itself'] = study.arms[0].model.arguments",
    "huge": SOUND + "study.arms[0].model.arguments['much'] = ['x' * 1000] * 10_000",
    "parent": "import os, signal; os.kill(os.getppid(), signal.SIGKILL)",
    "recurses": "def f():\n    f()\nf()",
    "overflows": "import sys\nsys.setrecursionlimit(10**9)\nx = []\nfor _ in range(10**5): x = [x]\nprint(repr(x))",
    "surrogate": "raise ValueError('\\ud800')",
    "wordless": "class E(Exception):\n    def __str__(self): 1 / 0\nraise E",
    "bad_study": "from kerascnn import Study; study = Study(question='', arms=[], budgets={}, profile='quick')",
}
LONG = "more than a stream reads ahead " * 1000
HARMLESS = {
    "prints": "print('{}')",
    "writes": "import os; os.write(1, b'not an answer\\n'); os.system('echo nor this')",
    "closes": "import os; os.closerange(0, 3)",
    "forks": "import os; os.fork()",
    "at_exit": "import atexit, os; atexit.register(os._exit, 9)",
    "moves": "import os; os.chdir('/')",
    "no_streams": "import sys; sys.stdout = sys.stderr = sys.stdin = None",
    "floods": "for _ in range(20): print('x' * 10**7)",
    "breaks_json": "import json; json.loads = json.dumps = None",
    "awaits": "import asyncio\nasync def f(): return 2\nassert await f() == 2",
    "reads": "import sys; swallowed = sys.stdin.read()",
}


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Study | NotebookError]:
    """The answers for all notebooks above, asked for together, with a sound one at the end."""
    folder = tmp_path_factory.mktemp("experiments")
    (folder / "lengths.py").write_text("DEPTHS = [3, 5]\n")
    cells = HOSTILE | {name: f"{text}\n{SOUND}" for name, text in HARMLESS.items()}
    cells |= {"helper": "from lengths import DEPTHS\ndepths = DEPTHS\n" + SOUND, "sound": SOUND}
    requests = [request(folder, name, text, {"depths": [2], "long": LONG}) for name, text in cells.items()]
    return dict(zip(cells, load_studies(requests), strict=True))


def request(folder: Path, name: str, study: str, values: dict[str, Any]) -> StudyRequest:
    """A notebook file with the `study` cell, and the request for it."""

    def cell(source: str, tag: str) -> dict[str, Any]:
        return {"cell_type": "code", "metadata": {"tags": [tag]}, "source": source}

    content = {"cells": [cell('profile = "quick"\ndepths = [1]', "parameters"), cell(study, "study")]}
    path = folder / f"{name}.ipynb"
    path.write_text(json.dumps(content))
    return StudyRequest(path, values)


def names(study: Study | NotebookError) -> list[str]:
    assert isinstance(study, Study), study
    return [arm.name for arm in study.arms]


def test_a_sound_notebook_after_all_the_others_has_its_study_with_the_given_values(studies: Any) -> None:
    assert names(studies["sound"]) == ["deep-2"]


@pytest.mark.parametrize("name", sorted(HARMLESS))
def test_what_a_cell_does_to_its_process_does_not_disturb_the_answers(studies: Any, name: str) -> None:
    assert names(studies[name]) == ["deep-2"]


def test_a_cell_may_import_a_module_beside_the_notebooks(studies: Any) -> None:
    assert names(studies["helper"]) == ["deep-3", "deep-5"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("raises", r"ZeroDivisionError: division by zero \(in cell 2, line 1: `1 / 0`\) \(in raises.ipynb\)"),
        ("exits", r"SystemExit: 0 \(in cell 2, line 1: `import sys; sys.exit\(0\)`\) \(in exits.ipynb\)"),
        ("ends", r"The cells ended the process: exit 3. \(in ends.ipynb\)"),
        ("dies", r"The cells ended the process: SIGKILL. \(in dies.ipynb\)"),
        ("syntax", r"SyntaxError: invalid syntax \(in cell 2, line 1: `x = = 3`\) \(in syntax.ipynb\)"),
        ("no_study", r"must leave a Study in the variable `study`. \(in no_study.ipynb\)"),
        ("keras", r"must not load keras \(in cell 2, line 1: `import keras`\).*in a cell below.*\(in keras.ipynb\)"),
        ("grows", r"ended the process: more than 1 GB of memory. \(in grows.ipynb\)"),
        ("answers", r"study that the cells made cannot be read: .* \(in answers.ipynb\)"),
        ("bytes", r"ended the process: SIGABRT. \(in bytes.ipynb\)"),
        ("circular", r"a value that JSON cannot hold.*\(in circular.ipynb\)"),
        ("huge", r"a study of more than 4 MB. \(in huge.ipynb\)"),
        ("parent", r"The process that runs the cells ended: SIGKILL. \(in parent.ipynb\)"),
        ("recurses", r"RecursionError: .* \(in cell 2, line 2: `f\(\)`\) \(in recurses.ipynb\)"),
        ("overflows", r"\(in overflows.ipynb\)"),
        ("surrogate", r"ValueError: .*ud800.* \(in surrogate.ipynb\)"),
        ("wordless", r"E: an error without a message \(in cell 2, line 3: `raise E`\)"),
        ("bad_study", r"needs a budget for every profile.*\(in bad_study.ipynb\)"),
    ],
)
def test_what_is_wrong_with_one_notebook_is_said_of_it_alone(studies: Any, name: str, message: str) -> None:
    assert isinstance(studies[name], NotebookError)
    assert re.search(message, str(studies[name])), studies[name]


def test_every_hostile_notebook_is_an_error(studies: Any) -> None:
    assert {name for name, study in studies.items() if isinstance(study, NotebookError)} == set(HOSTILE)


RATED = SOUND.replace("label=", "optimiser=OptimiserSpec(learning_rate=rate), label=").replace(
    "Study, m", "OptimiserSpec, Study, m"
)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"rate": -1, "depths": [2]},
            r"^Parameter `rate` cannot be -1: .*`float` > 0.0.*Received: -1.* \(in x.ipynb\)",
        ),
        ({"depths": [8, 8]}, r"^Parameter `depths` cannot be \[8, 8\]: .*Received twice: deep-8.* \(in x.ipynb\)"),
        ({"profile": "fast"}, r"^Parameter `profile` cannot be \"fast\": `profile` must be one of smoke, quick, full"),
    ],
)
def test_a_bad_value_is_said_of_the_parameter_that_the_user_typed(
    tmp_path: Path, values: dict[str, Any], message: str
) -> None:
    asked = request(tmp_path, "x", RATED, values)
    asked.path.write_text(asked.path.read_text().replace("depths = [1]", "depths = [1]\\nrate = 0.1"))
    (answer,) = load_studies([asked])
    assert re.search(message, str(answer)), answer


def test_a_process_that_a_cell_detached_does_not_outlive_the_planning(tmp_path: Path) -> None:
    sleeps = "[sys.executable, '-c', 'import time; time.sleep(300)']"
    detach = f"import subprocess, sys\npid = subprocess.Popen({sleeps}, start_new_session=True).pid\nopen('pid', 'w').write(str(pid))\n"
    (answer,) = load_studies([request(tmp_path, "x", detach + SOUND, {"depths": [4]})])
    assert names(answer) == ["deep-4"]
    pid = int((tmp_path / "pid").read_text())
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_an_unknown_keyword_in_a_cell_gets_the_near_match_and_its_line(tmp_path: Path) -> None:
    (answer,) = load_studies([request(tmp_path, "x", SOUND.replace("label=", "lable="), {})])
    assert re.search(r"Arm has no `lable`. Did you mean 'label'\?.*\(in cell 2, line 6: `arms=", str(answer)), answer


@pytest.mark.parametrize("name", ["tensorflow", "keras_tuner", "torch"])
def test_a_library_that_trains_cannot_be_loaded_by_planning(tmp_path: Path, name: str) -> None:
    assert name in BLOCKED
    (answer,) = load_studies([request(tmp_path, "x", f"from {name} import anything", {})])
    assert f"must not load {name}" in str(answer)


def test_an_import_of_a_module_that_is_not_there_is_named(tmp_path: Path) -> None:
    (answer,) = load_studies([request(tmp_path, "x", "import nowhere_to_be_found", {})])
    assert "No module named 'nowhere_to_be_found'" in str(answer)


def test_a_cell_that_never_ends_is_an_error_and_the_study_before_it_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERASCNN_STUDY_DEADLINE", "2")
    sound, endless, other = load_studies(
        [
            request(tmp_path, "sound", SOUND, {"depths": [4]}),
            request(tmp_path, "endless", "while True: pass", {}),
            request(tmp_path, "other", SOUND, {"depths": [5]}),
        ]
    )
    assert (names(sound), names(other)) == (["deep-4"], ["deep-5"])
    assert "The cells ended the process: not done after 2 s. Slow cells belong below the study" in str(endless)
    assert str(endless).endswith("(in endless.ipynb)")


def test_a_thread_that_moves_the_variables_of_the_process_does_not_stop_its_children(tmp_path: Path) -> None:
    names_of_variables = [f"KERASCNN_MOVED_{number}" for number in range(50)]
    done = Event()

    def move() -> None:  # as NumPy does while it is loaded: not through os.environ
        while not done.is_set():
            for name in names_of_variables:
                os.putenv(name, "1")
            for name in names_of_variables:
                os.unsetenv(name)

    with ThreadPoolExecutor(1) as pool:
        moving = pool.submit(move)
        try:
            answers = [load_studies([request(tmp_path, "sound", SOUND, {"depths": [4]})])[0] for _ in range(6)]
        finally:
            done.set()
        moving.result()
    assert [names(answer) for answer in answers] == [["deep-4"]] * 6


def test_nothing_asked_for_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere")
    assert load_studies([]) == []
