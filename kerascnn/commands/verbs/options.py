"""How a verb is declared, the options that every verb takes, and the request that they make."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kerascnn.errors import UsageError, near_match

if TYPE_CHECKING:
    from kerascnn.planning.suite import Request

NUMBERS = {"jobs": (1, 1024), "seeds": (1, 999), "until-decided": (1, 999), "port": (0, 65535)}
"""The options that are numbers, each with its least and its largest. Seeds above 1000 have other uses (`specs.seeds`)."""

Handler = Callable[[argparse.Namespace], int]
"""Carries a verb out: what was given -> the exit code."""


@dataclass(frozen=True)
class Verbs:
    """The verbs of the command line. `parsers` takes them in the order of the help."""

    parsers: Any
    options: argparse.ArgumentParser

    def add(
        self, name: str, text: str, example: str, handler: Handler, *, takes_data: bool = False
    ) -> argparse.ArgumentParser:
        """A verb whose arguments are still to be added. `takes_data`: it may decode data and keep them."""
        parser = self.parsers.add_parser(
            name,
            help=text,
            description=text,
            parents=[self.options],
            epilog=f"example:\n  python pipeline.py {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        parser.set_defaults(handler=handler, takes_data=takes_data)
        return parser


def whole_number(text: str) -> int:
    """What is typed after an option. Raises: ValueError for more digits than any option's number has."""
    if len(text) > 20:
        raise argparse.ArgumentTypeError(f"invalid int value of {len(text)} letters")
    return int(text)


whole_number.__name__ = "int"  # as argparse calls it in its messages


def add_options(parser: argparse.ArgumentParser, default: Any) -> None:
    """The options of every verb."""
    group = parser.add_argument_group("options of every verb")
    group.add_argument("--profile", default=default, help="how much to spend: smoke, quick (the default) or full")
    group.add_argument(
        "--data", default=default, metavar="CHOICE", help="auto (the default), embedded, cifar10 or a path"
    )
    group.add_argument(
        "--jobs", type=whole_number, default=default, metavar="N", help="worker processes (default: one per core)"
    )
    group.add_argument(
        "--seeds",
        type=whole_number,
        default=default,
        metavar="N",
        help="seeds of every arm, instead of the profile's, all at once",
    )


def add_parameters(parser: argparse.ArgumentParser, text: str = "a parameter of the notebook") -> None:
    """`-p`, once for each parameter."""
    parser.add_argument("-p", dest="parameters", action="append", default=[], metavar="NAME=JSON", help=text)


def check_options(given: argparse.Namespace) -> None:
    """Raises: UsageError for a profile that there is not, and for a number out of its range."""
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


def request_of(given: argparse.Namespace) -> Request:
    """What the options and names ask for. Raises: UsageError for a parameter that cannot be read."""
    from kerascnn.commands.verbs.parameters import read_parameters
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
        most_seeds=getattr(given, "until_decided", None),
        parameters=parameters,
        force=getattr(given, "force", False),
        jobs=given.jobs,
    )


def base_command(given: argparse.Namespace) -> str:
    """The command line with the options that choose this report."""
    parts = ["python", "pipeline.py"]
    for name in ("profile", "data"):
        value = getattr(given, name)
        if value and (name, value) != ("profile", "quick"):
            parts += [f"--{name}", value]
    return shlex.join(parts)
