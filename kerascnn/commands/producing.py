"""`all`, `run` and `report`: make results, make pages."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from kerascnn.commands.folders import REPORTS, check_reports, say_others
from kerascnn.errors import EXIT_INCOMPLETE, NotebookError, UsageError
from kerascnn.ownership.scratch import sweep_scratch
from kerascnn.places import path_of, reports_folder
from kerascnn.planning.search import still_to_ask
from kerascnn.planning.suite import Request, Suite, load_suite
from kerascnn.produce import Outcome, Producer
from kerascnn.report.folder.writer import report_folder
from kerascnn.specs import is_measured_by_notebook
from kerascnn.spelling import printable, spell_size
from kerascnn.stats import Verdict, judge_all, seed_schedule, seeds_text


def produce(request: Request, command: str, *, always_execute: bool) -> int:
    """Train, execute and render what `request` asks for; the last line names the file to open."""
    check_reports(reports_folder())
    sweep_scratch()
    suite = load_suite(request)
    print(f"Data: {suite.dataset.title}. Profile: {request.profile}.", flush=True)
    outcome = Producer(suite, command, always_execute=always_execute).run()
    code = _conclude(outcome)
    return code if suite.planned() else NotebookError.exit_code  # nothing that was asked for could be done at all


def produce_until_decided(request: Request, command: str, *, most_seeds: int) -> int:
    """One experiment with more and more seeds, until each of its claims is decided or `most_seeds` are reached.

    The numbers of seeds to look at are fixed beforehand, and each look pays for itself (see `stats.decide`). Claims that
    only an executed notebook can measure stay open to the last look.
    Raises: UsageError when the experiment trains more seeds than that anyway, or has no `looks` parameter.
    """
    if "seeds" in request.parameters:
        raise UsageError("With `--until-decided`, give the first number of seeds with --seeds, not with -p.")
    check_reports(reports_folder())
    first = load_suite(request).only().study.seed_numbers[-1]
    if most_seeds < first:
        raise UsageError(
            f"`--until-decided` must be at least {first}, the number of seeds at the start. Received: {most_seeds}."
        )
    looks = seed_schedule(first, most_seeds)
    parameters = {**request.parameters, "looks": len(looks)}
    steps = [replace(request, seeds=n, parameters=parameters, force=request.force and n == first) for n in looks]
    last = load_suite(steps[-1]).only()
    missing = len(last.study.next_specs(last.ledger)) + len(still_to_ask(last.study, last.ledger))
    print(f"Looking at {', '.join(map(str, looks))} seeds; at most {missing} runs to train.", flush=True)
    for number, step in enumerate(steps, 1):
        suite = load_suite(step)
        outcome = Producer(suite, command, always_execute=False, train_only=True).run()
        verdicts = _verdicts(suite)
        by_notebook = {claim.name for claim in suite.only().study.judged_claims if is_measured_by_notebook(claim)}
        open_claims = [name for name, verdict in verdicts.items() if verdict == "cannot tell" or name in by_notebook]
        unjudged = [name for name, verdict in verdicts.items() if verdict == "not judged" and name not in by_notebook]
        words = f"open: {', '.join(open_claims)}" if open_claims else "every claim that has runs is decided"
        words += f"; this profile has no runs for: {', '.join(unjudged)}" if unjudged else ""
        print(
            f"Look {number} of {len(looks)}, {seeds_text(looks[number - 1])}, {outcome.trained} runs trained: {words}.",
            flush=True,
        )
        if not open_claims:
            break
    return produce(replace(step, force=False), command, always_execute=True)


def _verdicts(suite: Suite) -> dict[str, Verdict]:
    """Claim -> its verdict by the runs there are, for every claim that runs decide."""
    plan = suite.only()
    arms = {runs.arm.name: runs for runs in plan.ledger.arms(plan.study, suite.dataset)}
    claims = [claim for claim in plan.study.judged_claims if claim.of_runs]
    judgements = judge_all(claims, arms, suite.dataset.chance, {}, plan.study.looks)
    return {name: judgement.verdict for name, judgement in judgements.items()}


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
