"""`list` and `plan`: what there is and what it would take."""

from __future__ import annotations

import shutil
import textwrap

from kerascnn.errors import EXIT_INCOMPLETE, NotebookError
from kerascnn.execution.progress import spell_duration
from kerascnn.machine import usable_cores
from kerascnn.notebooks.contract import Notebook, find_notebooks, read_notebook
from kerascnn.places import experiments_folder
from kerascnn.suite import Forecast, Request, forecast, load_suite


def list_experiments() -> int:
    """Every experiment with its title, and its parameters with their defaults and meaning."""
    code = 0
    for path in find_notebooks(experiments_folder()):
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
    print(f"{notebook.name}\n    {notebook.title}")
    width = shutil.get_terminal_size((100, 24)).columns
    for parameter in notebook.parameters().values():
        text = f"-p {parameter.name}={parameter.default!r}  {parameter.comment}"
        print(textwrap.fill(text, width, initial_indent="    ", subsequent_indent="        "))


def print_plan(request: Request) -> int:
    """What `all` (or `run` of the named experiments) would train, and how long it would take."""
    suite = load_suite(request)
    if suite.dataset.notice:
        print(f"Note: {suite.dataset.notice}")
    print(f"Data: {suite.dataset.title}. Profile: {request.profile}.")
    jobs = request.jobs or usable_cores()
    plans = suite.planned()
    forecasts = forecast(plans)
    for plan, cast in zip(plans, forecasts, strict=True):
        print(f"{plan.experiment.name:32s} {_describe(cast, jobs)}")
    for experiment in suite.problems():
        print(f"{experiment.name:32s} not usable: {experiment.problem}")
    total = sum(cast.seconds for cast in forecasts) / jobs
    most = sum(cast.at_most for cast in forecasts)
    searching = f" and up to {most} for searches" if most else ""
    print(
        f"In all: {sum(c.to_train for c in forecasts)} runs to train{searching}, about {spell_duration(total)} on {jobs} cores."
    )
    return EXIT_INCOMPLETE if suite.problems() else 0


def _describe(cast: Forecast, jobs: int) -> str:
    if cast.fresh:
        return f"up to date ({cast.stored} runs)"
    parts = [f"{cast.to_train} runs to train", f"{cast.stored} in the store"]
    if cast.shared:
        parts.append(f"{cast.shared} shared with an experiment above")
    if cast.at_most:
        parts.append(f"up to {cast.at_most} for searches")
    return ", ".join(parts) + f"; about {spell_duration(cast.seconds / jobs)}"
