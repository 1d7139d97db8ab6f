"""Cells above the study, run for planning as Jupyter runs them, without their commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerascnn.errors import NotebookError
from kerascnn.notebooks.building import Cells

PLANNED = {
    "a command": "!pip install -q keras\nx = 1",
    "an indented command": "if True:\n    !pip install -q keras\n    x = 1",
    "a continued command": "!pip install -q \\\n    keras \\\n    rich\nx = 1",
    "a line magic": "%matplotlib inline\n%cd /content/drive/MyDrive\nx = 1",
    "an assigned command": "where = !pwd\nassert not where and not where.s\nx = 1",
    "an assigned magic": "home = %env NOWHERE\nassert home == ''\nx = 1",
    "a variable of the environment": "%env WANTED=1\nimport os\nx = int(os.environ['WANTED'])",
    "a timed line": "%time x = 1",
    "a timed value": "x = %time 1",
    "help": "len?\nx = 1",
    "the shell": "x = 1 if 'colab' not in str(get_ipython()) else 2",
    "anything of the shell": "get_ipython().config.InlineBackend.figure_format = 'svg'\nx = 1",
    "a listener": "for e in get_ipython().events.callbacks['x']: e()\nx = 1",
    "display": "from IPython.display import HTML\ndisplay(HTML('<b>Hello</b>'))\nx = 1",
    "display without import": "display(3)\nx = 1",
    "an indented cell": "  x = 0\n  x = 1",
    "a timed cell": "%%time\n!ls\nx = 1",
    "a quiet cell": "%%capture --no-stderr\n%pip install keras\nx = 1",
    "await": "import asyncio\nawait asyncio.sleep(0)\nx = 1",
    "a future": "from __future__ import annotations\ndef f(a: unknown): ...\nx = 1",
    "a semicolon": "x = 1;",
    "Python that begins with a percent sign": "x = len(\n    '%d'\n    % 3\n)",
    "a prompt": ">>> x = 1",
}


@pytest.fixture
def cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cells:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WANTED", raising=False)
    return Cells(tmp_path)


@pytest.mark.parametrize("name", PLANNED)
def test_what_jupyter_runs_is_planned(cells: Cells, name: str) -> None:
    cells.run(PLANNED[name], 1)
    assert cells.namespace["x"] == 1


@pytest.mark.parametrize("magic", ["%%bash", "%%html", "%%javascript", "%%script false", "%%nonsense"])
def test_a_cell_that_is_no_python_does_nothing(cells: Cells, magic: str) -> None:
    assert cells.run(f"{magic}\nrm -rf . ) (", 1) is None


def test_a_future_holds_for_the_cells_below(cells: Cells) -> None:
    cells.run("from __future__ import annotations", 1)
    cells.run("def f(a: unknown): ...", 2)
    assert cells.namespace["f"].__annotations__ == {"a": "unknown"}


@pytest.mark.parametrize(
    ("source", "where"),
    [
        ("x = 1\n1 / 0", "cell 7, line 2: `1 / 0`"),
        ("!pip install \\\n   a \\\n   b\n\nx = 1\n1 / 0", "cell 7, line 6: `1 / 0`"),
        ("\n\n%cd ..\n  \n1 / 0", "cell 7, line 5: `1 / 0`"),
        ("%%time\n!ls\n1 / 0", "cell 7, line 3: `1 / 0`"),
        ("def f():\n    return 1 / 0\nf()", "cell 7, line 2: `return 1 / 0`"),
        ("x = !ls\nx[0]", "cell 7, line 2: `x[0]`"),
        ("a = 1\nb = = 2", "cell 7, line 2: `b = = 2`"),
        ("!ls\nb = = 2", "cell 7, line 2: `b = = 2`"),
    ],
)
def test_an_error_names_the_line_as_the_notebook_writes_it(cells: Cells, source: str, where: str) -> None:
    cells.run("harmless = 1", 6)
    with pytest.raises((ZeroDivisionError, IndexError, SyntaxError)) as caught:
        cells.run(source, 7)
    assert cells.find(caught.value) == where


MODULE = "%%writefile own_nets.py\nWIDTH = 8  # units\n"


def test_a_module_that_a_cell_writes_is_there_for_the_plan(cells: Cells, tmp_path: Path) -> None:
    cells.run(MODULE, 1)
    assert (tmp_path / "own_nets.py").read_text() == "WIDTH = 8  # units\n"


def test_a_module_of_that_name_that_says_the_same_is_left_alone(cells: Cells, tmp_path: Path) -> None:
    (tmp_path / "own_nets.py").write_text("WIDTH = 8\n")
    cells.run(MODULE, 1)
    assert (tmp_path / "own_nets.py").read_text() == "WIDTH = 8\n"


def test_a_module_of_that_name_that_says_something_else_is_neither_written_nor_planned_with(
    cells: Cells, tmp_path: Path
) -> None:
    (tmp_path / "own_nets.py").write_text("WIDTH = 9\n")
    with pytest.raises(NotebookError, match=r"writes own_nets.py, and another own_nets.py lies beside the notebook"):
        cells.run(MODULE, 1)
    assert (tmp_path / "own_nets.py").read_text() == "WIDTH = 9\n"


@pytest.mark.parametrize("line", ["../x.py", "/tmp/x.py", "-a x.py", "notes.txt", "a/b.py"])
def test_planning_writes_nothing_but_modules_beside_the_notebook(cells: Cells, tmp_path: Path, line: str) -> None:
    cells.run(f"%%writefile {line}\nx = 1\n", 1)
    assert list(tmp_path.iterdir()) == []
