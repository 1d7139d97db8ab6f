"""`list`: the experiments there are."""

from __future__ import annotations

import shlex

from kerascnn.commands.tables import print_table
from kerascnn.errors import NotebookError
from kerascnn.notebooks.contract import Notebook, read_notebook
from kerascnn.notebooks.order import notebooks_in_order
from kerascnn.places import experiments_folder
from kerascnn.spelling import printable, spell_argument


def list_experiments() -> int:
    """Every experiment with its title, and its parameters with their defaults and meaning."""
    code = 0
    for path in notebooks_in_order(experiments_folder()):
        try:
            notebook = read_notebook(path)
            notebook.check()
        except NotebookError as err:
            code = err.exit_code
            print(f"{path.stem}\n    not usable: {err}")
        else:
            _print_experiment(notebook)
    return code


def _print_experiment(notebook: Notebook) -> None:
    print(f"{notebook.name}\n    {printable(notebook.title)}")
    rows = [(f"-p {p.name}={_typed(p.default)}", p.comment) for p in notebook.parameters().values()]
    print_table(rows, indent=4)


def _typed(default: object) -> str:
    """A default as it is typed in a shell."""
    value = spell_argument(default)
    return shlex.quote(value) if set(value) & set(' "') else value
