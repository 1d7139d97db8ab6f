"""`plan`, `list` and `why`: questions that train nothing."""

from __future__ import annotations

import argparse

from kerascnn.commands.verbs.options import Verbs, add_parameters, request_of


def declare(verbs: Verbs) -> None:
    """The verbs that only look."""
    plan = verbs.add(
        "plan", "what would be trained, and how long it would take", "plan 03 --profile full", _plan, takes_data=True
    )
    plan.add_argument("names", nargs="*", metavar="NAME", help="these experiments (default: all)")
    add_parameters(plan)
    verbs.add("list", "the experiments and their parameters", "list", _list)
    why = verbs.add(
        "why",
        "for each run of an experiment: is it in the store, and if not, what differs from the nearest one",
        "why glorot_vs_he he-20",
        _why,
        takes_data=True,
    )
    why.add_argument("names", nargs=1, metavar="NAME", help="the experiment")
    why.add_argument("arm", nargs="?", metavar="ARM", help="one of its arms (default: all)")
    add_parameters(why)


def _plan(given: argparse.Namespace) -> int:
    from kerascnn.commands.plan import print_plan

    return print_plan(request_of(given))


def _list(_: argparse.Namespace) -> int:
    from kerascnn.commands.listing import list_experiments

    return list_experiments()


def _why(given: argparse.Namespace) -> int:
    from kerascnn.commands.why import print_why

    return print_why(request_of(given), given.arm)
