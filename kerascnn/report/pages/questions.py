"""The questions that a notebook leaves to its reader, each with the command that answers it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from kerascnn.report.facts.cells import markdown_of
from kerascnn.report.parts.elements import Question
from kerascnn.report.text.prose import Prose, list_items

HEADING = "Try it yourself"
"""The heading of the section of a notebook that lists them."""

_PIPELINE = "python pipeline.py"
_COMMAND = re.compile(rf"\s*`({re.escape(_PIPELINE)} [^`]*)`\s*\Z")


def build_questions(notebook: Mapping[str, Any], command: str, prose: Prose) -> tuple[Question, ...]:
    """The items of the lists below the heading, first paragraphs alone.

    The command that answers a question ends it, as code; without one it is a question all the same. `command` is the
    command line of the report: it chooses the data and profile of the answers too.
    """
    items = [item.replace("\n", " ") for text in markdown_of(notebook) for item in list_items(text, HEADING)]
    return tuple(_question(item, command, prose) for item in items)


def _question(item: str, command: str, prose: Prose) -> Question:
    found = _COMMAND.search(item)
    if found is None:
        return Question(prose.to_markup(item))
    rest = found[1].removeprefix(_PIPELINE)
    return Question(prose.to_markup(item[: found.start()]), _here(rest, command), _sets("--data", rest))


def _here(rest: str, command: str) -> str:
    """The command line with the report's options, except those that the question sets itself."""
    words = shlex.split(command)
    program, options = words[:2], words[2:]
    kept = [pair for pair in zip(options[::2], options[1::2], strict=True) if not _sets(pair[0], rest)]
    return shlex.join([*program, *(word for pair in kept for word in pair)]) + rest


def _sets(option: str, line: str) -> bool:
    return re.search(rf"\s{re.escape(option)}[\s=]", line) is not None
