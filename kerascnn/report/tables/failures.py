"""What ended in an error: the notebook, or single runs with the curve up to there."""

from __future__ import annotations

from collections.abc import Sequence

from kerascnn.report.facts.cells import failed_cell_number
from kerascnn.report.facts.results import Facts, FailedRun
from kerascnn.report.parts.elements import Failure, Link
from kerascnn.report.tables.csv_files import TableFiles
from kerascnn.report.tables.published import build_curve
from kerascnn.report.text.clean import strip_terminal_codes
from kerascnn.report.text.links import anchor_of


def build_notebook_failure(facts: Facts) -> Failure | None:
    """Why the notebook did not reach its end, if it did not."""
    failure = facts.entry.failure
    if failure is None:
        return None
    cell = failed_cell_number(facts)
    place = f", cell {cell}" if cell else ""
    anchor = f"#cell-{cell}" if cell else ""
    return Failure(
        anchor="failure",
        what=f"The notebook failed{place}",
        reason=failure.reason,
        traceback=strip_terminal_codes(failure.traceback),
        failed_at=failure.failed_at,
        command=facts.command,
        curve=None,
        link=Link("See the cell in the notebook" if cell else "See the notebook", f"{facts.notebook_page}{anchor}"),
    )


def build_failed_runs(facts: Facts, files: TableFiles) -> tuple[Failure, ...]:
    """Every failed run of the result, its curve among `files`."""
    taken: set[str] = set()
    return tuple(_failed_run(facts, run, anchor_of("run", run.key[:12], taken), files) for run in facts.failed_runs)


def _failed_run(facts: Facts, run: FailedRun, anchor: str, files: TableFiles) -> Failure:
    label = (
        facts.arms[run.arm].arm.label
        if run.arm in facts.arms
        else run.arm or "a trial of a search or of a learning rate"
    )
    seed = "" if run.seed is None else f", seed {run.seed}"
    failure = run.failure
    epochs = failure.epochs if failure else ()
    what = f"{label}{seed}"
    return Failure(
        anchor=anchor,
        what=what,
        reason=failure.reason if failure else "The store no longer has the reason.",
        traceback=strip_terminal_codes(failure.traceback) if failure else "",
        failed_at=failure.failed_at if failure else "",
        command=facts.command,
        curve=files.keep(build_curve(epochs, what, f"{anchor}-curve", files.path(f"{anchor}-curve"))),
        link=Link("The run’s own page", page) if (page := facts.run_page(run.key)) else None,
    )


def problem_runs(facts: Facts) -> Sequence[tuple[str, str, str]]:
    """(what, reason, anchor) of every failed run, as on the experiment's page."""
    files = TableFiles(facts.entry.page_stem)
    return [(failure.what, failure.reason, failure.anchor) for failure in build_failed_runs(facts, files)]
