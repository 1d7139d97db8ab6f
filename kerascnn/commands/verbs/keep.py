"""`data`, `store`, `forget` and `clean`: what lies on the disk."""

from __future__ import annotations

import argparse

from kerascnn.commands.verbs.options import Verbs, add_parameters, base_command, request_of
from kerascnn.errors import UsageError

TAKE_PATH = ("export", "pack", "add", "drop")
"""Actions of `store` that are about one folder, file or origin."""


def declare(verbs: Verbs) -> None:
    """The verbs that look after data, runs and pages."""
    data = verbs.add("data", "the data there are; fetch or verify them", "data fetch", _data, takes_data=True)
    data.add_argument(
        "action",
        nargs="?",
        choices=["show", "fetch", "verify"],
        default="show",
        help="show (the default); fetch: download CIFAR-10 and MNIST; verify: compare every decoded set with its checksum",
    )
    _declare_store(
        verbs.add("store", "what the store has; check, thin out, export, hand on", "store pack runs.zip", _store)
    )
    forget = verbs.add(
        "forget",
        "remove a run with -p: its page, its result, and the runs that nothing else wants (it shows them and asks first)",
        "forget glorot_vs_he -p depths='[8, 14]'",
        _forget,
    )
    forget.add_argument("names", nargs=1, metavar="NAME", help="the experiment")
    add_parameters(forget, "a parameter that it was run with")
    forget.add_argument("--yes", action="store_true", help="remove without asking")
    verbs.add("clean", "delete rendered reports and temporary files, never runs", "clean", _clean)


def _declare_store(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        nargs="?",
        choices=["show", "verify", *TAKE_PATH],
        default="show",
        help="show (the default); verify every run; export FOLDER; pack FILE; add FILE; drop ORIGIN",
    )
    parser.add_argument(
        "path",
        nargs="?",
        metavar="PATH",
        help="the folder to export to, the pack to write or to take in, or the origin to drop",
    )
    parser.add_argument("--unused", action="store_true", help="remove the runs that no notebook wants, after asking")
    parser.add_argument("--yes", action="store_true", help="remove without asking")


def _data(given: argparse.Namespace) -> int:
    from kerascnn.commands import data

    match given.action:
        case "fetch":
            return data.fetch_data()
        case "verify":
            return data.verify_data()
    return data.show_data(given.data)


def _store(given: argparse.Namespace) -> int:
    from kerascnn.commands import removing, storing

    _check_store(given)
    match given.action:
        case "export":
            return storing.export(given.path)
        case "pack":
            return storing.pack_runs(given.path)
        case "add":
            return storing.add_runs(given.path)
        case "drop":
            return removing.drop(given.path, sure=given.yes)
        case "verify":
            return storing.verify()
    return removing.remove_unused(request_of(given), sure=given.yes) if given.unused else storing.show()


def _check_store(given: argparse.Namespace) -> None:
    takes_path = given.action in TAKE_PATH
    if (given.unused and (given.path or given.action != "show")) or (given.path and not takes_path):
        raise UsageError(
            f"`store {given.action}` takes {'no --unused' if given.unused else 'no path'}. Give one thing to do."
        )
    if takes_path and given.path is None:
        raise UsageError(f"`store {given.action}` needs a PATH: the folder, the file or the origin.")


def _forget(given: argparse.Namespace) -> int:
    from kerascnn.commands.removing import forget

    return forget(request_of(given), base_command(given), sure=given.yes)


def _clean(_: argparse.Namespace) -> int:
    from kerascnn.commands.data import clean

    return clean()
