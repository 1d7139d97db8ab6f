"""The command line's parser: no option goes by a part of its name, and every mistake is told in one line."""

from __future__ import annotations

import argparse
import re
from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Any, NoReturn

from kerascnn.errors import UsageError, closest


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as everything else here does; no option goes by a part of its name."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "allow_abbrev": False})

    def error(self, message: str) -> NoReturn:
        chosen = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message)
        hint = closest(chosen[1], re.findall(r"[\w-]+", chosen[2])) if chosen else ""
        raise UsageError(f"{message}. {hint}`python {self.prog} --help` shows how to write it.")

    def parse(self, arguments: list[str]) -> argparse.Namespace:
        """What `arguments` ask for. Raises: UsageError, with the option that may be meant for one that is none."""
        takers = {"--help": list(self.verbs)}
        for verb, parser in self.verbs.items():
            for name in parser.options:
                takers.setdefault(name, []).append(verb)
        self._refuse_unknown(arguments, takers)
        given, left = self.parse_known_args(arguments)
        if left:
            others = takers.get(left[0].partition("=")[0])
            hint = f". `{left[0]}` is an option of: {', '.join(others)}" if others else ""
            self.verbs[given.verb].error(f"unrecognized arguments: {' '.join(left)}{hint}")
        return given

    @property
    def verbs(self) -> Mapping[str, Parser]:
        """The parser of each verb."""
        return next(action.choices for action in self._actions if isinstance(action, argparse._SubParsersAction))

    @property
    def options(self) -> set[str]:
        """The long options that it takes."""
        return {name for action in self._actions for name in action.option_strings if name.startswith("--")}

    def _refuse_unknown(self, arguments: list[str], known: Collection[str]) -> None:
        """An option that no verb has is told before its value can be taken for something else."""
        for text, following in pairwise([*arguments, "--"]):
            name = text.partition("=")[0]
            if text == "--":
                return
            if name.startswith("--") and name not in known:
                shown = text if following.startswith("-") else f"{text} {following}"
                meant = closest(name.removeprefix("--"), [option.removeprefix("--") for option in known])
                meant = meant.replace("mean '", "mean '--")
                raise UsageError(
                    f"unrecognized arguments: {shown}. {meant}`python {self.prog} --help` shows what there is."
                )
