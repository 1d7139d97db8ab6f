"""`all`, `run` and `report`: make results, make pages."""

from __future__ import annotations

import sys
from pathlib import Path

from kerascnn.commands.folders import REPORTS, check_reports, say_others
from kerascnn.errors import EXIT_INCOMPLETE, NotebookError, UsageError
from kerascnn.ownership.scratch import sweep_scratch
from kerascnn.places import path_of, reports_folder
from kerascnn.planning.suite import Request, load_suite
from kerascnn.produce import Outcome, Producer
from kerascnn.report.folder.writer import report_folder
from kerascnn.spelling import printable, spell_size


def produce(request: Request, command: str, *, always_execute: bool) -> int:
    """Train, execute and render what `request` asks for; the last line names the file to open."""
    check_reports(reports_folder())
    sweep_scratch()
    suite = load_suite(request)
    print(f"Data: {suite.dataset.title}. Profile: {request.profile}.", flush=True)
    outcome = Producer(suite, command, always_execute=always_execute).run()
    code = _conclude(outcome)
    return code if suite.planned() else NotebookError.exit_code  # nothing that was asked for could be done at all


def render_only(request: Request, command: str, output: str | None = None, zip_file: str | None = None) -> int:
    """Render the report from what the store has: into the folder `output`, else into the reports folder.

    With `zip_file`, that report goes into a zip file too. What is wrong with either is said before anything is written.
    """
    from kerascnn.rendering import render, report_of, shown_faults
    from kerascnn.report.folder.handing_in import bundle_name, check_target, zip_report

    folder = reports_folder() if output is None else _place("--output", output)
    target = None if zip_file is None else _file("--zip", zip_file)
    check_reports(folder, REPORTS if output is None else "--output")
    if target is not None:
        check_target(target)
    sweep_scratch()
    suite = load_suite(request)
    task = report_of(suite.dataset, request.profile, command, output=folder)
    index = Path(render(task.canonical_json()))
    faults = shown_faults(task)
    for fault in faults:
        print(printable(fault), file=sys.stderr)
    say_others(report_folder(folder))
    _say_where(index)
    if target is not None:
        name = bundle_name(suite.dataset.name, request.profile)
        zip_report(folder, target, name)
        print(f"Wrote {_shown(target)} ({spell_size(target.stat().st_size)}); unpacked, open {name}/index.html")
    return EXIT_INCOMPLETE if faults else 0


def _place(option: str, text: str) -> Path:
    if not text:
        raise UsageError(f"`{option}` must name a place. Received: nothing.")
    return path_of(text, f"`{option}`").resolve()


def _file(option: str, text: str) -> Path:
    """A file that may be written: the folder it lies in is looked up, and no link at its own name is followed."""
    path = path_of(text, f"`{option}`")
    return _place(option, text) if path.name in ("", "..") else path.parent.resolve() / path.name


def _conclude(outcome: Outcome) -> int:
    print(f"Trained {outcome.trained} runs, executed {len(outcome.executed)} notebooks.")
    if outcome.failed_runs or outcome.failed_notebooks:
        failed = [f"{len(outcome.failed_runs)} runs"] if outcome.failed_runs else []
        failed += outcome.failed_notebooks
        print(f"Failed: {', '.join(failed)}. The report shows why; the same command tries them again.")
    if outcome.faulty_takeaways:
        names = ", ".join(dict.fromkeys(outcome.faulty_takeaways))
        print(
            f"A takeaway of {names} could not be filled in. Correct the notebook; the same command executes it again."
        )
    say_others(report_folder(outcome.index.parent))
    _say_where(outcome.index)
    return 0 if outcome.is_complete else EXIT_INCOMPLETE


def _say_where(index: Path) -> None:
    print(f"Open {_shown(index)}")


def _shown(path: Path) -> Path:
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path
