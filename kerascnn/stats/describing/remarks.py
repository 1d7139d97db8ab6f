"""Something that a reader must know, with its kind: kinds are compared, words are read."""

from __future__ import annotations

from typing import Literal

from kerascnn.specs import Spec

RemarkKind = Literal[
    "line no accuracy can cross",
    "line that guessing reaches",
    "failed runs left out",
    "diverged runs",
    "not measurable",
    "same value",
    "all or nothing",
    "seeds not shared",
    "platforms mixed",
    "few seeds",
    "same effect",
    "open among others",
    "judged later",
    "rate at the edge",
    "initial loss",
    "first step",
    "last step",
    "dead before training",
    "dead after training",
    "saturated before training",
    "saturated after training",
    "learns a few by heart",
    "learns nothing by heart",
]


class Remark(Spec, frozen=True):
    """One thing about a judgement or about the set-up of a run; `text` is a sentence or a phrase."""

    kind: RemarkKind
    text: str
