"""`all`, `run` and `report`: make results, make pages."""

from __future__ import annotations

from pathlib import Path

from kerascnn.errors import EXIT_INCOMPLETE
from kerascnn.produce import Outcome, Producer
from kerascnn.suite import Request, load_suite


def produce(request: Request, command: str, *, always_execute: bool) -> int:
    """Train, execute and render what `request` asks for; the last line names the file to open."""
    suite = load_suite(request)
    print(f"Data: {suite.dataset.title}. Profile: {request.profile}.", flush=True)
    outcome = Producer(suite, command, always_execute=always_execute).run()
    return _conclude(outcome)


def render_only(request: Request, command: str) -> int:
    """Render the report from what the store has."""
    from kerascnn.places import experiments_folder, reports_folder
    from kerascnn.rendering import RenderTask, render

    suite = load_suite(request)
    task = RenderTask(
        dataset=suite.dataset,
        profile=request.profile,
        store=str(suite.store.root),
        experiments=str(experiments_folder()),
        output=str(reports_folder()),
        command=command,
    )
    _say_where(Path(render(task.canonical_json())))
    return 0


def _conclude(outcome: Outcome) -> int:
    print(f"Trained {outcome.trained} runs, executed {len(outcome.executed)} notebooks.")
    if not outcome.is_complete:
        failed = [f"{len(outcome.failed_runs)} runs"] if outcome.failed_runs else []
        failed += outcome.failed_notebooks
        print(f"Failed: {', '.join(failed)}. The report shows why; the same command tries them again.")
    _say_where(outcome.index)
    return 0 if outcome.is_complete else EXIT_INCOMPLETE


def _say_where(index: Path) -> None:
    try:
        shown = index.relative_to(Path.cwd())
    except ValueError:
        shown = index
    print(f"Open {shown}")
