"""`all` and `run`: train, execute, render."""

from __future__ import annotations

import argparse

from kerascnn.commands.verbs.options import Verbs, add_parameters, base_command, request_of, whole_number


def declare(verbs: Verbs) -> None:
    """The verbs that make results."""
    everything = verbs.add(
        "all",
        "train, execute and render everything that is missing",
        "all --skip depth_and_kernels_search",
        _all,
        takes_data=True,
    )
    everything.add_argument("--only", nargs="+", default=[], metavar="NAME", help="only these experiments")
    everything.add_argument("--skip", nargs="+", default=[], metavar="NAME", help="all but these experiments")
    one = verbs.add(
        "run",
        "one experiment: train what is missing, execute its notebook, render the report",
        "run glorot_vs_he -p depths='[8, 14]'",
        _run,
        takes_data=True,
    )
    one.add_argument("names", nargs=1, metavar="NAME", help="its name, with or without the number, or a unique prefix")
    one.add_argument(
        "--until-decided",
        type=whole_number,
        metavar="N",
        help="let the arms of open claims have up to N seeds; each look pays for itself",
    )
    add_parameters(one)
    for parser in (everything, one):
        parser.add_argument(
            "--force", action="store_true", help="train again what is in the store, and compare the bits"
        )


def _all(given: argparse.Namespace) -> int:
    from kerascnn.commands.producing import produce

    return produce(request_of(given), base_command(given), always_execute=False)


def _run(given: argparse.Namespace) -> int:
    from kerascnn.commands.producing import produce

    return produce(request_of(given), base_command(given), always_execute=True)
