#!/usr/bin/env python3
"""The command line: `python pipeline.py all` trains, executes and renders everything that is missing."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from kerascnn.commands.parser import Parser
from kerascnn.errors import EXIT_TERMINATED, KerascnnError, StoreError, UsageError, near_match
from kerascnn.framework import pin_environment
from kerascnn.ownership.scratch import settle_home
from kerascnn.places import settle_variables
from kerascnn.spelling import printable
from kerascnn.surroundings.terminal import lost_output, settle_streams

if TYPE_CHECKING:
    from kerascnn.planning.suite import Request

EXAMPLES = """\
examples:
  python pipeline.py all                          every experiment, quick profile, best data there are
  python pipeline.py all --data ../my/cifar10     the same on data of yours
  python pipeline.py plan                         what `all` would train, and how long that takes
  python pipeline.py run sigmoid                  one experiment, by any unique beginning of its name
  python pipeline.py run glorot_vs_he -p depths='[8, 14]'
  python pipeline.py all --profile smoke --only 03 04
  python pipeline.py why glorot_vs_he             what differs from the runs there are
  python pipeline.py forget glorot_vs_he -p depths='[8, 14]'   a run with -p: its page, result and runs
  python pipeline.py store                        size and contents of the store
  python pipeline.py serve --open                 the report in a browser, reloaded when it changes

exit codes:
  0 done   2 wrong usage   3 data   4 notebook   5 store or reports folder
  6 done, but a run or a notebook failed (the report shows it)   75 terminated   130 interrupted
"""
TAKES_DATA = ("all", "run", "plan", "why", "report", "data")
"""Verbs that may decode data and keep them."""
NUMBERS = {"jobs": (1, 1024), "seeds": (1, 999), "until-decided": (1, 999), "port": (0, 65535)}
"""Options that are numbers, and from where to where they go. Seeds above 1000 have other uses (`specs.study`)."""


def whole_number(text: str) -> int:
    """What is typed after an option. Raises: ValueError for more digits than any option's number has."""
    if len(text) > 20:
        raise argparse.ArgumentTypeError(f"invalid int value of {len(text)} letters")
    return int(text)


whole_number.__name__ = "int"  # as argparse calls it in its messages


def build_parser() -> Parser:
    """The whole command line."""
    options = argparse.ArgumentParser(add_help=False)
    _add_options(options, argparse.SUPPRESS)
    parser = Parser(
        prog="pipeline.py",
        description="Check the claims of a CNN lesson: train, execute notebooks, render an HTML report.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_options(parser, None)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    _add_verbs(verbs, options)
    return parser


def _add_options(parser: argparse.ArgumentParser, default: Any) -> None:
    group = parser.add_argument_group("options of every verb")
    group.add_argument("--profile", default=default, help="smoke, quick (the default) or full: what to spend")
    group.add_argument(
        "--data", default=default, metavar="CHOICE", help="auto (the default), embedded, cifar10 or a path"
    )
    group.add_argument(
        "--jobs", type=whole_number, default=default, metavar="N", help="worker processes (default: one per core)"
    )
    group.add_argument(
        "--seeds", type=whole_number, default=default, metavar="N", help="seeds of every arm, instead of the profile's"
    )


def _add_verbs(verbs: Any, options: argparse.ArgumentParser) -> None:
    def verb(name: str, text: str, example: str) -> argparse.ArgumentParser:
        return verbs.add_parser(
            name,
            help=text,
            description=text,
            parents=[options],
            epilog=f"example:\n  python pipeline.py {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    everything = verb(
        "all", "train, execute and render everything that is missing", "all --skip depth_and_kernels_search"
    )
    everything.add_argument("--only", nargs="+", default=[], metavar="NAME", help="only these experiments")
    everything.add_argument("--skip", nargs="+", default=[], metavar="NAME", help="all but these experiments")
    one = verb(
        "run",
        "one experiment: train what is missing, execute its notebook, render",
        "run glorot_vs_he -p depths='[8, 14]'",
    )
    one.add_argument(
        "names", nargs=1, metavar="NAME", help="the experiment, with or without its number, or a unique prefix"
    )
    one.add_argument(
        "--until-decided",
        type=whole_number,
        metavar="N",
        help="add seeds, up to N in all, until every claim is decided; the verdicts pay for each look",
    )
    plan = verb("plan", "what would be trained, and how long it would take", "plan 03 --profile full")
    plan.add_argument("names", nargs="*", metavar="NAME", help="these experiments (default: all)")
    for parser in (one, plan):
        parser.add_argument(
            "-p", dest="parameters", action="append", default=[], metavar="NAME=JSON", help="a notebook parameter"
        )
    for parser in (everything, one):
        parser.add_argument(
            "--force", action="store_true", help="train again what is in the store, and compare the bits"
        )
    verb("list", "the experiments and their parameters", "list")
    _add_report_verbs(
        verb("report", "render the report from what the store has", "report --zip handed-in.zip"),
        verb("serve", "show the report in the browsers of this machine", "serve --open"),
    )
    data = verb("data", "what data there are; fetch or verify them", "data fetch")
    data.add_argument("action", nargs="?", choices=["show", "fetch", "verify"], default="show")
    why = verb("why", "why each run of an experiment is in the store or not: what differs", "why glorot_vs_he he-20")
    why.add_argument("names", nargs=1, metavar="NAME", help="the experiment")
    why.add_argument("arm", nargs="?", metavar="ARM", help="one of its arms (default: all)")
    why.add_argument(
        "-p", dest="parameters", action="append", default=[], metavar="NAME=JSON", help="a notebook parameter"
    )
    forget = verb(
        "forget",
        "remove a run with -p: its page, its result, and the runs that nothing else wants; shown and asked first",
        "forget glorot_vs_he -p depths='[8, 14]'",
    )
    forget.add_argument("names", nargs=1, metavar="NAME", help="the experiment")
    forget.add_argument(
        "-p", dest="parameters", action="append", default=[], metavar="NAME=JSON", help="a parameter it was run with"
    )
    forget.add_argument("--yes", action="store_true", help="remove without asking")
    _add_store_verb(verb("store", "what the store has; check, thin out, export, hand on", "store pack runs.zip"))
    verb("clean", "delete rendered reports and temporaries, never runs", "clean")


def _add_report_verbs(report: argparse.ArgumentParser, serve: argparse.ArgumentParser) -> None:
    report.add_argument("--output", metavar="DIR", help="write it there: a new folder, or one with a report")
    report.add_argument("--zip", metavar="FILE.zip", help="write it as one file as well, to hand in or to share")
    serve.add_argument(
        "--port", type=whole_number, default=8000, metavar="N", help="the port (default: 8000; 0: any free one)"
    )
    serve.add_argument("--open", action="store_true", help="open it in the browser")


def _add_store_verb(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        nargs="?",
        choices=["show", "verify", "export", "pack", "add", "drop"],
        default="show",
        help="show (the default), verify every entry, export FOLDER, pack FILE, add FILE, drop ORIGIN",
    )
    parser.add_argument(
        "path",
        nargs="?",
        metavar="PATH",
        help="the folder to export to, the pack to write or take in, the origin to drop",
    )
    parser.add_argument("--unused", action="store_true", help="remove what no notebook wants, after asking")
    parser.add_argument("--yes", action="store_true", help="remove without asking")


def main(arguments: list[str]) -> int:
    """Run the command line `arguments`; the exit code."""
    settle_streams()
    try:
        given = build_parser().parse(arguments)
        _check_options(given)
        pin_environment()  # here too: a process started from this one reads some variables before it runs any code
        settle_variables()
        notice = settle_home()
        if notice and given.verb in TAKES_DATA:
            print(notice, file=sys.stderr)
        code = _dispatch(given)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # whoever reads this, `head` for one, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError:
        lost = lost_output()
        if lost is None:
            raise
        print(f"pipeline.py: What is printed cannot be written: {lost}. Send it elsewhere.", file=sys.stderr)
        return StoreError.exit_code
    except KerascnnError as err:
        print(f"pipeline.py: {printable(str(err))}", file=sys.stderr)
        return err.exit_code
    except KeyboardInterrupt:
        print("pipeline.py: interrupted. Every finished run is kept; the same command goes on.", file=sys.stderr)
        return 130


def _dispatch(given: argparse.Namespace) -> int:
    if given.verb == "list":
        from kerascnn.commands.plan_verbs import list_experiments

        return list_experiments()
    if given.verb in ("data", "clean"):
        from kerascnn.commands import data_verbs

        if given.verb == "clean":
            return data_verbs.clean()
        actions = {"fetch": data_verbs.fetch_data, "verify": data_verbs.verify_data}
        return actions[given.action]() if given.action in actions else data_verbs.show_data(given.data)
    if given.verb == "serve":
        from kerascnn.commands.browse_verbs import serve

        return serve(given.port, open_browser=given.open)
    request = _request(given)
    if given.verb == "store":
        return _dispatch_store(given, request)
    if given.verb == "why":
        from kerascnn.commands.plan_verbs import print_why

        return print_why(request, given.arm)
    if given.verb == "plan":
        from kerascnn.commands.plan_verbs import print_plan

        return print_plan(request)
    if given.verb == "forget":
        from kerascnn.commands.removal_verbs import forget

        return forget(request, _base_command(given), sure=given.yes)
    from kerascnn.commands.produce_verbs import produce, produce_until_decided, render_only

    if given.verb == "report":
        return render_only(request, _base_command(given), given.output, given.zip)
    if getattr(given, "until_decided", None) is not None:
        return produce_until_decided(request, _base_command(given), most_seeds=given.until_decided)
    return produce(request, _base_command(given), always_execute=given.verb == "run")


def _dispatch_store(given: argparse.Namespace, request: Request) -> int:
    from kerascnn.commands import removal_verbs, store_verbs

    takes_path = given.action in ("export", "pack", "add", "drop")
    if (given.unused and (given.path or given.action != "show")) or (given.path and not takes_path):
        raise UsageError(
            f"`store {given.action}` takes {'no --unused' if given.unused else 'no path'}. Give one thing to do."
        )
    if given.unused:
        return removal_verbs.remove_unused(request, sure=given.yes)
    with_path: dict[str, Callable[[str], int]] = {
        "export": store_verbs.export,
        "pack": store_verbs.pack_runs,
        "add": store_verbs.add_runs,
        "drop": partial(removal_verbs.drop, sure=given.yes),
    }
    if given.action in with_path:
        if given.path is None:
            raise UsageError(f"`store {given.action}` needs to know what: the folder, file or origin.")
        return with_path[given.action](given.path)
    return store_verbs.verify() if given.action == "verify" else store_verbs.show()


def _request(given: argparse.Namespace) -> Request:
    from kerascnn.commands.parameters import read_parameters
    from kerascnn.planning.suite import Request

    parameters = read_parameters(getattr(given, "parameters", []))
    if "profile" in parameters:
        raise UsageError("The profile must be given with --profile. Received: -p profile.")
    return Request(
        names=tuple(getattr(given, "names", ()) or getattr(given, "only", ())),
        skip=tuple(getattr(given, "skip", ())),
        profile=given.profile or "quick",
        data=given.data,
        seeds=given.seeds,
        parameters=parameters,
        force=getattr(given, "force", False),
        jobs=given.jobs,
    )


def _check_options(given: argparse.Namespace) -> None:
    from kerascnn.specs.budget import PROFILES

    if given.profile is not None and given.profile not in PROFILES:
        raise UsageError(
            f"`--profile` must be one of {', '.join(PROFILES)}. Received: --profile {given.profile}. "
            f"{near_match(given.profile, PROFILES)}"
        )
    for name, (least, most) in NUMBERS.items():
        value = getattr(given, name.replace("-", "_"), None)
        if value is not None and not least <= value <= most:
            bound = f"at least {least}" if value < least else f"at most {most}"
            raise UsageError(f"`--{name}` must be {bound}. Received: --{name} {value}.")


def _base_command(given: argparse.Namespace) -> str:
    """The command line with the options that choose this report."""
    parts = ["python", "pipeline.py"]
    for name in ("profile", "data"):
        value = getattr(given, name)
        if value and (name, value) != ("profile", "quick"):
            parts += [f"--{name}", value]
    return shlex.join(parts)


def _terminated(signal_number: int, frame: Any) -> NoReturn:
    print("pipeline.py: terminated. Every finished run is kept; the same command goes on.", file=sys.stderr)
    raise SystemExit(EXIT_TERMINATED)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _terminated)  # planning may be stopped too; training has its own way to stop
    sys.exit(main(sys.argv[1:]))
