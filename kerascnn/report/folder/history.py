"""What earlier reports in a folder said, kept beside the pages so that the next one can tell what changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from kerascnn.errors import UsageError
from kerascnn.ownership.without_links import read_file
from kerascnn.specs import Spec

HISTORY = ".kerascnn-history.json"


class ClaimSummary(Spec, frozen=True, kw_only=True):
    """A claim as a report told it; `effect` and `smallest_effect` in the metric's stored unit."""

    says: str
    href: str
    verdict: str
    state: str
    effect: float | None
    effect_text: str
    smallest_effect: float
    smallest_text: str


class ResultSummary(Spec, frozen=True, kw_only=True):
    """One page of an experiment as a report told it; `claims` by name."""

    title: str
    page: str
    status: str
    state: str
    claims: dict[str, ClaimSummary]


class Summary(Spec, frozen=True, kw_only=True):
    """What one report said. `results` by the page's stem, `runs` the beginnings of their keys, `latest` as in Facts.

    `rule`: by which rule verdicts were made; nothing for Holm's correction, which was the first.
    """

    results: dict[str, ResultSummary] = msgspec.field(default_factory=dict)
    runs: tuple[str, ...] = ()
    latest: str = ""
    rule: str = ""


class Chapter(Spec, frozen=True, kw_only=True):
    """The last report of one data set under one profile, and the one it is compared with.

    `base` is None for a first report; `base_lost` says that there was one that could not be read.
    """

    invocation: str
    current: Summary
    base: Summary | None = None
    base_lost: bool = False


class _File(Spec, frozen=True, kw_only=True):
    schema: Literal[1]
    chapters: dict[str, Chapter]


@dataclass(frozen=True)
class History:
    """The chapters of a folder, by content of the data and profile."""

    chapters: dict[str, Chapter]
    is_damaged: bool = False

    @classmethod
    def load(cls, folder: Path) -> History:
        """The folder's history; an empty one where there is none, and a damaged one where it cannot be read."""
        try:
            content = read_file(folder, HISTORY)
            return cls({} if content is None else _File.from_json(content).chapters)
        except (OSError, UsageError):
            return cls({}, is_damaged=True)

    def to_bytes(self) -> bytes:
        """The history as it is written."""
        return _File(schema=1, chapters=self.chapters).canonical_json() + b"\n"

    def with_chapter(self, name: str, chapter: Chapter) -> History:
        """The history with one chapter written anew."""
        return History({**self.chapters, name: chapter})
